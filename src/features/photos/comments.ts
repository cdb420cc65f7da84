import { writeInvalidating } from '../../stores/cached-rows.ts';
import { addJob } from '../../stores/jobs.ts';
import { nextId, sql, type Transaction, transact, violatesForeignKey } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { recordMentions } from '../activity/mentions.ts';
import { recordActivities } from '../activity/record.ts';
import { hasHashtags, syncPhotoHashtags, writeInvalidatingHashtags } from '../hashtags/photo-hashtags.ts';
import type { ClientText } from '../kernel/client-text.ts';
import { userError } from '../kernel/errors.ts';
import { withIdempotencyKey } from '../kernel/idempotency.ts';
import type { Connection, PageRequest } from '../kernel/paging.ts';
import { readListOfEach } from '../kernel/read-list.ts';
import { requireText, trim } from '../kernel/validate.ts';
import { type CommentKey, type CommentRow, readComments } from '../records/comment-rows.ts';
import { type PhotoRow, photoKey } from '../records/photo-rows.ts';
import { lockPeople } from '../visibility/locks.ts';
import { maySeePeople } from '../visibility/rules.ts';
import { personIsVisible } from '../visibility/sql-conditions.ts';
import { requireReadyPhoto } from './require-photo.ts';

/**
 * Adds a comment to a photo.
 *
 * @param input `text`: 1 to 1,000 characters after trimming
 * @throws UserErrors NOT_FOUND or NOT_READY for the photo, or the errors of the text or the key
 */
export async function addComment(
  stores: Stores,
  authorId: bigint,
  photoId: bigint,
  input: { text: ClientText; idempotencyKey?: ClientText | null | undefined },
): Promise<CommentRow> {
  const text = requireText(input.text, { what: 'A comment', min: 1, max: 1_000, field: ['text'], clean: trim });
  const photo = await requireReadyPhoto(stores, authorId, photoId);
  const { ownerId } = photo;
  const addsHashtags = authorId === ownerId && hasHashtags(text);
  const key = { userId: authorId, key: input.idempotencyKey, mutation: 'addComment', input: [String(photoId), text] };
  try {
    const write = () =>
      transact(stores.db, async (tx) => {
        const newId = await nextId(tx, authorId);
        const id = await withIdempotencyKey(tx, key, newId, async () => {
          // Lock the owner too, because the activity row refers to them. Blocking and hiding lock in the same order.
          const author = (await lockPeople(tx, [authorId, ownerId], 'shared')).get(authorId);
          if (author?.isHidden !== false) throw userError('NOT_FOUND', 'There is no such photo.', 'photoId');
          await tx.comment.create({ data: { photoId, id: newId, authorId, text } });
          await tx.photoCountDelta.create({ data: { photoId, comments: 1 } });
          const subject = { photoId, commentId: newId };
          if (authorId !== ownerId) {
            const activity = { recipientId: ownerId, kind: 'COMMENT' as const, subjectId: newId, actorId: authorId };
            await recordActivities(tx, [{ ...activity, ...subject }]);
          }
          await recordMentions(tx, { text, authorId, ownerId, ...subject });
          if (addsHashtags) await syncPhotoHashtags(tx, photoId, 'text');
          await addJob(tx, 'commentAdded', { photoId: String(photoId), commentId: String(newId) });
        });
        return tx.comment.findUnique({ where: { photoId_id: { photoId, id } } });
      });
    const comment = await (addsHashtags ? writeInvalidatingHashtags(stores, photo, text, write) : write());
    if (!comment) throw userError('NOT_FOUND', 'The comment that this key made has been deleted.', 'idempotencyKey');
    return { __typename: 'Comment', ...comment };
  } catch (error) {
    // The photo was deleted after the first check. Check again to return the usual error.
    if (violatesForeignKey(error)) await requireReadyPhoto(stores, authorId, photoId);
    throw error;
  }
}

