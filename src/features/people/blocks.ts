import { transact } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { userError } from '../kernel/errors.ts';
import { enqueueAccessChanged } from '../visibility/access-signals.ts';
import { lockPeople } from '../visibility/locks.ts';
import { writeInvalidatingBlock } from '../visibility/relations.ts';
import { deleteFollow } from './follows.ts';

/**
 * Blocks a person. Follows and follow requests between the two people end, and so do their subscriptions to each
 * other's photos. Idempotent.
 *
 * @throws UserErrors SELF; NOT_FOUND for a person who does not exist, is hidden, or blocks the blocker. One code for
 * all three keeps people from finding out that they are blocked.
 */
export async function block(stores: Stores, blockerId: bigint, blockedId: bigint): Promise<void> {
  if (blockerId === blockedId) throw userError('SELF', 'Nobody blocks themselves.', 'userId');
  await writeInvalidatingBlock(stores, blockerId, blockedId, () =>
    transact(stores.db, async (tx) => {
      const people = await lockPeople(tx, [blockerId, blockedId], 'exclusive');
      const key = { blockerId_blockedId: { blockerId, blockedId } };
      if (await tx.block.findUnique({ where: key })) return;
      const reverseKey = { blockerId_blockedId: { blockerId: blockedId, blockedId: blockerId } };
      if (people.get(blockedId)?.isHidden !== false || (await tx.block.findUnique({ where: reverseKey }))) {
        throw userError('NOT_FOUND', 'There is no such person.', 'userId');
      }
      await tx.$executeRaw`
        insert into blocks (blocker_id, blocked_id, id) values (${blockerId}, ${blockedId}, next_id(${blockerId}))`;
      const pairs = [
        { requesterId: blockerId, targetId: blockedId },
        { requesterId: blockedId, targetId: blockerId },
      ];
      await tx.followRequest.deleteMany({ where: { OR: pairs } });
      for (const { requesterId, targetId } of pairs) await deleteFollow(tx, requesterId, targetId);
      await enqueueAccessChanged(tx, [blockerId, blockedId]);
    }),
  );
}

/** Ends a block. Idempotent. @returns whether there was one */
export function unblock(stores: Stores, blockerId: bigint, blockedId: bigint): Promise<boolean> {
  return writeInvalidatingBlock(stores, blockerId, blockedId, () =>
    stores.db.$transaction(async (tx) => {
      const { count } = await tx.block.deleteMany({ where: { blockerId, blockedId } });
      if (count > 0) await enqueueAccessChanged(tx, [blockerId, blockedId]);
      return count > 0;
    }),
  );
}

/** Whether a person blocks each of these people, in the order of the ids. */
export async function readHasBlocked({ db }: Stores, blockerId: bigint, ids: readonly bigint[]): Promise<boolean[]> {
  const where = { blockerId, blockedId: { in: [...ids] } };
  const rows = await db.block.findMany({ where, select: { blockedId: true } });
  const blockedIds = new Set(rows.map((row) => row.blockedId));
  return ids.map((id) => blockedIds.has(id));
}
