import { nextId, violatesForeignKey } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { Mistakes, mistake } from '../errors.ts';
import { once } from '../idempotency.ts';
import { type Connection, type PageRequest, toConnection } from '../paging.ts';
import { checkText } from '../validate.ts';
import { requireReadyPhoto } from './access.ts';
import { readVisiblePhoto } from './changes.ts';

/** What somebody wrote about a photo. */
export interface CommentRow {
  __typename: 'Comment';
  id: bigint;
  photoId: bigint;
  authorId: bigint;
  text: string;
}

/**
 * Writes about a photo.
 *
 * @throws Mistakes NOT_FOUND, NOT_READY, or what is wrong with the text or the key
 */
export async function addComment(
  stores: Stores,
  authorId: bigint,
  photoId: bigint,
  input: { text: string; idempotencyKey?: string | null | undefined },
): Promise<CommentRow> {
  const text = input.text.trim();
  const mistakes = checkText('A comment', text, 1, 1_000, 'text');
  if (mistakes.length > 0) throw new Mistakes(mistakes);
  await requireReadyPhoto(stores, authorId, photoId);
  const key = { userId: authorId, key: input.idempotencyKey, mutation: 'addComment', input: [String(photoId), text] };
  try {
    const comment = await stores.db.$transaction(async (tx) => {
      const newId = await nextId(tx, authorId);
      const id = await once(tx, key, newId, async () => {
        await tx.comment.create({ data: { photoId, id: newId, authorId, text } });
        await tx.photoCountDelta.create({ data: { photoId, comments: 1 } });
      });
      return tx.comment.findUnique({ where: { photoId_id: { photoId, id } } });
    });
    if (!comment) throw mistake('NOT_FOUND', 'The comment that this key made has been deleted.', 'idempotencyKey');
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
 * @throws Mistakes NOT_FOUND, also when the viewer neither wrote it nor owns the photo
 */
export async function deleteComment(
  stores: Stores,
  viewerId: bigint,
  photoId: bigint,
  commentId: bigint,
): Promise<void> {
  // The row and its delta, or neither.
  const deleted = await stores.db.$executeRaw`
    with removed as (
      delete from comments using photos
      where comments.photo_id = ${photoId} and comments.id = ${commentId} and photos.id = comments.photo_id
        and (comments.author_id = ${viewerId} or photos.owner_id = ${viewerId})
      returning comments.photo_id
    )
    insert into photo_count_deltas (photo_id, comments) select photo_id, -1 from removed`;
  if (deleted === 0) throw mistake('NOT_FOUND', 'You have no such comment to delete.', 'commentId');
}

/**
 * The same page of the comments of several photos, newest first, in one query. The caller has checked that the viewer may see
 * the photos.
 *
 * @returns in the order of the ids
 */
export async function listComments(
  { db }: Stores,
  photoIds: readonly bigint[],
  { first, after }: PageRequest,
): Promise<Connection<CommentRow>[]> {
  const rows = await db.$queryRaw<Omit<CommentRow, '__typename'>[]>`
    select comment.id, photo.id as "photoId", comment.author_id as "authorId", comment.text
    from unnest(${[...photoIds]}::bigint[]) photo (id)
    cross join lateral (
      select id, author_id, text from comments
      where photo_id = photo.id and id < ${after ?? 2n ** 63n - 1n}
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

/** A comment whose photo the viewer may see; null otherwise. */
export async function readVisibleComment(
  stores: Stores,
  viewerId: bigint | null,
  photoId: bigint,
  id: bigint,
): Promise<CommentRow | null> {
  if (!(await readVisiblePhoto(stores, viewerId, photoId))) return null;
  const row = await stores.db.comment.findUnique({ where: { photoId_id: { photoId, id } } });
  return row && { __typename: 'Comment', ...row };
}
