import { addJob } from '../../stores/jobs.ts';
import type { Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { recordActivities } from '../activity/record.ts';
import { userError } from '../kernel/errors.ts';
import { lockPeople } from '../visibility/locks.ts';
import { writeInvalidatingFollows } from '../visibility/relations.ts';
import { insertFollow } from './follows.ts';

/** Requests that are approved in one transaction when an account becomes public. */
const APPROVE_BATCH_SIZE = 50;

/** Takes a request to follow back. Without one it changes nothing. */
export async function withdrawRequest({ db }: Stores, requesterId: bigint, targetId: bigint): Promise<void> {
  await db.followRequest.deleteMany({ where: { requesterId, targetId } });
}

/** Refuses somebody who asked to follow. @throws UserErrors NOT_FOUND without a request */
export async function declineRequest({ db }: Stores, targetId: bigint, requesterId: bigint): Promise<void> {
  const { count } = await db.followRequest.deleteMany({ where: { requesterId, targetId } });
  if (count === 0) throw noRequest();
}

/** Lets somebody who asked follow, and tells them. @throws UserErrors NOT_FOUND without a request */
export async function approveRequest(stores: Stores, targetId: bigint, requesterId: bigint): Promise<void> {
  if (!(await approve(stores, targetId, [requesterId]))) throw noRequest();
}

/** Lets all who asked follow an account that is public now. When it is private again, it stops. Running it again goes on. */
export async function approveAllRequests(stores: Stores, targetId: bigint): Promise<void> {
  for (;;) {
    const target = await stores.db.user.findUnique({ where: { id: targetId }, select: { isPrivate: true } });
    if (!target || target.isPrivate) return;
    const requests = await stores.db.followRequest.findMany({
      where: { targetId },
      orderBy: { id: 'asc' },
      take: APPROVE_BATCH_SIZE,
    });
    if (requests.length === 0) return;
    await approve(
      stores,
      targetId,
      requests.map((request) => request.requesterId),
    );
  }
}

/** @returns whether there was any request */
function approve(stores: Stores, targetId: bigint, requesterIds: readonly bigint[]): Promise<boolean> {
  const pairs = requesterIds.map((requesterId) => [requesterId, targetId] as const);
  return writeInvalidatingFollows(stores, pairs, () =>
    stores.db.$transaction(async (tx) => {
      // A block takes the request away under the same locks, so what is still there is allowed.
      await lockPeople(tx, [targetId, ...requesterIds], 'shared');
      const where = { targetId, requesterId: { in: [...requesterIds] } };
      const requests = await tx.followRequest.findMany({ where, orderBy: { id: 'asc' } });
      for (const { requesterId } of requests) await approveOne(tx, targetId, requesterId);
      return requests.length > 0;
    }),
  );
}

async function approveOne(tx: Transaction, targetId: bigint, requesterId: bigint): Promise<void> {
  // Who withdraws at this moment is first or second, never both.
  const { count } = await tx.followRequest.deleteMany({ where: { requesterId, targetId } });
  if (count === 0) return;
  await insertFollow(tx, requesterId, targetId);
  const activity = { recipientId: requesterId, kind: 'FOLLOW_APPROVED' as const, subjectId: targetId };
  await recordActivities(tx, [{ ...activity, actorId: targetId }]);
}

function noRequest() {
  return userError('NOT_FOUND', 'This person has not asked to follow you, or has taken it back.', 'userId');
}

/** Enqueues that all who have asked to follow do so. */
export async function enqueueApproveAll(tx: Transaction, targetId: bigint): Promise<void> {
  await addJob(tx, 'approveAllRequests', { userId: String(targetId) });
}
