import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Redis } from '../../stores/redis.ts';
import { rateLimited } from '../kernel/errors.ts';

/** What can be done too often, each with how many times in how many seconds it may be done for one key. */
const LIMITS = {
  /** Wrong passwords for one account, from wherever. */
  'login-account': { points: 10, duration: 15 * 60 },
  /** Wrong passwords from one address: many people may share one. */
  'login-address': { points: 100, duration: 15 * 60 },
  /** Mails to one address of mail. */
  'mail-to': { points: 5, duration: 3_600 },
  /** Mails that one network address asks for. */
  'mail-from': { points: 30, duration: 3_600 },
};

/** The name of a limit. */
export type ThrottleName = keyof typeof LIMITS;

const throttlesOf = new WeakMap<Redis, Record<ThrottleName, RateLimiterRedis>>();

/** The limits, counted in Redis. */
export function throttles(redis: Redis): Record<ThrottleName, RateLimiterRedis> {
  let found = throttlesOf.get(redis);
  if (!found) {
    const made = Object.entries(LIMITS).map(([keyPrefix, limit]) => {
      const options = { keyPrefix, ...limit };
      // Where Redis is away, each process counts for itself.
      const insuranceLimiter = new RateLimiterMemory(options);
      return [keyPrefix, new RateLimiterRedis({ ...options, storeClient: redis, insuranceLimiter })];
    });
    found = Object.fromEntries(made) as Record<ThrottleName, RateLimiterRedis>;
    throttlesOf.set(redis, found);
  }
  return found;
}

/**
 * Counts one more time for a key.
 *
 * @param what for the message: "Too many …"
 * @throws RATE_LIMITED when it is once too often
 */
export async function throttle(redis: Redis, name: ThrottleName, key: string, what: string): Promise<void> {
  try {
    await throttles(redis)[name].consume(key);
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    const seconds = Math.max(1, Math.ceil(error.msBeforeNext / 1_000));
    throw rateLimited(`Too many ${what}. Try again in ${seconds} seconds.`, seconds);
  }
}
