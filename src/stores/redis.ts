import { Redis } from 'ioredis';
import { idShard } from './ids.ts';

export type { Redis } from 'ioredis';

/**
 * Connects to Redis. Commands of one turn of the event loop travel together, as one round trip.
 *
 * @param url the server, `redis://` or `rediss://`
 * @param onError hears of trouble with the connection, which mends itself
 */
export function connectRedis(url: string, onError: (error: Error) => void): Redis {
  const redis = new Redis(url, {
    enableAutoPipelining: true,
    connectTimeout: 5_000,
    commandTimeout: 5_000,
    maxRetriesPerRequest: 3,
    retryStrategy: (attempt) => Math.min(attempt * 50, 1_000),
  });
  redis.on('error', onError);
  return redis;
}

/**
 * Reads something that is in PostgreSQL too: when Redis is away, or not ready yet, the answer is `otherwise`, at once.
 *
 * @throws what Redis itself refuses
 */
export async function readOrFallback<T, O>(redis: Redis, read: () => Promise<T>, fallback: O): Promise<T | O> {
  // It would wait for the connection otherwise, with every command anew.
  if (redis.status !== 'ready') return fallback;
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError' && !error.message.startsWith('LOADING')) throw error;
    return fallback;
  }
}

/**
 * The key of something that belongs to a person. All of a person's keys share a hash tag, so that one script may touch them
 * together on Redis Cluster; 256 tags, so that a fan-out reaches many people with one script there too.
 *
 * @example personKey('feed', 5n) // 'feed:{b0}:5'
 */
export function personKey(name: string, personId: bigint): string {
  return `${name}:{b${idShard(personId) & 255}}:${personId}`;
}

/** Stops with what is needed when the server is too old. */
export async function requireRedis7(redis: Redis): Promise<void> {
  const info = await redis.info('server');
  const version = /(?:valkey|redis)_version:(\d+)\.(\S+)/.exec(info);
  if (Number(version?.[1]) < 7) {
    throw new Error(
      `Redis ${version?.[1]}.${version?.[2]} is too old: Redis 7 or Valkey is needed, for sharded pub/sub.`,
    );
  }
}
