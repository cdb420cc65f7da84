import { activityChannel } from '../../stores/channel-names.ts';
import type { Stores } from '../../stores/stores.ts';
import { type LiveEvent, type LiveEvents, subscribe } from '../live/subscribe.ts';
import { type ActivityRow, readActivity } from './list.ts';

/** What others did to a person, or that something may have been missed. */
export type NewActivityEvent = LiveEvent<ActivityRow>;

/**
 * What others do to a person, as it happens, each place in the list once. An activity that somebody has joined since it was told has another
 * place by now, and is told with that.
 *
 * @param after the cursor of the last event that the client has had
 */
export async function subscribeToActivity(
  stores: Stores,
  viewerId: bigint,
  after: string | null | undefined,
): Promise<LiveEvents<ActivityRow>> {
  return subscribe<ActivityRow>(stores, {
    channels: [activityChannel(viewerId)],
    after,
    async step(sortId) {
      const activity = await readActivity(stores, viewerId, BigInt(sortId));
      return activity && { value: activity, shareKey: null };
    },
  });
}
