import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import type { Redis } from './redis.ts';

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

/** A rate limiter for each limit. They count in Redis, and each process for itself while Redis is away. */
export type RateLimiters = Record<RateLimitName, RateLimiterRedis>;

/** Makes the rate limiters. Their script is defined on the connection, so this comes before its first command. */
export function openRateLimiters(redis: Redis): RateLimiters {
  const entries = Object.entries(LIMITS).map(([keyPrefix, limit]) => {
    const options = { keyPrefix, ...limit };
    const insuranceLimiter = new RateLimiterMemory(options);
    return [keyPrefix, new RateLimiterRedis({ ...options, storeClient: redis, insuranceLimiter })];
  });
  return Object.fromEntries(entries) as RateLimiters;
}
