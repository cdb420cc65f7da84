import { RateLimiterRes } from 'rate-limiter-flexible';
import type { RateLimitName } from '../../stores/rate-limits.ts';
import type { Stores } from '../../stores/stores.ts';
import { rateLimited } from '../kernel/errors.ts';

/**
 * Counts one attempt for a key.
 *
 * @param what what is counted, for the message "Too many …"
 * @throws RATE_LIMITED if this attempt exceeds the limit
 */
export async function consumeRateLimit(
  { rateLimiters }: Stores,
  name: RateLimitName,
  key: string,
  what: string,
): Promise<void> {
  try {
    await rateLimiters[name].consume(key);
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    const seconds = Math.max(1, Math.ceil(error.msBeforeNext / 1_000));
    throw rateLimited(`Too many ${what}. Try again in ${seconds} seconds.`, seconds);
  }
}
