import type { Tasks } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { publishActivities } from './activity-events.ts';

/** The jobs of activity lists. */
export function activityTasks(stores: Stores): Pick<Tasks, 'activityChanged'> {
  return {
    // Each place is told once.
    async activityChanged({ activities }) {
      await publishActivities(stores, activities);
    },
  };
}
