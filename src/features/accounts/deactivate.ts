import type { Stores } from '../../stores/stores.ts';
import { changeAccountVisibility } from './account-visibility.ts';

/** For so long a deactivated account can be restored by logging in. After that it is deleted. */
const RESTORABLE_FOR_DAYS = 30;
const DAY_MS = 24 * 3_600_000;

/** An account that was deactivated before this moment can no longer be restored. */
export function restoreCutoff(): Date {
  return new Date(Date.now() - RESTORABLE_FOR_DAYS * DAY_MS);
}

/**
 * Hides an account with all its content and ends its sessions. The caller has checked the password.
 *
 * @returns when the account will be deleted, unless its owner logs in before
 */
export async function deactivateAccount(stores: Stores, userId: bigint): Promise<Date> {
  const deactivatedAt = new Date();
  await changeAccountVisibility(stores, userId, (tx) =>
    tx.user.update({ where: { id: userId }, data: { deactivatedAt } }),
  );
  return new Date(deactivatedAt.getTime() + RESTORABLE_FOR_DAYS * DAY_MS);
}

/** Restores a deactivated account. */
export async function restoreAccount(stores: Stores, userId: bigint): Promise<void> {
  await changeAccountVisibility(stores, userId, (tx) =>
    tx.user.update({ where: { id: userId }, data: { deactivatedAt: null } }),
  );
}
