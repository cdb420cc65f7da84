/**
 * How caches in Redis stay free of stale values.
 *
 * A write puts a tombstone over a value BEFORE it commits and again after. A tombstone reads as absent and cannot be
 * filled, so a reader that read the old row cannot store it. A reader that takes longer than `FILL_WITHIN_MS` does not
 * try, because the tombstone may have expired. As the first tombstone precedes the commit, a process that is killed
 * right after its commit leaves nothing stale behind.
 */

/** How long a tombstone stays, in milliseconds. */
export const TOMBSTONE_MS = 5_000;

/** A reader fills the cache only within this time after it began to read from PostgreSQL, in milliseconds. */
export const FILL_WITHIN_MS = 1_000;

/**
 * Runs a write that makes cached values stale.
 *
 * @param writeTombstones puts tombstones over these values
 * @param write commits before it resolves
 * @returns what `write` returns
 */
export async function writeBetweenTombstones<R>(
  writeTombstones: () => Promise<unknown>,
  write: () => Promise<R>,
): Promise<R> {
  await writeTombstones();
  try {
    return await write();
  } finally {
    await writeTombstones();
  }
}
