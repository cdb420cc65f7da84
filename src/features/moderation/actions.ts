/**
 * Moderation actions. Each is one transaction that also logs the action and closes the reports about its subject.
 * Idempotent: an action that would change nothing is not logged either.
 */
import { writeInvalidating } from '../../stores/cached-rows.ts';
import type { Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { changeAccountVisibility } from '../accounts/account-visibility.ts';
import type { ClientText } from '../kernel/client-text.ts';
import { userError } from '../kernel/errors.ts';
import { requireText, trim } from '../kernel/validate.ts';
import { addPhotoDelta } from '../people/counts.ts';
import { removeComment as deleteComment } from '../photos/comments.ts';
import { addPhotosChanged } from '../photos/counts.ts';
import { enqueueRelocateMedia } from '../photos/media.ts';
import { photoKey } from '../records/photo-rows.ts';
import { userKey } from '../records/user-rows.ts';
import { enqueueAccessChanged } from '../visibility/access-signals.ts';
import { logModerationAction } from './log.ts';
import { closeReports, type Subject } from './reports.ts';

/** Rolls back an action that would change nothing. */
class NothingToChange extends Error {}

/** Trims and checks the reason for an action. @throws UserErrors TOO_SHORT, TOO_LONG or INVALID */
function parseReason(reason: ClientText): string {
  return requireText(reason, { what: 'The reason', min: 1, max: 1_000, field: ['why'], clean: trim });
}

/**
 * Hides a photo from everybody but its owner and moderators, or shows it again.
 *
 * @param subject a READY photo that the moderator may see
 * @throws UserErrors if the reason is invalid
 */
export async function setPhotoHidden(
  { db, redis }: Stores,
  moderatorId: bigint,
  subject: Subject & { photoId: bigint },
  isHidden: boolean,
  reason: ClientText,
): Promise<void> {
  const text = parseReason(reason);
  const { photoId: id, userId } = subject;
  await writeInvalidating(redis, [photoKey(id)], () =>
    db.$transaction(async (tx) => {
      const { count } = await tx.photo.updateMany({
        where: { id, status: 'READY', hiddenAt: isHidden ? null : { not: null } },
        data: { hiddenAt: isHidden ? new Date() : null },
      });
      if (count === 0) return;
      await addPhotoDelta(tx, userId, isHidden ? -1 : 1);
      await enqueueRelocateMedia(tx, [id]);
      await enqueueAccessChanged(tx, [userId]);
      await addPhotosChanged(tx, [id]);
      if (isHidden) await closeReports(tx, { ...subject, commentId: null });
      await logModerationAction(tx, moderatorId, isHidden ? 'HIDE_PHOTO' : 'RESTORE_PHOTO', subject, text);
    }),
  );
}

/** Deletes a comment that is against the rules. @throws UserErrors if the reason is invalid, or NOT_FOUND */
export async function removeComment(
  stores: Stores,
  moderatorId: bigint,
  subject: Subject & { photoId: bigint; commentId: bigint },
  reason: ClientText,
): Promise<void> {
  const text = parseReason(reason);
  await deleteComment(stores, subject.photoId, subject.commentId, async (tx) => {
    await closeReports(tx, subject);
    await logModerationAction(tx, moderatorId, 'REMOVE_COMMENT', subject, text);
  });
}

/**
 * Suspends an account, which hides it and ends its sessions, or restores it.
 *
 * @throws UserErrors SELF, or if the reason is invalid
 */
export async function setSuspended(
  stores: Stores,
  moderatorId: bigint,
  userId: bigint,
  isSuspended: boolean,
  reason: ClientText,
): Promise<void> {
  const text = parseReason(reason);
  if (moderatorId === userId) throw userError('SELF', 'Nobody suspends or restores themselves.', 'userId');
  try {
    await changeAccountVisibility(stores, userId, async (tx) => {
      const { count } = await tx.user.updateMany({
        where: { id: userId, suspendedAt: isSuspended ? null : { not: null } },
        data: { suspendedAt: isSuspended ? new Date() : null },
      });
      // Without the rollback, restoring somebody who is not suspended would end their sessions.
      if (count === 0) throw new NothingToChange();
      const subject = { userId, photoId: null, commentId: null };
      if (isSuspended) await closeReports(tx, subject);
      await logModerationAction(tx, moderatorId, isSuspended ? 'SUSPEND_USER' : 'RESTORE_USER', subject, text);
    });
  } catch (error) {
    if (!(error instanceof NothingToChange)) throw error;
  }
}

/**
 * Closes the reports about a subject without another action.
 *
 * @returns how many
 * @throws UserErrors if the reason is invalid
 */
export async function dismissReports(
  { db }: Stores,
  moderatorId: bigint,
  subject: Subject,
  reason: ClientText,
): Promise<number> {
  const text = parseReason(reason);
  return db.$transaction(async (tx) => {
    const count = await closeReports(tx, subject);
    if (count > 0) await logModerationAction(tx, moderatorId, 'DISMISS_REPORTS', subject, text);
    return count;
  });
}

/**
 * Makes somebody a moderator, or revokes that. Only the service's operator does this, with `npm run admin`.
 *
 * @throws UserErrors NOT_FOUND, or if the reason is invalid
 */
export async function setModerator(
  { db, redis }: Stores,
  username: string,
  isModerator: boolean,
  reason: ClientText,
): Promise<void> {
  const text = parseReason(reason);
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
