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

/** The authors whom a person follows and does not mute, and whose photos are not pushed but merged in at reading. */
export async function readPulledAuthors(stores: Stores, viewerId: bigint): Promise<bigint[]> {
  const [authors] = await readCached(stores, pulledAuthors, [viewerId]);
  return authors ?? [];
}
