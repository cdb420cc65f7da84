import type { Tasks } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { publishAccessChanged } from '../visibility/access-signals.ts';
import { refreshUserCounts } from './counts.ts';
import { approveAllRequests } from './requests.ts';

/** The jobs of people. */
export function peopleTasks(stores: Stores): Pick<Tasks, 'approveAllRequests' | 'accessChanged' | 'userCountsChanged'> {
  return {
    // Goes on with the requests that are left.
    async approveAllRequests({ userId }) {
      await approveAllRequests(stores, BigInt(userId));
    },
    // Listeners look again; doing so twice shows the same.
    async accessChanged({ userIds }) {
      await publishAccessChanged(stores, userIds.map(BigInt));
    },
    // Tells how things are now.
    async userCountsChanged({ userIds }) {
      await refreshUserCounts(stores, userIds.map(BigInt));
    },
  };
}
