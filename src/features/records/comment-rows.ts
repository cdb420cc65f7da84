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
 * @returns the comments that exist, in no order
 */
export async function readComments({ db }: Stores, keys: readonly CommentKey[]): Promise<CommentRow[]> {
  if (keys.length === 0) return [];
  const rows = await db.comment.findMany({ where: { OR: keys.map(([photoId, id]) => ({ photoId, id })) } });
  return rows.map((row) => ({ __typename: 'Comment', ...row }));
}
