import { writeInvalidating } from '../../stores/cached-rows.ts';
import { addJob } from '../../stores/jobs.ts';
import { transact } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { userKey } from '../records/user-rows.ts';
import { enqueueAccessChanged } from '../visibility/access-signals.ts';
import { lockPeople } from '../visibility/locks.ts';
import { enqueueApproveAll } from './requests.ts';

/**
 * Makes an account private or public. Followers stay. When it becomes private, the subscriptions of other people to its
 * photos end. Jobs move the files and, when the account becomes public, approve all follow requests. Idempotent.
 */
export async function setPrivacy(stores: Stores, userId: bigint, isPrivate: boolean): Promise<void> {
  await writeInvalidating(stores.redis, [userKey(userId)], () =>
    transact(stores.db, async (tx) => {
      const person = (await lockPeople(tx, [userId], 'exclusive')).get(userId);
      if (!person || person.isPrivate === isPrivate) return;
      await tx.user.update({ where: { id: userId }, data: { isPrivate } });
      await addJob(tx, 'placeAllMedia', { ownerId: String(userId) });
      await enqueueAccessChanged(tx, [userId]);
      if (!isPrivate) await enqueueApproveAll(tx, userId);
    }),
  );
}
