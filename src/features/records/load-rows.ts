import type { PhotoRow } from './photo-rows.ts';
import type { UserRow } from './user-rows.ts';

/** Loads rows by id, null for what does not exist. */
export interface RowLoaders {
  photos(ids: readonly bigint[]): Promise<(PhotoRow | null)[]>;
  users(ids: readonly bigint[]): Promise<(UserRow | null)[]>;
}
