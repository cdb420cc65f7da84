import type { Stores } from '../../stores/stores.ts';
import { userError } from '../kernel/errors.ts';
import { type PhotoRow, readPhotos } from '../records/photo-rows.ts';
import { mayInteract } from '../visibility/rules.ts';

/** Reads a photo in any state that the viewer may interact with. @throws UserErrors NOT_FOUND */
async function requirePhoto(stores: Stores, viewerId: bigint, photoId: bigint): Promise<PhotoRow> {
  const [photo] = await readPhotos(stores, [photoId]);
  const [isAllowed] = photo ? await mayInteract(stores, viewerId, [photo]) : [];
  if (!photo || !isAllowed) throw userError('NOT_FOUND', 'There is no such photo.', 'photoId');
  return photo;
}

/** Reads a photo that the viewer may like and comment on. @throws UserErrors NOT_FOUND or NOT_READY */
export async function requireReadyPhoto(stores: Stores, viewerId: bigint, photoId: bigint): Promise<PhotoRow> {
  const photo = await requirePhoto(stores, viewerId, photoId);
  if (photo.status !== 'READY') throw userError('NOT_READY', 'The photo is not ready yet.', 'photoId');
  return photo;
}

/**
 * Reads a photo of the viewer.
 *
 * @throws UserErrors NOT_FOUND when the photo does not exist or belongs to somebody else
 */
export async function requireOwnPhoto(stores: Stores, viewerId: bigint, photoId: bigint): Promise<PhotoRow> {
  const photo = await requirePhoto(stores, viewerId, photoId);
  if (photo.ownerId !== viewerId) throw userError('NOT_FOUND', 'You have no such photo.', 'photoId');
  return photo;
}
