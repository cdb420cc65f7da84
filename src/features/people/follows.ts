import type { FactKind } from '../../stores/cache.ts';
import { readFacts, writeFact, writeThrough } from '../../stores/cache.ts';
import { addJob } from '../../stores/jobs.ts';
import { violatesForeignKey } from '../../stores/postgres.ts';
import { personKey } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { writeDroppingTimeline } from '../../stores/timelines.ts';
import { mistake } from '../errors.ts';
import { feedKey, heavyKey } from '../feed/keys.ts';

function followFacts({ db }: Stores): FactKind {
  return {
    key: (personId) => personKey('follows', personId),
    async load(followerId, ids) {
      const rows = await db.follow.findMany({
        where: { followerId, followeeId: { in: [...ids] } },
        select: { followeeId: true },
      });
      return rows.map((row) => row.followeeId);
    },
  };
}

/** Whether a person follows each of these, in the order of the ids. */
export function readFollows(stores: Stores, followerId: bigint, followeeIds: readonly bigint[]): Promise<boolean[]> {
  return readFacts(stores.redis, followFacts(stores), followerId, followeeIds);
}

/** Whether each of these follows a person, in the order of the ids. */
export async function readFollowers(
  { db }: Stores,
  followeeId: bigint,
  followerIds: readonly bigint[],
): Promise<boolean[]> {
  const rows = await db.follow.findMany({
    where: { followeeId, followerId: { in: [...followerIds] } },
    select: { followerId: true },
  });
  const found = new Set(rows.map((row) => row.followerId));
  return followerIds.map((id) => found.has(id));
}

/**
 * Follows a person. Again changes nothing.
 *
 * @throws Mistakes SELF or NOT_FOUND
 */
export async function follow(stores: Stores, followerId: bigint, followeeId: bigint): Promise<void> {
  if (followerId === followeeId) throw mistake('SELF', 'Nobody follows themselves.', 'userId');
  await changeFollow(stores, followerId, followeeId, async () => {
    try {
      await stores.db.$transaction(async (tx) => {
        const added = await tx.$executeRaw`
          insert into follows (follower_id, followee_id) values (${followerId}, ${followeeId}) on conflict do nothing`;
        if (added > 0) await addJob(tx, 'followsChanged', { userId: String(followerId) });
      });
    } catch (error) {
      if (violatesForeignKey(error)) throw mistake('NOT_FOUND', 'There is no such person.', 'userId');
      throw error;
    }
  });
}

/** Follows a person no more. Without a follow it changes nothing. */
export async function unfollow(stores: Stores, followerId: bigint, followeeId: bigint): Promise<void> {
  await changeFollow(stores, followerId, followeeId, async () => {
    await stores.db.follow.deleteMany({ where: { followerId, followeeId } });
  });
}

/** Runs a write to whom a person follows, and lets go of all that it makes stale. */
function changeFollow(
  stores: Stores,
  followerId: bigint,
  followeeId: bigint,
  write: () => Promise<void>,
): Promise<void> {
  const { redis } = stores;
  return writeDroppingTimeline(redis, feedKey(followerId), () =>
    writeThrough(redis, [heavyKey(followerId)], () =>
      writeFact(redis, followFacts(stores), followerId, followeeId, write),
    ),
  );
}
