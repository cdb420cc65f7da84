import type { Tasks } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { publishActivities } from './activity-events.ts';

/** The background jobs of this feature. */
export function activityTasks(stores: Stores): Pick<Tasks, 'activityChanged'> {
  return {
    // Idempotent: each sort id is published once.
    async activityChanged({ activities }) {
      await publishActivities(stores, activities);
    },
  };
}
