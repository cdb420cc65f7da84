import type { Tasks } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { tellStreams } from '../../stores/streams.ts';
import { announceHeavyAuthor, fanOut, fanOutHashtags } from './fan-out.ts';
import { feedKey, liveChannel } from './keys.ts';

/** The jobs of the home feed. */
export function feedTasks(
  stores: Stores,
): Pick<Tasks, 'fanOutPhoto' | 'hashtagsAdded' | 'announceHeavyAuthor' | 'followsChanged'> {
  return {
    // A photo has one place in a sorted set, however often it is put there.
    async fanOutPhoto({ photoId }) {
      await fanOut(stores, BigInt(photoId));
    },
    // As with fanOutPhoto.
    async hashtagsAdded({ photoId, hashtags }) {
      await fanOutHashtags(stores, BigInt(photoId), hashtags);
    },
    // Drops what is cached, and listeners look up whom they follow anew: again is the same.
    async announceHeavyAuthor({ authorId }) {
      await announceHeavyAuthor(stores, BigInt(authorId));
    },
    // Listeners look up whom they follow anew; doing so twice changes nothing.
    async followsChanged({ userId }) {
      const channel = liveChannel(feedKey(BigInt(userId)));
      await tellStreams(stores.redis, [channel], '', JSON.stringify({ authorsChanged: true }));
    },
  };
}
