import type { PhotoRow } from './photo-rows.ts';
import type { UserRow } from './user-rows.ts';

/** Load rows by id, in the order of the ids; null for a row that does not exist. */
export interface RowLoaders {
  photos(ids: readonly bigint[]): Promise<(PhotoRow | null)[]>;
  users(ids: readonly bigint[]): Promise<(UserRow | null)[]>;
}
