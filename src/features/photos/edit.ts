import { writeInvalidating } from '../../stores/cached-rows.ts';
import { addJob } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { deleteMentions, recordMentions } from '../activity/mentions.ts';
import { hasHashtags, syncPhotoHashtags, writeInvalidatingHashtags } from '../hashtags/photo-hashtags.ts';
import type { ClientText } from '../kernel/client-text.ts';
import { requireText } from '../kernel/validate.ts';
import { addPhotoDelta } from '../people/counts.ts';
import { type ChosenLocation, setLocation } from '../places/locations.ts';
import { photoKey } from '../records/photo-rows.ts';
import { addPhotosChanged } from './counts.ts';
import { allRenditionKeys } from './media.ts';
import { CAPTION } from './publish.ts';
import { requireOwnPhoto } from './require-photo.ts';

/** The fields of a photo to change. Fields that are left out keep their value. */
export interface PhotoChanges {
  caption?: ClientText | undefined;
  /** Null removes the location. */
  location?: ChosenLocation | null | undefined;
}

/**
 * Changes a photo of the caller.
 *
 * @throws UserErrors NOT_FOUND, or the errors of the caption or the location
 */
export async function updatePhoto(
  stores: Stores,
  ownerId: bigint,
  photoId: bigint,
  { location, ...changes }: PhotoChanges,
): Promise<void> {
  const caption = changes.caption === undefined ? undefined : requireText(changes.caption, CAPTION);
  const photo = await requireOwnPhoto(stores, ownerId, photoId);
  await writeInvalidatingHashtags(stores, photo, caption ?? '', () =>
    stores.db.$transaction(async (tx) => {
      // The row lock serializes concurrent changes, so that each compares its caption with the one it replaces.
      const [before] = await tx.$queryRaw<{ caption: string; status: string; publishedId: bigint | null }[]>`
        select caption, status, published_id as "publishedId" from photos
        where id = ${photoId} and owner_id = ${ownerId} for update`;
      if (!before) return;
      if (caption !== undefined) {
        await tx.photo.update({ where: { id: photoId }, data: { caption } });
        // Until the photo is READY nobody is notified of a mention. processPhoto records the mentions.
        if (before.status === 'READY') {
          await deleteMentions(tx, photoId, before.caption, caption);
          await recordMentions(tx, { text: caption, authorId: ownerId, ownerId, photoId }, before.caption);
        }
        if (hasHashtags(before.caption) || hasHashtags(caption)) await syncPhotoHashtags(tx, photoId, 'caption');
      }
      if (location !== undefined) {
        await setLocation(tx, { id: photoId, ownerId, publishedId: before.publishedId }, location);
      }
      await addPhotosChanged(tx, [photoId]);
    }),
  );
}

/**
 * Deletes a photo of the caller with its likes and comments. A job deletes its files.
 *
 * @throws UserErrors NOT_FOUND
 */
export async function deletePhoto(stores: Stores, ownerId: bigint, photoId: bigint): Promise<void> {
  await requireOwnPhoto(stores, ownerId, photoId);
  await writeInvalidating(stores.redis, [photoKey(photoId)], () =>
    stores.db.$transaction(async (tx) => {
      const upload = await tx.upload.findUnique({ where: { id: photoId }, select: { objectKey: true } });
      await tx.upload.deleteMany({ where: { id: photoId } });
      const [deleted] = await tx.$queryRaw<{ mediaKey: string; counted: boolean }[]>`
        delete from photos where id = ${photoId} and owner_id = ${ownerId}
        returning media_key as "mediaKey", (status = 'READY' and hidden_at is null) as counted`;
      if (!deleted) return;
      if (deleted.counted) await addPhotoDelta(tx, ownerId, -1);
      await tx.activity.deleteMany({ where: { photoId } });
      await tx.report.deleteMany({ where: { photoId } });
      await addJob(tx, 'deleteObjects', {
        keys: [...allRenditionKeys(deleted.mediaKey), ...(upload ? [upload.objectKey] : [])],
      });
      await addPhotosChanged(tx, [photoId]);
    }),
  );
}
