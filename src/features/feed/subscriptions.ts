import { accessChannel, timelineChannel } from '../../stores/channel-names.ts';
import type { Stores } from '../../stores/stores.ts';
import type { ClientText } from '../kernel/client-text.ts';
import { deliverPhoto, deliverPublishedPhoto } from '../live/photo-deliveries.ts';
import { Final, type LiveEvent, type LiveEvents, type SubscriptionControl, subscribe } from '../live/subscribe.ts';
import { authorKey, feedKey, hashtagKey } from '../records/feed-keys.ts';
import type { PhotoRow } from '../records/photo-rows.ts';
import { readFollowedHashtags } from '../visibility/followed-hashtags.ts';
import { maySeeAccountContents } from '../visibility/rules.ts';
import type { FeedMessage } from './fan-out.ts';
import { readPulledAuthors } from './pulled-authors.ts';

/** A photo that arrives in a list, or a gap. */
export type NewPhotoEvent = LiveEvent<PhotoRow>;

/**
 * Each photo as it arrives in a person's home feed, once.
 *
 * Photos of pushed authors are published in the stream of the viewer's own feed, those of pulled authors in one stream
 * per author, and those with a hashtag in one stream per hashtag. When the viewer follows a pulled author or a hashtag,
 * or a followed author becomes pulled, the client may have missed photos and gets a gap.
 *
 * @param after the cursor of the last event that the client has
 * @param signal is aborted when the client leaves
 */
export async function subscribeToHomeFeed(
  stores: Stores,
  viewerId: bigint,
  after: ClientText | null | undefined,
  signal: AbortSignal,
): Promise<LiveEvents<PhotoRow>> {
  const sharedChannels = async () => {
    const [authors, [hashtags]] = await Promise.all([
      readPulledAuthors(stores, viewerId),
      readFollowedHashtags(stores, [viewerId]),
    ]);
    return [...authors.map(authorKey), ...Array.from(hashtags ?? [], hashtagKey)].map(timelineChannel);
  };
  const addSharedChannels = async ({ addChannel }: SubscriptionControl) => {
    for (const channel of await sharedChannels()) await addChannel(channel);
  };
  return subscribe<PhotoRow>(stores, {
    channels: [timelineChannel(feedKey(viewerId)), ...(await sharedChannels())],
    after,
    signal,
    async resync(control) {
      await addSharedChannels(control);
      return null;
    },
    async onMessage(payload, control) {
      const message = JSON.parse(payload) as FeedMessage;
      if (message.authorsChanged) await addSharedChannels(control);
      if (!('photoId' in message) || message.isPushed) return null;
      const photoId = BigInt(message.photoId);
      const inFeed = message.byHashtag ?? true;
      const delivery = await deliverPhoto(stores, { viewerId, photoId, commentId: null, inFeed });
      return delivery && { value: delivery.photo, shareKey: delivery.shareKey };
    },
    // A job that runs again after Redis lost its memory publishes again. A viewer who has just followed an author and a
    // hashtag may receive a photo through both.
    dedupKeyOf: ({ id }) => String(id),
  });
}

/**
 * Each new photo of a person that the viewer may see, once. It completes when the viewer may no longer see the account.
 *
 * @param after the cursor of the last event that the client has
 * @param signal is aborted when the client leaves
 * @returns null when the viewer may not see the person's account
 */
export async function subscribeToUserPhotos(
  stores: Stores,
  viewerId: bigint | null,
  userId: bigint,
  after: ClientText | null | undefined,
  signal: AbortSignal,
): Promise<LiveEvents<PhotoRow> | null> {
  const maySee = async () => (await maySeeAccountContents(stores, viewerId, [userId]))[0] === true;
  if (!(await maySee())) return null;
  const participants = [userId, ...(viewerId === null || viewerId === userId ? [] : [viewerId])];
  return subscribe<PhotoRow>(stores, {
    channels: [timelineChannel(authorKey(userId))],
    signals: participants.map(accessChannel),
    after,
    signal,
    isAnonymous: viewerId === null,
    async onMessage(payload) {
      // An access signal: somebody's relations or settings have changed.
      if (!payload.startsWith('{')) return (await maySee()) ? null : new Final<PhotoRow>(null);
      const delivery = await deliverPublishedPhoto(stores, viewerId, payload);
      return delivery && { value: delivery.photo, shareKey: delivery.shareKey };
    },
  });
}
