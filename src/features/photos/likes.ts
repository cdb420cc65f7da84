import { type FactKind, readFacts, writeFact } from '../../stores/cache.ts';
import { violatesForeignKey } from '../../stores/postgres.ts';
import { personKey } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { requireReadyPhoto } from './access.ts';

function likeFacts({ db }: Stores): FactKind {
  return {
    key: (personId) => personKey('likes', personId),
    async load(userId, ids) {
      const rows = await db.like.findMany({ where: { userId, photoId: { in: [...ids] } }, select: { photoId: true } });
      return rows.map((row) => row.photoId);
    },
  };
}

/** Whether a person likes each of these photos, in the order of the ids. */
export function readLikes(stores: Stores, userId: bigint, photoIds: readonly bigint[]): Promise<boolean[]> {
  return readFacts(stores.redis, likeFacts(stores), userId, photoIds);
}

/**
 * Likes a photo. Again changes nothing.
 *
 * @throws Mistakes NOT_FOUND or NOT_READY
 */
export async function likePhoto(stores: Stores, userId: bigint, photoId: bigint): Promise<void> {
  const photo = await requireReadyPhoto(stores, userId, photoId);
  await writeFact(stores.redis, likeFacts(stores), userId, photoId, async () => {
    try {
      // The row and its delta, or neither.
      await stores.db.$executeRaw`
        with added as (
          insert into likes (photo_id, user_id) values (${photo.id}, ${userId}) on conflict do nothing returning photo_id
        )
        insert into photo_count_deltas (photo_id, likes) select photo_id, 1 from added`;
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
 * @throws Mistakes NOT_FOUND or NOT_READY
 */
export async function unlikePhoto(stores: Stores, userId: bigint, photoId: bigint): Promise<void> {
  const photo = await requireReadyPhoto(stores, userId, photoId);
  await writeFact(stores.redis, likeFacts(stores), userId, photoId, async () => {
    await stores.db.$executeRaw`
      with removed as (
        delete from likes where photo_id = ${photo.id} and user_id = ${userId} returning photo_id
      )
      insert into photo_count_deltas (photo_id, likes) select photo_id, -1 from removed`;
  });
}
