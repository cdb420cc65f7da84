import { setTimeout as delay } from 'node:timers/promises';
import { accountTasks } from '../features/accounts/tasks.ts';
import { activityTasks } from '../features/activity/tasks.ts';
import { dataExportTasks } from '../features/data-export/tasks.ts';
import { deletionTasks } from '../features/deletion/tasks.ts';
import { discoveryTasks } from '../features/discovery/tasks.ts';
import { feedTasks } from '../features/feed/tasks.ts';
import { hashtagTasks } from '../features/hashtags/tasks.ts';
import { foldUserCounts } from '../features/people/counts.ts';
import { peopleTasks } from '../features/people/tasks.ts';
import { foldPhotoCounts } from '../features/photos/counts.ts';
import { photoTasks } from '../features/photos/tasks.ts';
import { placeTasks } from '../features/places/tasks.ts';
import type { Stores } from '../stores/stores.ts';
import { startWorker, type Worker } from '../stores/worker.ts';

const FOLD_EVERY_MS = 500;

/** Starts the background work: the jobs of all features and the folding of counts. */
export async function startWork(stores: Stores): Promise<Worker> {
  const { config, log } = stores;
  const tasks = {
    ...accountTasks(stores),
    ...peopleTasks(stores),
    ...photoTasks(stores),
    ...feedTasks(stores),
    ...activityTasks(stores),
    ...placeTasks(stores),
    ...discoveryTasks(stores),
    ...hashtagTasks(stores),
    ...deletionTasks(stores),
    ...dataExportTasks(stores),
  };
  const jobs = await startWorker(config.DATABASE_URL, tasks, config.WORKER_CONCURRENCY, log);
  const stopping = new AbortController();
  const folding = [foldPhotoCounts, foldUserCounts].map((fold) => keepFolding(stores, fold, stopping.signal));
  return {
    async stop() {
      stopping.abort();
      await Promise.all([...folding, jobs.stop()]);
    },
  };
}

/**
 * Folds counts every half second, and again at once while more deltas are waiting. Of several workers one folds at a
 * time.
 *
 * @param fold folds one batch; returns whether more may be waiting
 */
async function keepFolding(
  stores: Stores,
  fold: (stores: Stores) => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const isMoreWaiting = await fold(stores).catch((err) => {
      stores.log.warn({ err }, 'folding counts failed; trying again');
      return false;
    });
    if (!isMoreWaiting) await delay(FOLD_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}
