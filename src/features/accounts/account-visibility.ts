import { writeInvalidating } from '../../stores/cached-rows.ts';
import { addJob } from '../../stores/jobs.ts';
import type { Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { userKey } from '../records/user-rows.ts';
import { enqueueAccessChanged } from '../visibility/access-signals.ts';
import { lockPeople } from '../visibility/locks.ts';
import { endSessions } from './sessions.ts';

/**
 * Runs a change of `suspended_at`, `deactivated_at` or `deleting_at`, which may hide a person or show them again. Ends
 * all of their sessions. If they become hidden, the same transaction subtracts their likes, comments and follows from
 * the counts of others; if they are shown again, it adds them back. In both cases it enqueues the jobs that relocate
 * their photos' files and end the subscriptions of viewers who may no longer see them.
 *
 * @param change runs in the transaction, which holds an exclusive lock on the person
 * @returns what `change` returns
 */
export async function changeAccountVisibility<R>(
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
      await adjustCounts(tx, userId, after.isHidden ? -1 : 1);
      await addJob(tx, 'placeAllMedia', { ownerId: String(userId) });
      await enqueueAccessChanged(tx, [userId]);
    });
    return result as R;
  });
}

/** Adds a person's likes, comments and follows to the counts of others (1), or subtracts them (-1). */
async function adjustCounts(tx: Transaction, userId: bigint, sign: 1 | -1): Promise<void> {
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
