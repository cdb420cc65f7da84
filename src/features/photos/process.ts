import { writeInvalidating } from '../../stores/cached-rows.ts';
import { addJob, type Jobs } from '../../stores/jobs.ts';
import { nextId, type Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { recordMentions } from '../activity/mentions.ts';
import { publishHashtags } from '../hashtags/photo-hashtags.ts';
import { addPhotoDelta } from '../people/counts.ts';
import { publishLocation } from '../places/locations.ts';
import { photoKey } from '../records/photo-rows.ts';
import { lockPeople } from '../visibility/locks.ts';
import { addPhotosChanged } from './counts.ts';
import { addRelocateMedia, allKeys, keysIn, renditionKey } from './media.ts';
import { makeRenditions, type Renditions, UnusableFile } from './renditions.ts';

/**
 * Makes a photo READY, or FAILED with the reason. The files are written first, under keys that were chosen at publishing, so a
 * repeated run writes the same ones; then one transaction makes the photo READY, gives it its place in all lists and enqueues the
 * fan-out. After that, another run does nothing.
 */
export async function processPhoto(stores: Stores, job: Jobs['processPhoto']): Promise<void> {
  const { db, objects, config } = stores;
  const id = BigInt(job.photoId);
  const [photo, upload] = await Promise.all([
    db.photo.findUnique({
      where: { id },
      select: { status: true, owner: { select: { id: true, isPrivate: true, isHidden: true } } },
    }),
    db.upload.findUnique({ where: { id } }),
  ]);
  // Deleted while it was worked on: what an earlier run wrote is nobody's.
  if (!photo) return objects.delete([job.objectKey, ...allKeys(job.mediaKey)]);
  if (photo.status !== 'PROCESSING' || !upload) return;

  const file = await objects.get(upload.objectKey);
  let made: Renditions;
  try {
    if (!file) throw new UnusableFile('CORRUPT');
    made = await makeRenditions(file, upload, config.PHOTO_MAX_PIXELS);
  } catch (error) {
    if (!(error instanceof UnusableFile)) throw error;
    const { code } = error;
    await finish(stores, id, job, async (tx) => {
      const where = { id, status: 'PROCESSING' as const };
      return (await tx.photo.updateMany({ where, data: { status: 'FAILED', failure: code } })).count > 0;
    });
    return;
  }
  const mediaIsPublic = !photo.owner.isPrivate && !photo.owner.isHidden;
  await Promise.all(
    made.files.map(({ size, jpeg }) =>
      objects.put(renditionKey(job.mediaKey, mediaIsPublic, size), jpeg, 'image/jpeg'),
    ),
  );
  const finished = await finish(stores, id, job, async (tx) => {
    const ownerId = photo.owner.id;
    const owner = (await lockPeople(tx, [ownerId], 'shared')).get(ownerId);
    const { width, height } = made;
    const thumbhash = Buffer.from(made.thumbhash);
    const where = { id, status: 'PROCESSING' as const };
    const data = { status: 'READY' as const, width, height, thumbhash, mediaIsPublic };
    if (!owner || (await tx.photo.updateMany({ where, data })).count === 0) return false;
    // The account became private, or public, while the files were made.
    if (mediaIsPublic !== (!owner.isPrivate && !owner.isHidden)) await addRelocateMedia(tx, id);
    // An earlier run may have written them there.
    await addJob(tx, 'deleteObjects', { keys: keysIn(job.mediaKey, !mediaIsPublic) });
    await addPhotoDelta(tx, ownerId, 1);
    const { caption } = await tx.photo.findUniqueOrThrow({ where: { id }, select: { caption: true } });
    await recordMentions(tx, { text: caption, authorId: ownerId, ownerId, photoId: id });
    // Last, so that little time passes until the commit: what commits late would appear below what was read already.
    const publishedId = await nextId(tx, ownerId);
    await tx.photo.update({ where: { id }, data: { publishedId } });
    await publishLocation(tx, id, publishedId);
    await publishHashtags(tx, id, publishedId);
    await addJob(tx, 'fanOutPhoto', { photoId: job.photoId });
    return true;
  });
  if (!finished && !(await db.photo.findUnique({ where: { id }, select: { id: true } }))) {
    await objects.delete(allKeys(job.mediaKey));
  }
}

/** Ends the processing in one transaction with all that follows from it. @returns false when another run did so already */
function finish(
  stores: Stores,
  id: bigint,
  job: Jobs['processPhoto'],
  update: (tx: Transaction) => Promise<boolean>,
): Promise<boolean> {
  return writeInvalidating(stores.redis, [photoKey(id)], () =>
    stores.db.$transaction(async (tx) => {
      if (!(await update(tx))) return false;
      await tx.upload.deleteMany({ where: { id } });
      await addJob(tx, 'deleteObjects', { keys: [job.objectKey] });
      await addPhotosChanged(tx, [id]);
      return true;
    }),
  );
}
