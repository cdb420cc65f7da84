import { activityChannel } from '../../stores/channel-names.ts';
import type { Jobs } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { publishToStreams } from '../../stores/streams.ts';

/**
 * Publishes new activities to their recipients' channels. The message is only the sort id, which reveals nothing; each
 * subscriber reads the activity under the visibility rules. Idempotent: each sort id is published once.
 */
export async function publishActivities(
  { redis }: Stores,
  activities: Jobs['activityChanged']['activities'],
): Promise<void> {
  await Promise.all(
    activities.map(({ recipientId, place: sortId }) =>
      publishToStreams(redis, [activityChannel(BigInt(recipientId))], sortId, sortId),
    ),
  );
}
