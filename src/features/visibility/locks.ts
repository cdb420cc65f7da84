import { type Sql, sql, type Transaction } from '../../stores/postgres.ts';

/** The columns of `users` that the visibility rules depend on. */
export interface LockedPerson {
  isPrivate: boolean;
  isHidden: boolean;
}

/**
 * Locks the rows of people until the transaction ends. It locks them in the order of their ids, so that two
 * transactions never deadlock.
 *
 * `shared`: for following, liking and commenting. Until the transaction ends, neither person can become private, hidden
 * or blocked. Shared locks do not block each other, nor ordinary updates of the rows. `exclusive`: for changing
 * whether a person is private, hidden or blocked. An exclusive lock waits for shared locks and blocks new ones. Every
 * lock reads the values as of the moment when it is granted.
 *
 * @returns by id, without the people who do not exist
 */
export async function lockPeople(
  tx: Transaction,
  ids: readonly bigint[],
  mode: 'shared' | 'exclusive',
): Promise<Map<bigint, LockedPerson>> {
  const lock: Sql = mode === 'exclusive' ? sql`for update` : sql`for key share`;
  const rows = await tx.$queryRaw<({ id: bigint } & LockedPerson)[]>`
    select id, is_private as "isPrivate", is_hidden as "isHidden" from users
    where id = any(${[...ids]}::bigint[]) order by id ${lock}`;
  return new Map(rows.map(({ id, ...person }) => [id, person]));
}
