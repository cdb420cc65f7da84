import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { inject } from 'vitest';
import { migrate } from '../../prisma/migrate.ts';
import { loadConfig } from '../../src/config.ts';
import { startStack } from '../../src/local/stack.ts';
import { openStores, type Stores } from '../../src/stores/stores.ts';
import { copyDatabase } from './databases.ts';
import { FEWER_COLLECTIONS } from './node-options.ts';
import { databaseUrls, unique } from './people.ts';
import { until } from './until.ts';
import { watchProcess } from './watchdog.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Long, because the machine may be busy with many processes that start at the same time. */
const START_WITHIN_SECONDS = 60;

/** A Darkroom process. */
export interface TestProcess {
  pid: number;
  /** The API's address; empty for a worker. */
  url: string;
  /** What it has printed so far. */
  log(): string;
  /** Ends it by a signal and resolves when it has ended, with its exit code (null after SIGKILL). */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
  /** Resolves with its exit code when it ends by itself. */
  untilEnded(): Promise<number | null>;
}

/** The variables of our own environment that a process of the tests needs. */
export function baseEnv(): Record<string, string> {
  const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env;
  return { PATH, NODE_COMPILE_CACHE };
}

/**
 * Starts `node src/main.ts ROLES` and resolves when it is ready.
 *
 * @param checkout the folder of another version of Darkroom to start instead of this one, with its node_modules
 */
export async function startProcess(
  roles: ('api' | 'worker')[],
  env: Record<string, string>,
  checkout?: string,
): Promise<TestProcess> {
  const main = checkout === undefined ? MAIN : join(checkout, 'src/main.ts');
  const logFile = join(tmpdir(), `darkroom-test-${unique()}.log`);
  const log = openSync(logFile, 'a');
  const child: ChildProcess = spawn(process.execPath, [...FEWER_COLLECTIONS, main, ...roles], {
    env: { ...baseEnv(), HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'info', TRUST_PROXY: 'true', ...env },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  watchProcess(child);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const readLog = () => readFileSync(logFile, 'utf8');
  let isEndAwaited = false;
  const line = await until(async () => {
    const text = readLog();
    if (child.exitCode !== null) throw new Error(`Darkroom did not start:\n${text}`);
    return text.split('\n').find((entry) => entry.includes('"Darkroom runs"'));
  }, START_WITHIN_SECONDS);
  const { url = '' } = JSON.parse(line) as { url?: string };
  if (url && env.DATABASE_URL) databaseUrls.set(url, env.DATABASE_URL);
  return {
    pid: child.pid ?? 0,
    url,
    log: readLog,
    async end(signal) {
      const isOver = child.exitCode !== null || child.signalCode !== null;
      // Tests of a process that ended report only that nothing answers: this reports why.
      if (isOver && !isEndAwaited) throw new Error(`Darkroom ended by itself:\n${readLog().slice(-10_000)}`);
      isEndAwaited = true;
      child.kill(signal);
      const code = await ended;
      await rm(logFile, { force: true });
      return code;
    },
    async untilEnded() {
      isEndAwaited = true;
      return ended;
    },
  };
}

/** A new folder for a stack. PostgreSQL, which may run as another user, must be able to reach what it owns in it. */
export async function newDataDir(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'darkroom-test-'));
  await chmod(dataDir, 0o711);
  return dataDir;
}

/** Stores that no other test uses. */
export interface OwnDarkroom {
  env: Record<string, string>;
  /** Where its servers keep their data and their logs. */
  dataDir: string;
  stores: Stores;
  stop(): Promise<void>;
}

/**
 * Starts a Redis and an S3 for one test or file, with a new database in the PostgreSQL of the run. The test may kill or
 * empty this Redis.
 *
 * @param extra further variables, such as FEED_PUSH_LIMIT
 */
export async function ownStores(extra: Record<string, string> = {}): Promise<OwnDarkroom> {
  const { DATABASE_POOL_SIZE = '' } = inject('env');
  const DATABASE_URL = await copyDatabase(inject('templateUrl'));
  return startOwn({ DATABASE_URL }, { DATABASE_POOL_SIZE, ...extra });
}

/** The same with a PostgreSQL of its own, for tests that read its log or change its settings. */
export async function ownServers(): Promise<OwnDarkroom> {
  const own = await startOwn({}, {});
  await migrate(own.env.DATABASE_URL ?? '');
  return own;
}

async function startOwn(external: { DATABASE_URL?: string }, extra: Record<string, string>): Promise<OwnDarkroom> {
  const dataDir = await newDataDir();
  const stack = await startStack({ dataDir, external, ports: 'free', log: () => {} });
  const env = { ...external, ...stack.env, ...extra };
  const stores = await openStores(loadConfig(env), pino({ level: 'silent' }));
  return {
    env,
    dataDir,
    stores,
    async stop() {
      await stores.close();
      await stack.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
