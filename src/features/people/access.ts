import { personKey } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';

/** The channel on which it is told that a person sees, or shows to others, something else than before. */
export function accessChannel(personId: bigint): string {
  return `live:${personKey('access', personId)}`;
}

/** Makes what is open at these people's, or shows something of theirs, look again whether it may. Again changes nothing. */
export async function publishAccessChanged({ pubsub }: Stores, userIds: readonly bigint[]): Promise<void> {
  await Promise.all(userIds.map((id) => pubsub.publish(accessChannel(id), 'access changed')));
}
