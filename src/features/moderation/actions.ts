/**
 * What moderators do. Each act is one transaction with its line in the log and the end of the reports that it answers; what is so already
 * is not done, nor written down, again.
 */
import { writeInvalidating } from '../../stores/cached-rows.ts';
import type { Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { changeHidden } from '../accounts/hiding.ts';
import { UserErrors, userError } from '../kernel/errors.ts';
import { checkText } from '../kernel/validate.ts';
import { addPhotoDelta } from '../people/counts.ts';
import { removeComment as deleteComment } from '../photos/comments.ts';
import { addPhotosChanged } from '../photos/counts.ts';
import { addRelocateMedia } from '../photos/media.ts';
import { photoKey } from '../records/photo-rows.ts';
import { userKey } from '../records/user-rows.ts';
import { addAccessChanged } from '../visibility/access-signals.ts';
import { logModerationAction } from './log.ts';
import { closeReports, type Subject } from './reports.ts';

/** Rolls back an act that finds what it is to do done. */
class DoneAlready extends Error {}

/** The reason for an act, as it is stored. @throws UserErrors TOO_SHORT or TOO_LONG */
function requireReason(reason: string): string {
  const text = reason.trim();
  const userErrors = checkText('The reason', text, 1, 1_000, 'why');
  if (userErrors.length > 0) throw new UserErrors(userErrors);
  return text;
}

/**
 * Hides a photo from all but its owner and moderators, or shows it again.
 *
 * @param subject a READY photo that the moderator may see
 * @throws UserErrors what is wrong with the reason
 */
export async function setPhotoHidden(
  { db, redis }: Stores,
  moderatorId: bigint,
  subject: Subject & { photoId: bigint },
  isHidden: boolean,
  reason: string,
): Promise<void> {
  const text = requireReason(reason);
  const { photoId: id, userId } = subject;
  await writeInvalidating(redis, [photoKey(id)], () =>
    db.$transaction(async (tx) => {
      const { count } = await tx.photo.updateMany({
        where: { id, status: 'READY', hiddenAt: isHidden ? null : { not: null } },
        data: { hiddenAt: isHidden ? new Date() : null },
      });
      if (count === 0) return;
      await addPhotoDelta(tx, userId, isHidden ? -1 : 1);
      await addRelocateMedia(tx, id);
      await addAccessChanged(tx, [userId]);
      await addPhotosChanged(tx, [id]);
      if (isHidden) await closeReports(tx, { ...subject, commentId: null });
      await logModerationAction(tx, moderatorId, isHidden ? 'HIDE_PHOTO' : 'RESTORE_PHOTO', subject, text);
    }),
  );
}

/** Deletes a comment that is against the rules. @throws UserErrors what is wrong with the reason */
export async function removeComment(
  stores: Stores,
  moderatorId: bigint,
  subject: Subject & { photoId: bigint; commentId: bigint },
  reason: string,
): Promise<void> {
  const text = requireReason(reason);
  await deleteComment(stores, subject.photoId, subject.commentId, async (tx) => {
    await closeReports(tx, subject);
    await logModerationAction(tx, moderatorId, 'REMOVE_COMMENT', subject, text);
  });
}

/**
 * Suspends an account, which hides it and ends its sessions, or shows it again.
 *
 * @throws UserErrors SELF, or what is wrong with the reason
 */
export async function setSuspended(
  stores: Stores,
  moderatorId: bigint,
  userId: bigint,
  isSuspended: boolean,
  reason: string,
): Promise<void> {
  const text = requireReason(reason);
  if (moderatorId === userId) throw userError('SELF', 'Nobody suspends or restores themselves.', 'userId');
  try {
    await changeHidden(stores, userId, async (tx) => {
      const { count } = await tx.user.updateMany({
        where: { id: userId, suspendedAt: isSuspended ? null : { not: null } },
        data: { suspendedAt: isSuspended ? new Date() : null },
      });
      // Otherwise the sessions of somebody who was not suspended would end with their restoring.
      if (count === 0) throw new DoneAlready();
      const subject = { userId, photoId: null, commentId: null };
      if (isSuspended) await closeReports(tx, subject);
      await logModerationAction(tx, moderatorId, isSuspended ? 'SUSPEND_USER' : 'RESTORE_USER', subject, text);
    });
  } catch (error) {
    if (!(error instanceof DoneAlready)) throw error;
  }
}

/** Closes reports without doing anything else. @returns how many */
export async function dismissReports(
  { db }: Stores,
  moderatorId: bigint,
  subject: Subject,
  reason: string,
): Promise<number> {
  const text = requireReason(reason);
  return db.$transaction(async (tx) => {
    const count = await closeReports(tx, subject);
    if (count > 0) await logModerationAction(tx, moderatorId, 'DISMISS_REPORTS', subject, text);
    return count;
  });
}

/**
 * Makes somebody a moderator, or one no more: what the operator of the service does.
 *
 * @throws UserErrors NOT_FOUND, or what is wrong with the reason
 */
export async function setModerator(
  { db, redis }: Stores,
  username: string,
  isModerator: boolean,
  reason: string,
): Promise<void> {
  const text = requireReason(reason);
  const user = await db.user.findUnique({ where: { username: username.toLowerCase() }, select: { id: true } });
  if (!user) throw userError('NOT_FOUND', `There is nobody with the username "${username}".`);
  await writeInvalidating(redis, [userKey(user.id)], () =>
    db.$transaction(async (tx: Transaction) => {
      const { count } = await tx.user.updateMany({
        where: { id: user.id, isModerator: !isModerator },
        data: { isModerator },
      });
      if (count === 0) return;
      const subject = { userId: user.id, photoId: null, commentId: null };
      await logModerationAction(tx, null, isModerator ? 'MAKE_MODERATOR' : 'UNMAKE_MODERATOR', subject, text);
    }),
  );
}
