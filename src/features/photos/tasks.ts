import type { Tasks } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { publishPhotosChanged } from './counts.ts';
import { tellComment } from './live.ts';
import { placeAllMedia, placeMedia } from './media.ts';
import { processPhoto } from './process.ts';

/** Uploads that are swept in one go. */
const SWEEP_AT_ONCE = 500;

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
    placeMedia: (job) => placeMedia(stores, job),
    placeAllMedia: ({ ownerId }) => placeAllMedia(stores, BigInt(ownerId)),
    // Tells how things are now, so telling it again is telling the same.
    async photosChanged({ photoIds }) {
      await publishPhotosChanged(stores, photoIds.map(BigInt));
    },
    // Each comment is told once.
    async commentAdded({ photoId, commentId }) {
      await tellComment(stores, BigInt(photoId), BigInt(commentId));
    },
    // What is deleted already counts as deleted.
    async deleteObjects({ keys }) {
      await objects.delete(keys);
    },
    // The files first: a run that is cut short leaves the rows, by which the next one finds the files again.
    async sweepUploads() {
      for (;;) {
        const uploads = await db.$queryRaw<{ id: bigint; objectKey: string }[]>`
          select id, object_key as "objectKey" from uploads
          where expires_at < now() - interval '1 hour' and not exists (select from photos where photos.id = uploads.id)
          limit ${SWEEP_AT_ONCE}`;
        if (uploads.length === 0) return;
        await objects.delete(uploads.map((upload) => upload.objectKey));
        await db.upload.deleteMany({ where: { id: { in: uploads.map((upload) => upload.id) } } });
      }
    },
  };
}
