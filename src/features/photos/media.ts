/**
 * The locations of photos' files. Files of photos that everybody may see have the prefix `media/`, which everybody can
 * read through a CDN. All others have the prefix `private/`, and viewers who may see the photo get a signed URL that
 * expires. When the visibility of a photo changes, a job copies its files to a new unguessable key and deletes the old
 * ones, so that older URLs stop working.
 */
import { randomBytes } from 'node:crypto';
import type { Image, ImageSize } from '../../generated/graphql.ts';
import { writeInvalidating } from '../../stores/cached-rows.ts';
import { addJob, addJobs, type Jobs } from '../../stores/jobs.ts';
import type { Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { type PhotoRow, photoKey } from '../records/photo-rows.ts';
import { renditionSize, SIZES } from './renditions.ts';

/** How many `placeMedia` jobs one statement enqueues. */
const RELOCATE_BATCH = 500;

/** The object key of one of a photo's files. */
export function renditionKey(mediaKey: string, isPublic: boolean, size: ImageSize): string {
  return `${isPublic ? 'media' : 'private'}/${mediaKey}/${size.toLowerCase()}.jpg`;
}

/** The object keys that a photo's files can have under a media key, public and private. */
export function allRenditionKeys(mediaKey: string): string[] {
  return [...renditionKeys(mediaKey, true), ...renditionKeys(mediaKey, false)];
}

/** The object keys of a photo's files in one location, public or private. */
export function renditionKeys(mediaKey: string, isPublic: boolean): string[] {
  return SIZES.map((size) => renditionKey(mediaKey, isPublic, size));
}

/**
 * A READY photo in one size. The caller has checked that the viewer may see the photo: the URL works for everybody who
 * has it.
 *
 * @returns null when the photo is not READY
 */
export async function toImage({ objects }: Stores, photo: PhotoRow, size: ImageSize): Promise<Image | null> {
  const { status, mediaKey, mediaIsPublic, width, height } = photo;
  if (status !== 'READY' || width === null || height === null) return null;
  const key = renditionKey(mediaKey, mediaIsPublic, size);
  const link = mediaIsPublic ? { url: objects.publicUrl(key), expiresAt: null } : await objects.signedUrl(key);
  return { ...link, ...renditionSize(size, width, height) };
}

/**
 * Enqueues a `placeMedia` job for each photo. The new media key is drawn here, so a repeated job writes the same files.
 */
export async function enqueueRelocateMedia(tx: Transaction, photoIds: readonly bigint[]): Promise<void> {
  const payloads = photoIds.map((id) => ({ photoId: String(id), mediaKey: randomBytes(16).toString('hex') }));
  await addJobs(tx, 'placeMedia', payloads);
}

/**
 * Enqueues a `placeMedia` job for each of a person's photos whose files are in the wrong location. A repeated run may
 * enqueue some photos twice, which is harmless.
 */
export async function relocateAllMedia({ db }: Stores, ownerId: bigint): Promise<void> {
  let after = 0n;
  for (;;) {
    const rows = await db.$queryRaw<{ id: bigint }[]>`
      select photos.id from photos join users on users.id = owner_id
      where owner_id = ${ownerId} and photos.id > ${after} and status = 'READY'
        and media_is_public <> (not users.is_private and not users.is_hidden and hidden_at is null)
      order by photos.id limit ${RELOCATE_BATCH}`;
    if (rows.length > 0) {
      await db.$transaction((tx) =>
        enqueueRelocateMedia(
          tx,
          rows.map((row) => row.id),
        ),
      );
    }
    if (rows.length < RELOCATE_BATCH) return;
    after = rows.at(-1)?.id ?? after;
  }
}

/**
 * Moves a photo's files to the location that matches its visibility, under the media key of the job. Does nothing when
 * they are there already. It copies the files first; then one transaction switches the photo to the copies and enqueues
 * the deletion of the old files. Missing files are skipped.
 */
export async function relocateMedia(stores: Stores, job: Jobs['placeMedia']): Promise<void> {
  const { db, objects, redis } = stores;
  const id = BigInt(job.photoId);
  const photo = await readMediaLocation(db, id);
  // An earlier run moved them.
  if (photo?.mediaKey === job.mediaKey) return;
  if (photo?.status !== 'READY' || photo.mediaIsPublic === photo.belongsPublic) {
    return objects.delete(allRenditionKeys(job.mediaKey));
  }
  const { mediaKey, mediaIsPublic, belongsPublic } = photo;
  await Promise.all(
    SIZES.map((size) =>
      objects.copyJpeg(renditionKey(mediaKey, mediaIsPublic, size), renditionKey(job.mediaKey, belongsPublic, size)),
    ),
  );
  const isMoved = await writeInvalidating(redis, [photoKey(id)], () =>
    db.$transaction(async (tx) => {
      const current = await readMediaLocation(tx, id, true);
      if (current?.mediaKey !== mediaKey || current.belongsPublic !== belongsPublic) return false;
      await tx.photo.update({ where: { id }, data: { mediaKey: job.mediaKey, mediaIsPublic: belongsPublic } });
      await addJob(tx, 'deleteObjects', { keys: renditionKeys(mediaKey, mediaIsPublic) });
      return true;
    }),
  );
  if (isMoved) return;
  // The photo changed or was deleted while the files were copied: start again.
  await objects.delete(allRenditionKeys(job.mediaKey));
  return relocateMedia(stores, job);
}

/**
 * Reads where a photo's files are and whether everybody may read them.
 *
 * @param lock whether to lock the photo and its visibility until the transaction ends
 */
async function readMediaLocation(db: Transaction, id: bigint, lock = false) {
  const where = { id };
  const photo = await db.photo.findUnique({
    where,
    select: { status: true, mediaKey: true, mediaIsPublic: true, ownerId: true },
  });
  if (!photo) return null;
  if (lock) {
    // Making an account private or hidden, or hiding a photo, locks these rows. The next statement sees the outcome.
    await db.$queryRaw`select from users where id = ${photo.ownerId} for key share`;
    await db.$queryRaw`select from photos where id = ${id} for update`;
  }
  const [location] = await db.$queryRaw<{ mediaKey: string; mediaIsPublic: boolean; belongsPublic: boolean }[]>`
    select media_key as "mediaKey", media_is_public as "mediaIsPublic",
      (not is_private and not is_hidden and hidden_at is null) as "belongsPublic"
    from photos join users on users.id = owner_id where photos.id = ${id}`;
  return location ? { ...location, status: photo.status } : null;
}
