import { readOrFallback } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { withinDecodingBudget } from './decoding-budget.ts';
import { UnusableFile } from './unusable-file.ts';

/** The decoder took too long. A busy machine may be the reason. */
export class DecodingTimeout extends Error {}

/** How often decoding may time out. */
const MAX_TIMEOUTS = 2;
/** How often decoding may begin without an end: the process was killed, perhaps because the file took all memory. */
const MAX_ATTEMPTS = 3;
/** The queue has retried long before. */
const KEPT_SECONDS = 24 * 3_600;

/**
 * Decodes a file when the process has memory for it, and counts in Redis how often that began without an end. A file
 * that ends its process is given up after three times instead of ending one process after the other. While Redis is
 * away, nothing is counted.
 *
 * @param file `objectKey` names it; decoding it takes `decodingBytes` of memory
 * @throws UnusableFile CORRUPT when earlier attempts have ended their processes, or this is the second that timed out
 * @throws DecodingTimeout when the decoder took too long for the first time; try again
 */
export function attemptDecoding<R>(
  { redis }: Stores,
  { objectKey, decodingBytes }: { objectKey: string; decodingBytes: number },
  decode: () => Promise<R>,
): Promise<R> {
  // A file that waits counts nothing, so that it does not share the fate of the one that is being decoded.
  return withinDecodingBudget(decodingBytes, async () => {
    const key = `decoding:${objectKey}`;
    const begun = await readOrFallback(
      redis,
      async () => {
        const [, count] = await Promise.all([redis.set(key, '0', 'EX', KEPT_SECONDS, 'NX'), redis.incr(key)]);
        return count;
      },
      1,
    );
    let mustKeepCount = false;
    try {
      if (begun > MAX_ATTEMPTS) throw new UnusableFile('CORRUPT');
      return await decode();
    } catch (error) {
      if (!(error instanceof DecodingTimeout)) throw error;
      mustKeepCount = begun < MAX_TIMEOUTS;
      throw mustKeepCount ? error : new UnusableFile('CORRUPT');
    } finally {
      if (!mustKeepCount) await readOrFallback(redis, () => redis.del(key), 0);
    }
  });
}
