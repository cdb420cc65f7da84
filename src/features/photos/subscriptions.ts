import { accessChannel, photoChannel } from '../../stores/channel-names.ts';
import type { Stores } from '../../stores/stores.ts';
import type { ClientText } from '../kernel/client-text.ts';
import { deliverPhoto, type PhotoDelivery } from '../live/photo-deliveries.ts';
import { type Delivered, Final, type LiveEvent, type LiveEvents, subscribe } from '../live/subscribe.ts';
import { type PhotoRow, readPhotos } from '../records/photo-rows.ts';
import { maySeePhotos } from '../visibility/rules.ts';
import type { PhotoMessage } from './photo-events.ts';

/**
 * The current photo, and the comment if the event is about one. The photo is null when it is deleted or hidden from the
 * viewer.
 */
export interface PhotoUpdate {
  photo: PhotoRow | null;
  comment: PhotoDelivery['comment'];
}

/** A change of a photo, or a gap. */
export type PhotoUpdateEvent = LiveEvent<PhotoUpdate>;

/**
 * One photo: its current state, then its state after each change, and each new comment once. It completes with null
 * when the photo is deleted or hidden from the viewer. That is checked whenever the owner or the viewer changes who may
 * see what. A client that is slower than the changes receives only the latest state, but every comment.
 *
 * @param after the cursor of the last event that the client has
 * @param signal is aborted when the client leaves
 * @returns null when the viewer may not see the photo, or it does not exist
 */
export async function subscribeToPhoto(
  stores: Stores,
  viewerId: bigint | null,
  photoId: bigint,
  after: ClientText | null | undefined,
  signal: AbortSignal,
): Promise<LiveEvents<PhotoUpdate> | null> {
  const [row] = await readPhotos(stores, [photoId]);
  if (!row || !(await readCurrent(stores, viewerId, photoId))) return null;
  const participants = [row.ownerId, ...(viewerId === null || viewerId === row.ownerId ? [] : [viewerId])];
  return subscribe<PhotoUpdate>(stores, {
    channels: [photoChannel(photoId)],
    signals: participants.map(accessChannel),
    after,
    signal,
    isAnonymous: viewerId === null,
    beginsWithState: true,
    async resync() {
      return (await readCurrent(stores, viewerId, photoId)) ?? GONE;
    },
    async onMessage(payload) {
      // Null for an access signal.
      const message = payload.startsWith('{') ? (JSON.parse(payload) as PhotoMessage) : null;
      if (message && 'commentId' in message) {
        return deliverUpdate(stores, viewerId, photoId, BigInt(message.commentId));
      }
      const update = await readCurrent(stores, viewerId, photoId);
      if (!update) return GONE;
      // An access signal does not change the photo itself.
      return message && update;
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
