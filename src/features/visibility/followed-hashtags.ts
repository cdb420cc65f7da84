/**
 * Which hashtags people follow, cached in Redis. The rules of the home feed need it, so it is here and not in
 * features/hashtags, which depends on this folder.
 */
import { type CachedKind, readCached } from '../../stores/cached-rows.ts';
import { idColumn } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { followedHashtagsKey } from '../records/feed-keys.ts';

const followedHashtags: CachedKind<bigint, string[]> = {
  key: followedHashtagsKey,
  ttlSeconds: 3_600,
  encode: (names) => JSON.stringify(names),
  decode: (text) => JSON.parse(text) as string[],
  async load(db, ids) {
    const rows = await db.$queryRaw<{ userId: bigint; hashtag: string }[]>`
      select user_id as "userId", hashtag from hashtag_follows where user_id = any(${idColumn(ids)})`;
    const names = new Map<bigint, string[]>(ids.map((id) => [id, []]));
    for (const { userId, hashtag } of rows) names.get(userId)?.push(hashtag);
    return names;
  },
};

/**
 * Reads the hashtags that each of these people follows.
 *
 * @param userIds each id once
 * @returns in the order of the ids
 */
export async function readFollowedHashtags(stores: Stores, userIds: readonly bigint[]): Promise<Set<string>[]> {
  const lists = await readCached(stores, followedHashtags, userIds);
  return lists.map((names) => new Set(names));
}
