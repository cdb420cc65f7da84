import type { Tasks } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { refreshPhotoCounts } from './counts.ts';
import { relocateAllMedia, relocateMedia } from './media.ts';
import { publishComment, publishPhotosChanged } from './photo-events.ts';
import { processPhoto } from './process.ts';

/** How many expired uploads one step of the sweep deletes. */
const SWEEP_BATCH = 500;

/** The jobs of photos. */
export function photoTasks(
  stores: Stores,
): Pick<
  Tasks,
  'processPhoto' | 'placeMedia' | 'placeAllMedia' | 'photosChanged' | 'commentAdded' | 'deleteObjects' | 'sweepUploads'
> {
  const { db, objects } = stores;
  return {
    processPhoto: (job) => processPhoto(stores, job),
    placeMedia: (job) => relocateMedia(stores, job),
    placeAllMedia: ({ ownerId }) => relocateAllMedia(stores, BigInt(ownerId)),
    // Publishes only that the photos changed, so a repeated run publishes the same.
    async photosChanged({ photoIds }) {
      const ids = photoIds.map(BigInt);
      await refreshPhotoCounts(stores, ids);
      await publishPhotosChanged(stores, ids);
    },
    // Idempotent: `publishComment` publishes each comment once.
    async commentAdded({ photoId, commentId }) {
      await publishComment(stores, BigInt(photoId), BigInt(commentId));
    },
    // Deleting a missing object succeeds, so a repeated run is harmless.
    async deleteObjects({ keys }) {
      await objects.delete(keys);
    },
    // Delete the files before the rows, so that after an interrupted run the next one still finds them by their rows.
    async sweepUploads() {
      for (;;) {
        const uploads = await db.$queryRaw<{ id: bigint; objectKey: string }[]>`
          select id, object_key as "objectKey" from uploads
          where expires_at < now() - interval '1 hour' and not exists (select from photos where photos.id = uploads.id)
          limit ${SWEEP_BATCH}`;
        if (uploads.length === 0) return;
        await objects.delete(uploads.map((upload) => upload.objectKey));
        await db.upload.deleteMany({ where: { id: { in: uploads.map((upload) => upload.id) } } });
      }
    },
  };
}
