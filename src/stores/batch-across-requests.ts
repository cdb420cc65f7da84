import DataLoader from 'dataloader';
import type { Database } from './postgres.ts';
import type { Redis } from './redis.ts';

/** Where cached values are read from. */
export interface Sources {
  /** A transaction here reads what it wrote itself; nothing is batched with reads outside of it. */
  db: Database;
  redis: Redis;
}

/** Each batch is read anew, because the loaders outlive requests. One statement takes a batch. */
const OPTIONS = { cache: false, maxBatchSize: 5_000 };

/**
 * Makes a function that reads from PostgreSQL, and that batches all calls of one turn of the event loop, whichever
 * requests they come from. So many cache misses at the same moment, as when a photo is delivered to thousands of
 * subscribers, cost one statement.
 *
 * Calls are batched by kind and by database. A transaction has batches of its own, because only it may see what it
 * reads.
 *
 * @param read reads a batch, in the order of the keys, which may contain repetitions
 * @returns takes one object for each kind, and returns the values in the order of the keys
 */
export function batchAcrossRequests<Kind extends object, Key, Value>(
  read: (sources: Sources, kind: Kind, keys: readonly Key[]) => Promise<Value[]>,
) {
  const loaders = new WeakMap<Kind, WeakMap<Database, DataLoader<Key, Value>>>();
  return (sources: Sources, kind: Kind, keys: readonly Key[]): Promise<Value[]> => {
    const loadersOfKind = loaders.get(kind) ?? new WeakMap<Database, DataLoader<Key, Value>>();
    loaders.set(kind, loadersOfKind);
    const loader = loadersOfKind.get(sources.db) ?? new DataLoader((batch) => read(sources, kind, batch), OPTIONS);
    loadersOfKind.set(sources.db, loader);
    return Promise.all(keys.map((key) => loader.load(key)));
  };
}
