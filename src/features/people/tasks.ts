import type { Tasks } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { publishAccessChanged } from '../visibility/access-signals.ts';
import { refreshUserCounts } from './counts.ts';
import { approveAllRequests } from './requests.ts';

/** The background jobs of this feature. */
export function peopleTasks(stores: Stores): Pick<Tasks, 'approveAllRequests' | 'accessChanged' | 'userCountsChanged'> {
  return {
    // A retry continues with the requests that are left.
    async approveAllRequests({ userId }) {
      await approveAllRequests(stores, BigInt(userId));
    },
    // Idempotent: subscriptions only check again whether they may continue.
    async accessChanged({ userIds }) {
      await publishAccessChanged(stores, userIds.map(BigInt));
    },
    // Idempotent: caches and publishes the current counts.
    async userCountsChanged({ userIds }) {
      await refreshUserCounts(stores, userIds.map(BigInt));
    },
  };
}
