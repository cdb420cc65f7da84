import { EventEmitter } from 'node:events';
import { Logger as JobLogger, parseCronItems, run } from 'graphile-worker';
import pg from 'pg';
import type { Logger } from 'pino';
import type { Transaction } from './postgres.ts';

/** Every kind of job and what it is given. Ids are strings, because a job is stored as JSON. */
export interface Jobs {
  /** Makes an uploaded file into a photo's renditions. */
  processPhoto: { photoId: string; objectKey: string; mediaKey: string };
  /** Brings a photo into its followers' feeds. */
  fanOutPhoto: { photoId: string };
  /** Tells all followers of an author who became heavy with this photo that they are to merge, and pushes the photo once more. */
  announceHeavyAuthor: { authorId: string; photoId: string };
  /** Tells a person's open feeds that they follow somebody new. */
  followsChanged: { userId: string };
  /** Tells whoever looks at these photos that they changed. */
  photosChanged: { photoIds: string[] };
  /** Deletes files. */
  deleteObjects: { keys: string[] };
  /** Ends what sessions still hold open or cached. */
  sessionsEnded: { userId: string; sessions: { id: string; tokenHash: string }[] };
  /** Deletes sessions and idempotency keys whose time is over. */
  sweepAccounts: object;
  /** Deletes uploads that nobody published. */
  sweepUploads: object;
}

/** What does the work of each kind of job. Jobs run at least once, so each is idempotent. */
export type Tasks = { [Name in keyof Jobs]: (payload: Jobs[Name]) => Promise<void> };

/** A running worker. */
export interface Worker {
  /** Lets running jobs finish, for a few seconds, and gives back those that do not. */
  stop(): Promise<void>;
}

/**
 * Enqueues a job in the transaction that causes it: it exists when, and only when, that commits.
 *
 * @param options `queue`: jobs of one queue run one after the other
 */
export async function addJob<Name extends keyof Jobs>(
  tx: Transaction,
  name: Name,
  payload: Jobs[Name],
  options: { queue?: string } = {},
): Promise<void> {
  await tx.$executeRaw`
    select graphile_worker.add_job(${name}::text, payload := ${JSON.stringify(payload)}::json, queue_name := ${options.queue ?? null}::text)`;
}

/** When the regular jobs run, in cron's notation. */
const CRONTAB = [
  { task: 'sweepUploads', match: '*/10 * * * *' },
  { task: 'sweepAccounts', match: '5 * * * *' },
] satisfies { task: keyof Jobs; match: string }[];

/** Any number: the first half of the advisory locks that show which workers live. */
const ALIVE = 77_031;
const ROUND_MS = 2_000;
/** A worker has taken its lock by this long after it took its first job: two rounds, and some. */
const GRACE_SECONDS = 5;

/**
 * Starts to work on jobs.
 *
 * @param databaseUrl the PostgreSQL database, reached without a transaction-pooling proxy
 * @param concurrency how many jobs at a time
 */
export async function startWorker(
  databaseUrl: string,
  tasks: Tasks,
  concurrency: number,
  log: Logger,
): Promise<Worker> {
  const liveness = await keepAlive(databaseUrl, log);
  const events = new EventEmitter();
  events.on('worker:create', ({ worker }) => liveness.add(worker.workerId));
  const runner = await run({
    connectionString: databaseUrl,
    maxPoolSize: concurrency + 2,
    concurrency,
    noHandleSignals: true,
    pollInterval: 1_000,
    taskList: Object.fromEntries(Object.entries(tasks)) as Record<string, (payload: unknown) => Promise<void>>,
    parsedCronItems: parseCronItems(CRONTAB.map((item) => ({ ...item, identifier: item.task }))),
    events,
    logger: new JobLogger(() => (level, message) => {
      if (level === 'error') log.error(message);
      else log.trace(message);
    }),
  });
  return {
    async stop() {
      await runner.stop();
      await liveness.end();
    },
  };
}

/**
 * Gives back the jobs of workers that were killed, which graphile-worker itself does after four hours. Every worker holds an
 * advisory lock on its name, which PostgreSQL releases with its connection; whose lock can be taken is dead. A worker
 * that only lost that connection may see a job of its own run twice, as jobs must bear anyway.
 */
async function keepAlive(databaseUrl: string, log: Logger) {
  const names = new Set<string>();
  let held = new Set<string>();
  let client: pg.Client | null = null;
  let ended = false;

  const connect = async () => {
    const fresh = new pg.Client({
      connectionString: databaseUrl,
      connectionTimeoutMillis: 5_000,
      query_timeout: 10_000,
    });
    fresh.on('error', () => {
      if (client === fresh) client = null;
    });
    await fresh.connect();
    held = new Set();
    client = fresh;
    return fresh;
  };
  const round = async () => {
    const connection = client ?? (await connect());
    for (const name of names.difference(held)) {
      await connection.query('select pg_advisory_lock($1, hashtext($2))', [ALIVE, name]);
      held.add(name);
    }
    await connection.query(
      `with lost as (
         select distinct locked_by as name from graphile_worker.jobs
         where locked_by is not null and locked_at < now() - $2::int * interval '1 second' and not (locked_by = any($3))
       ), dead as (
         select name from lost where pg_try_advisory_xact_lock($1, hashtext(name))
       )
       select graphile_worker.force_unlock_workers(array_agg(name)) from dead having count(*) > 0`,
      [ALIVE, GRACE_SECONDS, [...names]],
    );
  };

  await round();
  let running = Promise.resolve();
  const timer = setInterval(() => {
    running = running.then(round).catch((err) => {
      if (!ended) log.warn({ err }, 'cannot look for jobs of dead workers');
    });
  }, ROUND_MS);
  return {
    add(name: string) {
      names.add(name);
    },
    async end() {
      ended = true;
      clearInterval(timer);
      await client?.end();
    },
  };
}
