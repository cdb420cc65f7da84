import type { Stores } from '../../stores/stores.ts';
import { listen, mapMessages } from '../live/listen.ts';
import { ACCESS_CHANGED, accessChannel } from '../people/access.ts';
import { maySeePhotos } from '../people/visibility.ts';
import { type PhotoRow, readPhotos } from './rows.ts';

/** The channel on which a photo's changes are told. */
export function photoChannel(id: bigint): string {
  return `live:photo:${id}`;
}

/** A photo as it is now; null when it is gone or not for the viewer. */
async function readVisiblePhoto(stores: Stores, viewerId: bigint | null, id: bigint): Promise<PhotoRow | null> {
  const [photo] = await readPhotos(stores, [id]);
  if (!photo) return null;
  const [visible] = await maySeePhotos(stores, viewerId, [photo]);
  return visible ? photo : null;
}

/**
 * One photo, as it is now and then after each change; ends with null when it is gone or not for the viewer any more, which is looked
 * at whenever the owner or the viewer changes who may see what. A reader that is slower than the changes is told of the last only.
 *
 * @returns null when there is no such photo for the viewer
 */
export async function followPhoto(
  stores: Stores,
  viewerId: bigint | null,
  id: bigint,
): Promise<AsyncGenerator<{ photo: PhotoRow | null }, void, void> | null> {
  const { messages, add } = await listen(stores.pubsub, photoChannel(id), { distinct: true });
  const begin = async () => {
    // Listened to before the photo is looked at, so that no change falls between the two.
    const [row] = await readPhotos(stores, [id]);
    if (row) await add(accessChannel(row.ownerId));
    if (viewerId !== null) await add(accessChannel(viewerId));
    return readVisiblePhoto(stores, viewerId, id);
  };
  const first = await begin().catch(async (error) => {
    await messages.return();
    throw error;
  });
  if (!first) {
    await messages.return();
    return null;
  }
  return mapMessages<{ photo: PhotoRow | null }>(messages, { photo: first }, async (message) => {
    const photo = await readVisiblePhoto(stores, viewerId, id);
    // That others may see something else now is nothing new of the photo.
    if (photo && message === ACCESS_CHANGED) return null;
    return { value: { photo }, last: photo === null };
  });
}
