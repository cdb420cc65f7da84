import type { Stores } from '../../stores/stores.ts';
import { mistake } from '../errors.ts';
import { mayTakePart } from '../people/visibility.ts';
import { type PhotoRow, readPhotos } from './rows.ts';

/** A photo that the viewer may take part in, whatever its state. @throws Mistakes NOT_FOUND */
async function requirePhoto(stores: Stores, viewerId: bigint, photoId: bigint): Promise<PhotoRow> {
  const [photo] = await readPhotos(stores, [photoId]);
  const [may] = photo ? await mayTakePart(stores, viewerId, [photo]) : [];
  if (!photo || !may) throw mistake('NOT_FOUND', 'There is no such photo.', 'photoId');
  return photo;
}

/** A photo that the viewer may like and write about. @throws Mistakes NOT_FOUND or NOT_READY */
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
