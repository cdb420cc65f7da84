import { EventEmitter } from 'node:events';
import { Logger as JobLogger, parseCronItems, run } from 'graphile-worker';
import type { Logger } from 'pino';
import type { Jobs, Tasks } from './jobs.ts';
import { startLiveness } from './worker-liveness.ts';

/** When the regular jobs run, in cron's notation, in UTC. */
const CRONTAB = [
  { task: 'sweepUploads', match: '*/10 * * * *' },
  { task: 'refreshPopular', match: '*/10 * * * *' },
  { task: 'sweepAccounts', match: '5 * * * *' },
  { task: 'sweepPlaces', match: '35 * * * *' },
  { task: 'sweepHashtags', match: '45 * * * *' },
] satisfies { task: keyof Jobs; match: string }[];

/** A running worker. */
export interface Worker {
  /** Lets running jobs finish for a few seconds, and returns the others to the queue. */
  stop(): Promise<void>;
}

/**
 * Starts to run jobs from the queue.
 *
 * @param databaseUrl the PostgreSQL database, reached without a transaction-pooling proxy
 * @param concurrency the number of jobs that run at the same time
 */
export async function startWorker(
  databaseUrl: string,
  tasks: Tasks,
  concurrency: number,
  log: Logger,
): Promise<Worker> {
  const liveness = await startLiveness(databaseUrl, log);
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
