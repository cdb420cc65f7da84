import { activityChannel } from '../../stores/channel-names.ts';
import type { Jobs } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { publishToStreams } from '../../stores/streams.ts';

/** Tells those who listen of what is new in people's activity lists: its place, which names nobody. Each place is told once. */
export async function publishActivities(
  { redis }: Stores,
  activities: Jobs['activityChanged']['activities'],
): Promise<void> {
  await Promise.all(
    activities.map(({ recipientId, place }) =>
      publishToStreams(redis, [activityChannel(BigInt(recipientId))], place, place),
    ),
  );
}
