import pg from 'pg';
import type { Logger } from 'pino';
import { WORKER_LOCKS } from './lock-ids.ts';

/** Time between two rounds. */
const ROUND_MS = 2_000;
/** A worker holds its lock by this time after it took its first job: two rounds, and a second more. */
const GRACE_SECONDS = 5;

/** Shows that this process is alive, and looks for dead ones, until it ends. */
export interface Liveness {
  /**
   * Shows from the next round on that a worker is alive.
   *
   * @param name graphile-worker's name for a worker, unique among all processes
   */
  add(name: string): void;
  /** Stops the rounds and releases the locks. */
  end(): Promise<void>;
}

/**
 * Returns the jobs of killed workers to the queue. graphile-worker itself does so after four hours.
 *
 * Every worker holds an advisory lock on its name. PostgreSQL releases the lock when the connection ends, so a worker
 * whose lock can be taken is dead. A worker that only lost that connection may see one of its own jobs run twice, which
 * jobs must tolerate anyway.
 *
 * @param databaseUrl the PostgreSQL database, reached without a transaction-pooling proxy
 */
export async function startLiveness(databaseUrl: string, log: Logger): Promise<Liveness> {
  const names = new Set<string>();
  let locked = new Set<string>();
  let client: pg.Client | null = null;
  let ended = false;

  const connect = async () => {
    const connection = new pg.Client({
      connectionString: databaseUrl,
      connectionTimeoutMillis: 5_000,
      query_timeout: 10_000,
    });
    connection.on('error', () => {
      if (client === connection) client = null;
    });
    await connection.connect();
    locked = new Set();
    client = connection;
    return connection;
  };
  const runRound = async () => {
    const connection = client ?? (await connect());
    for (const name of names.difference(locked)) {
      await connection.query('select pg_advisory_lock($1, hashtext($2))', [WORKER_LOCKS, name]);
      locked.add(name);
    }
    await connection.query(
      `with working as (
         select distinct locked_by as name from graphile_worker.jobs
         where locked_by is not null and locked_at < now() - $2::int * interval '1 second' and not (locked_by = any($3))
       ), dead as (
         select name from working where pg_try_advisory_xact_lock($1, hashtext(name))
       )
       select graphile_worker.force_unlock_workers(array_agg(name)) from dead having count(*) > 0`,
      [WORKER_LOCKS, GRACE_SECONDS, [...names]],
    );
  };

  await runRound();
  let running = Promise.resolve();
  const timer = setInterval(() => {
    running = running.then(runRound).catch((err) => {
      if (!ended) log.warn({ err }, 'cannot look for jobs of dead workers');
    });
  }, ROUND_MS);
  return {
    add(name) {
      names.add(name);
    },
    async end() {
      ended = true;
      clearInterval(timer);
      await client?.end();
    },
  };
}
