import type { Jobs } from '../../stores/jobs.ts';
import { personKey } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { tellStreams } from '../../stores/streams.ts';
import { follow, type LiveEvent } from '../live/follow.ts';
import { type ActivityRow, readActivity } from './list.ts';

/** What is told in a person's stream: this activity is new, or somebody joined it. */
type ActivityMessage = Pick<Jobs['activityChanged']['activities'][number], 'kind' | 'subjectId' | 'place'>;
/** What others did to a person, or that something may have been missed. */
export type ArrivingActivity = LiveEvent<ActivityRow>;

function activityChannel(personId: bigint): string {
  return `live:${personKey('activity', personId)}`;
}

/** Tells those who listen of what is new in people's activity lists, each place in a list once. */
export async function publishActivities(
  { redis }: Stores,
  activities: Jobs['activityChanged']['activities'],
): Promise<void> {
  await Promise.all(
    activities.map(({ recipientId, ...message }) =>
      tellStreams(redis, [activityChannel(BigInt(recipientId))], message.place, JSON.stringify(message)),
    ),
  );
}

/**
 * What others do to a person, as it happens, each place in the list once.
 *
 * @param after the cursor of the last event that the client has had
 */
export async function followActivity(
  stores: Stores,
  viewerId: bigint,
  after: string | null | undefined,
): Promise<AsyncGenerator<ArrivingActivity, void, void>> {
  const { events } = await follow<ActivityRow>(stores, [activityChannel(viewerId)], after, async (payload) => {
    const { kind, subjectId, place } = JSON.parse(payload) as ActivityMessage;
    const row = await readActivity(stores, viewerId, kind, BigInt(subjectId));
    // One that somebody has joined since is told with its new place.
    return row?.place === BigInt(place) ? row : null;
  });
  return events;
}
