import { type Sql, sql, type Transaction } from '../../stores/postgres.ts';

/** What of a person decides whether others may do something to them. */
export interface LockedPerson {
  isPrivate: boolean;
  isHidden: boolean;
}

/**
 * Locks people's rows until the transaction ends, in the order of their ids, so that two transactions never wait for each other.
 *
 * `steady`: whoever follows, likes or writes keeps both people from becoming private, hidden or blocked until it is done. Any number
 * of these run beside each other, and beside other changes of the rows. `change`: whoever changes one of these things waits for
 * them, and they for it; what they then read is as it has become.
 *
 * @returns those who exist
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
