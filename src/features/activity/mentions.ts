import type { Transaction } from '../../stores/postgres.ts';
import { photoIsVisible } from '../visibility/sql-conditions.ts';
import { type NewActivity, recordActivities } from './record.ts';

/** More names in one text are not told: a list of names is no conversation. */
const MAX_MENTIONS = 20;

/**
 * The names that a text mentions as `@name`, in small letters, each once, in the order of the text. An address such as name@example.org
 * mentions nobody.
 *
 * @example findMentions('with @Anna.b. and @carl!') // ['anna.b', 'carl']
 */
export function findMentions(text: string): string[] {
  const names = new Set<string>();
  for (const [, name = ''] of text.matchAll(/(?<![\p{L}\p{N}_.@])@([a-z0-9._]{3,})/giu)) {
    // A dot at the end ends the sentence.
    const plain = name.toLowerCase().replace(/\.+$/, '');
    if (plain.length >= 3 && plain.length <= 30) names.add(plain);
  }
  return [...names].slice(0, MAX_MENTIONS);
}

/**
 * Tells the people whom a caption or a comment mentions, when they may see the photo: not its author, and of a comment not the
 * photo's owner, who is told of the comment itself. People who are mentioned still are not told again.
 *
 * @param written what was written, by whom: a caption, or the comment with this id
 * @param before the text that it replaces
 */
export async function recordMentions(
  tx: Transaction,
  written: { text: string; authorId: bigint; photoId: bigint; ownerId: bigint; commentId?: bigint },
  before = '',
): Promise<void> {
  const known = new Set(findMentions(before));
  const names = findMentions(written.text).filter((name) => !known.has(name));
  if (names.length === 0) return;
  const people = await tx.user.findMany({ where: { username: { in: names } }, select: { id: true } });
  const { authorId, photoId, ownerId, commentId } = written;
  const told: NewActivity[] = [];
  for (const { id } of people) {
    if (id === authorId || id === ownerId || !(await maySee(tx, id, photoId))) continue;
    const about = { photoId, ...(commentId !== undefined && { commentId }) };
    told.push({ recipientId: id, kind: 'MENTION', subjectId: commentId ?? photoId, actorId: authorId, ...about });
  }
  await recordActivities(tx, told);
}

/** Forgets whom a caption mentioned and does not any more. */
export async function deleteMentions(tx: Transaction, photoId: bigint, before: string, after: string): Promise<void> {
  const kept = new Set(findMentions(after));
  const gone = findMentions(before).filter((name) => !kept.has(name));
  if (gone.length === 0) return;
  await tx.activity.deleteMany({
    where: { photoId, kind: 'MENTION', subjectId: photoId, recipient: { username: { in: gone } } },
  });
}

async function maySee(tx: Transaction, viewerId: bigint, photoId: bigint): Promise<boolean> {
  const [row] = await tx.$queryRaw<[{ visible: boolean }]>`
    select ${photoIsVisible(viewerId, photoId)} as visible`;
  return row.visible;
}
