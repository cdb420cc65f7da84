import { writeInvalidating } from '../../stores/cached-rows.ts';
import { addJob } from '../../stores/jobs.ts';
import { sql } from '../../stores/postgres.ts';
import { personKey } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { type FeedEntry, removeFromTimelines, TIMELINE_LENGTH } from '../../stores/timelines.ts';
import { photoCountsKey } from '../photos/counts.ts';
import { allKeys } from '../photos/media.ts';
import { SIZES } from '../photos/renditions.ts';
import { feedKey, pulledAuthorsKey } from '../records/feed-keys.ts';
import { photoKey } from '../records/photo-rows.ts';
import { addRemoved, deleteRows } from './delete-rows.ts';

const FOLLOWERS_AT_ONCE = 100;
const PHOTOS_AT_ONCE = 25;
const UPLOADS_AT_ONCE = 100;
const HOUR_MS = 3_600_000;
/** The tables whose rows are about photos. */
const PHOTO_ROWS = ['likes', 'comments', 'photo_hashtags', 'activities', 'reports', 'photo_count_deltas'] as const;

/** Takes a person's photos out of their followers' feeds, and the followers from them. The person is hidden, so that nothing counts the follows. */
export async function takeFromFollowers(stores: Stores, userId: bigint, isPulled: boolean): Promise<void> {
  const { db, redis } = stores;
  // A feed holds no more than these.
  const photos = await db.photo.findMany({
    where: { ownerId: userId, publishedId: { not: null } },
    orderBy: { publishedId: 'desc' },
    take: TIMELINE_LENGTH,
    select: { id: true, publishedId: true },
  });
  const places: FeedEntry[] = photos.map(({ id, publishedId }) => ({ photoId: id, publishedId: publishedId ?? 0n }));
  for (;;) {
    const where = { followeeId: userId };
    const follows = await db.follow.findMany({ where, take: FOLLOWERS_AT_ONCE, select: { followerId: true } });
    if (follows.length === 0) return;
    const followers = follows.map((follow) => follow.followerId);
    await removeFromTimelines(redis, followers.map(feedKey), places);
    // What they merge into their feeds is read anew, or the list of an author who is gone would be built again.
    await writeInvalidating(redis, isPulled ? followers.map(pulledAuthorsKey) : [], () =>
      db.$transaction(async (tx) => {
        const { count } = await tx.follow.deleteMany({ where: { ...where, followerId: { in: followers } } });
        await addRemoved(tx, userId, { follows: count });
      }),
    );
    await Promise.all(followers.map((id) => redis.hdel(personKey('follows', id), String(userId))));
  }
}

/**
 * Deletes what was to become photos. A file can still be sent for as long as its URL works, also one that was sent before: it is deleted
 * once more when that is over.
 */
export async function deleteUploads({ db, objects }: Stores, userId: bigint): Promise<void> {
  for (;;) {
    const uploads = await db.upload.findMany({ where: { ownerId: userId }, take: UPLOADS_AT_ONCE });
    if (uploads.length === 0) return;
    const keys = uploads.map((upload) => upload.objectKey);
    await objects.delete(keys);
    await db.$transaction(async (tx) => {
      const { count } = await tx.upload.deleteMany({ where: { id: { in: uploads.map((upload) => upload.id) } } });
      await addRemoved(tx, userId, { uploads: count });
      const over = Math.max(...uploads.map((upload) => upload.expiresAt.getTime())) + HOUR_MS;
      if (over > Date.now()) await addJob(tx, 'deleteObjects', { keys }, { runAt: new Date(over) });
    });
  }
}

/** Deletes a person's photos with their files and all that is about them. */
export async function deletePhotos(stores: Stores, userId: bigint): Promise<void> {
  const { db, objects, redis } = stores;
  for (;;) {
    const photos = await db.photo.findMany({
      where: { ownerId: userId },
      take: PHOTOS_AT_ONCE,
      select: { id: true, mediaKey: true, status: true },
    });
    if (photos.length === 0) return;
    const ids = photos.map((photo) => photo.id);
    await objects.delete(photos.flatMap((photo) => allKeys(photo.mediaKey)));
    for (const table of PHOTO_ROWS) {
      await deleteRows(stores, userId, table, sql`photo_id`, ids);
    }
    await writeInvalidating(redis, [...ids.map(photoKey), ...ids.map(photoCountsKey)], () =>
      db.$transaction(async (tx) => {
        const deleted = await tx.$queryRaw<{ mediaKey: string; status: string }[]>`
          delete from photos where id = any(${ids}::bigint[]) returning media_key as "mediaKey", status::text`;
        // Those that became ready, or whose files were moved, since these were deleted above.
        const known = new Set(photos.map((photo) => `${photo.mediaKey} ${photo.status}`));
        const changed = deleted.filter((photo) => !known.has(`${photo.mediaKey} ${photo.status}`));
        for (const { mediaKey } of changed) await addJob(tx, 'deleteObjects', { keys: allKeys(mediaKey) });
        const files = deleted.filter((photo) => photo.status === 'READY').length * SIZES.length;
        await addRemoved(tx, userId, { photos: deleted.length, files });
      }),
    );
  }
}
