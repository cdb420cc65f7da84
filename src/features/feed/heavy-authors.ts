import { type CachedKind, readCached } from '../../stores/cache.ts';
import type { Stores } from '../../stores/stores.ts';
import { heavyKey } from './keys.ts';

/** The authors whom a person follows and does not mute, and whose photos are not pushed but merged in at reading. */
export async function readHeavyAuthors({ db, redis }: Stores, viewerId: bigint): Promise<bigint[]> {
  const kind: CachedKind<bigint, bigint[]> = {
    key: heavyKey,
    ttlSeconds: 3_600,
    encode: (ids) => JSON.stringify(ids.map(String)),
    decode: (text) => (JSON.parse(text) as string[]).map(BigInt),
    async load() {
      const where = { followerId: viewerId, followee: { isHeavy: true, mutedBy: { none: { muterId: viewerId } } } };
      const rows = await db.follow.findMany({ where, select: { followeeId: true } });
      return new Map([[viewerId, rows.map((row) => row.followeeId)]]);
    },
  };
  const [authors] = await readCached(redis, kind, [viewerId]);
  return authors ?? [];
}
