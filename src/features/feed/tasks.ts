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
    // Idempotent: pushing an entry into a sorted set again changes nothing.
    async fanOutPhoto({ photoId }) {
      await fanOut(stores, BigInt(photoId));
    },
    // Idempotent, as fanOutPhoto.
    async hashtagsAdded({ photoId, hashtags, earlier }) {
      await fanOutHashtags(stores, BigInt(photoId), hashtags, earlier);
    },
    // Idempotent: it drops cached lists and makes subscribers read again which authors they follow.
    async announceHeavyAuthor({ authorId }) {
      await announcePulledAuthor(stores, BigInt(authorId));
    },
    // Idempotent: it makes subscribers read again which authors and hashtags they follow.
    async followsChanged({ userId }) {
      const channel = timelineChannel(feedKey(BigInt(userId)));
      await publishToStreams(stores.redis, [channel], '', JSON.stringify({ authorsChanged: true }));
    },
  };
}
