import type { Stores } from '../../stores/stores.ts';

/** What a person wrote about a photo. */
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
 * Reads comments, in no order, whoever may see them: ask visibility/rules.ts before handing one out.
 *
 * @returns those that exist
 */
export async function readComments({ db }: Stores, keys: readonly CommentKey[]): Promise<CommentRow[]> {
  if (keys.length === 0) return [];
  const rows = await db.comment.findMany({ where: { OR: keys.map(([photoId, id]) => ({ photoId, id })) } });
  return rows.map((row) => ({ __typename: 'Comment', ...row }));
}
