import type { Tasks } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { fanOut } from './fan-out.ts';
import { feedKey, liveChannel } from './keys.ts';

/** The jobs of the home feed. */
export function feedTasks(stores: Stores): Pick<Tasks, 'fanOutPhoto' | 'followsChanged'> {
  return {
    // A photo has one place in a sorted set, however often it is put there.
    async fanOutPhoto({ photoId, announce }) {
      await fanOut(stores, BigInt(photoId), announce ?? false);
    },
    // Listeners look up whom they follow anew; doing so twice changes nothing.
    async followsChanged({ userId }) {
      await stores.pubsub.publish(liveChannel(feedKey(BigInt(userId))), JSON.stringify({ authorsChanged: true }));
    },
  };
}
