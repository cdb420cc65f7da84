import type { Stores } from '../../stores/stores.ts';
import { userError } from '../kernel/errors.ts';
import { type PhotoRow, readPhotos } from '../records/photo-rows.ts';
import { mayInteract } from '../visibility/rules.ts';

/** A photo that the viewer may take part in, whatever its state. @throws UserErrors NOT_FOUND */
async function requirePhoto(stores: Stores, viewerId: bigint, photoId: bigint): Promise<PhotoRow> {
  const [photo] = await readPhotos(stores, [photoId]);
  const [may] = photo ? await mayInteract(stores, viewerId, [photo]) : [];
  if (!photo || !may) throw userError('NOT_FOUND', 'There is no such photo.', 'photoId');
  return photo;
}

/** A photo that the viewer may like and write about. @throws UserErrors NOT_FOUND or NOT_READY */
export async function requireReadyPhoto(stores: Stores, viewerId: bigint, photoId: bigint): Promise<PhotoRow> {
  const photo = await requirePhoto(stores, viewerId, photoId);
  if (photo.status !== 'READY') throw userError('NOT_READY', 'The photo is not ready yet.', 'photoId');
  return photo;
}

/** The viewer's own photo. @throws UserErrors NOT_FOUND, for another's as for one that does not exist */
export async function requireOwnPhoto(stores: Stores, viewerId: bigint, photoId: bigint): Promise<PhotoRow> {
  const photo = await requirePhoto(stores, viewerId, photoId);
  if (photo.ownerId !== viewerId) throw userError('NOT_FOUND', 'You have no such photo.', 'photoId');
  return photo;
}
