import type { Stores } from '../../stores/stores.ts';
import { readFollowedHashtags } from '../discovery/hashtag-follows.ts';
import { follow, Last, type LiveEvent, type LiveEvents } from '../live/follow.ts';
import { accessChannel } from '../people/access.ts';
import { maySeeWithin } from '../people/visibility.ts';
import { deliver } from '../photos/deliveries.ts';
import type { PhotoRow } from '../photos/rows.ts';
import type { FeedMessage } from './fan-out.ts';
import { readHeavyAuthors } from './heavy-authors.ts';
import { authorKey, feedKey, hashtagKey, liveChannel } from './keys.ts';

/** A photo that arrives, or that something may have been missed. */
export type ArrivingPhoto = LiveEvent<PhotoRow>;

/**
 * Each photo as it arrives in a person's home feed, once.
 *
 * Photos of ordinary authors are told in the stream of the viewer's own feed; those of heavy authors, in one stream per author, and those with a
 * hashtag in one per hashtag. Of an author who is followed only now, or becomes heavy, and of a hashtag that is followed only now, the client may have
 * missed something, and is told so.
 *
 * @param after the cursor of the last event that the client has had
 */
export async function followHomeFeed(
  stores: Stores,
  viewerId: bigint,
  after: string | null | undefined,
): Promise<LiveEvents<PhotoRow>> {
  const otherChannels = async () => {
    const [authors, [hashtags]] = await Promise.all([
      readHeavyAuthors(stores, viewerId),
      readFollowedHashtags(stores, [viewerId]),
    ]);
    return [...authors.map(authorKey), ...Array.from(hashtags ?? [], hashtagKey)].map(liveChannel);
  };
  const followOthers = async (add: (channel: string) => Promise<void>) => {
    for (const channel of await otherChannels()) await add(channel);
  };
  return follow<PhotoRow>(stores, {
    channels: [liveChannel(feedKey(viewerId)), ...(await otherChannels())],
    after,
    async renew({ add }) {
      await followOthers(add);
      return null;
    },
    async step(payload, { add }) {
      const message = JSON.parse(payload) as FeedMessage;
      if (message.authorsChanged) await followOthers(add);
      if (!('photoId' in message) || message.isPushed) return null;
      const photoId = BigInt(message.photoId);
      const inFeed = message.byHashtag ?? true;
      return (await deliver(stores, { viewerId, photoId, commentId: null, inFeed }))?.photo ?? null;
    },
    // A job that is repeated when Redis has lost its memory tells again, and whoever follows an author and a hashtag just now may be told by both.
    nameOf: ({ id }) => String(id),
  });
}

/**
 * Each new photo with a hashtag that the viewer may see, once.
 *
 * @param after the cursor of the last event that the client has had
 */
export function followHashtagPhotos(
  stores: Stores,
  viewerId: bigint | null,
  hashtag: string,
  after: string | null | undefined,
): Promise<LiveEvents<PhotoRow>> {
  return follow<PhotoRow>(stores, {
    channels: [liveChannel(hashtagKey(hashtag))],
    after,
    async step(payload) {
      const { photoId } = JSON.parse(payload) as { photoId: string };
      const delivery = await deliver(stores, { viewerId, photoId: BigInt(photoId), commentId: null, inFeed: false });
      return delivery?.photo.hashtags.includes(hashtag) ? delivery.photo : null;
    },
  });
}

/**
 * Each new photo of a person that the viewer may see, once; it ends when they may not see into the person's account any more.
 *
 * @param after the cursor of the last event that the client has had
 * @returns null when the viewer may not see into the person's account
 */
export async function followUserPhotos(
  stores: Stores,
  viewerId: bigint | null,
  userId: bigint,
  after: string | null | undefined,
): Promise<LiveEvents<PhotoRow> | null> {
  const maySee = async () => (await maySeeWithin(stores, viewerId, [userId]))[0] === true;
  if (!(await maySee())) return null;
  const watchers = [userId, ...(viewerId === null || viewerId === userId ? [] : [viewerId])];
  return follow<PhotoRow>(stores, {
    channels: [liveChannel(authorKey(userId))],
    signals: watchers.map(accessChannel),
    after,
    async step(payload) {
      if (!payload.startsWith('{')) return (await maySee()) ? null : new Last<PhotoRow>(null);
      const { photoId } = JSON.parse(payload) as { photoId: string };
      const delivery = await deliver(stores, { viewerId, photoId: BigInt(photoId), commentId: null, inFeed: false });
      return delivery?.photo ?? null;
    },
  });
}
