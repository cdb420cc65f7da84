import { personKey } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { tellStreams } from '../../stores/streams.ts';
import { authorKey, liveChannel } from '../feed/keys.ts';

/** What is told on a person's access channel. */
export const ACCESS_CHANGED = 'access changed';

/** The channel on which it is told that a person sees, or shows to others, something else than before. */
export function accessChannel(personId: bigint): string {
  return `live:${personKey('access', personId)}`;
}

/** Makes what is open at these people's, or shows something of theirs, look again whether it may. Again changes nothing. */
export async function publishAccessChanged({ pubsub, redis }: Stores, userIds: readonly bigint[]): Promise<void> {
  await Promise.all(
    userIds.flatMap((id) => [
      pubsub.publish(accessChannel(id), ACCESS_CHANGED),
      // Those who look at the person's profile follow this.
      tellStreams(redis, [liveChannel(authorKey(id))], '', JSON.stringify({ accessChanged: true })),
    ]),
  );
}
