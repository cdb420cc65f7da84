import { type CachedKind, readCached, storeCached } from '../../stores/cached-rows.ts';
import { addJob } from '../../stores/jobs.ts';
import { PHOTO_COUNTS_LOCK } from '../../stores/lock-ids.ts';
import type { Database } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { recordActivities } from '../activity/record.ts';
import { hasBlocks } from '../visibility/relations.ts';
import { blockedPeople } from '../visibility/rules.ts';

/** How many people like a photo, and how many comments it has. */
export interface PhotoCounts {
  likes: number;
  comments: number;
}

/** Deltas that one statement folds in: more wait for the next. */
const FOLD_AT_ONCE = 20_000;

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
 * Reads photos' counts as the viewer sees them: without the likes and comments of those between whom and the viewer there is a block.
 * They may lag by the half second until they are folded. Null for what does not exist.
 *
 * @param exact the counts as they are now, not as they were folded last
 */
export async function readCounts(
  stores: Stores,
  viewerId: bigint | null,
  ids: readonly bigint[],
  exact = false,
): Promise<(PhotoCounts | null)[]> {
  const read = async () => {
    if (!exact) return readCached(stores, cachedCounts, ids);
    const loaded = await loadCounts(stores.db, ids);
    return ids.map((id) => loaded.get(id) ?? null);
  };
  const [counts, blocks] = await Promise.all([read(), viewerId !== null && hasBlocks(stores, viewerId)]);
  if (viewerId === null || !blocks) return counts;
  const less = await countBlocked(stores.db, viewerId, ids);
  return counts.map((count, index) => {
    const blocked = less.get(ids[index] ?? 0n);
    if (!count || !blocked) return count;
    return {
      likes: Math.max(0, count.likes - blocked.likes),
      comments: Math.max(0, count.comments - blocked.comments),
    };
  });
}

async function countBlocked(db: Database, viewerId: bigint, ids: readonly bigint[]): Promise<Map<bigint, PhotoCounts>> {
  // Lateral, so that the few who are blocked are looked up, and not all likes read.
  const rows = await db.$queryRaw<{ id: bigint; likes: number; comments: number }[]>`
    with blocked as materialized (
      select id from ${blockedPeople(viewerId)} person
      where not exists (select from users where users.id = person.id and is_hidden)
    )
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

/** Photos' counts as they are now, with the deltas that are not folded in yet. */
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
 * Adds to each photo's counts what the deltas say, and takes these away: in one statement, so each counts once. The same
 * transaction leaves the job that tells whoever looks at the photos.
 *
 * @returns whether more may be waiting
 */
export async function foldPhotoCounts(stores: Stores): Promise<boolean> {
  return stores.db.$transaction(async (tx) => {
    const [lock] = await tx.$queryRaw<
      [{ taken: boolean }]
    >`select pg_try_advisory_xact_lock(${PHOTO_COUNTS_LOCK}) as taken`;
    if (!lock.taken) return false;
    const folded = await tx.$queryRaw<{ id: bigint; ownerId: bigint; deltas: number; news: number }[]>`
      with taken as (
        delete from photo_count_deltas
        where (photo_id, id) in (select photo_id, id from photo_count_deltas limit ${FOLD_AT_ONCE})
        returning photo_id, likes, comments, news
      ), change as (
        select photo_id, sum(likes) as likes, sum(comments) as comments, sum(news)::int as news, count(*)::int as deltas
        from taken group by photo_id
      )
      update photos set like_count = like_count + change.likes, comment_count = comment_count + change.comments
      from change where photos.id = change.photo_id
      returning photos.id, photos.owner_id as "ownerId", change.deltas, change.news`;
    if (folded.length === 0) return false;
    await addPhotosChanged(
      tx,
      folded.map((row) => row.id),
    );
    // Owners are told here, so that many who like a photo at once do not wait for each other.
    const liked = folded.filter((row) => row.news > 0);
    await recordActivities(
      tx,
      liked.map(({ id, ownerId }) => ({ recipientId: ownerId, kind: 'LIKE', subjectId: id, photoId: id })),
    );
    return folded.reduce((sum, row) => sum + row.deltas, 0) >= FOLD_AT_ONCE;
  });
}

/** Enqueues that whoever looks at these photos is told. */
export async function addPhotosChanged(tx: Parameters<typeof addJob>[0], photoIds: readonly bigint[]): Promise<void> {
  // One after the other: each writes to Redis the counts that it reads, and a later one must not be overtaken by an earlier.
  await addJob(tx, 'photosChanged', { photoIds: photoIds.map(String) }, { queue: 'photosChanged' });
}

/** Brings photos' counts in Redis up to date. One such job runs at a time, so an older count never overwrites a newer one. */
export async function refreshPhotoCounts(stores: Stores, photoIds: readonly bigint[]): Promise<void> {
  await storeCached(stores.redis, cachedCounts, await loadCounts(stores.db, photoIds));
}
