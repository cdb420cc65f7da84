import { writeThrough } from '../../stores/cache.ts';
import { addJob } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { Mistakes } from '../errors.ts';
import { checkText } from '../validate.ts';
import { requireOwnPhoto } from './access.ts';
import { addPhotosChanged } from './counts.ts';
import { allKeys } from './process.ts';
import { MAX_CAPTION } from './publish.ts';
import { photoKey } from './rows.ts';

/**
 * Changes the caption of one's own photo.
 *
 * @throws Mistakes NOT_FOUND, or what is wrong with the caption
 */
export async function updateCaption(stores: Stores, ownerId: bigint, photoId: bigint, caption: string): Promise<void> {
  const mistakes = checkText('A caption', caption, 0, MAX_CAPTION, 'caption');
  if (mistakes.length > 0) throw new Mistakes(mistakes);
  await requireOwnPhoto(stores, ownerId, photoId);
  await writeThrough(stores.redis, [photoKey(photoId)], () =>
    stores.db.$transaction(async (tx) => {
      await tx.photo.updateMany({ where: { id: photoId, ownerId }, data: { caption } });
      await addPhotosChanged(tx, [photoId]);
    }),
  );
}

/**
 * Deletes one's own photo with its likes and comments; a job deletes its files.
 *
 * @throws Mistakes NOT_FOUND
 */
export async function deletePhoto(stores: Stores, ownerId: bigint, photoId: bigint): Promise<void> {
  const { mediaKey } = await requireOwnPhoto(stores, ownerId, photoId);
  await writeThrough(stores.redis, [photoKey(photoId)], () =>
    stores.db.$transaction(async (tx) => {
      const upload = await tx.upload.findUnique({ where: { id: photoId }, select: { objectKey: true } });
      await tx.upload.deleteMany({ where: { id: photoId } });
      const { count } = await tx.photo.deleteMany({ where: { id: photoId, ownerId } });
      if (count === 0) return;
      await addJob(tx, 'deleteObjects', { keys: [...allKeys(mediaKey), ...(upload ? [upload.objectKey] : [])] });
      await addPhotosChanged(tx, [photoId]);
    }),
  );
}