/**
 * Deletes a comment of the viewer, or on the viewer's photo.
 *
 * @throws UserErrors NOT_FOUND, also when the viewer neither wrote the comment nor owns the photo
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
  const mayDelete = comment?.authorId === viewerId || comment?.ownerId === viewerId;
  const deleted =
    mayDelete &&
    (await removeComment(stores, photoId, commentId, async (tx) => {
      // Moderators have nothing left to decide, and no id by which to close the reports.
      await tx.report.deleteMany({ where: { photoId, commentId } });
    }));
  if (!deleted) throw userError('NOT_FOUND', 'You have no such comment to delete.', 'commentId');
}

/**
 * Deletes a comment with its count, its activities and its hashtags, in one transaction.
 *
 * @param alsoWrite writes more in the same transaction; runs only if the comment existed
 * @returns whether the comment existed
 */
export async function removeComment(
  { db, redis }: Stores,
  photoId: bigint,
  commentId: bigint,
  alsoWrite: (tx: Transaction) => Promise<void>,
): Promise<boolean> {
  const comment = await db.comment.findUnique({ where: { photoId_id: { photoId, id: commentId } } });
  if (!comment) return false;
  // The hashtags of the owner's comments are hashtags of the photo, so the cached photo row changes too.
  return writeInvalidating(redis, hasHashtags(comment.text) ? [photoKey(photoId)] : [], () =>
    db.$transaction(async (tx) => {
      if (!(await deleteCommentRow(tx, photoId, commentId))) return false;
      if (hasHashtags(comment.text)) await syncPhotoHashtags(tx, photoId, null);
      await alsoWrite(tx);
      return true;
    }),
  );
}

/**
 * Deletes a comment's row, its count and its activities. A hidden person's comment is not counted, so it adds no delta.
 *
 * @returns whether the row existed
 */
async function deleteCommentRow(tx: Transaction, photoId: bigint, commentId: bigint): Promise<boolean> {
  const [removed] = await tx.$queryRaw<{ authorId: bigint }[]>`
    delete from comments where photo_id = ${photoId} and id = ${commentId} returning author_id as "authorId"`;
  if (!removed) return false;
  const author = (await lockPeople(tx, [removed.authorId], 'shared')).get(removed.authorId);
  if (author?.isHidden === false) await tx.photoCountDelta.create({ data: { photoId, comments: -1 } });
  await tx.activity.deleteMany({ where: { photoId, commentId } });
  return true;
}

/**
 * The same page of the comments of several photos, newest first, in one query: those by people whom the viewer may see.
 * The caller has checked that the viewer may see the photos.
 *
 * @param viewerId null without a session
 * @returns in the order of the ids
 */
export function listComments(
  stores: Stores,
  viewerId: bigint | null,
  photoIds: readonly bigint[],
  request: PageRequest,
): Promise<Connection<CommentRow>[]> {
  return readListOfEach(stores, photoIds, request, {
    page: {
      table: sql`comments`,
      parentId: sql`photo_id`,
      sortId: sql`id`,
      columns: sql`id, photo_id as "photoId", author_id as "authorId", text`,
    },
    rules: personIsVisible(viewerId, sql`comments.author_id`),
    load: async (comments: readonly Omit<CommentRow, '__typename'>[]) => comments,
    answer: ({ id, photoId, authorId, text }) => ({ __typename: 'Comment', id, photoId, authorId, text }) as const,
  });
}

/**
 * Reads comments by their keys: those that people whom the viewer may see wrote about photos that the viewer may see. A
 * moderator also sees reported comments.
 *
 * @param loadPhotos loads the photos that the viewer may see, null for others
 * @returns in the order of the keys; null for the other comments
 */
export async function readVisibleComments(
  stores: Stores,
  viewerId: bigint | null,
  keys: readonly CommentKey[],
  loadPhotos: (ids: readonly bigint[]) => Promise<readonly (PhotoRow | null)[]>,
): Promise<(CommentRow | null)[]> {
  const photos = await loadPhotos(keys.map(([photoId]) => photoId));
  const onVisiblePhotos = keys.filter((_, index) => photos[index]);
  if (onVisiblePhotos.length === 0) return keys.map(() => null);
  const rows = await readComments(stores, onVisiblePhotos);
  const maySeeAuthor = await maySeePeople(
    stores,
    viewerId,
    rows.map((row) => row.authorId),
  );
  const visible = rows.filter((_, index) => maySeeAuthor[index]);
  const byKey = new Map(visible.map((comment) => [`${comment.photoId}:${comment.id}`, comment]));
  return keys.map(([photoId, id]) => byKey.get(`${photoId}:${id}`) ?? null);
}
