import type { Tasks } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { exportData } from './data-export.ts';

/** The job that makes a data export. */
export function dataExportTasks(stores: Stores): Pick<Tasks, 'exportData'> {
  return { exportData: (job) => exportData(stores, job) };
}
