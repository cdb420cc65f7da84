import { type CachedKind, readCached, storeCached } from '../../stores/cached-rows.ts';
import { addJob } from '../../stores/jobs.ts';
import { USER_COUNTS_LOCK } from '../../stores/lock-ids.ts';
import type { Database, Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { recordActivities } from '../activity/record.ts';
import { hasBlocks } from '../visibility/relations.ts';
import { blockedPeople } from '../visibility/rules.ts';

/** How many follow a person, whom they follow, and their photos: of those who are not hidden. */
export interface UserCounts {
  followers: number;
  following: number;
  photos: number;
}

/** Deltas that one statement folds in: more wait for the next. */
const FOLD_AT_ONCE = 20_000;
const NOTHING: UserCounts = { followers: 0, following: 0, photos: 0 };

const cachedCounts: CachedKind<bigint, UserCounts> = {
  key: userCountsKey,
  ttlSeconds: 3_600,
  encode: ({ followers, following, photos }) => `${followers} ${following} ${photos}`,
  decode(text) {
    const [followers = 0, following = 0, photos = 0] = text.split(' ').map(Number);
    return { followers, following, photos };
  },
  load: loadUserCounts,
};

/** The Redis key of a person's counts. */
export function userCountsKey(id: bigint): string {
  return `user-counts:${id}`;
}

/**
 * People's counts as the viewer sees them: without those between whom and the viewer there is a block. They may lag by the half second
 * until they are folded.
 *
 * @param exact the counts as they are now, not as they were folded last
 */
export async function readUserCounts(
  stores: Stores,
  viewerId: bigint | null,
  ids: readonly bigint[],
  exact = false,
): Promise<UserCounts[]> {
  const read = async () => {
    if (!exact) return readCached(stores, cachedCounts, ids);
    const loaded = await loadUserCounts(stores.db, ids);
    return ids.map((id) => loaded.get(id) ?? null);
  };
  const [counts, blocks] = await Promise.all([read(), viewerId !== null && hasBlocks(stores, viewerId)]);
  const less =
    viewerId !== null && blocks ? await countBlocked(stores.db, viewerId, ids) : new Map<bigint, UserCounts>();
  return ids.map((id, index) => {
    const { followers, following, photos } = counts[index] ?? NOTHING;
    const blocked = less.get(id) ?? NOTHING;
    return {
      followers: Math.max(0, followers - blocked.followers),
      following: Math.max(0, following - blocked.following),
      photos,
    };
  });
}

async function countBlocked(db: Database, viewerId: bigint, ids: readonly bigint[]): Promise<Map<bigint, UserCounts>> {
  // Lateral, so that the few who are blocked are looked up, and not all followers read.
  const rows = await db.$queryRaw<{ id: bigint; followers: number; following: number }[]>`
    with blocked as materialized (
      select id from ${blockedPeople(viewerId)} person
      where not exists (select from users where users.id = person.id and is_hidden)
    )
    select subject.id,
      (select count(*)::int from blocked cross join lateral (
        select from follows where follower_id = blocked.id and followee_id = subject.id limit 1
      ) follow) as followers,
      (select count(*)::int from blocked cross join lateral (
        select from follows where follower_id = subject.id and followee_id = blocked.id limit 1
      ) follow) as following
    from unnest(${[...ids]}::bigint[]) subject (id)`;
  return new Map(rows.map(({ id, followers, following }) => [id, { followers, following, photos: 0 }]));
}

/** People's counts as they are now, with the deltas that are not folded in yet. */
async function loadUserCounts(db: Database, ids: readonly bigint[]): Promise<Map<bigint, UserCounts>> {
  const rows = await db.$queryRaw<({ id: bigint } & UserCounts)[]>`
    select subject.id,
      (coalesce(counts.followers, 0) + coalesce(delta.followers, 0))::int as followers,
      (coalesce(counts.following, 0) + coalesce(delta.following, 0))::int as following,
      (coalesce(counts.photos, 0) + coalesce(delta.photos, 0))::int as photos
    from users subject
    left join user_counts counts on counts.user_id = subject.id
    left join lateral (
      select sum(followers) as followers, sum(following) as following, sum(photos) as photos
      from user_count_deltas where user_id = subject.id
    ) delta on true
    where subject.id = any(${[...ids]}::bigint[])`;
  return new Map(rows.map(({ id, ...counts }) => [id, counts]));
}

/** Adds to how many photos a person has. */
export async function addPhotoDelta(tx: Transaction, userId: bigint, photos: 1 | -1): Promise<void> {
  await tx.userCountDelta.create({ data: { userId, photos } });
}

/**
 * Adds to each person's counts what the deltas say, and takes these away: in one statement, so each counts once. People are told
 * of new followers here, so that many at once do not wait for each other.
 *
 * @returns whether more may be waiting
 */
export async function foldUserCounts(stores: Stores): Promise<boolean> {
  return stores.db.$transaction(async (tx) => {
    const [lock] = await tx.$queryRaw<
      [{ taken: boolean }]
    >`select pg_try_advisory_xact_lock(${USER_COUNTS_LOCK}) as taken`;
    if (!lock.taken) return false;
    const folded = await tx.$queryRaw<{ id: bigint; deltas: number; days: number[] }[]>`
      with taken as (
        delete from user_count_deltas
        where (user_id, id) in (select user_id, id from user_count_deltas limit ${FOLD_AT_ONCE})
        returning user_id, followers, following, photos, news_day
      ), change as (
        select user_id, sum(followers) as followers, sum(following) as following, sum(photos) as photos,
          array_remove(array_agg(distinct news_day), null) as days, count(*)::int as deltas
        from taken group by user_id
      ), stored as (
        insert into user_counts as counts (user_id, followers, following, photos)
        select user_id, followers, following, photos from change
        -- Who was deleted since has no counts.
        where exists (select from users where users.id = user_id)
        on conflict (user_id) do update set followers = counts.followers + excluded.followers,
          following = counts.following + excluded.following, photos = counts.photos + excluded.photos
      )
      select change.user_id as id, deltas, days from change join users on users.id = change.user_id`;
    if (folded.length > 0) {
      await addJob(
        tx,
        'userCountsChanged',
        { userIds: folded.map((row) => String(row.id)) },
        { queue: 'userCountsChanged' },
      );
      await recordActivities(
        tx,
        folded.flatMap(({ id, days }) =>
          days.map((day) => ({ recipientId: id, kind: 'FOLLOW' as const, subjectId: BigInt(day) })),
        ),
      );
    }
    return folded.reduce((sum, row) => sum + row.deltas, 0) >= FOLD_AT_ONCE;
  });
}

/** Brings people's counts in Redis up to date. One such job runs at a time, so a later count is not overtaken by an earlier. */
export async function refreshUserCounts(stores: Stores, ids: readonly bigint[]): Promise<void> {
  await storeCached(stores.redis, cachedCounts, await loadUserCounts(stores.db, ids));
}
