/**
 * Ids are 64-bit: 41 bits of milliseconds since 2026, 13 bits of logical shard (the owner's), 10 bits of sequence, made
 * by `next_id()` in PostgreSQL (Instagram Engineering, "Sharding & IDs at Instagram", 2012). Sorted as numbers they are
 * sorted by time, so an id is its own place in a list. Ids of one millisecond have no order among themselves but a fixed one.
 */

/** When the time in ids begins, in milliseconds since 1970. */
export const EPOCH_MS = Date.UTC(2026, 0, 1);
export const MAX_ID = 2n ** 63n - 1n;

/** The types that a global id can name. */
export type NodeType = 'User' | 'Session' | 'Photo' | 'Comment' | 'Upload' | 'Report' | 'Place';

/** A global id taken apart: its type, and one number, or two for what is stored by a photo (the photo's and its own). */
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

/** When the id was made, in milliseconds since 1970. */
export function idTime(id: bigint): number {
  return Number(id >> 23n) + EPOCH_MS;
}

/** No id that was made before this moment is as large, and none that is made then or later is smaller. */
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

/** Takes a global id apart; null when it is not one that `toGlobalId` makes. */
export function fromGlobalId(globalId: string): GlobalId | null {
  if (globalId.length > 80) return null;
  const match = /^([A-Za-z]+):(\d{1,19})(?::(\d{1,19}))?$/.exec(Buffer.from(globalId, 'base64url').toString('latin1'));
  if (!match) return null;
  const [, type, first, second] = match;
  if (!type || !first || !TYPES.has(type) || (type === 'Comment') !== (second !== undefined)) return null;
  const parts =
    second === undefined ? ([BigInt(first)] as [bigint]) : ([BigInt(first), BigInt(second)] as [bigint, bigint]);
  if (parts.some((part) => part > MAX_ID)) return null;
  // One thing has one id: the decoder would also take padding, stray characters and zeros in front.
  return toGlobalId(type as NodeType, ...parts) === globalId ? { type: type as NodeType, parts } : null;
}

/** The cursor of the place that an id has in a list. */
export function toCursor(id: bigint): string {
  return Buffer.from(id.toString(), 'latin1').toString('base64url');
}

/** The id that a cursor stands for; null when `toCursor` did not make it. */
export function fromCursor(cursor: string): bigint | null {
  if (cursor.length > 40) return null;
  const digits = Buffer.from(cursor, 'base64url').toString('latin1');
  if (!/^\d{1,19}$/.test(digits)) return null;
  const id = BigInt(digits);
  return id <= MAX_ID && toCursor(id) === cursor ? id : null;
}
