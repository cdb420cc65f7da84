import { accessChannel, photoChannel } from '../../stores/channel-names.ts';
import type { Stores } from '../../stores/stores.ts';
import { deliverPhoto, type PhotoDelivery } from '../live/photo-deliveries.ts';
import { type Delivered, Final, type LiveEvent, type LiveEvents, subscribe } from '../live/subscribe.ts';
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
  if (!row || !(await readCurrent(stores, viewerId, photoId))) return null;
  const watchers = [row.ownerId, ...(viewerId === null || viewerId === row.ownerId ? [] : [viewerId])];
  return subscribe<PhotoUpdate>(stores, {
    channels: [photoChannel(photoId)],
    signals: watchers.map(accessChannel),
    after,
    beginsWithState: true,
    async renew() {
      return (await readCurrent(stores, viewerId, photoId)) ?? GONE;
    },
    async step(payload) {
      const message = payload.startsWith('{') ? (JSON.parse(payload) as PhotoMessage) : null;
      if (message && 'commentId' in message) {
        return deliverUpdate(stores, viewerId, photoId, BigInt(message.commentId));
      }
      const current = await readCurrent(stores, viewerId, photoId);
      if (!current) return GONE;
      // An access signal alone is no news about the photo.
      return message && current;
    },
  });
}

const GONE = new Final<PhotoUpdate>({ photo: null, comment: null });

/** The photo as it is now; null when it is gone or the viewer may not see it. */
async function readCurrent(
  stores: Stores,
  viewerId: bigint | null,
  photoId: bigint,
): Promise<Delivered<PhotoUpdate> | null> {
  const update = await deliverUpdate(stores, viewerId, photoId, null);
  if (update || viewerId === null) return update;
  // Deliveries give moderators no extra access, but they may open what has been reported.
  const [photo] = await readPhotos(stores, [photoId]);
  if (!photo) return null;
  const [visible] = await maySeePhotos(stores, viewerId, [photo]);
  return visible ? { value: { photo, comment: null }, shareKey: null } : null;
}

async function deliverUpdate(
  stores: Stores,
  viewerId: bigint | null,
  photoId: bigint,
  commentId: bigint | null,
): Promise<Delivered<PhotoUpdate> | null> {
  const delivery = await deliverPhoto(stores, { viewerId, photoId, commentId, inFeed: false });
  return delivery && { value: { photo: delivery.photo, comment: delivery.comment }, shareKey: delivery.shareKey };
}
