import { writeInvalidating } from '../../stores/cached-rows.ts';
import { runJobsNow } from '../../stores/job-admin.ts';
import { addJob } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { changeAccountVisibility } from '../accounts/account-visibility.ts';
import { avatarObjectKey } from '../accounts/avatar.ts';
import { restoreCutoff } from '../accounts/deactivate.ts';
import { userKey } from '../records/user-rows.ts';
import { deletePhotos, deleteUploads, removeFollowers } from './delete-photos.ts';
import { deleteRedisKeys } from './delete-redis-keys.ts';
import { addToReport, COLUMNS_REFERRING_TO_USERS, deleteRows } from './delete-rows.ts';
import { redactMentions } from './redact-mentions.ts';

const SWEEP_BATCH_SIZE = 100;
/**
 * The delay of the final run, which removes the last traces. By then the tombstones in the cache have expired, and
 * requests and jobs that were running have ended.
 */
const FINAL_RUN_DELAY_MS = 10_000;

/**
 * Hides an account at once, ends its sessions and enqueues the job that deletes it with all its content. This cannot be
 * undone. The caller has checked the password. Idempotent.
 */
export async function requestDeletion(stores: Stores, userId: bigint): Promise<void> {
  await startDeletion(stores, userId, {});
}

/** Starts the deletion of all accounts that were deactivated too long ago to be restored. */
export async function sweepDeactivated(stores: Stores): Promise<void> {
  for (;;) {
    const isDue = { deactivatedAt: { lt: restoreCutoff() } };
    const where = { ...isDue, deletingAt: null };
    const people = await stores.db.user.findMany({ where, select: { id: true }, take: SWEEP_BATCH_SIZE });
    for (const { id } of people) await startDeletion(stores, id, isDue);
    if (people.length < SWEEP_BATCH_SIZE) return;
  }
}

/** @param condition the deletion starts only if this still holds while the account is locked */
async function startDeletion(
  stores: Stores,
  userId: bigint,
  condition: { deactivatedAt?: { lt: Date } },
): Promise<void> {
  await changeAccountVisibility(stores, userId, async (tx) => {
    const where = { id: userId, deletingAt: null, ...condition };
    const { count } = await tx.user.updateMany({ where, data: { deletingAt: new Date() } });
    if (count === 0) return;
    await tx.accountDeletion.create({ data: { userId } });
    await addJob(tx, 'deleteAccount', { userId: String(userId) });
  });
}

/**
 * Deletes an account. It is already hidden, so no count includes it. Each step reads what is left, and deletes files
 * before the rows that refer to them: the next run completes a run that failed at any point. The transaction that
 * deletes the user's row, last, also enqueues the final run, which removes what was written in the meantime and
 * completes the report. Idempotent.
 */
export async function deleteAccount(stores: Stores, userId: bigint): Promise<void> {
  const { db } = stores;
  const user = await db.user.findUnique({
    where: { id: userId },
    select: { username: true, email: true, isPulled: true, deletingAt: true, formerUsernames: true },
  });
  if (!user) return finishDeletion(stores, userId);
  if (!user.deletingAt) return;
  const usernames = [user.username, ...user.formerUsernames.map((former) => former.username)];
  // These come first: they read the photos to remove from feeds, and the activities that lead to mentions.
  await removeFollowers(stores, userId, user.isPulled);
  await redactMentions(stores, userId, { usernames, email: user.email });
  // Uploads before photos: a photo without its upload is no longer processed.
  await deleteUploads(stores, userId);
  await deletePhotos(stores, userId);
  await deleteAvatar(stores, userId);
  await deleteExport(stores, userId);
  for (const [table, column] of COLUMNS_REFERRING_TO_USERS) await deleteRows(stores, userId, table, column, [userId]);
  await runJobsNow(db, [user.email], 'deleteAccount');
  await stores.rateLimiters['mail-to'].delete(user.email);
  if (!(await deleteUser(stores, userId))) await deleteAccount(stores, userId);
}

/** Deletes the user's row. @returns false if, in the meantime, a row was created that refers to files */
function deleteUser({ db, redis }: Stores, userId: bigint): Promise<boolean> {
  return writeInvalidating(redis, [userKey(userId)], () =>
    db.$transaction(async (tx) => {
      // FOR UPDATE blocks new foreign keys to this row. The rows that already refer to it are deleted with it.
      const [user] = await tx.$queryRaw<{ avatarKey: string | null }[]>`
        select avatar_key as "avatarKey" from users where id = ${userId} for update`;
      if (!user) return true;
      const owned = { where: { ownerId: userId } };
      const exports = await tx.dataExport.count({ where: { userId } });
      if (user.avatarKey || exports || (await tx.photo.count(owned)) || (await tx.upload.count(owned))) return false;
      await tx.userCountDelta.deleteMany({ where: { userId } });
      await tx.user.delete({ where: { id: userId } });
      await addToReport(tx, userId, { users: 1 });
      await addJob(
        tx,
        'deleteAccount',
        { userId: String(userId) },
        { runAt: new Date(Date.now() + FINAL_RUN_DELAY_MS) },
      );
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
    const isRemoved = await db.$transaction(async (tx) => {
      const cleared = { avatarKey: null, avatarUploadId: null, avatarStatus: null, avatarFailure: null };
      const { count } = await tx.user.updateMany({ where: { id: userId, avatarKey }, data: cleared });
      if (count > 0 && avatarKey) await addToReport(tx, userId, { files: 1 });
      return count > 0;
    });
    // Otherwise another avatar became ready in the meantime.
    if (isRemoved) return;
  }
}

async function deleteExport({ db, objects }: Stores, userId: bigint): Promise<void> {
  const row = await db.dataExport.findUnique({ where: { userId } });
  if (!row) return;
  await objects.delete([row.objectKey]);
  await db.$transaction(async (tx) => {
    // If the export job is still running, it will find no row and delete the file that it wrote.
    const { count } = await tx.dataExport.deleteMany({ where: { userId, id: row.id } });
    await addToReport(tx, userId, { data_exports: count, files: row.status === 'READY' ? count : 0 });
  });
}

/**
 * The final run: removes the last traces of a person whose row is deleted, and completes the report. It runs the jobs
 * that name the person now instead of deleting them, because some of them clean up.
 *
 * @throws Error while such jobs exist, so that graphile-worker retries this one
 */
async function finishDeletion(stores: Stores, userId: bigint): Promise<void> {
  const jobs = await runJobsNow(stores.db, [String(userId)], 'deleteAccount');
  if (jobs > 0) throw new Error(`${jobs} jobs that name the deleted person ${userId} have not run yet.`);
  await stores.db.userCountDelta.deleteMany({ where: { userId } });
  await deleteRedisKeys(stores, userId);
  await stores.db.accountDeletion.updateMany({ where: { userId, finishedAt: null }, data: { finishedAt: new Date() } });
}
