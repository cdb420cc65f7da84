import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { freePort } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { isRunning } from './processes.ts';
import { startRedis } from './redis.ts';
import { BUCKET, startS3 } from './s3.ts';

/** What is started, and where. */
export interface StackOptions {
  /** The folder below which everything is kept. */
  dataDir: string;
  /** The stores that exist elsewhere and are not started. */
  external: Partial<Record<'DATABASE_URL' | 'REDIS_URL' | 'S3_ENDPOINT' | 'MAIL_URL', string | undefined>>;
  /** `stable` tries to get the same ports each time, so that the URLs of photos stay; `free` takes any. */
  ports: 'stable' | 'free';
  /** Hears what a person should know. */
  log(line: string): void;
}

/** The running stores. */
export interface Stack {
  /** The variables that lead Darkroom to the stores that were started. */
  env: Record<string, string>;
  /** Stops what was started. */
  stop(): Promise<void>;
}

const STABLE_PORTS = { PostgreSQL: 54_329, Redis: 63_799, S3: 45_690 };

/**
 * Starts PostgreSQL, Redis and S3, each unless there is one elsewhere.
 *
 * @throws Error that says what to do, when another Darkroom uses the folder or a store cannot be started
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
    const taken = await freePort(ports === 'stable' ? preferred : 0);
    if (ports === 'stable' && taken !== preferred)
      log(`Port ${preferred} is in use: ${name} takes ${taken} this time.`);
    return taken;
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
    // No server: whoever runs this reads the mails in the folder.
    if (!external.MAIL_URL) env.MAIL_URL = pathToFileURL(join(dataDir, 'mail')).href;
  } catch (error) {
    await stop();
    throw error;
  }
  return { env, stop };
}

/** Keeps a second Darkroom from using the same data. @returns lets go */
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
          `Another Darkroom (process ${pid}) uses ${dataDir}. Stop it first, or remove ${file} if that is none.`,
        );
      }
      await rm(file, { force: true });
    }
  }
  throw new Error(`${file} cannot be taken: another Darkroom starts at the same moment.`);
}
