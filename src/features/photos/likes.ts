import { readRelations, relationFromTable, writeInvalidatingRelations } from '../../stores/cached-relations.ts';
import { sql, violatesForeignKey } from '../../stores/postgres.ts';
import { personKey } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { requireReadyPhoto } from './require-photo.ts';

const likes = relationFromTable((id) => personKey('likes', id), sql`likes`, sql`user_id`, sql`photo_id`);

/** Reads whether a person likes each of these photos, in the order of the ids. */
export function readLikes(stores: Stores, userId: bigint, photoIds: readonly bigint[]): Promise<boolean[]> {
  return readRelations(stores, likes, userId, photoIds);
}

/**
 * Likes a photo. Idempotent.
 *
 * @throws UserErrors NOT_FOUND or NOT_READY
 */
export async function likePhoto(stores: Stores, userId: bigint, photoId: bigint): Promise<void> {
  const photo = await requireReadyPhoto(stores, userId, photoId);
  await writeInvalidatingRelations(stores.redis, likes, [[userId, photoId]], async () => {
    try {
      // One statement writes the row and its delta, or neither. A hidden person adds no like. The row lock keeps the
      // person from becoming hidden until the transaction ends.
      await stores.db.$executeRaw`
        with me as materialized (
          select id from users where id = ${userId} and not is_hidden for key share
        ), added as (
          insert into likes (photo_id, user_id, id) select ${photo.id}, id, next_id(id) from me
          on conflict do nothing
          returning photo_id
        )
        insert into photo_count_deltas (photo_id, likes, news)
        select photo_id, 1, case when ${photo.ownerId} = ${userId} or exists (
          select from mutes where muter_id = ${photo.ownerId} and muted_id = ${userId}
        ) then 0 else 1 end
        from added`;
    } catch (error) {
      // The photo was deleted after the first check. Check again to return the usual error.
      if (violatesForeignKey(error)) await requireReadyPhoto(stores, userId, photoId);
      throw error;
    }
  });
}

/**
 * Removes a like. Idempotent.
 *
 * @throws UserErrors NOT_FOUND or NOT_READY
 */
export async function unlikePhoto(stores: Stores, userId: bigint, photoId: bigint): Promise<void> {
  const photo = await requireReadyPhoto(stores, userId, photoId);
  await writeInvalidatingRelations(stores.redis, likes, [[userId, photoId]], async () => {
    await stores.db.$executeRaw`
      with me as materialized (
        select id from users where id = ${userId} and not is_hidden for key share
      ), removed as (
        delete from likes using me where photo_id = ${photo.id} and user_id = me.id returning photo_id
      )
      insert into photo_count_deltas (photo_id, likes) select photo_id, -1 from removed`;
  });
}
