import type { Transaction } from '../../stores/postgres.ts';
import { photoIsVisible } from '../visibility/sql-conditions.ts';
import { type NewActivity, recordActivities } from './record.ts';

/** The most people whom one text notifies: a long list of names is no conversation. */
const MAX_MENTIONS = 20;

/** A dot at the end belongs to the sentence. */
const MENTION = /(?<![\p{L}\p{N}_.@])@([a-z0-9._]{2,}[a-z0-9_])/giu;

/**
 * The usernames that a text mentions as `@name`, in lower case, each once, in the order of the text. An email address
 * such as name@example.org mentions nobody.
 *
 * @example findMentions('with @Anna.b. and @carl!') // ['anna.b', 'carl']
 */
export function findMentions(text: string): string[] {
  const names = new Set<string>();
  for (const [, name = ''] of text.matchAll(MENTION)) if (name.length <= 30) names.add(name.toLowerCase());
  return [...names].slice(0, MAX_MENTIONS);
}

/**
 * Notifies the people whom a caption or a comment mentions and who may see the photo. It does not notify the author of
 * the text, nor the owner of the photo, whom the comment itself notifies. People whom the previous text mentioned are
 * not notified again.
 *
 * @param written a caption, or the comment with `commentId`
 * @param previousText the text that it replaces
 */
export async function recordMentions(
  tx: Transaction,
  written: { text: string; authorId: bigint; photoId: bigint; ownerId: bigint; commentId?: bigint },
  previousText = '',
): Promise<void> {
  const notified = new Set(findMentions(previousText));
  const names = findMentions(written.text).filter((name) => !notified.has(name));
  if (names.length === 0) return;
  const people = await tx.user.findMany({ where: { username: { in: names } }, select: { id: true } });
  const { authorId, photoId, ownerId, commentId } = written;
  const mentions: NewActivity[] = [];
  for (const { id } of people) {
    if (id === authorId || id === ownerId || !(await maySee(tx, id, photoId))) continue;
    const about = { photoId, ...(commentId !== undefined && { commentId }) };
    mentions.push({ recipientId: id, kind: 'MENTION', subjectId: commentId ?? photoId, actorId: authorId, ...about });
  }
  await recordActivities(tx, mentions);
}

/** Deletes the activities of people whom a caption mentioned and no longer mentions. */
export async function deleteMentions(
  tx: Transaction,
  photoId: bigint,
  previousText: string,
  text: string,
): Promise<void> {
  const kept = new Set(findMentions(text));
  const removed = findMentions(previousText).filter((name) => !kept.has(name));
  if (removed.length === 0) return;
  await tx.activity.deleteMany({
    where: { photoId, kind: 'MENTION', subjectId: photoId, recipient: { username: { in: removed } } },
  });
}

async function maySee(tx: Transaction, viewerId: bigint, photoId: bigint): Promise<boolean> {
  const [row] = await tx.$queryRaw<[{ visible: boolean }]>`
    select ${photoIsVisible(viewerId, photoId)} as visible`;
  return row.visible;
}
