import { writeInvalidating } from '../../stores/cached-rows.ts';
import { addJob, type Jobs } from '../../stores/jobs.ts';
import { nextId, type Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { recordMentions } from '../activity/mentions.ts';
import { publishHashtags } from '../hashtags/photo-hashtags.ts';
import { attemptDecoding } from '../images/decoding-attempts.ts';
import { largePictureQueue } from '../images/decoding-budget.ts';
import { UnusableFile } from '../images/unusable-file.ts';
import { addPhotoDelta } from '../people/counts.ts';
import { publishLocation } from '../places/locations.ts';
import { photoKey } from '../records/photo-rows.ts';
import { lockPeople } from '../visibility/locks.ts';
import { addPhotosChanged } from './counts.ts';
import { allRenditionKeys, enqueueRelocateMedia, renditionKey, renditionKeys } from './media.ts';
import { checkFile, makeRenditions, type Renditions } from './renditions.ts';

/**
 * Makes a photo READY, or FAILED with the reason. First it writes the files, under a media key that was chosen when the
 * photo was published, so a repeated run writes the same files. Then one transaction makes the photo READY, gives it
 * its `publishedId`, which orders all lists, and enqueues the fan-out. After that, another run does nothing. A file
 * that takes much memory is not decoded at once: the job moves to a queue in which it takes no place of ordinary
 * photos.
 *
 * @throws DecodingTimeout when the decoder took too long for the first time
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
  // The photo was deleted during an earlier run. Delete the files that the run wrote.
  if (!photo) return objects.delete([job.objectKey, ...allRenditionKeys(job.mediaKey)]);
  if (photo.status !== 'PROCESSING' || !upload) return;

  const file = await objects.get(upload.objectKey);
  let renditions: Renditions;
  try {
    if (!file) throw new UnusableFile('CORRUPT');
    const checked = checkFile(file, upload, config.PHOTO_MAX_PIXELS);
    if (checked.isLarge && !job.isLarge) {
      return addJob(db, 'processPhoto', { ...job, isLarge: true }, { queue: largePictureQueue(photo.owner.id) });
    }
    renditions = await attemptDecoding(stores, { ...checked, ...job }, () => makeRenditions(checked));
  } catch (error) {
    if (!(error instanceof UnusableFile)) throw error;
    const { code } = error;
    await commitOutcome(stores, id, job, async (tx) => {
      const where = { id, status: 'PROCESSING' as const };
      return (await tx.photo.updateMany({ where, data: { status: 'FAILED', failure: code } })).count > 0;
    });
    return;
  }
  const mediaIsPublic = !photo.owner.isPrivate && !photo.owner.isHidden;
  await Promise.all(
    renditions.files.map(({ size, jpeg }) =>
      objects.put(renditionKey(job.mediaKey, mediaIsPublic, size), jpeg, 'image/jpeg'),
    ),
  );
  const isCommitted = await commitOutcome(stores, id, job, async (tx) => {
    const ownerId = photo.owner.id;
    const owner = (await lockPeople(tx, [ownerId], 'shared')).get(ownerId);
    const { width, height } = renditions;
    const thumbhash = Buffer.from(renditions.thumbhash);
    const where = { id, status: 'PROCESSING' as const };
    const data = { status: 'READY' as const, width, height, thumbhash, mediaIsPublic };
    if (!owner || (await tx.photo.updateMany({ where, data })).count === 0) return false;
    // The account's visibility changed while the renditions were made.
    if (mediaIsPublic !== (!owner.isPrivate && !owner.isHidden)) await enqueueRelocateMedia(tx, [id]);
    // An earlier run may have written files to the other location.
    await addJob(tx, 'deleteObjects', { keys: renditionKeys(job.mediaKey, !mediaIsPublic) });
    await addPhotoDelta(tx, ownerId, 1);
    const { caption } = await tx.photo.findUniqueOrThrow({ where: { id }, select: { caption: true } });
    await recordMentions(tx, { text: caption, authorId: ownerId, ownerId, photoId: id });
    // Draw the publishedId last, shortly before the commit. A photo that commits late would appear below entries that
    // clients have already read.
    const publishedId = await nextId(tx, ownerId);
    await tx.photo.update({ where: { id }, data: { publishedId } });
    await publishLocation(tx, id, publishedId);
    await publishHashtags(tx, id, publishedId);
    await addJob(tx, 'fanOutPhoto', { photoId: job.photoId });
    return true;
  });
  if (!isCommitted && !(await db.photo.findUnique({ where: { id }, select: { id: true } }))) {
    await objects.delete(allRenditionKeys(job.mediaKey));
  }
}

/**
 * Commits the outcome of the processing: the photo's new state, the deletion of the upload, and the jobs that follow.
 *
 * @param update writes the new state; returns false when another run has done so or the photo is gone
 * @returns what `update` returned
 */
function commitOutcome(
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
