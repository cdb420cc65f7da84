import { type CachedKind, readCached } from '../../stores/cached-rows.ts';
import type { Stores } from '../../stores/stores.ts';

/**
 * A person as others see them, with the columns that decide who may. Check visibility/rules.ts before returning one to
 * a client.
 */
export interface UserRow {
  __typename: 'User';
  id: bigint;
  username: string;
  displayName: string;
  bio: string;
  avatarKey: string | null;
  isPrivate: boolean;
  /** Suspended, deactivated or being deleted. */
  isHidden: boolean;
  isModerator: boolean;
}

/** The Redis key of a person. It holds the version of the stored format: raise it with every change of `Packed`. */
export function userKey(id: bigint): string {
  return `user:v2:${id}`;
}

const COLUMNS = {
  id: true,
  username: true,
  displayName: true,
  bio: true,
  avatarKey: true,
  isPrivate: true,
  isHidden: true,
  isModerator: true,
} as const;

type Packed = [string, string, string, string, string | null, boolean, boolean, boolean];

const users: CachedKind<bigint, UserRow> = {
  key: userKey,
  ttlSeconds: 3_600,
  encode({ id, username, displayName, bio, avatarKey, isPrivate, isHidden, isModerator }) {
    const packed: Packed = [String(id), username, displayName, bio, avatarKey, isPrivate, isHidden, isModerator];
    return JSON.stringify(packed);
  },
  decode(text) {
    const [id, username, displayName, bio, avatarKey, isPrivate, isHidden, isModerator] = JSON.parse(text) as Packed;
    const names = { username, displayName, bio, avatarKey };
    return { __typename: 'User', id: BigInt(id), ...names, isPrivate, isHidden, isModerator };
  },
  async load(db, ids) {
    const rows = await db.user.findMany({ where: { id: { in: [...ids] } }, select: COLUMNS });
    return new Map(rows.map((row) => [row.id, { __typename: 'User' as const, ...row }]));
  },
};

/** Reads people by id, in the order of the ids; null for a person who does not exist. */
export function readUsers(stores: Stores, ids: readonly bigint[]): Promise<(UserRow | null)[]> {
  return readCached(stores, users, ids);
}
