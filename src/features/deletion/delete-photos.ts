import { writeInvalidating } from '../../stores/cached-rows.ts';
import { addJob } from '../../stores/jobs.ts';
import { sql } from '../../stores/postgres.ts';
import { personKey } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { type FeedEntry, removeFromTimelines, TIMELINE_LENGTH } from '../../stores/timelines.ts';
import { photoCountsKey } from '../photos/counts.ts';
import { allRenditionKeys } from '../photos/media.ts';
import { SIZES } from '../photos/renditions.ts';
import { feedKey, pulledAuthorsKey } from '../records/feed-keys.ts';
import { photoKey } from '../records/photo-rows.ts';
import { addToReport, deleteRows } from './delete-rows.ts';

const FOLLOWERS_PER_BATCH = 100;
const PHOTOS_PER_BATCH = 25;
const UPLOADS_PER_BATCH = 100;
const HOUR_MS = 3_600_000;
/** The tables that refer to photos in `photo_id`. */
const TABLES_REFERRING_TO_PHOTOS = [
  'likes',
  'comments',
  'photo_hashtags',
  'activities',
  'reports',
  'photo_count_deltas',
] as const;

/**
 * Removes a person's photos from the feeds of their followers, and deletes the follows. The person is hidden, so the
 * follows are no longer counted.
 */
export async function removeFollowers(stores: Stores, userId: bigint, isPulled: boolean): Promise<void> {
  const { db, redis } = stores;
  // A feed in Redis holds no more than this many entries.
  const photos = await db.photo.findMany({
    where: { ownerId: userId, publishedId: { not: null } },
    orderBy: { publishedId: 'desc' },
    take: TIMELINE_LENGTH,
    select: { id: true, publishedId: true },
  });
  const entries: FeedEntry[] = photos.map(({ id, publishedId }) => ({ photoId: id, publishedId: publishedId ?? 0n }));
  for (;;) {
    const where = { followeeId: userId };
    const follows = await db.follow.findMany({ where, take: FOLLOWERS_PER_BATCH, select: { followerId: true } });
    if (follows.length === 0) return;
    const followers = follows.map((follow) => follow.followerId);
    await removeFromTimelines(redis, followers.map(feedKey), entries);
    // For a pulled author, also invalidate the followers' lists of pulled authors: a stale one would rebuild the
    // author's.
    await writeInvalidating(redis, isPulled ? followers.map(pulledAuthorsKey) : [], () =>
      db.$transaction(async (tx) => {
        const { count } = await tx.follow.deleteMany({ where: { ...where, followerId: { in: followers } } });
        await addToReport(tx, userId, { follows: count });
      }),
    );
    await Promise.all(followers.map((id) => redis.hdel(personKey('follows', id), String(userId))));
  }
}

/**
 * Deletes uploads that have not become photos, with their files. Until a presigned URL expires, clients can send the
 * file, even again. So a job deletes the files once more after that.
 */
export async function deleteUploads({ db, objects }: Stores, userId: bigint): Promise<void> {
  for (;;) {
    const uploads = await db.upload.findMany({ where: { ownerId: userId }, take: UPLOADS_PER_BATCH });
    if (uploads.length === 0) return;
    const keys = uploads.map((upload) => upload.objectKey);
    await objects.delete(keys);
    await db.$transaction(async (tx) => {
      const { count } = await tx.upload.deleteMany({ where: { id: { in: uploads.map((upload) => upload.id) } } });
      await addToReport(tx, userId, { uploads: count });
      const runAt = Math.max(...uploads.map((upload) => upload.expiresAt.getTime())) + HOUR_MS;
      if (runAt > Date.now()) await addJob(tx, 'deleteObjects', { keys }, { runAt: new Date(runAt) });
    });
  }
}

/** Deletes a person's photos with their files and all rows that refer to them. */
export async function deletePhotos(stores: Stores, userId: bigint): Promise<void> {
  const { db, objects, redis } = stores;
  for (;;) {
    const photos = await db.photo.findMany({
      where: { ownerId: userId },
      take: PHOTOS_PER_BATCH,
      select: { id: true, mediaKey: true, status: true },
    });
    if (photos.length === 0) return;
    const ids = photos.map((photo) => photo.id);
    await objects.delete(photos.flatMap((photo) => allRenditionKeys(photo.mediaKey)));
    for (const table of TABLES_REFERRING_TO_PHOTOS) {
      await deleteRows(stores, userId, table, sql`photo_id`, ids);
    }
    await writeInvalidating(redis, [...ids.map(photoKey), ...ids.map(photoCountsKey)], () =>
      db.$transaction(async (tx) => {
        const deleted = await tx.$queryRaw<{ mediaKey: string; status: string }[]>`
          delete from photos where id = any(${ids}::bigint[]) returning media_key as "mediaKey", status::text`;
        // These became READY, or their files were relocated, after the files were deleted above.
        const known = new Set(photos.map((photo) => `${photo.mediaKey} ${photo.status}`));
        const changed = deleted.filter((photo) => !known.has(`${photo.mediaKey} ${photo.status}`));
        for (const { mediaKey } of changed) await addJob(tx, 'deleteObjects', { keys: allRenditionKeys(mediaKey) });
        const files = deleted.filter((photo) => photo.status === 'READY').length * SIZES.length;
        await addToReport(tx, userId, { photos: deleted.length, files });
      }),
    );
  }
}
