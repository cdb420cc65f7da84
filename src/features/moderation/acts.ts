/**
 * What moderators do. Each act is one transaction with its line in the log and the end of the reports that it answers; what is so already
 * is not done, nor written down, again.
 */
import { writeThrough } from '../../stores/cache.ts';
import type { Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { userKey } from '../accounts/users.ts';
import { Mistakes, mistake } from '../errors.ts';
import { addPhotoDelta } from '../people/counts.ts';
import { addAccessChanged } from '../people/follows.ts';
import { changeHidden } from '../people/hiding.ts';
import { removeComment as deleteComment } from '../photos/comments.ts';
import { addPhotosChanged } from '../photos/counts.ts';
import { addPlaceMedia } from '../photos/media.ts';
import { photoKey } from '../photos/rows.ts';
import { checkText } from '../validate.ts';
import { logAct } from './log.ts';
import { closeReports, type Subject } from './reports.ts';

/** Rolls back an act that finds what it is to do done. */
class DoneAlready extends Error {}

/** The reason for an act, as it is stored. @throws Mistakes TOO_SHORT or TOO_LONG */
function requireWhy(why: string): string {
  const text = why.trim();
  const mistakes = checkText('The reason', text, 1, 1_000, 'why');
  if (mistakes.length > 0) throw new Mistakes(mistakes);
  return text;
}

/**
 * Hides a photo from all but its owner and moderators, or shows it again.
 *
 * @param subject a READY photo that the moderator may see
 * @throws Mistakes what is wrong with the reason
 */
export async function setPhotoHidden(
  { db, redis }: Stores,
  moderatorId: bigint,
  subject: Subject & { photoId: bigint },
  isHidden: boolean,
  why: string,
): Promise<void> {
  const reason = requireWhy(why);
  const { photoId: id, userId } = subject;
  await writeThrough(redis, [photoKey(id)], () =>
    db.$transaction(async (tx) => {
      const { count } = await tx.photo.updateMany({
        where: { id, status: 'READY', hiddenAt: isHidden ? null : { not: null } },
        data: { hiddenAt: isHidden ? new Date() : null },
      });
      if (count === 0) return;
      await addPhotoDelta(tx, userId, isHidden ? -1 : 1);
      await addPlaceMedia(tx, id);
      await addAccessChanged(tx, [userId]);
      await addPhotosChanged(tx, [id]);
      if (isHidden) await closeReports(tx, { ...subject, commentId: null });
      await logAct(tx, moderatorId, isHidden ? 'HIDE_PHOTO' : 'RESTORE_PHOTO', subject, reason);
    }),
  );
}

/** Deletes a comment that is against the rules. @throws Mistakes what is wrong with the reason */
export async function removeComment(
  stores: Stores,
  moderatorId: bigint,
  subject: Subject & { photoId: bigint; commentId: bigint },
  why: string,
): Promise<void> {
  const reason = requireWhy(why);
  await deleteComment(stores, subject.photoId, subject.commentId, async (tx) => {
    await closeReports(tx, subject);
    await logAct(tx, moderatorId, 'REMOVE_COMMENT', subject, reason);
  });
}

/**
 * Suspends an account, which hides it and ends its sessions, or shows it again.
 *
 * @throws Mistakes SELF, or what is wrong with the reason
 */
export async function setSuspended(
  stores: Stores,
  moderatorId: bigint,
  userId: bigint,
  isSuspended: boolean,
  why: string,
): Promise<void> {
  const reason = requireWhy(why);
  if (moderatorId === userId) throw mistake('SELF', 'Nobody suspends or restores themselves.', 'userId');
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
      await logAct(tx, moderatorId, isSuspended ? 'SUSPEND_USER' : 'RESTORE_USER', subject, reason);
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
  why: string,
): Promise<number> {
  const reason = requireWhy(why);
  return db.$transaction(async (tx) => {
    const count = await closeReports(tx, subject);
    if (count > 0) await logAct(tx, moderatorId, 'DISMISS_REPORTS', subject, reason);
    return count;
  });
}

/**
 * Makes somebody a moderator, or one no more: what the operator of the service does.
 *
 * @throws Mistakes NOT_FOUND, or what is wrong with the reason
 */
export async function setModerator(
  { db, redis }: Stores,
  username: string,
  isModerator: boolean,
  why: string,
): Promise<void> {
  const reason = requireWhy(why);
  const user = await db.user.findUnique({ where: { username: username.toLowerCase() }, select: { id: true } });
  if (!user) throw mistake('NOT_FOUND', `There is nobody with the username "${username}".`);
  await writeThrough(redis, [userKey(user.id)], () =>
    db.$transaction(async (tx: Transaction) => {
      const { count } = await tx.user.updateMany({
        where: { id: user.id, isModerator: !isModerator },
        data: { isModerator },
      });
      if (count === 0) return;
      const subject = { userId: user.id, photoId: null, commentId: null };
      await logAct(tx, null, isModerator ? 'MAKE_MODERATOR' : 'UNMAKE_MODERATOR', subject, reason);
    }),
  );
}
