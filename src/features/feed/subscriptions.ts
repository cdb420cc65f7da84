import { accessChannel, timelineChannel } from '../../stores/channel-names.ts';
import type { Stores } from '../../stores/stores.ts';
import { deliverPhoto } from '../live/photo-deliveries.ts';
import { Final, type LiveEvent, type LiveEvents, subscribe } from '../live/subscribe.ts';
import { authorKey, feedKey, hashtagKey } from '../records/feed-keys.ts';
import type { PhotoRow } from '../records/photo-rows.ts';
import { readFollowedHashtags } from '../visibility/followed-hashtags.ts';
import { maySeeAccountContents } from '../visibility/rules.ts';
import type { FeedMessage } from './fan-out.ts';
import { readPulledAuthors } from './pulled-authors.ts';

/** A photo that arrives, or that something may have been missed. */
export type NewPhotoEvent = LiveEvent<PhotoRow>;

/**
 * Each photo as it arrives in a person's home feed, once.
 *
 * Photos of ordinary authors are told in the stream of the viewer's own feed; those of heavy authors, in one stream per author, and those with a
 * hashtag in one per hashtag. Of an author who is followed only now, or becomes heavy, and of a hashtag that is followed only now, the client may have
 * missed something, and is told so.
 *
 * @param after the cursor of the last event that the client has had
 */
export async function subscribeToHomeFeed(
  stores: Stores,
  viewerId: bigint,
  after: string | null | undefined,
): Promise<LiveEvents<PhotoRow>> {
  const otherChannels = async () => {
    const [authors, [hashtags]] = await Promise.all([
      readPulledAuthors(stores, viewerId),
      readFollowedHashtags(stores, [viewerId]),
    ]);
    return [...authors.map(authorKey), ...Array.from(hashtags ?? [], hashtagKey)].map(timelineChannel);
  };
  const followOthers = async (add: (channel: string) => Promise<void>) => {
    for (const channel of await otherChannels()) await add(channel);
  };
  return subscribe<PhotoRow>(stores, {
    channels: [timelineChannel(feedKey(viewerId)), ...(await otherChannels())],
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
      const delivery = await deliverPhoto(stores, { viewerId, photoId, commentId: null, inFeed });
      return delivery && { value: delivery.photo, shareKey: delivery.shareKey };
    },
    // A job that is repeated when Redis has lost its memory tells again, and whoever follows an author and a hashtag just now may be told by both.
    nameOf: ({ id }) => String(id),
  });
}

/**
 * Each new photo of a person that the viewer may see, once; it ends when they may not see into the person's account any more.
 *
 * @param after the cursor of the last event that the client has had
 * @returns null when the viewer may not see into the person's account
 */
export async function subscribeToUserPhotos(
  stores: Stores,
  viewerId: bigint | null,
  userId: bigint,
  after: string | null | undefined,
): Promise<LiveEvents<PhotoRow> | null> {
  const maySee = async () => (await maySeeAccountContents(stores, viewerId, [userId]))[0] === true;
  if (!(await maySee())) return null;
  const watchers = [userId, ...(viewerId === null || viewerId === userId ? [] : [viewerId])];
  return subscribe<PhotoRow>(stores, {
    channels: [timelineChannel(authorKey(userId))],
    signals: watchers.map(accessChannel),
    after,
    async step(payload) {
      if (!payload.startsWith('{')) return (await maySee()) ? null : new Final<PhotoRow>(null);
      const { photoId } = JSON.parse(payload) as { photoId: string };
      const delivery = await deliverPhoto(stores, {
        viewerId,
        photoId: BigInt(photoId),
        commentId: null,
        inFeed: false,
      });
      return delivery && { value: delivery.photo, shareKey: delivery.shareKey };
    },
  });
}
