/**
 * The PostgreSQL advisory locks that Darkroom takes. They are the only locks with a name that all processes must agree
 * on, so every name is here. Never change one, and never use one again for something else: processes of the previous
 * version hold them during an upgrade.
 *
 * PostgreSQL keeps two separate spaces of advisory locks: keys of one bigint, and keys of two ints. The numbers have no
 * meaning of their own.
 */

/** One bigint: held by the process that migrates the database, so that a second one waits. */
export const MIGRATION_LOCK = 7_203_114;

/** One bigint: held by the transaction that folds deltas into photos' counts. */
export const PHOTO_COUNTS_LOCK = 77_032;

/** One bigint: held by the transaction that folds deltas into people's counts. */
export const USER_COUNTS_LOCK = 77_033;

/**
 * First of two ints; the second is the hash of a worker's name. Every worker holds its own lock for as long as it
 * lives.
 */
export const WORKER_LOCKS = 77_031;

/** First of two ints; the second is the hash of a reporter's id. Held by the transaction that stores a report. */
export const REPORTER_LOCKS = 77_035;

/**
 * The text whose 64-bit hash is the key (one bigint) of a place name's lock. The transaction that looks for a place, or
 * adds it, holds the lock.
 *
 * @param name in any case; the same name in another case has the same lock
 */
export function placeNameLock(name: string): string {
  return `place ${name.toLowerCase()}`;
}
