import type { PhotoFailureCode, PhotoStatus } from '../../generated/graphql.ts';
import type { Stores } from '../../stores/stores.ts';

/** What only a person themselves may see of their account. */
export interface AccountRow {
  id: bigint;
  email: string;
  emailVerifiedAt: Date | null;
  avatarStatus: PhotoStatus | null;
  avatarFailure: PhotoFailureCode | null;
}

/** Reads accounts by id, in the order of the ids. @returns an Error in the place of one that does not exist */
export async function readAccounts({ db }: Stores, ids: readonly bigint[]): Promise<(AccountRow | Error)[]> {
  const rows = await db.user.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, email: true, emailVerifiedAt: true, avatarStatus: true, avatarFailure: true },
  });
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => found.get(id) ?? new Error(`The session of a person who does not exist: ${id}.`));
}
