import { Redis } from 'ioredis';
import { idShard } from './ids.ts';

export type { Redis } from 'ioredis';

/**
 * Connects to Redis. All commands of one turn of the event loop are sent as one pipeline, in one round trip.
 *
 * @param url the server, `redis://` or `rediss://`
 * @param onError is called with connection errors; the client reconnects by itself
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
 * Lets no more scripts be defined on a connection. A script that is defined while an automatic pipeline is open is no
 * method of that pipeline, whose results are then shifted. ioredis throws at the first one that is missing, and nobody
 * can catch that, so the process ends (redis/ioredis#1931).
 */
export function forbidScripts(redis: Redis): void {
  redis.defineCommand = (name) => {
    throw new Error(`The script "${name}" must be defined in openStores, before the first command.`);
  };
}

/**
 * Reads something that PostgreSQL holds too.
 *
 * @param fallback returned when Redis does not answer or is loading its data; at once while Redis is not connected
 * @throws Error when Redis refuses the command
 */
export async function readOrFallback<T, O>(redis: Redis, read: () => Promise<T>, fallback: O): Promise<T | O> {
  // Otherwise each command would wait for the connection.
  if (redis.status !== 'ready') return fallback;
  try {
    return await read();
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError' && !error.message.startsWith('LOADING')) throw error;
    return fallback;
  }
}

/**
 * The Redis key of something that belongs to a person.
 *
 * All keys of a person share a hash tag, so that one script may use several of them on Redis Cluster. There are only
 * 256 hash tags, so that one script of a fan-out reaches many people.
 *
 * @example personKey('feed', 5n) // 'feed:{b0}:5'
 */
export function personKey(name: string, personId: bigint): string {
  return `${name}:{b${idShard(personId) & 255}}:${personId}`;
}

/** Checks the server's version. @throws Error when the server is older than Redis 7 */
export async function requireRedis7(redis: Redis): Promise<void> {
  const info = await redis.info('server');
  const version = /(?:valkey|redis)_version:(\d+)\.(\S+)/.exec(info);
  if (Number(version?.[1]) < 7) {
    throw new Error(
      `Redis ${version?.[1]}.${version?.[2]} is too old. Darkroom needs Redis 7 or Valkey, for sharded pub/sub.`,
    );
  }
}
