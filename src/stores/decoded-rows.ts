/**
 * Rows that were decoded before, by the very text that Redis returned. The text is read for every request, so no row is
 * older than what Redis holds, and nothing has to be invalidated; but the same text is not parsed twice.
 */
import { LRUCache } from 'lru-cache';

/** A kind of rows that texts are decoded to. */
interface Decoder<T> {
  decode(text: string): T;
}

/** A decoded row, with its decoder: texts of two kinds may be equal. */
interface Decoded {
  decoder: Decoder<unknown>;
  row: unknown;
}

/** How much memory the rows of a process take, in bytes: those of about 70,000 photos. */
const MAX_BYTES = 64_000_000;
/** About what a row takes beside its text: the objects, and the entry. */
const BYTES_OF_ROW = 600;
/** A shorter text, such as two counts, is decoded as fast as it is found. */
const MIN_LENGTH = 32;

const decodedRows = new LRUCache<string, Decoded>({
  maxSize: MAX_BYTES,
  // The text is kept as the key, and its parts in the row.
  sizeCalculation: (_, text) => BYTES_OF_ROW + 2 * text.length,
});

/**
 * Decodes a text, unless it was decoded before.
 *
 * @returns the row, which others share: it is frozen, and so are the objects and lists in it
 */
export function decodeOnce<T>(decoder: Decoder<T>, text: string): T {
  if (text.length < MIN_LENGTH) return freeze(decoder.decode(text));
  const known = decodedRows.get(text);
  if (known?.decoder === decoder) return known.row as T;
  const row = freeze(decoder.decode(text));
  decodedRows.set(text, { decoder, row });
  return row;
}

/** Freezes a row with all that it holds. @returns the row */
export function freeze<T>(row: T): T {
  if (typeof row !== 'object' || row === null || Object.isFrozen(row)) return row;
  for (const value of Object.values(row)) freeze(value);
  return Object.freeze(row);
}
