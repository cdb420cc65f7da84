import { transact } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { userError } from '../kernel/errors.ts';
import { enqueueAccessChanged } from '../visibility/access-signals.ts';
import { lockPeople } from '../visibility/locks.ts';
import { writeInvalidatingBlock } from '../visibility/relations.ts';
import { deleteFollow } from './follows.ts';

/**
 * Blocks a person: follows and requests between the two end, and what either has open of the other closes. Again changes nothing.
 *
 * @throws UserErrors SELF, or NOT_FOUND, also for somebody who blocks the blocker: so nobody can find out that they are blocked
 */
export async function block(stores: Stores, blockerId: bigint, blockedId: bigint): Promise<void> {
  if (blockerId === blockedId) throw userError('SELF', 'Nobody blocks themselves.', 'userId');
  await writeInvalidatingBlock(stores, blockerId, blockedId, () =>
    transact(stores.db, async (tx) => {
      const people = await lockPeople(tx, [blockerId, blockedId], 'exclusive');
      const own = { blockerId_blockedId: { blockerId, blockedId } };
      if (await tx.block.findUnique({ where: own })) return;
      const against = { blockerId_blockedId: { blockerId: blockedId, blockedId: blockerId } };
      if (people.get(blockedId)?.isHidden !== false || (await tx.block.findUnique({ where: against }))) {
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

/** Blocks a person no more. @returns whether there was a block */
export function unblock(stores: Stores, blockerId: bigint, blockedId: bigint): Promise<boolean> {
  return writeInvalidatingBlock(stores, blockerId, blockedId, () =>
    stores.db.$transaction(async (tx) => {
      const { count } = await tx.block.deleteMany({ where: { blockerId, blockedId } });
      if (count > 0) await enqueueAccessChanged(tx, [blockerId, blockedId]);
      return count > 0;
    }),
  );
}

/** Whether a person blocks each of these, in the order of the ids. */
export async function readHasBlocked({ db }: Stores, blockerId: bigint, ids: readonly bigint[]): Promise<boolean[]> {
  const where = { blockerId, blockedId: { in: [...ids] } };
  const rows = await db.block.findMany({ where, select: { blockedId: true } });
  const found = new Set(rows.map((row) => row.blockedId));
  return ids.map((id) => found.has(id));
}
