import { badInput } from './errors.ts';
import { requireFirst } from './paging.ts';

const MAX_LENGTH = 100;
const MAX_RESULTS = 50;
const DEFAULT_RESULTS = 20;
/** From so many characters on, what is only similar is looked for too: two letters are like very many names. */
export const MIN_SIMILARITY_LENGTH = 3;

/** How many a search may find at most. @throws BAD_USER_INPUT that says what is allowed */
export function requireSearchLimit(first: number | null | undefined): number {
  return requireFirst(first === undefined ? DEFAULT_RESULTS : first, MAX_RESULTS);
}

/**
 * What is looked for, as names are compared.
 *
 * @param argument what it is called in the query
 * @throws BAD_USER_INPUT when it is nothing, or too long
 */
export function normalizeSearchText(argument: string, text: string): string {
  const folded = text.normalize('NFC').trim().replace(/^@/, '').replace(/\s+/g, ' ').toLowerCase();
  return requireSearchText(argument, folded, 'spaces');
}

/** Checks a text that was folded. @param without what was left out of it @throws BAD_USER_INPUT when it is nothing, or too long */
export function requireSearchText(argument: string, folded: string, without: string): string {
  const { length } = Array.from(folded);
  if (length < 1 || length > MAX_LENGTH) {
    throw badInput(`"${argument}" must have 1 to ${MAX_LENGTH} characters beside ${without}; it has ${length}.`);
  }
  if (folded.includes('\0') || !folded.isWellFormed()) {
    throw badInput(`"${argument}" holds a character that is not text (NUL or half a surrogate pair).`);
  }
  return folded;
}

/** The pattern, for LIKE, of what begins with a text that was folded. */
export function prefixPattern(folded: string): string {
  return `${folded.replace(/[\\%_]/g, '\\$&')}%`;
}
