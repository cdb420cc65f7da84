/**
 * Which authors a home feed reads by **fan-out on read**.
 *
 * Most photos reach home feeds by **fan-out on write**: when a photo becomes READY, a job pushes its entry into the
 * feed of each follower. For an author with more than FEED_PUSH_LIMIT followers that would take too many writes. Such
 * an author becomes a **pulled author**: from the next photo on, the fan-out pushes entries only to the author's own
 * list, and each reader merges the lists of the pulled authors they follow into their feed. An author never changes
 * back.
 *
 * The database calls a pulled author `is_heavy`, and a photo that was fanned out in this way `is_merged`.
 */
import { type CachedKind, readCached } from '../../stores/cached-rows.ts';
import { idColumn } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { pulledAuthorsKey } from '../records/feed-keys.ts';

const pulledAuthors: CachedKind<bigint, bigint[]> = {
  key: pulledAuthorsKey,
  ttlSeconds: 3_600,
  encode: (ids) => JSON.stringify(ids.map(String)),
  decode: (text) => (JSON.parse(text) as string[]).map(BigInt),
  async load(db, ids) {
    const rows = await db.$queryRaw<{ followerId: bigint; followeeId: bigint }[]>`
      select follower_id as "followerId", followee_id as "followeeId"
      from follows join users on users.id = followee_id and is_heavy
      where follower_id = any(${idColumn(ids)})
        and not exists (select from mutes where muter_id = follower_id and muted_id = followee_id)`;
    const authors = new Map<bigint, bigint[]>(ids.map((id) => [id, []]));
    for (const { followerId, followeeId } of rows) authors.get(followerId)?.push(followeeId);
    return authors;
  },
};

/** Reads the pulled authors whom a person follows and does not mute. */
export async function readPulledAuthors(stores: Stores, viewerId: bigint): Promise<bigint[]> {
  const [authors] = await readCached(stores, pulledAuthors, [viewerId]);
  return authors ?? [];
}
