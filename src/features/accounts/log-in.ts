import type { Stores } from '../../stores/stores.ts';
import { boundText, type ClientText } from '../kernel/client-text.ts';
import { type UserError, UserErrors, userError } from '../kernel/errors.ts';
import { readText, requireText } from '../kernel/validate.ts';
import { lockPeople } from '../visibility/locks.ts';
import { restoreAccount, restoreCutoff } from './deactivate.ts';
import { hashPassword, newPasswordRule, passwordMatches } from './passwords.ts';
import { consumeRateLimit } from './rate-limits.ts';
import { createSession, DEVICE, endSessions, type SessionRow } from './sessions.ts';

/** A longer password is wrong, in UTF-16 code units: nobody could set it. */
const MAX_PASSWORD_UNITS = 1_000;

/** The key of an account's login rate limit: the same for its username and its e-mail address. */
function accountLimitKey(userId: bigint): string {
  return `id ${userId}`;
}

/**
 * Checks a password within the rate limits on wrong ones. Counts each attempt before checking it, so that concurrent
 * attempts cannot exceed the limit; a correct password takes its attempt back.
 *
 * @param account the rate limit's key: `accountLimitKey`, or the login itself where no account has it
 * @param address the client's network address
 * @param stored the stored hash; null without an account
 * @throws RATE_LIMITED after too many wrong passwords
 */
async function checkPassword(
  stores: Stores,
  account: string,
  address: string,
  stored: string | null,
  password: ClientText,
) {
  await consumeRateLimit(stores, 'login-address', address, 'wrong passwords');
  await consumeRateLimit(stores, 'login-account', account, 'wrong passwords');
  const bounded = boundText(password, MAX_PASSWORD_UNITS);
  const isCorrect = bounded !== null && (await passwordMatches(stored, bounded));
  const limiters = stores.rateLimiters;
  if (isCorrect) {
    await Promise.all([limiters['login-account'].delete(account), limiters['login-address'].reward(address)]);
  }
  return isCorrect;
}

/**
 * Logs in by username or e-mail address. An unknown login gets the same answer as a wrong password, after the same
 * time. Restores the account if it was deactivated within the last 30 days.
 *
 * @param address the client's network address
 * @throws UserErrors WRONG_CREDENTIALS or SUSPENDED, or with invalid input; RATE_LIMITED after too many wrong passwords
 */
export async function logIn(
  stores: Stores,
  address: string,
  input: { login: ClientText; password: ClientText; device: ClientText },
): Promise<{ token: string; userId: bigint }> {
  const userErrors: UserError[] = [];
  const given = readText(input.login, { what: 'The login', min: 1, max: 254, field: ['login'] }, userErrors);
  const device = readText(input.device, DEVICE, userErrors);
  if (userErrors.length > 0) throw new UserErrors(userErrors);
  const login = given.trim().toLowerCase();
  const where = login.includes('@') ? { email: login } : { username: login };
  const row = await stores.db.user.findUnique({
    where,
    select: { id: true, passwordHash: true, suspendedAt: true, deactivatedAt: true, deletingAt: true },
  });
  // An account that is being deleted, or is due for deletion, already counts as missing.
  const isGone = row?.deletingAt || (row?.deactivatedAt && row.deactivatedAt < restoreCutoff());
  const user = isGone ? null : row;
  const account = user ? accountLimitKey(user.id) : `login ${login}`;
  if (!(await checkPassword(stores, account, address, user?.passwordHash ?? null, input.password)) || !user) {
    throw userError('WRONG_CREDENTIALS', 'The username or e-mail address, or the password, is wrong.');
  }
  if (user.suspendedAt) throw suspendedError();
  if (user.deactivatedAt) await restoreAccount(stores, user.id);
  const token = await stores.db.$transaction(async (tx) => {
    // Hiding an account ends its sessions. If that happened since the row was read, a new session would survive it.
    const locked = (await lockPeople(tx, [user.id], 'shared')).get(user.id);
    if (locked?.isHidden !== false) throw suspendedError();
    return createSession(stores, tx, user.id, device);
  });
  return { token, userId: user.id };
}

function suspendedError() {
  return userError('SUSPENDED', 'This account is suspended: moderators found something against the rules.');
}

/**
 * Checks a logged-in person's password again, before a sensitive or irreversible mutation.
 *
 * @param address the client's network address
 * @param field the input field that a wrong password is reported for
 * @throws UserErrors WRONG_CREDENTIALS for the field; RATE_LIMITED after too many wrong passwords
 */
export async function confirmPassword(
  stores: Stores,
  userId: bigint,
  address: string,
  password: ClientText,
  field = 'password',
): Promise<void> {
  const { passwordHash } = await stores.db.user.findUniqueOrThrow({
    where: { id: userId },
    select: { passwordHash: true },
  });
  if (!(await checkPassword(stores, accountLimitKey(userId), address, passwordHash, password))) {
    throw userError('WRONG_CREDENTIALS', 'The password is wrong.', field);
  }
}

/**
 * Changes the password and ends all other sessions in one transaction.
 *
 * @param session the session that stays
 * @param address the client's network address
 * @throws UserErrors if the current password is wrong or the new one is invalid; RATE_LIMITED after too many wrong ones
 */
export async function changePassword(
  stores: Stores,
  session: SessionRow,
  address: string,
  input: { currentPassword: ClientText; newPassword: ClientText },
): Promise<void> {
  const newPassword = requireText(input.newPassword, newPasswordRule('The new password', 'newPassword'));
  await confirmPassword(stores, session.userId, address, input.currentPassword, 'currentPassword');
  const passwordHash = await hashPassword(newPassword);
  await endSessions(stores, session.userId, { except: session.id }, async (tx) => {
    await tx.user.update({ where: { id: session.userId }, data: { passwordHash } });
  });
}
