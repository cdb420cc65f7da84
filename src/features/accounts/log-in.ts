import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Redis } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { Mistakes, mistake, rateLimited } from '../errors.ts';
import { checkText } from '../validate.ts';
import { hashPassword, passwordMatches } from './passwords.ts';
import { createSession, endSessions, type SessionRow } from './sessions.ts';

const WINDOW_SECONDS = 15 * 60;
/** Wrong passwords for one account in a window, from wherever. */
const FAILURES_PER_ACCOUNT = 10;
/** Wrong passwords from one address in a window: many people may share one. */
const FAILURES_PER_ADDRESS = 100;

interface Throttles {
  account: RateLimiterRedis;
  address: RateLimiterRedis;
}

const throttlesOf = new WeakMap<Redis, Throttles>();

function throttles(redis: Redis): Throttles {
  let found = throttlesOf.get(redis);
  if (!found) {
    const throttle = (keyPrefix: string, points: number) => {
      const options = { keyPrefix, points, duration: WINDOW_SECONDS };
      // Where Redis is away, each process counts for itself.
      return new RateLimiterRedis({ ...options, storeClient: redis, insuranceLimiter: new RateLimiterMemory(options) });
    };
    found = {
      account: throttle('login-account', FAILURES_PER_ACCOUNT),
      address: throttle('login-address', FAILURES_PER_ADDRESS),
    };
    throttlesOf.set(redis, found);
  }
  return found;
}

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
  const limits = throttles(stores.redis);
  try {
    await limits.address.consume(address);
    await limits.account.consume(account);
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    const seconds = Math.max(1, Math.ceil(error.msBeforeNext / 1_000));
    throw rateLimited(`Too many wrong passwords. Try again in ${seconds} seconds.`, seconds);
  }
  const right = password.length <= 1_000 && (await passwordMatches(stored, password));
  if (right) await Promise.all([limits.account.delete(account), limits.address.reward(address)]);
  return right;
}

/**
 * Logs in by username or e-mail address. For an unknown one it answers the same as for a wrong password, and in the same time.
 *
 * @param address the client's network address
 * @throws Mistakes WRONG_CREDENTIALS; RATE_LIMITED after too many
 */
export async function logIn(
  stores: Stores,
  address: string,
  input: { login: string; password: string; device: string },
): Promise<{ token: string; userId: bigint }> {
  const mistakes = [
    ...checkText('The login', input.login, 1, 254, 'login'),
    ...checkText("The device's name", input.device, 0, 100, 'device'),
  ];
  if (mistakes.length > 0) throw new Mistakes(mistakes);
  const login = input.login.trim().toLowerCase();
  const where = login.includes('@') ? { email: login } : { username: login };
  const user = await stores.db.user.findUnique({ where, select: { id: true, passwordHash: true } });
  const account = user ? accountOf(user.id) : `login ${login}`;
  if (!(await checkPassword(stores, account, address, user?.passwordHash ?? null, input.password)) || !user) {
    throw mistake('WRONG_CREDENTIALS', 'The username or e-mail address, or the password, is wrong.');
  }
  const token = await stores.db.$transaction((tx) => createSession(stores, tx, user.id, input.device));
  return { token, userId: user.id };
}

/**
 * Changes the password and ends all other sessions, together.
 *
 * @param session the one that stays
 * @throws Mistakes when the old password is wrong or the new one not allowed; RATE_LIMITED after too many wrong ones
 */
export async function changePassword(
  stores: Stores,
  session: SessionRow,
  address: string,
  input: { currentPassword: string; newPassword: string },
): Promise<void> {
  const mistakes = checkText('The new password', input.newPassword, 8, 200, 'newPassword');
  if (mistakes.length > 0) throw new Mistakes(mistakes);
  const { passwordHash: old } = await stores.db.user.findUniqueOrThrow({
    where: { id: session.userId },
    select: { passwordHash: true },
  });
  if (!(await checkPassword(stores, accountOf(session.userId), address, old, input.currentPassword))) {
    throw mistake('WRONG_CREDENTIALS', 'The current password is wrong.', 'currentPassword');
  }
  const passwordHash = await hashPassword(input.newPassword);
  await endSessions(stores, session.userId, { except: session.id }, async (tx) => {
    await tx.user.update({ where: { id: session.userId }, data: { passwordHash } });
  });
}
