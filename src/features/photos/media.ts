/**
 * Where photos' files are. Those that everybody may see are below `media/`, where everybody can read them through a CDN; all others
 * below `private/`, and whoever may see the photo is given a signed URL that expires. When that changes, a job copies the files under a new
 * unguessable key and deletes the old ones, so that URLs from before lead nowhere.
 */
import { randomBytes } from 'node:crypto';
import type { Image, ImageSize } from '../../generated/graphql.ts';
import { writeInvalidating } from '../../stores/cached-rows.ts';
import { addJob, addJobs, type Jobs } from '../../stores/jobs.ts';
import type { Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { type PhotoRow, photoKey } from '../records/photo-rows.ts';
import { renditionSize, SIZES } from './renditions.ts';

/** Photos whose moves are enqueued in one statement. */
const MOVED_AT_ONCE = 500;

/** The object key of a photo's file. */
export function renditionKey(mediaKey: string, isPublic: boolean, size: ImageSize): string {
  return `${isPublic ? 'media' : 'private'}/${mediaKey}/${size.toLowerCase()}.jpg`;
}

/** The object keys of all of a photo's files, wherever they are. */
export function allKeys(mediaKey: string): string[] {
  return [...keysIn(mediaKey, true), ...keysIn(mediaKey, false)];
}

/** The object keys of all of a photo's files in one of the two places. */
export function keysIn(mediaKey: string, isPublic: boolean): string[] {
  return SIZES.map((size) => renditionKey(mediaKey, isPublic, size));
}

/** A READY photo in one size, with a URL that works for whoever is given it. */
export async function imageOf({ objects }: Stores, photo: PhotoRow, size: ImageSize): Promise<Image | null> {
  const { status, mediaKey, mediaIsPublic, width, height } = photo;
  if (status !== 'READY' || width === null || height === null) return null;
  const key = renditionKey(mediaKey, mediaIsPublic, size);
  const place = mediaIsPublic ? { url: objects.publicUrl(key), expiresAt: null } : await objects.signedUrl(key);
  return { ...place, ...renditionSize(size, width, height) };
}

/** Enqueues that a photo's files are moved to where they belong. The key is drawn here, so that a repeated job writes the same files. */
export async function addRelocateMedia(tx: Transaction, photoId: bigint): Promise<void> {
  await addRelocateMediaOf(tx, [photoId]);
}

async function addRelocateMediaOf(tx: Transaction, photoIds: readonly bigint[]): Promise<void> {
  const payloads = photoIds.map((id) => ({ photoId: String(id), mediaKey: randomBytes(16).toString('hex') }));
  await addJobs(tx, 'placeMedia', payloads);
}

/** Enqueues the moves of all photos of a person whose files are not where they belong. Doing it again enqueues some twice, which is harmless. */
export async function relocateAllMedia({ db }: Stores, ownerId: bigint): Promise<void> {
  let after = 0n;
  for (;;) {
    const rows = await db.$queryRaw<{ id: bigint }[]>`
      select photos.id from photos join users on users.id = owner_id
      where owner_id = ${ownerId} and photos.id > ${after} and status = 'READY'
        and media_is_public <> (not users.is_private and not users.is_hidden and hidden_at is null)
      order by photos.id limit ${MOVED_AT_ONCE}`;
    if (rows.length > 0) {
      await db.$transaction((tx) =>
        addRelocateMediaOf(
          tx,
          rows.map((row) => row.id),
        ),
      );
    }
    if (rows.length < MOVED_AT_ONCE) return;
    after = rows.at(-1)?.id ?? after;
  }
}

/**
 * Moves a photo's files to where they belong now, under the key that the job brings; nothing happens when they are there. The copies
 * come first, then one transaction leads to them and enqueues the deletion of the old ones. A file that is missing needs no moving.
 */
export async function relocateMedia(stores: Stores, job: Jobs['placeMedia']): Promise<void> {
  const { db, objects, redis } = stores;
  const id = BigInt(job.photoId);
  const photo = await readMediaLocation(db, id);
  // An earlier run did it.
  if (photo?.mediaKey === job.mediaKey) return;
  if (photo?.status !== 'READY' || photo.mediaIsPublic === photo.belongsPublic) {
    return objects.delete(allKeys(job.mediaKey));
  }
  const { mediaKey, mediaIsPublic, belongsPublic } = photo;
  await Promise.all(
    SIZES.map((size) =>
      objects.copyJpeg(renditionKey(mediaKey, mediaIsPublic, size), renditionKey(job.mediaKey, belongsPublic, size)),
    ),
  );
  const moved = await writeInvalidating(redis, [photoKey(id)], () =>
    db.$transaction(async (tx) => {
      const now = await readMediaLocation(tx, id, true);
      if (now?.mediaKey !== mediaKey || now.belongsPublic !== belongsPublic) return false;
      await tx.photo.update({ where: { id }, data: { mediaKey: job.mediaKey, mediaIsPublic: belongsPublic } });
      await addJob(tx, 'deleteObjects', { keys: keysIn(mediaKey, mediaIsPublic) });
      return true;
    }),
  );
  if (moved) return;
  // It changed, or was deleted, while the files were copied: once more from the start.
  await objects.delete(allKeys(job.mediaKey));
  return relocateMedia(stores, job);
}

/** Where a photo's files are, and whether they belong where everybody can read them. @param lock until the transaction ends */
async function readMediaLocation(db: Transaction, id: bigint, lock = false) {
  const where = { id };
  const photo = await db.photo.findUnique({
    where,
    select: { status: true, mediaKey: true, mediaIsPublic: true, ownerId: true },
  });
  if (!photo) return null;
  if (lock) {
    // Those who make an account private or hidden, or hide a photo, lock these rows: what is read next is as they leave it.
    await db.$queryRaw`select from users where id = ${photo.ownerId} for key share`;
    await db.$queryRaw`select from photos where id = ${id} for update`;
  }
  const [now] = await db.$queryRaw<{ mediaKey: string; mediaIsPublic: boolean; belongsPublic: boolean }[]>`
    select media_key as "mediaKey", media_is_public as "mediaIsPublic",
      (not is_private and not is_hidden and hidden_at is null) as "belongsPublic"
    from photos join users on users.id = owner_id where photos.id = ${id}`;
  return now ? { ...now, status: photo.status } : null;
}
