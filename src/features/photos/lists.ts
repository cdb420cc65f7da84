import { sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import type { Connection, PageRequest } from '../kernel/paging.ts';
import { readListOfEach } from '../kernel/read-list.ts';
import type { RowLoaders } from '../records/load-rows.ts';
import type { PhotoRow } from '../records/photo-rows.ts';

/**
 * The same page of the photos of several people, newest first, in one query. The caller has checked that the viewer may
 * see what is within their accounts.
 *
 * @param viewerId null without a session
 * @param loadPhotos loads photos by id
 * @returns in the order of the ids
 */
export function listPhotosOf(
  stores: Stores,
  viewerId: bigint | null,
  ownerIds: readonly bigint[],
  request: PageRequest,
  loadPhotos: RowLoaders['photos'],
): Promise<Connection<PhotoRow>[]> {
  return readListOfEach(stores, ownerIds, request, {
    page: { table: sql`photos`, parentId: sql`owner_id`, sortId: sql`published_id`, columns: sql`id` },
    rules: viewerId === null ? sql`hidden_at is null` : sql`(hidden_at is null or owner_id = ${viewerId})`,
    load: (entries: readonly { id: bigint }[]) => loadPhotos(entries.map((entry) => entry.id)),
    answer: (photo) => photo,
  });
}
