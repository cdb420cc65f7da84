import { type CachedKind, storeCached } from '../../stores/cached-rows.ts';
import { addJob } from '../../stores/jobs.ts';
import { PHOTO_COUNTS_LOCK } from '../../stores/lock-ids.ts';
import { type Database, sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { recordActivities } from '../activity/record.ts';
import { foldDeltas, takeDeltas } from '../kernel/fold-deltas.ts';
import { countedBlocked, readVisibleCounts } from '../visibility/visible-counts.ts';

/** How many people like a photo, and how many comments it has. */
export interface PhotoCounts {
  likes: number;
  comments: number;
}

const cachedCounts: CachedKind<bigint, PhotoCounts> = {
  key: photoCountsKey,
  ttlSeconds: 3_600,
  encode: ({ likes, comments }) => `${likes} ${comments}`,
  decode(text) {
    const [likes, comments] = text.split(' ', 2);
    return { likes: Number(likes), comments: Number(comments) };
  },
  load: loadCounts,
};

/** The Redis key of a photo's counts. */
export function photoCountsKey(id: bigint): string {
  return `counts:${id}`;
}

/**
 * Reads photos' counts as the viewer sees them: without the likes and comments of people with a block between them and
 * the viewer.
 *
 * @param viewerId null without a session
 * @param exact the counts as they are now; otherwise they may lag by the half second until the worker folds the deltas
 * @returns in the order of the ids; null for photos that do not exist
 */
export function readCounts(
  stores: Stores,
  viewerId: bigint | null,
  ids: readonly bigint[],
  exact = false,
): Promise<(PhotoCounts | null)[]> {
  return readVisibleCounts(stores, { cached: cachedCounts, countBlocked, subtract }, viewerId, ids, exact);
}

function subtract(counts: PhotoCounts, blocked: PhotoCounts): PhotoCounts {
  return {
    likes: Math.max(0, counts.likes - blocked.likes),
    comments: Math.max(0, counts.comments - blocked.comments),
  };
}

async function countBlocked(db: Database, viewerId: bigint, ids: readonly bigint[]): Promise<Map<bigint, PhotoCounts>> {
  // Lateral: PostgreSQL looks up the few blocked people instead of reading all likes.
  const rows = await db.$queryRaw<{ id: bigint; likes: number; comments: number }[]>`
    with blocked as materialized (${countedBlocked(viewerId)})
    select photo.id,
      (select count(*)::int from blocked cross join lateral (
        select from likes where photo_id = photo.id and user_id = blocked.id limit 1
      ) own) as likes,
      (select coalesce(sum(count), 0)::int from blocked cross join lateral (
        select count(*) as count from comments where photo_id = photo.id and author_id = blocked.id
      ) own) as comments
    from unnest(${[...ids]}::bigint[]) photo (id)`;
  return new Map(rows.map(({ id, likes, comments }) => [id, { likes, comments }]));
}

/** Photos' counts as they are now, with the deltas that no worker has folded yet. */
async function loadCounts(db: Database, ids: readonly bigint[]): Promise<Map<bigint, PhotoCounts>> {
  const rows = await db.$queryRaw<{ id: bigint; likes: number; comments: number }[]>`
    select photo.id,
      (photo.like_count + coalesce(delta.likes, 0))::int as likes,
      (photo.comment_count + coalesce(delta.comments, 0))::int as comments
    from photos photo
    left join lateral (
      select sum(likes) as likes, sum(comments) as comments from photo_count_deltas where photo_id = photo.id
    ) delta on true
    where photo.id = any(${[...ids]}::bigint[])`;
  return new Map(rows.map(({ id, likes, comments }) => [id, { likes, comments }]));
}

/**
 * Folds a batch of deltas into the counts of their photos. The same transaction enqueues the job that publishes the new
 * counts and notifies the owners of likes: here, so that many people who like a photo at once do not wait for each
 * other.
 *
 * @returns whether more may be waiting
 */
export function foldPhotoCounts(stores: Stores): Promise<boolean> {
  return foldDeltas<{ id: bigint; ownerId: bigint; news: number }>(stores, {
    lockId: PHOTO_COUNTS_LOCK,
    fold: (tx) => tx.$queryRaw`
      with taken as (
        ${takeDeltas(sql`photo_count_deltas`, sql`photo_id`)}
      ), change as (
        select photo_id, sum(likes) as likes, sum(comments) as comments, sum(news)::int as news, count(*)::int as deltas
        from taken group by photo_id
      )
      update photos set like_count = like_count + change.likes, comment_count = comment_count + change.comments
      from change where photos.id = change.photo_id
      returning photos.id, photos.owner_id as "ownerId", change.deltas, change.news`,
    async record(tx, folded) {
      await addPhotosChanged(
        tx,
        folded.map((row) => row.id),
      );
      const liked = folded.filter((row) => row.news > 0);
      await recordActivities(
        tx,
        liked.map(({ id, ownerId }) => ({ recipientId: ownerId, kind: 'LIKE', subjectId: id, photoId: id })),
      );
    },
  });
}

/** Enqueues the job that publishes changes of these photos to their subscribers. */
export async function addPhotosChanged(tx: Parameters<typeof addJob>[0], photoIds: readonly bigint[]): Promise<void> {
  // In a queue, one after the other: each writes the counts that it reads to Redis, and must not overwrite newer ones.
  await addJob(tx, 'photosChanged', { photoIds: photoIds.map(String) }, { queue: 'photosChanged' });
}

/** Writes photos' counts to Redis. One such job runs at a time, so older counts never overwrite newer ones. */
export async function refreshPhotoCounts(stores: Stores, photoIds: readonly bigint[]): Promise<void> {
  await storeCached(stores.redis, cachedCounts, await loadCounts(stores.db, photoIds));
}
