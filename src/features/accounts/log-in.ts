import type { Stores } from '../../stores/stores.ts';
import { UserErrors, userError } from '../kernel/errors.ts';
import { checkText } from '../kernel/validate.ts';
import { lockPeople } from '../visibility/locks.ts';
import { restorableSince, restoreAccount } from './deactivate.ts';
import { hashPassword, passwordMatches } from './passwords.ts';
import { createSession, endSessions, type SessionRow } from './sessions.ts';
import { throttle, throttles } from './throttles.ts';

/** What wrong passwords for an account are counted under: the same by whichever of its names it is tried. */
function accountOf(userId: bigint): string {
  return `id ${userId}`;
}

/**
 * Checks a password within the limits on wrong ones. Each try is counted before it is made, so that many at once are
 * not more than the limit, and is taken back when it was right.
 *
 * @param account what the tries are counted for; the same for an account that does not exist
 * @throws RATE_LIMITED after too many wrong ones
 */
async function checkPassword(
  stores: Stores,
  account: string,
  address: string,
  stored: string | null,
  password: string,
) {
  await throttle(stores.redis, 'login-address', address, 'wrong passwords');
  await throttle(stores.redis, 'login-account', account, 'wrong passwords');
  const right = password.length <= 1_000 && (await passwordMatches(stored, password));
  const limits = throttles(stores.redis);
  if (right) await Promise.all([limits['login-account'].delete(account), limits['login-address'].reward(address)]);
  return right;
}

/**
 * Logs in by username or e-mail address. For an unknown one it answers the same as for a wrong password, and in the same time. An
 * account that was deactivated lately is restored by it.
 *
 * @param address the client's network address
 * @throws UserErrors WRONG_CREDENTIALS, or SUSPENDED; RATE_LIMITED after too many
 */
export async function logIn(
  stores: Stores,
  address: string,
  input: { login: string; password: string; device: string },
): Promise<{ token: string; userId: bigint }> {
  const userErrors = [
    ...checkText('The login', input.login, 1, 254, 'login'),
    ...checkText("The device's name", input.device, 0, 100, 'device'),
  ];
  if (userErrors.length > 0) throw new UserErrors(userErrors);
  const login = input.login.trim().toLowerCase();
  const where = login.includes('@') ? { email: login } : { username: login };
  const found = await stores.db.user.findUnique({
    where,
    select: { id: true, passwordHash: true, suspendedAt: true, deactivatedAt: true, deletingAt: true },
  });
  // Whoever is being deleted, or is about to be, is nobody already.
  const isGone = found?.deletingAt || (found?.deactivatedAt && found.deactivatedAt < restorableSince());
  const user = isGone ? null : found;
  const account = user ? accountOf(user.id) : `login ${login}`;
  if (!(await checkPassword(stores, account, address, user?.passwordHash ?? null, input.password)) || !user) {
    throw userError('WRONG_CREDENTIALS', 'The username or e-mail address, or the password, is wrong.');
  }
  if (user.suspendedAt) throw suspended();
  if (user.deactivatedAt) await restoreAccount(stores, user.id);
  const token = await stores.db.$transaction(async (tx) => {
    // Hidden since it was looked up: its sessions have been ended, and this would be one more.
    const now = (await lockPeople(tx, [user.id], 'shared')).get(user.id);
    if (now?.isHidden !== false) throw suspended();
    return createSession(stores, tx, user.id, input.device);
  });
  return { token, userId: user.id };
}

function suspended() {
  return userError('SUSPENDED', 'This account is suspended: moderators found something against the rules.');
}

/**
 * Checks a person's password once more, before something that cannot be undone.
 *
 * @throws UserErrors WRONG_CREDENTIALS for the field; RATE_LIMITED after too many wrong ones
 */
export async function confirmPassword(
  stores: Stores,
  userId: bigint,
  address: string,
  password: string,
  field = 'password',
): Promise<void> {
  const { passwordHash } = await stores.db.user.findUniqueOrThrow({
    where: { id: userId },
    select: { passwordHash: true },
  });
  if (!(await checkPassword(stores, accountOf(userId), address, passwordHash, password))) {
    throw userError('WRONG_CREDENTIALS', 'The password is wrong.', field);
  }
}

/**
 * Changes the password and ends all other sessions, together.
 *
 * @param session the one that stays
 * @throws UserErrors when the old password is wrong or the new one not allowed; RATE_LIMITED after too many wrong ones
 */
export async function changePassword(
  stores: Stores,
  session: SessionRow,
  address: string,
  input: { currentPassword: string; newPassword: string },
): Promise<void> {
  const userErrors = checkText('The new password', input.newPassword, 8, 200, 'newPassword');
  if (userErrors.length > 0) throw new UserErrors(userErrors);
  await confirmPassword(stores, session.userId, address, input.currentPassword, 'currentPassword');
  const passwordHash = await hashPassword(input.newPassword);
  await endSessions(stores, session.userId, { except: session.id }, async (tx) => {
    await tx.user.update({ where: { id: session.userId }, data: { passwordHash } });
  });
}
