import { writeInvalidating } from '../../stores/cached-rows.ts';
import { MAX_ID } from '../../stores/ids.ts';
import { addJob } from '../../stores/jobs.ts';
import { nextId, sql, type Transaction, transact, violatesForeignKey } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { recordMentions } from '../activity/mentions.ts';
import { recordActivities } from '../activity/record.ts';
import { changeHashtags, hasHashtags, updateHashtags } from '../hashtags/photo-hashtags.ts';
import { UserErrors, userError } from '../kernel/errors.ts';
import { withIdempotencyKey } from '../kernel/idempotency.ts';
import { type Connection, type PageRequest, toConnection } from '../kernel/paging.ts';
import { checkText } from '../kernel/validate.ts';
import { type CommentKey, type CommentRow, readComments } from '../records/comment-rows.ts';
import { type PhotoRow, photoKey } from '../records/photo-rows.ts';
import { lockPeople } from '../visibility/locks.ts';
import { maySeePeople, personIsVisible } from '../visibility/rules.ts';
import { requireReadyPhoto } from './require-photo.ts';

/**
 * Writes about a photo.
 *
 * @throws UserErrors NOT_FOUND, NOT_READY, or what is wrong with the text or the key
 */
export async function addComment(
  stores: Stores,
  authorId: bigint,
  photoId: bigint,
  input: { text: string; idempotencyKey?: string | null | undefined },
): Promise<CommentRow> {
  const text = input.text.trim();
  const userErrors = checkText('A comment', text, 1, 1_000, 'text');
  if (userErrors.length > 0) throw new UserErrors(userErrors);
  const photo = await requireReadyPhoto(stores, authorId, photoId);
  const { ownerId } = photo;
  const addsHashtags = authorId === ownerId && hasHashtags(text);
  const key = { userId: authorId, key: input.idempotencyKey, mutation: 'addComment', input: [String(photoId), text] };
  try {
    const write = () =>
      transact(stores.db, async (tx) => {
        const newId = await nextId(tx, authorId);
        const id = await withIdempotencyKey(tx, key, newId, async () => {
          // The owner too, whose activity refers to them: in one order with whoever blocks or hides.
          const author = (await lockPeople(tx, [authorId, ownerId], 'shared')).get(authorId);
          if (author?.isHidden !== false) throw userError('NOT_FOUND', 'There is no such photo.', 'photoId');
          await tx.comment.create({ data: { photoId, id: newId, authorId, text } });
          await tx.photoCountDelta.create({ data: { photoId, comments: 1 } });
          const about = { photoId, commentId: newId };
          if (authorId !== ownerId) {
            const activity = { recipientId: ownerId, kind: 'COMMENT' as const, subjectId: newId, actorId: authorId };
            await recordActivities(tx, [{ ...activity, ...about }]);
          }
          await recordMentions(tx, { text, authorId, ownerId, ...about });
          if (addsHashtags) await updateHashtags(tx, photoId, 'text');
          await addJob(tx, 'commentAdded', { photoId: String(photoId), commentId: String(newId) });
        });
        return tx.comment.findUnique({ where: { photoId_id: { photoId, id } } });
      });
    const comment = await (addsHashtags ? changeHashtags(stores, photo, text, write) : write());
    if (!comment) throw userError('NOT_FOUND', 'The comment that this key made has been deleted.', 'idempotencyKey');
    return { __typename: 'Comment', ...comment };
  } catch (error) {
    // Deleted since it was looked up: look again, for the same answer.
    if (violatesForeignKey(error)) await requireReadyPhoto(stores, authorId, photoId);
    throw error;
  }
}

/**
 * Deletes a comment.
 *
 * @throws UserErrors NOT_FOUND, also when the viewer neither wrote it nor owns the photo
 */
export async function deleteComment(
  stores: Stores,
  viewerId: bigint,
  photoId: bigint,
  commentId: bigint,
): Promise<void> {
  const [comment] = await stores.db.$queryRaw<{ authorId: bigint; ownerId: bigint }[]>`
    select author_id as "authorId", owner_id as "ownerId" from comments join photos on photos.id = photo_id
    where photo_id = ${photoId} and comments.id = ${commentId}`;
  const isTheirs = comment?.authorId === viewerId || comment?.ownerId === viewerId;
  const deleted =
    isTheirs &&
    (await removeComment(stores, photoId, commentId, async (tx) => {
      // Nothing is left to decide, and nobody could name it to close them.
      await tx.report.deleteMany({ where: { photoId, commentId } });
    }));
  if (!deleted) throw userError('NOT_FOUND', 'You have no such comment to delete.', 'commentId');
}

