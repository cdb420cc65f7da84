import type { Stores } from '../../stores/stores.ts';
import { mistake } from '../errors.ts';
import { readVisiblePhoto } from './changes.ts';
import type { PhotoRow } from './rows.ts';

/** A photo that the viewer may see, whatever its state. @throws Mistakes NOT_FOUND */
async function requirePhoto(stores: Stores, viewerId: bigint, photoId: bigint): Promise<PhotoRow> {
  const photo = await readVisiblePhoto(stores, viewerId, photoId);
  if (!photo) throw mistake('NOT_FOUND', 'There is no such photo.', 'photoId');
  return photo;
}

/** A photo that the viewer may see and that others see too. @throws Mistakes NOT_FOUND or NOT_READY */
export async function requireReadyPhoto(stores: Stores, viewerId: bigint, photoId: bigint): Promise<PhotoRow> {
  const photo = await requirePhoto(stores, viewerId, photoId);
  if (photo.status !== 'READY') throw mistake('NOT_READY', 'The photo is not ready yet.', 'photoId');
  return photo;
}

/** The viewer's own photo. @throws Mistakes NOT_FOUND, for another's as for one that does not exist */
export async function requireOwnPhoto(stores: Stores, viewerId: bigint, photoId: bigint): Promise<PhotoRow> {
  const photo = await requirePhoto(stores, viewerId, photoId);
  if (photo.ownerId !== viewerId) throw mistake('NOT_FOUND', 'You have no such photo.', 'photoId');
  return photo;
}
