import { type CachedKind, storeCached } from '../../stores/cached-rows.ts';
import { addJob } from '../../stores/jobs.ts';
import { USER_COUNTS_LOCK } from '../../stores/lock-ids.ts';
import { type Database, sql, type Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { recordActivities } from '../activity/record.ts';
import { foldDeltas, takeDeltas } from '../kernel/fold-deltas.ts';
import { countedBlocked, readVisibleCounts } from '../visibility/visible-counts.ts';

/**
 * How many people follow a person, how many the person follows, and how many photos they have. Hidden people count
 * nowhere.
 */
export interface UserCounts {
  followers: number;
  following: number;
  photos: number;
}

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
 * Reads people's counts as the viewer sees them: without people with a block between them and the viewer.
 *
 * @param viewerId null without a session
 * @param exact the counts as they are now; otherwise they may lag by the half second until the worker folds the deltas
 * @returns in the order of the ids; zeros for people who do not exist
 */
export async function readUserCounts(
  stores: Stores,
  viewerId: bigint | null,
  ids: readonly bigint[],
  exact = false,
): Promise<UserCounts[]> {
  const kind = { cached: cachedCounts, countBlocked, subtract };
  const counts = await readVisibleCounts(stores, kind, viewerId, ids, exact);
  // Nobody shall see a negative count, even if the stored counts have drifted.
  return counts.map((row) => subtract(row ?? NOTHING, NOTHING));
}

function subtract(counts: UserCounts, blocked: UserCounts): UserCounts {
  return {
    followers: Math.max(0, counts.followers - blocked.followers),
    following: Math.max(0, counts.following - blocked.following),
    photos: counts.photos,
  };
}

async function countBlocked(db: Database, viewerId: bigint, ids: readonly bigint[]): Promise<Map<bigint, UserCounts>> {
  // Lateral: PostgreSQL looks up the few blocked people instead of reading all followers.
  const rows = await db.$queryRaw<{ id: bigint; followers: number; following: number }[]>`
    with blocked as materialized (${countedBlocked(viewerId)})
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

/** People's counts as they are now, with the deltas that no worker has folded yet. */
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

/** Adds a delta to a person's number of photos. */
export async function addPhotoDelta(tx: Transaction, userId: bigint, photos: 1 | -1): Promise<void> {
  await tx.userCountDelta.create({ data: { userId, photos } });
}

/**
 * Folds a batch of deltas into the counts of their people. The same transaction enqueues the job that refreshes the
 * counts in Redis, and notifies people of new followers: here, so that many new followers at once do not wait for each
 * other.
 *
 * @returns whether more may be waiting
 */
export function foldUserCounts(stores: Stores): Promise<boolean> {
  return foldDeltas<{ id: bigint; days: number[] }>(stores, {
    lockId: USER_COUNTS_LOCK,
    fold: (tx) => tx.$queryRaw`
      with taken as (
        ${takeDeltas(sql`user_count_deltas`, sql`user_id`)}
      ), change as (
        select user_id, sum(followers) as followers, sum(following) as following, sum(photos) as photos,
          array_remove(array_agg(distinct news_day), null) as days, count(*)::int as deltas
        from taken group by user_id
      ), stored as (
        insert into user_counts as counts (user_id, followers, following, photos)
        select user_id, followers, following, photos from change
        -- A person who was deleted meanwhile has no counts.
        where exists (select from users where users.id = user_id)
        on conflict (user_id) do update set followers = counts.followers + excluded.followers,
          following = counts.following + excluded.following, photos = counts.photos + excluded.photos
      )
      select change.user_id as id, deltas, days from change join users on users.id = change.user_id`,
    async record(tx, folded) {
      const userIds = folded.map((row) => String(row.id));
      await addJob(tx, 'userCountsChanged', { userIds }, { queue: 'userCountsChanged' });
      await recordActivities(
        tx,
        folded.flatMap(({ id, days }) =>
          days.map((day) => ({ recipientId: id, kind: 'FOLLOW' as const, subjectId: BigInt(day) })),
        ),
      );
    },
  });
}

/** Writes people's counts to Redis. One such job runs at a time, so older counts never overwrite newer ones. */
export async function refreshUserCounts(stores: Stores, ids: readonly bigint[]): Promise<void> {
  await storeCached(stores.redis, cachedCounts, await loadUserCounts(stores.db, ids));
}
