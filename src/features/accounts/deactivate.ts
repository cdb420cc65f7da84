import type { Stores } from '../../stores/stores.ts';
import { changeHidden } from './hiding.ts';

/** How long an account that was deactivated can be restored by logging in. Then it is deleted. */
const RESTORABLE_DAYS = 30;
const DAY_MS = 24 * 3_600_000;

/** Accounts that were deactivated before this moment cannot be restored any more. */
export function restorableSince(): Date {
  return new Date(Date.now() - RESTORABLE_DAYS * DAY_MS);
}

/**
 * Hides an account with all that is in it and ends its sessions. The caller has checked the password.
 *
 * @returns when it will be deleted unless it is logged in to
 */
export async function deactivateAccount(stores: Stores, userId: bigint): Promise<Date> {
  const deactivatedAt = new Date();
  await changeHidden(stores, userId, (tx) => tx.user.update({ where: { id: userId }, data: { deactivatedAt } }));
  return new Date(deactivatedAt.getTime() + RESTORABLE_DAYS * DAY_MS);
}

/** Shows an account again that was deactivated. */
export async function restoreAccount(stores: Stores, userId: bigint): Promise<void> {
  await changeHidden(stores, userId, (tx) => tx.user.update({ where: { id: userId }, data: { deactivatedAt: null } }));
}
