import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { freePort } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { isRunning } from './processes.ts';
import { startRedis } from './redis.ts';
import { BUCKET, startS3 } from './s3.ts';

/** What `startStack` starts, and where. */
export interface StackOptions {
  /** The folder for all data. */
  dataDir: string;
  /** The addresses of stores that run elsewhere. `startStack` starts the others. */
  external: Partial<Record<'DATABASE_URL' | 'REDIS_URL' | 'S3_ENDPOINT' | 'MAIL_URL', string | undefined>>;
  /** `stable` prefers the same ports each time, so that the URLs of photos stay valid; `free` takes any free port. */
  ports: 'stable' | 'free';
  /** Prints a line for the developer. */
  log(line: string): void;
}

/** The running servers. */
export interface Stack {
  /** The environment variables with the addresses of the stores that were started. */
  env: Record<string, string>;
  /** Stops the stores that were started. */
  stop(): Promise<void>;
}

const STABLE_PORTS = { PostgreSQL: 54_329, Redis: 63_799, S3: 45_690 };

/**
 * Starts PostgreSQL, Redis and S3, except those that run elsewhere.
 *
 * @throws Error that says what to do, when another Darkroom uses the folder or a store does not start
 */
export async function startStack({ dataDir: folder, external, ports, log }: StackOptions): Promise<Stack> {
  const dataDir = resolve(folder);
  await mkdir(dataDir, { recursive: true });
  const unlock = await lock(dataDir);
  const stops: (() => Promise<void>)[] = [unlock];
  const stop = async () => {
    for (let last = stops.pop(); last; last = stops.pop()) await last();
  };
  const port = async (name: keyof typeof STABLE_PORTS) => {
    const preferred = STABLE_PORTS[name];
    const free = await freePort(ports === 'stable' ? preferred : 0);
    if (ports === 'stable' && free !== preferred) log(`Port ${preferred} is in use: ${name} takes ${free} this time.`);
    return free;
  };

  const env: Record<string, string> = {};
  try {
    if (!external.DATABASE_URL) {
      const { url, server } = await startPostgres(dataDir, () => port('PostgreSQL'), log);
      env.DATABASE_URL = url;
      stops.push(() => server.stop('SIGINT'));
    }
    if (!external.REDIS_URL) {
      const { url, server } = await startRedis(dataDir, () => port('Redis'), log);
      env.REDIS_URL = url;
      stops.push(() => server.stop('SIGTERM'));
    }
    if (!external.S3_ENDPOINT) {
      const s3 = await startS3(join(dataDir, 's3'), await port('S3'));
      env.S3_ENDPOINT = s3.endpoint;
      env.S3_ACCESS_KEY_ID = s3.accessKeyId;
      env.S3_SECRET_ACCESS_KEY = s3.secretAccessKey;
      env.S3_BUCKET = BUCKET;
      stops.push(s3.stop);
    }
    // No server: the developer reads the emails in the folder.
    if (!external.MAIL_URL) env.MAIL_URL = pathToFileURL(join(dataDir, 'mail')).href;
  } catch (error) {
    await stop();
    throw error;
  }
  return { env, stop };
}

/** Keeps a second Darkroom from using the same data. @returns a function that unlocks the folder */
async function lock(dataDir: string): Promise<() => Promise<void>> {
  const file = join(dataDir, 'lock');
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' });
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const pid = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10);
      if (pid && pid !== process.pid && isRunning(pid)) {
        throw new Error(
          `Another Darkroom (process ${pid}) uses ${dataDir}. Stop it first. ` +
            `If that process is not a Darkroom, remove ${file}.`,
        );
      }
      await rm(file, { force: true });
    }
  }
  throw new Error(`Cannot create ${file}: another Darkroom is starting at the same moment.`);
}
