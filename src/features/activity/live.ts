import type { Jobs } from '../../stores/jobs.ts';
import { personKey } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { tellStreams } from '../../stores/streams.ts';
import { follow, type LiveEvent, type LiveEvents } from '../live/follow.ts';
import { type ActivityRow, readActivity } from './list.ts';

/** What others did to a person, or that something may have been missed. */
export type ArrivingActivity = LiveEvent<ActivityRow>;

function activityChannel(personId: bigint): string {
  return `live:${personKey('activity', personId)}`;
}

/** Tells those who listen of what is new in people's activity lists: its place, which names nobody. Each place is told once. */
export async function publishActivities(
  { redis }: Stores,
  activities: Jobs['activityChanged']['activities'],
): Promise<void> {
  await Promise.all(
    activities.map(({ recipientId, place }) =>
      tellStreams(redis, [activityChannel(BigInt(recipientId))], place, place),
    ),
  );
}

/**
 * What others do to a person, as it happens, each place in the list once. An activity that somebody has joined since it was told has another
 * place by now, and is told with that.
 *
 * @param after the cursor of the last event that the client has had
 */
export async function followActivity(
  stores: Stores,
  viewerId: bigint,
  after: string | null | undefined,
): Promise<LiveEvents<ActivityRow>> {
  return follow<ActivityRow>(stores, {
    channels: [activityChannel(viewerId)],
    after,
    step: (place) => readActivity(stores, viewerId, BigInt(place)),
  });
}
