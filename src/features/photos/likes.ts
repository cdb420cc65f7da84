import { readRelations, relationFromTable, writeInvalidatingRelations } from '../../stores/cached-relations.ts';
import { sql, violatesForeignKey } from '../../stores/postgres.ts';
import { personKey } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { requireReadyPhoto } from './require-photo.ts';

const likes = relationFromTable((id) => personKey('likes', id), sql`likes`, sql`user_id`, sql`photo_id`);

/** Whether a person likes each of these photos, in the order of the ids. */
export function readLikes(stores: Stores, userId: bigint, photoIds: readonly bigint[]): Promise<boolean[]> {
  return readRelations(stores, likes, userId, photoIds);
}

/**
 * Likes a photo. Again changes nothing.
 *
 * @throws UserErrors NOT_FOUND or NOT_READY
 */
export async function likePhoto(stores: Stores, userId: bigint, photoId: bigint): Promise<void> {
  const photo = await requireReadyPhoto(stores, userId, photoId);
  await writeInvalidatingRelations(stores.redis, likes, [[userId, photoId]], async () => {
    try {
      // The row and its delta, or neither. Who is hidden at this moment likes nothing more; the lock lets it not happen meanwhile.
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
      // Deleted since it was looked up: look again, for the same answer.
      if (violatesForeignKey(error)) await requireReadyPhoto(stores, userId, photoId);
      throw error;
    }
  });
}

/**
 * Takes a like back. Without one it changes nothing.
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
