/**
 * Finding, listing and repeating jobs that are in the queue. `graphile_worker._private_jobs` is the table itself, with
 * payloads; `graphile_worker.jobs` is the public view of it, without.
 */
import type { Jobs } from './jobs.ts';
import type { Transaction } from './postgres.ts';

/** A job whose last run failed. It waits for its next attempt, or has none left. */
export interface FailedJob {
  id: string;
  task: string;
  attempts: number;
  maxAttempts: number;
  lastError: string;
}

/** The jobs that failed, the latest failure first: at most 100. */
export function listFailedJobs(db: Transaction): Promise<FailedJob[]> {
  return db.$queryRaw<FailedJob[]>`
    select id::text, task_identifier as task, attempts::int, max_attempts::int as "maxAttempts",
      last_error as "lastError"
    from graphile_worker.jobs where last_error is not null order by updated_at desc limit 100`;
}

/** Makes a job due now, with all of its attempts. @returns false when there is no such job, or it is running */
export async function retryJob(db: Transaction, id: bigint): Promise<boolean> {
  return (await runNow(db, [id])) > 0;
}

/**
 * Makes all jobs that name something due now, with all of their attempts. Jobs without attempts left run again too.
 *
 * @param terms the jobs are those whose payload has one of these texts as a value
 * @param except a kind of job to leave alone
 * @returns the number of such jobs, including those that are running
 */
export async function runJobsNow(db: Transaction, terms: readonly string[], except: keyof Jobs): Promise<number> {
  const quoted = terms.map((term) => JSON.stringify(term));
  const rows = await db.$queryRaw<{ id: bigint }[]>`
    select job.id from graphile_worker._private_jobs job join graphile_worker._private_tasks task on task.id = task_id
    where identifier <> ${except} and exists (
      select from unnest(${quoted}::text[]) term where position(term in payload::text) > 0
    )`;
  const ids = rows.map((row) => row.id);
  await runNow(db, ids);
  return ids.length;
}

/** @returns the number of jobs that were rescheduled: running jobs are not */
async function runNow(db: Transaction, ids: readonly bigint[]): Promise<number> {
  const rows = await db.$queryRaw<object[]>`
    select id from graphile_worker.reschedule_jobs(${[...ids]}::bigint[], run_at := now(), attempts := 0)`;
  return rows.length;
}

/**
 * Counts the jobs of each kind whose payload matches a pattern.
 *
 * @param pattern a regular expression of PostgreSQL, in any case
 */
export function countMatchingJobs(db: Transaction, pattern: string): Promise<{ task: string; count: number }[]> {
  return db.$queryRaw`
    select identifier as task, count(*)::int as count
    from graphile_worker._private_jobs job join graphile_worker._private_tasks task on task.id = task_id
    where payload::text ~* ${pattern} group by identifier order by identifier`;
}

/**
 * The payloads, as JSON text, that match a pattern.
 *
 * @param pattern a regular expression of PostgreSQL, case-sensitive
 */
export async function readMatchingPayloads(db: Transaction, pattern: string): Promise<string[]> {
  const rows = await db.$queryRaw<{ payload: string }[]>`
    select payload::text from graphile_worker._private_jobs where payload::text ~ ${pattern}`;
  return rows.map((row) => row.payload);
}
