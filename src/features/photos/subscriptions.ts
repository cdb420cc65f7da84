import { accessChannel, photoChannel } from '../../stores/channel-names.ts';
import type { Stores } from '../../stores/stores.ts';
import { deliverPhoto, type PhotoDelivery } from '../live/photo-deliveries.ts';
import { Final, type LiveEvent, type LiveEvents, subscribe } from '../live/subscribe.ts';
import { type PhotoRow, readPhotos } from '../records/photo-rows.ts';
import { maySeePhotos } from '../visibility/rules.ts';
import type { PhotoMessage } from './photo-events.ts';

/** A photo as it is, and a comment when it is what is told; the photo is null when it is gone, or not for the viewer any more. */
export interface PhotoUpdate {
  photo: PhotoRow | null;
  comment: PhotoDelivery['comment'];
}

/** Something that happened to a photo, or that something may have been missed. */
export type PhotoUpdateEvent = LiveEvent<PhotoUpdate>;

/**
 * One photo: as it is now, then after each change, and each new comment, once. It ends with null when the photo is gone or not for the
 * viewer any more, which is looked at whenever the owner or the viewer changes who may see what. A reader that is slower than the changes is
 * told of the last only, and of every comment.
 *
 * @param after the cursor of the last event that the client has had
 * @returns null when there is no such photo for the viewer
 */
export async function subscribeToPhoto(
  stores: Stores,
  viewerId: bigint | null,
  photoId: bigint,
  after: string | null | undefined,
): Promise<LiveEvents<PhotoUpdate> | null> {
  const [row] = await readPhotos(stores, [photoId]);
  if (!row || !(await see(stores, viewerId, photoId))) return null;
  const watchers = [row.ownerId, ...(viewerId === null || viewerId === row.ownerId ? [] : [viewerId])];
  return subscribe<PhotoUpdate>(stores, {
    channels: [photoChannel(photoId)],
    signals: watchers.map(accessChannel),
    after,
    beginsWithState: true,
    async renew() {
      return (await see(stores, viewerId, photoId)) ?? GONE;
    },
    async step(payload) {
      const message = payload.startsWith('{') ? (JSON.parse(payload) as PhotoMessage) : null;
      if (message && 'commentId' in message) {
        return deliverPhoto(stores, { viewerId, photoId, commentId: BigInt(message.commentId), inFeed: false });
      }
      const news = await see(stores, viewerId, photoId);
      if (!news) return GONE;
      // That others may see something else now is nothing new of the photo.
      return message && news;
    },
  });
}

const GONE = new Final<PhotoUpdate>({ photo: null, comment: null });

/** The photo as it is now; null when it is gone or not for the viewer. */
async function see(stores: Stores, viewerId: bigint | null, photoId: bigint): Promise<PhotoUpdate | null> {
  const delivery = await deliverPhoto(stores, { viewerId, photoId, commentId: null, inFeed: false });
  if (delivery || viewerId === null) return delivery;
  // A moderator may look at what has been reported.
  const [photo] = await readPhotos(stores, [photoId]);
  if (!photo) return null;
  const [visible] = await maySeePhotos(stores, viewerId, [photo]);
  return visible ? { photo, comment: null } : null;
}