/**
 * Deletes a comment with all that is told of it, in a transaction.
 *
 * @param also does in the same transaction what follows from it
 * @returns whether there was one; otherwise nothing is done
 */
export async function removeComment(
  { db, redis }: Stores,
  photoId: bigint,
  commentId: bigint,
  also: (tx: Transaction) => Promise<void>,
): Promise<boolean> {
  const comment = await db.comment.findUnique({ where: { photoId_id: { photoId, id: commentId } } });
  if (!comment) return false;
  // With those of the owner their hashtags go.
  return writeInvalidating(redis, hasHashtags(comment.text) ? [photoKey(photoId)] : [], () =>
    db.$transaction(async (tx) => {
      if (!(await deleteRow(tx, photoId, commentId))) return false;
      if (hasHashtags(comment.text)) await updateHashtags(tx, photoId, null);
      await also(tx);
      return true;
    }),
  );
}

/** Deletes a comment's row, its count and its activities. Of somebody who is hidden it counted nowhere. @returns whether there was one */
async function deleteRow(tx: Transaction, photoId: bigint, commentId: bigint): Promise<boolean> {
  const [removed] = await tx.$queryRaw<{ authorId: bigint }[]>`
    delete from comments where photo_id = ${photoId} and id = ${commentId} returning author_id as "authorId"`;
  if (!removed) return false;
  const author = (await lockPeople(tx, [removed.authorId], 'shared')).get(removed.authorId);
  if (author?.isHidden === false) await tx.photoCountDelta.create({ data: { photoId, comments: -1 } });
  await tx.activity.deleteMany({ where: { photoId, commentId } });
  return true;
}

/**
 * The same page of the comments of several photos, newest first, in one query: those by people whom the viewer may see. The caller
 * has checked that they may see the photos.
 *
 * @returns in the order of the ids
 */
export async function listComments(
  { db }: Stores,
  viewerId: bigint | null,
  photoIds: readonly bigint[],
  { first, after }: PageRequest,
): Promise<Connection<CommentRow>[]> {
  const rows = await db.$queryRaw<Omit<CommentRow, '__typename'>[]>`
    select comment.id, photo.id as "photoId", comment.author_id as "authorId", comment.text
    from unnest(${[...photoIds]}::bigint[]) photo (id)
    cross join lateral (
      select id, author_id, text from comments
      where photo_id = photo.id and id < ${after ?? MAX_ID}
        and ${personIsVisible(viewerId, sql`comments.author_id`)}
      order by id desc
      limit ${first + 1}
    ) comment
    order by comment.id desc`;
  const byPhoto = Map.groupBy(rows, (row) => row.photoId);
  return photoIds.map((photoId) => {
    const found = (byPhoto.get(photoId) ?? []).map((row) => ({ __typename: 'Comment' as const, ...row }));
    return toConnection(found.slice(0, first), (comment) => comment.id, found.length > first);
  });
}

/**
 * Comments that the viewer may see, by their keys: those by people whom they may see, about photos that they may see. A moderator also
 * sees what has been reported.
 *
 * @param loadPhotos loads the photos that the viewer may see, null for others
 * @returns in the order of the keys; null for others
 */
export async function readVisibleComments(
  stores: Stores,
  viewerId: bigint | null,
  keys: readonly CommentKey[],
  loadPhotos: (ids: readonly bigint[]) => Promise<readonly (PhotoRow | null)[]>,
): Promise<(CommentRow | null)[]> {
  const photos = await loadPhotos(keys.map(([photoId]) => photoId));
  const visible = keys.filter((_, index) => photos[index]);
  if (visible.length === 0) return keys.map(() => null);
  const rows = await readComments(stores, visible);
  const mayBeSeen = await maySeePeople(
    stores,
    viewerId,
    rows.map((row) => row.authorId),
  );
  const seen = rows.filter((_, index) => mayBeSeen[index]);
  return keys.map(([photoId, id]) => {
    const row = seen.find((comment) => comment.photoId === photoId && comment.id === id);
    return row ?? null;
  });
}
