import type { Stores } from '../../stores/stores.ts';
import { tellStreams } from '../../stores/streams.ts';
import { follow, Last, type LiveEvent, type LiveEvents } from '../live/follow.ts';
import { accessChannel } from '../people/access.ts';
import { maySeePhotos } from '../people/visibility.ts';
import { type Delivery, deliver } from './deliveries.ts';
import { type PhotoRow, readPhotos } from './rows.ts';

/** A photo as it is, and a comment when it is what is told; the photo is null when it is gone, or not for the viewer any more. */
export interface PhotoNews {
  photo: PhotoRow | null;
  comment: Delivery['comment'];
}

/** Something that happened to a photo, or that something may have been missed. */
export type PhotoHappening = LiveEvent<PhotoNews>;

/** The channel on which it is told what happens to a photo. */
function photoChannel(id: bigint): string {
  return `live:{photo:${id}}`;
}

/** What is told: that something about the photo is different, which says nothing of what, or that there is a new comment. */
type PhotoMessage = { changed: true } | { commentId: string };

/** Tells those who look at these photos that they are different. */
export async function tellPhotosChanged({ redis }: Stores, ids: readonly bigint[]): Promise<void> {
  const message: PhotoMessage = { changed: true };
  await Promise.all(ids.map((id) => tellStreams(redis, [photoChannel(id)], '', JSON.stringify(message))));
}

/** Tells those who look at a photo of a new comment, once however often this is done. */
export async function tellComment({ redis }: Stores, photoId: bigint, commentId: bigint): Promise<void> {
  const message: PhotoMessage = { commentId: String(commentId) };
  await tellStreams(redis, [photoChannel(photoId)], String(commentId), JSON.stringify(message));
}

/**
 * One photo: as it is now, then after each change, and each new comment, once. It ends with null when the photo is gone or not for the
 * viewer any more, which is looked at whenever the owner or the viewer changes who may see what. A reader that is slower than the changes is
 * told of the last only, and of every comment.
 *
 * @param after the cursor of the last event that the client has had
 * @returns null when there is no such photo for the viewer
 */
export async function followPhoto(
  stores: Stores,
  viewerId: bigint | null,
  photoId: bigint,
  after: string | null | undefined,
): Promise<LiveEvents<PhotoNews> | null> {
  const [row] = await readPhotos(stores, [photoId]);
  if (!row || !(await see(stores, viewerId, photoId))) return null;
  const watchers = [row.ownerId, ...(viewerId === null || viewerId === row.ownerId ? [] : [viewerId])];
  return follow<PhotoNews>(stores, {
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
        return deliver(stores, { viewerId, photoId, commentId: BigInt(message.commentId), inFeed: false });
      }
      const news = await see(stores, viewerId, photoId);
      if (!news) return GONE;
      // That others may see something else now is nothing new of the photo.
      return message && news;
    },
  });
}

const GONE = new Last<PhotoNews>({ photo: null, comment: null });

/** The photo as it is now; null when it is gone or not for the viewer. */
async function see(stores: Stores, viewerId: bigint | null, photoId: bigint): Promise<PhotoNews | null> {
  const delivery = await deliver(stores, { viewerId, photoId, commentId: null, inFeed: false });
  if (delivery || viewerId === null) return delivery;
  // A moderator may look at what has been reported.
  const [photo] = await readPhotos(stores, [photoId]);
  if (!photo) return null;
  const [visible] = await maySeePhotos(stores, viewerId, [photo]);
  return visible ? { photo, comment: null } : null;
}
