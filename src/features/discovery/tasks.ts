import type { Tasks } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { refreshPopular } from './popular.ts';

/** The jobs of discovery. */
export function discoveryTasks(stores: Stores): Pick<Tasks, 'refreshPopular'> {
  return {
    // Idempotent: it leaves an existing list alone.
    refreshPopular: () => refreshPopular(stores),
  };
}
