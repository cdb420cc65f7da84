import type { PhotoFailureCode, PhotoStatus } from '../../generated/graphql.ts';
import type { Stores } from '../../stores/stores.ts';

/** The columns of `users` that only the account's owner may see. */
export interface AccountRow {
  id: bigint;
  email: string;
  emailVerifiedAt: Date | null;
  avatarStatus: PhotoStatus | null;
  avatarFailure: PhotoFailureCode | null;
}

/** Reads accounts by id, in the order of the ids. @returns an Error for an id without an account */
export async function readAccounts({ db }: Stores, ids: readonly bigint[]): Promise<(AccountRow | Error)[]> {
  const rows = await db.user.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, email: true, emailVerifiedAt: true, avatarStatus: true, avatarFailure: true },
  });
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? new Error(`A session refers to a missing user: ${id}.`));
}
