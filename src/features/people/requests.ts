import { addJob } from '../../stores/jobs.ts';
import type { Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { recordActivities } from '../activity/record.ts';
import { userError } from '../kernel/errors.ts';
import { lockPeople } from '../visibility/locks.ts';
import { writeInvalidatingFollows } from '../visibility/relations.ts';
import { insertFollow } from './follows.ts';

/** The number of requests that one transaction approves when an account becomes public. */
const APPROVE_BATCH_SIZE = 50;

/** Withdraws a follow request. Idempotent. */
export async function withdrawRequest({ db }: Stores, requesterId: bigint, targetId: bigint): Promise<void> {
  await db.followRequest.deleteMany({ where: { requesterId, targetId } });
}

/** Declines a follow request. @throws UserErrors NOT_FOUND without a request */
export async function declineRequest({ db }: Stores, targetId: bigint, requesterId: bigint): Promise<void> {
  const { count } = await db.followRequest.deleteMany({ where: { requesterId, targetId } });
  if (count === 0) throw noRequest();
}

/** Approves a follow request and notifies the requester. @throws UserErrors NOT_FOUND without a request */
export async function approveRequest(stores: Stores, targetId: bigint, requesterId: bigint): Promise<void> {
  if (!(await approve(stores, targetId, [requesterId]))) throw noRequest();
}

/**
 * Approves all follow requests to an account that has become public. It stops when the account is private again. A
 * repeated run continues with the requests that are left.
 */
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

/** Approves the requests of these people. @returns whether there was any request */
function approve(stores: Stores, targetId: bigint, requesterIds: readonly bigint[]): Promise<boolean> {
  const pairs = requesterIds.map((requesterId) => [requesterId, targetId] as const);
  return writeInvalidatingFollows(stores, pairs, () =>
    stores.db.$transaction(async (tx) => {
      // A block deletes the request under an exclusive lock on the same rows, so no remaining request is between people
      // of whom one blocks the other.
      await lockPeople(tx, [targetId, ...requesterIds], 'shared');
      const where = { targetId, requesterId: { in: [...requesterIds] } };
      const requests = await tx.followRequest.findMany({ where, orderBy: { id: 'asc' } });
      for (const { requesterId } of requests) await approveOne(tx, targetId, requesterId);
      return requests.length > 0;
    }),
  );
}

async function approveOne(tx: Transaction, targetId: bigint, requesterId: bigint): Promise<void> {
  // A concurrent withdrawal deletes the same row: only one of the two finds it.
  const { count } = await tx.followRequest.deleteMany({ where: { requesterId, targetId } });
  if (count === 0) return;
  await insertFollow(tx, requesterId, targetId);
  const activity = { recipientId: requesterId, kind: 'FOLLOW_APPROVED' as const, subjectId: targetId };
  await recordActivities(tx, [{ ...activity, actorId: targetId }]);
}

function noRequest() {
  return userError('NOT_FOUND', 'This person has not asked to follow you, or has taken it back.', 'userId');
}

/** Enqueues the job that calls `approveAllRequests`. */
export async function enqueueApproveAll(tx: Transaction, targetId: bigint): Promise<void> {
  await addJob(tx, 'approveAllRequests', { userId: String(targetId) });
}
