import { timelineChannel } from '../../stores/channel-names.ts';
import type { Tasks } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { publishToStreams } from '../../stores/streams.ts';
import { feedKey } from '../records/feed-keys.ts';
import { announcePulledAuthor, fanOut, fanOutHashtags } from './fan-out.ts';

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
      await announcePulledAuthor(stores, BigInt(authorId));
    },
    // Listeners look up whom they follow anew; doing so twice changes nothing.
    async followsChanged({ userId }) {
      const channel = timelineChannel(feedKey(BigInt(userId)));
      await publishToStreams(stores.redis, [channel], '', JSON.stringify({ authorsChanged: true }));
    },
  };
}
