import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Redis } from '../../stores/redis.ts';
import { rateLimited } from '../kernel/errors.ts';

/** The rate limits. For one key, at most `points` attempts are allowed within `duration` seconds. */
const LIMITS = {
  /** Wrong passwords for one account, from any network address. */
  'login-account': { points: 10, duration: 15 * 60 },
  /** Wrong passwords from one network address, which many people may share. */
  'login-address': { points: 100, duration: 15 * 60 },
  /** Emails to one e-mail address. */
  'mail-to': { points: 5, duration: 3_600 },
  /** Emails that clients at one network address request. */
  'mail-from': { points: 30, duration: 3_600 },
};

/** The name of a limit. */
export type RateLimitName = keyof typeof LIMITS;

const limitersByRedis = new WeakMap<Redis, Record<RateLimitName, RateLimiterRedis>>();

/** The rate limiters, which count in Redis. */
export function rateLimiters(redis: Redis): Record<RateLimitName, RateLimiterRedis> {
  let limiters = limitersByRedis.get(redis);
  if (!limiters) {
    const entries = Object.entries(LIMITS).map(([keyPrefix, limit]) => {
      const options = { keyPrefix, ...limit };
      // While Redis is unavailable, each process counts for itself.
      const insuranceLimiter = new RateLimiterMemory(options);
      return [keyPrefix, new RateLimiterRedis({ ...options, storeClient: redis, insuranceLimiter })];
    });
    limiters = Object.fromEntries(entries) as Record<RateLimitName, RateLimiterRedis>;
    limitersByRedis.set(redis, limiters);
  }
  return limiters;
}

/**
 * Counts one attempt for a key.
 *
 * @param what what is counted, for the message "Too many …"
 * @throws RATE_LIMITED if this attempt exceeds the limit
 */
export async function consumeRateLimit(redis: Redis, name: RateLimitName, key: string, what: string): Promise<void> {
  try {
    await rateLimiters(redis)[name].consume(key);
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    const seconds = Math.max(1, Math.ceil(error.msBeforeNext / 1_000));
    throw rateLimited(`Too many ${what}. Try again in ${seconds} seconds.`, seconds);
  }
}
