import { writeInvalidating } from '../../stores/cached-rows.ts';
import { addJob } from '../../stores/jobs.ts';
import type { Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { userKey } from '../records/user-rows.ts';
import { addAccessChanged } from '../visibility/access-signals.ts';
import { lockPeople } from '../visibility/locks.ts';
import { endSessions } from './sessions.ts';

/**
 * Runs a change after which a person may be hidden, or shown again: that of `suspended_at`, `deactivated_at` or `deleting_at`. All
 * of their sessions end. When they become hidden, what they like, write and follow leaves the counts of others in the same transaction, and
 * comes back when they are shown again; jobs move their photos' files and close what others have open of theirs.
 *
 * @param change runs in the transaction, which holds the person's lock
 * @returns what `change` returns
 */
export async function changeHidden<R>(
  stores: Stores,
  userId: bigint,
  change: (tx: Transaction) => Promise<R>,
): Promise<R> {
  return writeInvalidating(stores.redis, [userKey(userId)], async () => {
    let result: R | undefined;
    await endSessions(stores, userId, 'all', async (tx) => {
      const before = (await lockPeople(tx, [userId], 'exclusive')).get(userId);
      result = await change(tx);
      const after = (await lockPeople(tx, [userId], 'exclusive')).get(userId);
      if (!before || !after || before.isHidden === after.isHidden) return;
      await countAll(tx, userId, after.isHidden ? -1 : 1);
      await addJob(tx, 'placeAllMedia', { ownerId: String(userId) });
      await addAccessChanged(tx, [userId]);
    });
    return result as R;
  });
}

/** Adds to, or takes from, the counts of others all that a person has done. */
async function countAll(tx: Transaction, userId: bigint, sign: 1 | -1): Promise<void> {
  await tx.$executeRaw`
    insert into photo_count_deltas (photo_id, likes, comments)
    select photo_id, ${sign}::int, 0 from likes where user_id = ${userId}
    union all
    select photo_id, 0, ${sign}::int from comments where author_id = ${userId}`;
  await tx.$executeRaw`
    insert into user_count_deltas (user_id, followers, following)
    select followee_id, ${sign}::int, 0 from follows where follower_id = ${userId}
    union all
    select follower_id, 0, ${sign}::int from follows where followee_id = ${userId}`;
}
