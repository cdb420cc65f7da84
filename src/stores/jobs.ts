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
  /** Brings a photo into the lists of hashtags that were added after it was shared. */
  hashtagsAdded: { photoId: string; hashtags: string[] };
  /** Counts how many photos everybody sees with a hashtag. */
  countHashtag: { hashtag: string };
  /** Tells all followers of an author who became heavy that they are to merge. */
  announceHeavyAuthor: { authorId: string };
  /** Tells a person's open feeds that they follow somebody or some hashtag new, or mute somebody no more. */
  followsChanged: { userId: string };
  /** Lets all who asked to follow an account do so, because it became public. */
  approveAllRequests: { userId: string };
  /** Makes what is open at these people's, or shows something of theirs, look again whether it may. */
  accessChanged: { userIds: string[] };
  /** Brings people's counts in Redis up to date. */
  userCountsChanged: { userIds: string[] };
  /** Tells people that something at these places of their activity lists is new. */
  activityChanged: { activities: { recipientId: string; place: string }[] };
  /** Makes an uploaded file into a person's picture. */
  processAvatar: {
    userId: string;
    uploadId: string;
    objectKey: string;
    contentType: string;
    sha256: string;
    avatarKey: string;
  };
  /** Moves a photo's files to where those may read them who may see it. */
  placeMedia: { photoId: string; mediaKey: string };
  /** Does so for all photos of a person. */
  placeAllMedia: { ownerId: string };
  /** Tells whoever looks at these photos that they changed. */
  photosChanged: { photoIds: string[] };
  /** Tells whoever looks at a photo that it has a new comment. */
  commentAdded: { photoId: string; commentId: string };
  /** Deletes files. */
  deleteObjects: { keys: string[] };
  /** Makes the copy of a person's data that they asked for. */
  exportData: { userId: string; exportId: string; objectKey: string };
  /** Deletes an account with all that is in it. */
  deleteAccount: { userId: string };
  /** Ends what sessions still hold open or cached. */
  sessionsEnded: { userId: string; sessions: { id: string; tokenHash: string }[] };
  /** Sends a person a mail with a new token. */
  mailToken: { userId: string; purpose: 'VERIFY_EMAIL' | 'RESET_PASSWORD' };
  /** Sends whoever has this address, if anybody, a mail by which a new password can be set. */
  mailPasswordReset: { email: string };
  /** Tells a person of something by mail. */
  mailNotice: { userId: string; notice: 'PASSWORD_CHANGED' | 'EXPORT_READY' };
  /** Deletes sessions and idempotency keys whose time is over. */
  sweepAccounts: object;
  /** Deletes uploads that nobody published. */
  sweepUploads: object;
  /** Makes the list of what is liked most lately anew. */
  refreshPopular: object;
  /** Deletes places that no photo has. */
  sweepPlaces: object;
  /** Forgets hashtags that no photo has any more. */
  sweepHashtags: object;
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
 * @param options `queue`: jobs of one queue run one after the other; `runAt`: not before this moment
 */
export async function addJob<Name extends keyof Jobs>(
  tx: Transaction,
  name: Name,
  payload: Jobs[Name],
  options: { queue?: string; runAt?: Date } = {},
): Promise<void> {
  await tx.$executeRaw`
    select graphile_worker.add_job(${name}::text, payload := ${JSON.stringify(payload)}::json, queue_name := ${options.queue ?? null}::text,
      run_at := ${options.runAt ?? null}::timestamptz)`;
}

/**
 * Lets all waiting jobs that name something run at once, also those that have failed too often.
 *
 * @param terms texts of which any is a value in a job's payload
 * @param except a kind of job that is left alone
 * @returns how many there are, with those that run already
 */
export async function runJobsNow(db: Transaction, terms: readonly string[], except: keyof Jobs): Promise<number> {
  const quoted = terms.map((term) => JSON.stringify(term));
  const rows = await db.$queryRaw<{ id: bigint }[]>`
    select job.id from graphile_worker._private_jobs job join graphile_worker._private_tasks task on task.id = task_id
    where identifier <> ${except} and exists (
      select from unnest(${quoted}::text[]) term where position(term in payload::text) > 0
    )`;
  const ids = rows.map((row) => row.id);
  await db.$queryRaw`
    select id from graphile_worker.reschedule_jobs(${ids}::bigint[], run_at := now(), attempts := 0)`;
  return ids.length;
}

/** A job that failed and waits to be tried again, or has failed too often to be. */
export interface FailedJob {
  id: string;
  task: string;
  attempts: number;
  maxAttempts: number;
  lastError: string;
}

/** The jobs that failed, the latest first: at most 100. */
export function listFailedJobs(db: Transaction): Promise<FailedJob[]> {
  return db.$queryRaw<FailedJob[]>`
    select id::text, task_identifier as task, attempts::int, max_attempts::int as "maxAttempts", last_error as "lastError"
    from graphile_worker.jobs where last_error is not null order by updated_at desc limit 100`;
}

/** Lets a job that failed run again, now. @returns whether there is one that is not running */
export async function retryJob(db: Transaction, id: bigint): Promise<boolean> {
  const rows = await db.$queryRaw<object[]>`
    select id from graphile_worker.reschedule_jobs(array[${id}::bigint], run_at := now(), attempts := 0)`;
  return rows.length > 0;
}

/** When the regular jobs run, in cron's notation. */
const CRONTAB = [
  { task: 'sweepUploads', match: '*/10 * * * *' },
  { task: 'refreshPopular', match: '*/10 * * * *' },
  { task: 'sweepAccounts', match: '5 * * * *' },
  { task: 'sweepPlaces', match: '35 * * * *' },
  { task: 'sweepHashtags', match: '45 * * * *' },
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
