import { activityChannel } from '../../stores/channel-names.ts';
import type { Stores } from '../../stores/stores.ts';
import type { ClientText } from '../kernel/client-text.ts';
import { type LiveEvent, type LiveEvents, subscribe } from '../live/subscribe.ts';
import { type ActivityRow, readActivity } from './list.ts';

/** A new or changed entry of a person's activity list, or a gap. */
export type NewActivityEvent = LiveEvent<ActivityRow>;

/**
 * What others do to a person, as it happens. Each sort id is delivered once. An activity that another actor has joined
 * since it was published has a new sort id by now, and is delivered with that one.
 *
 * @param after the cursor of the last event that the client has
 * @param signal is aborted when the client leaves
 */
export async function subscribeToActivity(
  stores: Stores,
  viewerId: bigint,
  after: ClientText | null | undefined,
  signal: AbortSignal,
): Promise<LiveEvents<ActivityRow>> {
  return subscribe<ActivityRow>(stores, {
    channels: [activityChannel(viewerId)],
    after,
    signal,
    async onMessage(sortId) {
      const activity = await readActivity(stores, viewerId, BigInt(sortId));
      return activity && { value: activity, shareKey: null };
    },
  });
}
