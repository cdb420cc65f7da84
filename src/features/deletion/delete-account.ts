import { writeInvalidating } from '../../stores/cached-rows.ts';
import { runJobsNow } from '../../stores/job-admin.ts';
import { addJob } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { avatarObjectKey } from '../accounts/avatar.ts';
import { restorableSince } from '../accounts/deactivate.ts';
import { changeHidden } from '../accounts/hiding.ts';
import { throttles } from '../accounts/throttles.ts';
import { userKey } from '../records/user-rows.ts';
import { forgetInRedis } from './delete-caches.ts';
import { unmention } from './delete-mentions.ts';
import { deletePhotos, deleteUploads, takeFromFollowers } from './delete-photos.ts';
import { addRemoved, deleteRows, OWN_ROWS } from './delete-rows.ts';

const SWEEP_AT_ONCE = 100;
/** When the last traces are removed after the account is: what hinders stale caches is over by then, and what still ran has ended. */
const LAST_LOOK_MS = 10_000;

/**
 * Hides an account at once, ends its sessions, and lets a job delete it with all that is in it. Nobody can undo it. The caller has
 * checked the password. Again changes nothing.
 */
export async function requestDeletion(stores: Stores, userId: bigint): Promise<void> {
  await begin(stores, userId, {});
}

/** Lets all accounts be deleted that were deactivated too long ago to be restored. */
export async function sweepDeactivated(stores: Stores): Promise<void> {
  for (;;) {
    const tooOld = { deactivatedAt: { lt: restorableSince() } };
    const where = { ...tooOld, deletingAt: null };
    const people = await stores.db.user.findMany({ where, select: { id: true }, take: SWEEP_AT_ONCE });
    for (const { id } of people) await begin(stores, id, tooOld);
    if (people.length < SWEEP_AT_ONCE) return;
  }
}

/** @param only the condition under which it begins, looked at while nothing can change it */
async function begin(stores: Stores, userId: bigint, only: { deactivatedAt?: { lt: Date } }): Promise<void> {
  await changeHidden(stores, userId, async (tx) => {
    const where = { id: userId, deletingAt: null, ...only };
    const { count } = await tx.user.updateMany({ where, data: { deletingAt: new Date() } });
    if (count === 0) return;
    await tx.accountDeletion.create({ data: { userId } });
    await addJob(tx, 'deleteAccount', { userId: String(userId) });
  });
}

/**
 * Deletes an account that is hidden already, so that it counts nowhere. Each step looks at what is left, and the files go before the rows
 * that lead to them: a run that is cut short at any line is finished by the next. The account's own row goes last, with the enqueueing of
 * one more run, which looks for what was written meanwhile and ends the report.
 */
export async function deleteAccount(stores: Stores, userId: bigint): Promise<void> {
  const { db, redis } = stores;
  const user = await db.user.findUnique({
    where: { id: userId },
    select: { username: true, email: true, isPulled: true, deletingAt: true, formerUsernames: true },
  });
  if (!user) return forget(stores, userId);
  if (!user.deletingAt) return;
  const usernames = [user.username, ...user.formerUsernames.map((former) => former.username)];
  // First, while the photos are there that are to be taken from feeds, and the activities that lead to mentions.
  await takeFromFollowers(stores, userId, user.isPulled);
  await unmention(stores, userId, { usernames, email: user.email });
  // Uploads before photos: a photo without one is not processed any more.
  await deleteUploads(stores, userId);
  await deletePhotos(stores, userId);
  await deleteAvatar(stores, userId);
  await deleteExport(stores, userId);
  for (const [table, column] of OWN_ROWS) await deleteRows(stores, userId, table, column, [userId]);
  await runJobsNow(db, [user.email], 'deleteAccount');
  await throttles(redis)['mail-to'].delete(user.email);
  if (!(await deleteUser(stores, userId))) await deleteAccount(stores, userId);
}

/** Deletes the account's own row. @returns false when something was made meanwhile that leads to files */
function deleteUser({ db, redis }: Stores, userId: bigint): Promise<boolean> {
  return writeInvalidating(redis, [userKey(userId)], () =>
    db.$transaction(async (tx) => {
      // Locked against all that would refer to it. What does so already goes with it.
      const [user] = await tx.$queryRaw<{ avatarKey: string | null }[]>`
        select avatar_key as "avatarKey" from users where id = ${userId} for update`;
      if (!user) return true;
      const where = { where: { ownerId: userId } };
      const exports = await tx.dataExport.count({ where: { userId } });
      if (user.avatarKey || exports || (await tx.photo.count(where)) || (await tx.upload.count(where))) return false;
      await tx.userCountDelta.deleteMany({ where: { userId } });
      await tx.user.delete({ where: { id: userId } });
      await addRemoved(tx, userId, { users: 1 });
      await addJob(tx, 'deleteAccount', { userId: String(userId) }, { runAt: new Date(Date.now() + LAST_LOOK_MS) });
      return true;
    }),
  );
}

async function deleteAvatar({ db, objects }: Stores, userId: bigint): Promise<void> {
  for (;;) {
    const user = await db.user.findUnique({ where: { id: userId }, select: { avatarKey: true } });
    if (!user) return;
    const { avatarKey } = user;
    if (avatarKey) await objects.delete([avatarObjectKey(avatarKey)]);
    const done = await db.$transaction(async (tx) => {
      const none = { avatarKey: null, avatarUploadId: null, avatarStatus: null, avatarFailure: null };
      const { count } = await tx.user.updateMany({ where: { id: userId, avatarKey }, data: none });
      if (count > 0 && avatarKey) await addRemoved(tx, userId, { files: 1 });
      return count > 0;
    });
    // Otherwise another picture became ready meanwhile.
    if (done) return;
  }
}

async function deleteExport({ db, objects }: Stores, userId: bigint): Promise<void> {
  const row = await db.dataExport.findUnique({ where: { userId } });
  if (!row) return;
  await objects.delete([row.objectKey]);
  await db.$transaction(async (tx) => {
    // A run of its job that still writes the file finds no row, and deletes it.
    const { count } = await tx.dataExport.deleteMany({ where: { userId, id: row.id } });
    await addRemoved(tx, userId, { data_exports: count, files: row.status === 'READY' ? count : 0 });
  });
}

/**
 * Removes the last traces of somebody whose account is gone, and ends the report. Jobs that name them are not thrown away, because some
 * clean up: they run now.
 *
 * @throws Error while there are such jobs, after which this one is tried again
 */
async function forget(stores: Stores, userId: bigint): Promise<void> {
  const jobs = await runJobsNow(stores.db, [String(userId)], 'deleteAccount');
  if (jobs > 0) throw new Error(`Jobs that name the deleted person ${userId} are still to be run: ${jobs}.`);
  await stores.db.userCountDelta.deleteMany({ where: { userId } });
  await forgetInRedis(stores, userId);
  await stores.db.accountDeletion.updateMany({ where: { userId, finishedAt: null }, data: { finishedAt: new Date() } });
}
