import { writeInvalidating } from '../../stores/cached-rows.ts';
import { addJob } from '../../stores/jobs.ts';
import { transact } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { userKey } from '../records/user-rows.ts';
import { addAccessChanged } from '../visibility/access-signals.ts';
import { lockPeople } from '../visibility/locks.ts';
import { addApproveAll } from './requests.ts';

/**
 * Makes an account private or public. Followers stay; what others have open of its photos closes; jobs move the files and, when it becomes
 * public, let those follow who have asked to. Again changes nothing.
 */
export async function setPrivacy(stores: Stores, userId: bigint, isPrivate: boolean): Promise<void> {
  await writeInvalidating(stores.redis, [userKey(userId)], () =>
    transact(stores.db, async (tx) => {
      const person = (await lockPeople(tx, [userId], 'exclusive')).get(userId);
      if (!person || person.isPrivate === isPrivate) return;
      await tx.user.update({ where: { id: userId }, data: { isPrivate } });
      await addJob(tx, 'placeAllMedia', { ownerId: String(userId) });
      await addAccessChanged(tx, [userId]);
      if (!isPrivate) await addApproveAll(tx, userId);
    }),
  );
}
