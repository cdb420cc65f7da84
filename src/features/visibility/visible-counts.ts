/** Counts as a viewer sees them: without the people with a block between them and the viewer. */
import { type CachedKind, readCached } from '../../stores/cached-rows.ts';
import { type Database, type Sql, sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { hasBlocks } from './relations.ts';
import { blockedPeople } from './sql-conditions.ts';

/** A kind of counts, by the id of what is counted. */
export interface CountKind<Counts> {
  /** All counts, in Redis. `load` reads them exactly, with the deltas that no worker has folded yet. */
  cached: CachedKind<bigint, Counts>;
  /** The part of the counts that blocked people make up. */
  countBlocked(db: Database, viewerId: bigint, ids: readonly bigint[]): Promise<Map<bigint, Counts>>;
  /** The counts without that part. Cached counts lag behind, so the part can be larger: no count goes below 0. */
  subtract(counts: Counts, blocked: Counts): Counts;
}

/**
 * Reads counts as the viewer sees them, in the order of the ids; null for what does not exist.
 *
 * @param viewerId null without a session
 * @param exact the counts as they are now; otherwise they may lag by the half second until the worker folds the deltas
 */
export async function readVisibleCounts<Counts>(
  stores: Stores,
  { cached, countBlocked, subtract }: CountKind<Counts>,
  viewerId: bigint | null,
  ids: readonly bigint[],
  exact: boolean,
): Promise<(Counts | null)[]> {
  const readExact = async () => {
    const loaded = await cached.load(stores.db, ids);
    return ids.map((id) => loaded.get(id) ?? null);
  };
  const [all, blocksExist] = await Promise.all([
    exact ? readExact() : readCached(stores, cached, ids),
    viewerId !== null && hasBlocks(stores, viewerId),
  ]);
  if (viewerId === null || !blocksExist) return all;
  const blocked = await countBlocked(stores.db, viewerId, ids);
  return ids.map((id, index) => {
    const counts = all[index] ?? null;
    const part = blocked.get(id);
    return counts && part ? subtract(counts, part) : counts;
  });
}

/**
 * The query for the people to leave out of the viewer's counts, with the column `id`. No count includes hidden people.
 */
export function countedBlocked(viewerId: bigint): Sql {
  return sql`
    select id from ${blockedPeople(viewerId)} person
    where not exists (select from users where users.id = person.id and is_hidden)`;
}
