import { boundCharacters, type ClientText, hasLongRunOfMarks, isStorable } from './client-text.ts';
import { badInput } from './errors.ts';
import { requireFirst } from './paging.ts';

/** The longest text to search for, in characters. */
const MAX_LENGTH = 100;
const MAX_RESULTS = 50;
const DEFAULT_RESULTS = 20;
/** The shortest text, in characters, for which similar names match too: two letters are similar to too many names. */
export const MIN_SIMILARITY_LENGTH = 3;

/** The most results that a search returns. @throws BAD_USER_INPUT with the allowed range */
export function requireSearchLimit(first: number | null | undefined): number {
  return requireFirst(first === undefined ? DEFAULT_RESULTS : first, MAX_RESULTS);
}

/**
 * Normalizes a text to search for: NFC, lower case, single spaces, without a leading @. Names are compared in this
 * form.
 *
 * @param argument the name of the GraphQL argument
 * @throws BAD_USER_INPUT when nothing is left, or the text is too long
 */
export function normalizeSearchText(argument: string, text: ClientText): string {
  return requireSearchText(argument, text, 'spaces', (bounded) =>
    bounded.normalize('NFC').trim().replace(/^@/, '').replace(/\s+/g, ' ').toLowerCase(),
  );
}

/**
 * Bounds a text to search for, so that it may be normalized.
 *
 * @param argument the name of the GraphQL argument
 * @throws BAD_USER_INPUT when it is far too long, or has a long run of combining marks
 */
export function boundSearchText(argument: string, text: ClientText): string {
  const bounded = boundCharacters(text, MAX_LENGTH);
  if (bounded === null) throw badInput(`"${argument}" must have 1 to ${MAX_LENGTH} characters; it has far more.`);
  if (hasLongRunOfMarks(bounded)) throw badInput(`"${argument}" holds more than 30 combining marks in a row.`);
  return bounded;
}

/**
 * Bounds, normalizes and checks a text to search for.
 *
 * @param argument the name of the GraphQL argument
 * @param ignored the characters that the normalization removes, for the message
 * @throws BAD_USER_INPUT when the normalized text is empty or too long, or no valid text
 */
export function requireSearchText(
  argument: string,
  text: ClientText,
  ignored: string,
  normalize: (bounded: string) => string,
): string {
  const normalized = normalize(boundSearchText(argument, text));
  const { length } = Array.from(normalized);
  if (length < 1 || length > MAX_LENGTH) {
    throw badInput(`"${argument}" must have 1 to ${MAX_LENGTH} characters beside ${ignored}; it has ${length}.`);
  }
  if (!isStorable(normalized)) {
    throw badInput(`"${argument}" holds a character that is not text (NUL or half a surrogate pair).`);
  }
  return normalized;
}

/** The LIKE pattern that matches values beginning with a normalized text. */
export function prefixPattern(normalized: string): string {
  return `${normalized.replace(/[\\%_]/g, '\\$&')}%`;
}
