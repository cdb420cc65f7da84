import { addJob } from '../../stores/jobs.ts';
import { sql, type Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { dayOfId, recordActivities } from '../activity/record.ts';
import { userError } from '../kernel/errors.ts';
import { enqueueAccessChanged } from '../visibility/access-signals.ts';
import { lockPeople } from '../visibility/locks.ts';
import { writeInvalidatingFollows } from '../visibility/relations.ts';

/**
 * Follows a person, or requests to when the account is private. Idempotent.
 *
 * @throws UserErrors SELF; NOT_FOUND for a person who does not exist, is hidden, blocks the follower or is blocked by
 * them
 */
export async function follow(stores: Stores, followerId: bigint, followeeId: bigint): Promise<void> {
  if (followerId === followeeId) throw userError('SELF', 'Nobody follows themselves.', 'userId');
  await writeInvalidatingFollows(stores, [[followerId, followeeId]], () =>
    stores.db.$transaction(async (tx) => {
      const people = await lockPeople(tx, [followerId, followeeId], 'shared');
      const followee = people.get(followeeId);
      if (!followee || followee.isHidden || !people.has(followerId) || (await areBlocked(tx, followerId, followeeId))) {
        throw userError('NOT_FOUND', 'There is no such person.', 'userId');
      }
      if (!followee.isPrivate) return insertFollow(tx, followerId, followeeId);
      const requested = await tx.$executeRaw`
        insert into follow_requests (requester_id, target_id, id)
        select ${followerId}, ${followeeId}, next_id(${followerId})
        where not exists (select from follows where follower_id = ${followerId} and followee_id = ${followeeId})
        on conflict do nothing`;
      if (requested > 0) {
        const activity = { recipientId: followeeId, kind: 'FOLLOW_REQUEST' as const, subjectId: followerId };
        await recordActivities(tx, [{ ...activity, actorId: followerId }]);
      }
    }),
  );
}

/**
 * Inserts a follow with its count deltas, deletes the follow request, and enqueues the update of home feed
 * subscriptions. Idempotent. The fold of the deltas notifies the followee. A hidden person is not counted, so no delta
 * is added for one. The transaction must hold the locks of both people.
 */
export async function insertFollow(tx: Transaction, followerId: bigint, followeeId: bigint): Promise<void> {
  await tx.followRequest.deleteMany({ where: { requesterId: followerId, targetId: followeeId } });
  const added = await tx.$executeRaw`
    with added as (
      insert into follows (follower_id, followee_id, id) values (${followerId}, ${followeeId}, next_id(${followerId}))
      on conflict do nothing
      returning follower_id, followee_id, id
    )
    insert into user_count_deltas (user_id, followers, following, news_day)
    select followee_id, 1, 0,
      case when not exists (select from mutes where muter_id = followee_id and muted_id = follower_id)
        then ${dayOfId(sql`added.id`)} end
    from added join users on users.id = follower_id where not is_hidden
    union all
    select follower_id, 0, 1, null from added join users on users.id = followee_id where not is_hidden`;
  if (added > 0) await addJob(tx, 'followsChanged', { userId: String(followerId) });
}

/**
 * Deletes a follow with its count deltas, and enqueues that the follower's subscriptions to a private account end.
 * Idempotent. A hidden person is not counted, so nothing is subtracted for one. The transaction must hold the locks of
 * both people.
 */
export async function deleteFollow(tx: Transaction, followerId: bigint, followeeId: bigint): Promise<void> {
  const removed = await tx.$executeRaw`
    with removed as (
      delete from follows where follower_id = ${followerId} and followee_id = ${followeeId}
      returning follower_id, followee_id
    )
    insert into user_count_deltas (user_id, followers, following)
    select followee_id, -1, 0 from removed join users on users.id = follower_id where not is_hidden
    union all
    select follower_id, 0, -1 from removed join users on users.id = followee_id where not is_hidden`;
  if (removed > 0) await enqueueAccessChanged(tx, [followerId]);
}

/** Ends a follow. Idempotent. */
export async function unfollow(stores: Stores, followerId: bigint, followeeId: bigint): Promise<void> {
  await writeInvalidatingFollows(stores, [[followerId, followeeId]], () =>
    stores.db.$transaction(async (tx) => {
      await lockPeople(tx, [followerId, followeeId], 'shared');
      await deleteFollow(tx, followerId, followeeId);
    }),
  );
}

/** Removes a follower of the given person. Idempotent. */
export function removeFollower(stores: Stores, userId: bigint, followerId: bigint): Promise<void> {
  return unfollow(stores, followerId, userId);
}

/** Whether one of two people blocks the other. The transaction must hold the locks of both. */
async function areBlocked(tx: Transaction, userId: bigint, otherId: bigint): Promise<boolean> {
  const pairs = [
    { blockerId: userId, blockedId: otherId },
    { blockerId: otherId, blockedId: userId },
  ];
  return (await tx.block.count({ where: { OR: pairs } })) > 0;
}

/** Whether each of these people follows a person, in the order of the ids. */
export async function readIsFollowedBy(
  { db }: Stores,
  followeeId: bigint,
  followerIds: readonly bigint[],
): Promise<boolean[]> {
  const where = { followeeId, followerId: { in: [...followerIds] } };
  const rows = await db.follow.findMany({ where, select: { followerId: true } });
  const existing = new Set(rows.map((row) => row.followerId));
  return followerIds.map((id) => existing.has(id));
}

/**
 * Whether a follow request is pending between a person and each of these people.
 *
 * @param direction `sent`: the person requested to follow the others; `received`: the others requested to follow them
 * @returns in the order of the ids
 */
export async function readHasRequested(
  { db }: Stores,
  direction: 'sent' | 'received',
  personId: bigint,
  otherIds: readonly bigint[],
): Promise<boolean[]> {
  const others = { in: [...otherIds] };
  const where =
    direction === 'sent' ? { requesterId: personId, targetId: others } : { requesterId: others, targetId: personId };
  const rows = await db.followRequest.findMany({ where });
  const withRequest = new Set(rows.map((row) => (direction === 'sent' ? row.targetId : row.requesterId)));
  return otherIds.map((id) => withRequest.has(id));
}
