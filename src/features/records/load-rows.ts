import type { PhotoRow } from './photo-rows.ts';
import type { UserRow } from './user-rows.ts';

/** Puts rows in the order of the ids by which they were requested; null for an id without a row. */
export function inOrder<Row extends { id: bigint }>(ids: readonly bigint[], rows: readonly Row[]): (Row | null)[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** Load rows by id, in the order of the ids; null for a row that does not exist. */
export interface RowLoaders {
  photos(ids: readonly bigint[]): Promise<(PhotoRow | null)[]>;
  users(ids: readonly bigint[]): Promise<(UserRow | null)[]>;
}
