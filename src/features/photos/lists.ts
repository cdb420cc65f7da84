import { MAX_ID } from '../../stores/ids.ts';
import { sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { type Connection, type PageRequest, toConnection } from '../kernel/paging.ts';
import type { PhotoRow } from '../records/photo-rows.ts';

/**
 * The same page of the photos of several people, newest first, in one query. The caller has checked that the viewer may see what is within
 * their accounts.
 *
 * @param loadPhotos loads photos by id
 * @returns in the order of the ids
 */
export async function listPhotosOf(
  { db }: Stores,
  viewerId: bigint | null,
  ownerIds: readonly bigint[],
  { first, after }: PageRequest,
  loadPhotos: (ids: readonly bigint[]) => Promise<readonly (PhotoRow | null)[]>,
): Promise<Connection<PhotoRow>[]> {
  const shown = viewerId === null ? sql`hidden_at is null` : sql`(hidden_at is null or owner_id = ${viewerId})`;
  const rows = await db.$queryRaw<{ id: bigint; ownerId: bigint }[]>`
    select photo.id, owner.id as "ownerId"
    from unnest(${[...ownerIds]}::bigint[]) owner (id)
    cross join lateral (
      select id, published_id from photos
      where owner_id = owner.id and published_id < ${after ?? MAX_ID} and ${shown}
      order by published_id desc
      limit ${first + 1}
    ) photo
    order by photo.published_id desc`;
  const photos = await loadPhotos(rows.map((row) => row.id));
  const byOwner = Map.groupBy(
    photos.filter((photo) => photo !== null),
    (photo) => photo.ownerId,
  );
  return ownerIds.map((ownerId) => {
    const found = byOwner.get(ownerId) ?? [];
    return toConnection(found.slice(0, first), (photo) => photo.publishedId ?? 0n, found.length > first);
  });
}
