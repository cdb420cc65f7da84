import type { Stores } from '../../stores/stores.ts';

/** A comment on a photo, as it is stored. */
export interface CommentRow {
  __typename: 'Comment';
  id: bigint;
  photoId: bigint;
  authorId: bigint;
  text: string;
}

/** The primary key of a comment. */
export type CommentKey = readonly [photoId: bigint, commentId: bigint];

/**
 * Reads comments by key. It checks no visibility: check visibility/rules.ts before returning one to a client.
 *
 * @param keys each once
 * @returns the comments that exist, in no order
 */
export async function readComments({ db }: Stores, keys: readonly CommentKey[]): Promise<CommentRow[]> {
  if (keys.length === 0) return [];
  const photoIds = keys.map(([photoId]) => photoId);
  const ids = keys.map(([, id]) => id);
  const rows = await db.$queryRaw<Omit<CommentRow, '__typename'>[]>`
    select id, photo_id as "photoId", author_id as "authorId", text from comments
    join unnest(${photoIds}::bigint[], ${ids}::bigint[]) key (photo_id, id) using (photo_id, id)`;
  return rows.map((row) => ({ __typename: 'Comment', ...row }));
}
