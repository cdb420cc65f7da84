/**
 * Ids are 64-bit: 41 bits of milliseconds since 2026, 13 bits of logical shard (the owner's), 10 bits of sequence.
 * `next_id()` makes them in PostgreSQL (Instagram Engineering, "Sharding & IDs at Instagram", 2012). Sorting ids as
 * numbers sorts them by time, so an id is also the keyset cursor of its row. The order of ids of one millisecond is
 * arbitrary, but fixed.
 */

/** Start of the time in ids, in milliseconds since 1970. */
export const EPOCH_MS = Date.UTC(2026, 0, 1);

/** The largest `bigint` of PostgreSQL. No id is larger. */
export const MAX_ID = 2n ** 63n - 1n;

/** The types that a global id can name. */
export type NodeType = 'User' | 'Session' | 'Photo' | 'Comment' | 'Upload' | 'Report' | 'Place';

/**
 * A parsed global id: the type, and the row's id. A comment has two: its photo's id first, because comments are stored
 * by photo.
 */
export interface GlobalId {
  type: NodeType;
  parts: [bigint] | [bigint, bigint];
}

const TYPES = new Set<string>([
  'User',
  'Session',
  'Photo',
  'Comment',
  'Upload',
  'Report',
  'Place',
] satisfies NodeType[]);

/** The time at which an id was made, in milliseconds since 1970. */
export function idTime(id: bigint): number {
  return Number(id >> 23n) + EPOCH_MS;
}

/** The lower bound of the ids made at a moment: ids made before it are smaller, ids made at or after it are not. */
export function idAt(moment: Date): bigint {
  const ms = BigInt(Math.max(0, moment.getTime() - EPOCH_MS)) << 23n;
  return ms > MAX_ID ? MAX_ID : ms;
}

/** The logical shard (0 to 8191) of the id's owner. */
export function idShard(id: bigint): number {
  return Number((id >> 10n) & 8191n);
}

/**
 * The opaque id that clients see.
 *
 * @example toGlobalId('Photo', 12n) // 'UGhvdG86MTI'
 */
export function toGlobalId(type: NodeType, ...parts: [bigint] | [bigint, bigint]): string {
  return Buffer.from(`${type}:${parts.join(':')}`, 'latin1').toString('base64url');
}

/** Parses a global id. @returns null when `toGlobalId` did not make it */
export function fromGlobalId(globalId: string): GlobalId | null {
  if (globalId.length > 80) return null;
  const match = /^([A-Za-z]+):(\d{1,19})(?::(\d{1,19}))?$/.exec(Buffer.from(globalId, 'base64url').toString('latin1'));
  if (!match) return null;
  const [, type, first, second] = match;
  if (!type || !first || !TYPES.has(type) || (type === 'Comment') !== (second !== undefined)) return null;
  const parts =
    second === undefined ? ([BigInt(first)] as [bigint]) : ([BigInt(first), BigInt(second)] as [bigint, bigint]);
  if (parts.some((part) => part > MAX_ID)) return null;
  // Every object has exactly one global id. The decoder would also accept padding, stray characters and leading zeros.
  return toGlobalId(type as NodeType, ...parts) === globalId ? { type: type as NodeType, parts } : null;
}

/** The opaque keyset cursor of the row with this id, or this sort id, in a list. */
export function toCursor(id: bigint): string {
  return Buffer.from(id.toString(), 'latin1').toString('base64url');
}

/** Parses a cursor. @returns the id; null when `toCursor` did not make the cursor */
export function fromCursor(cursor: string): bigint | null {
  if (cursor.length > 40) return null;
  const digits = Buffer.from(cursor, 'base64url').toString('latin1');
  if (!/^\d{1,19}$/.test(digits)) return null;
  const id = BigInt(digits);
  return id <= MAX_ID && toCursor(id) === cursor ? id : null;
}
