/** Rows of PostgreSQL that are cached in Redis, one key for each row. `tombstones.ts` says why none is stale. */
import { batchAcrossRequests, type Sources } from './batch-across-requests.ts';
import { decodeOnce, freeze } from './decoded-rows.ts';
import type { Database } from './postgres.ts';
import { type Redis, readOrFallback } from './redis.ts';
import { FILL_WITHIN_MS, TOMBSTONE_MS, writeBetweenTombstones } from './tombstones.ts';

/** A kind of cached rows. */
export interface CachedKind<Id, T> {
  /** The Redis key of a row. */
  key(id: Id): string;
  /** How long Redis keeps a row, in seconds. */
  ttlSeconds: number;
  /** Returns a text that is not empty. */
  encode(value: T): string;
  decode(text: string): T;
  /** Reads rows from PostgreSQL. Leaves out ids without a row, which are not cached. */
  load(db: Database, ids: readonly Id[]): Promise<Map<Id, T>>;
}

/** The text of a key whose row is being written. */
const TOMBSTONE = '';

/**
 * Reads rows from Redis, and cache misses from PostgreSQL. Without Redis, every read is a cache miss.
 *
 * @param kind one object for each kind
 * @param ids without repetitions
 * @returns in the order of `ids`; null for an id without a row. Rows are frozen, because requests share them
 */
export async function readCached<Id, T>(
  sources: Sources,
  kind: CachedKind<Id, T>,
  ids: readonly Id[],
): Promise<(T | null)[]> {
  if (ids.length === 0) return [];
  const { redis } = sources;
  const texts: (string | null)[] = await readOrFallback(redis, () => redis.mget(ids.map(kind.key)), []);
  const missingIds = ids.filter((_, index) => !texts[index]);
  const loaded = (await loadAndFill(sources, kind, missingIds)) as (T | null)[];
  const loadedById = new Map(missingIds.map((id, index) => [id, loaded[index] ?? null]));
  return ids.map((id, index) => {
    const text = texts[index];
    return text ? decodeOnce(kind, text) : (loadedById.get(id) ?? null);
  });
}

/** Reads rows from PostgreSQL, and stores them in Redis unless a key has a value or a tombstone. */
const loadAndFill = batchAcrossRequests(
  async ({ db, redis }, kind: CachedKind<unknown, unknown>, ids: readonly unknown[]) => {
    const started = performance.now();
    const loaded = await kind.load(db, [...new Set(ids)]);
    if (loaded.size > 0 && performance.now() - started < FILL_WITHIN_MS) {
      const fill = () =>
        Promise.all(
          Array.from(loaded, ([id, value]) => redis.set(kind.key(id), kind.encode(value), 'EX', kind.ttlSeconds, 'NX')),
        );
      await readOrFallback(redis, fill, null);
    }
    return ids.map((id) => freeze(loaded.get(id) ?? null));
  },
);

/**
 * Stores the current rows, over what is cached and over tombstones. The caller makes sure that no call with older rows
 * comes after one with newer rows.
 */
export async function storeCached<Id, T>(redis: Redis, kind: CachedKind<Id, T>, rows: Map<Id, T>): Promise<void> {
  const { ttlSeconds } = kind;
  await Promise.all(Array.from(rows, ([id, row]) => redis.set(kind.key(id), kind.encode(row), 'EX', ttlSeconds)));
}

/**
 * Runs a write that makes cached rows stale.
 *
 * @param keys the Redis keys of these rows
 * @param write commits before it resolves
 * @returns what `write` returns
 */
export function writeInvalidating<R>(redis: Redis, keys: readonly string[], write: () => Promise<R>): Promise<R> {
  const writeTombstones = () => Promise.all(keys.map((key) => redis.set(key, TOMBSTONE, 'PX', TOMBSTONE_MS)));
  return writeBetweenTombstones(writeTombstones, write);
}
