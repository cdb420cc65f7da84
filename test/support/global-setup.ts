import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { startStack } from '../../src/local/stack.ts';
import { newDataDir, startProcess } from './darkroom.ts';
import { copyDatabase, migrateApart, trustTheMachine } from './databases.ts';
import { startWatchdog } from './watchdog.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the API of the run is. */
    url: string;
    /** A second api of the run, with the same stores. */
    otherUrl: string;
    /** The variables of the run's stores, for tests that look behind the API. */
    env: Record<string, string>;
    /** A migrated, empty database of the run's PostgreSQL, which nothing is connected to: `copyDatabase` copies it. */
    templateUrl: string;
  }
}

/** Starts the stores, an api and a worker once for all tests, on free ports and in a folder of this run alone. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await newDataDir();
  const endAll = startWatchdog(folder);
  // The folder of the temporary files of this process and of the workers that vitest starts.
  process.env.TMPDIR = folder;
  // Node keeps compiled code here: most of the time in which a process starts, it compiles the same libraries.
  process.env.NODE_COMPILE_CACHE ??= COMPILE_CACHE;
  try {
    const stack = await startStack({ dataDir: await newDataDir(), external: {}, ports: 'free', log: console.log });
    const templateUrl = stack.env.DATABASE_URL ?? '';
    await trustTheMachine(templateUrl);
    await migrateApart(templateUrl);
    const env = { ...stack.env, DATABASE_URL: await copyDatabase(templateUrl), DATABASE_POOL_SIZE };
    const [api, otherApi, worker] = await Promise.all([
      startProcess(['api'], env),
      startProcess(['api'], env),
      startProcess(['worker'], env),
    ]);
    project.provide('url', api.url);
    project.provide('otherUrl', otherApi.url);
    project.provide('env', env);
    project.provide('templateUrl', templateUrl);
    return async () => {
      await Promise.all([api, otherApi, worker].map((process) => process.end('SIGTERM')));
      await stack.stop();
      await endAll();
    };
  } catch (error) {
    await endAll();
    throw error;
  }
}

const COMPILE_CACHE = fileURLToPath(new URL('../../node_modules/.cache/node', import.meta.url));
/** All processes of a run share the connections of one PostgreSQL. */
const DATABASE_POOL_SIZE = '10';
