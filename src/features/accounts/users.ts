import { type CachedKind, readCached } from '../../stores/cache.ts';
import type { Stores } from '../../stores/stores.ts';

/** A person as others see them. */
export interface UserRow {
  __typename: 'User';
  id: bigint;
  username: string;
  displayName: string;
  bio: string;
}

/** The Redis key of a person. */
export function userKey(id: bigint): string {
  return `user:${id}`;
}

/** Reads people by id, in the order of the ids. */
export function readUsers({ db, redis }: Stores, ids: readonly bigint[]): Promise<(UserRow | null)[]> {
  const kind: CachedKind<bigint, UserRow> = {
    key: userKey,
    ttlSeconds: 3_600,
    encode: ({ id, username, displayName, bio }) => JSON.stringify([String(id), username, displayName, bio]),
    decode(text) {
      const [id, username, displayName, bio] = JSON.parse(text) as [string, string, string, string];
      return { __typename: 'User', id: BigInt(id), username, displayName, bio };
    },
    async load(missing) {
      const rows = await db.user.findMany({
        where: { id: { in: [...missing] } },
        select: { id: true, username: true, displayName: true, bio: true },
      });
      return new Map(rows.map((row) => [row.id, { __typename: 'User' as const, ...row }]));
    },
  };
  return readCached(redis, kind, ids);
}

/** What a username is made of, in small letters. */
export const USERNAME = /^[a-z0-9._]{3,30}$/;

/** The person with a username, whatever its capitals; null also for what no username can be. */
export async function findUsername(stores: Stores, username: string): Promise<bigint | null> {
  if (!USERNAME.test(username.toLowerCase())) return null;
  const row = await stores.db.user.findUnique({ where: { username: username.toLowerCase() }, select: { id: true } });
  return row?.id ?? null;
}
