import type { Tasks } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { sweepPlaces } from './places.ts';

/** The background jobs of this feature. */
export function placeTasks(stores: Stores): Pick<Tasks, 'sweepPlaces'> {
  return { sweepPlaces: () => sweepPlaces(stores) };
}
