import { rm } from 'node:fs/promises';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../prisma/migrate.ts';
import { startStack } from '../../src/local/stack.ts';
import { newDataDir, startProcess } from './darkroom.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the API of the run is. */
    url: string;
    /** The variables of the run's stores, for tests that look behind the API. */
    env: Record<string, string>;
  }
}

/** Starts the stores, an api and a worker, once for all tests: on free ports and in a folder that only this run knows. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await newDataDir();
  const stack = await startStack({ dataDir, external: {}, ports: 'free', log: console.log });
  try {
    await migrate(stack.env.DATABASE_URL ?? '');
    const [api, worker] = await Promise.all([startProcess(['api'], stack.env), startProcess(['worker'], stack.env)]);
    project.provide('url', api.url);
    project.provide('env', stack.env);
    return async () => {
      await Promise.all([api.end('SIGTERM'), worker.end('SIGTERM')]);
      await stack.stop();
      await rm(dataDir, { recursive: true, force: true });
    };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}
