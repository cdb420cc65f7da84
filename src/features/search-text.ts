import { badInput } from './errors.ts';

const MAX_TEXT = 100;

/**
 * What is looked for, as names are compared.
 *
 * @param argument what it is called in the query
 * @throws BAD_USER_INPUT when it is nothing, or too long
 */
export function foldText(argument: string, text: string): string {
  const folded = text.normalize('NFC').trim().replace(/^@/, '').replace(/\s+/g, ' ').toLowerCase();
  const length = Array.from(folded).length;
  if (length < 1 || length > MAX_TEXT) {
    throw badInput(`"${argument}" must have 1 to ${MAX_TEXT} characters beside spaces; it has ${length}.`);
  }
  if (folded.includes('\0') || !folded.isWellFormed()) {
    throw badInput(`"${argument}" holds a character that is not text (NUL or half a surrogate pair).`);
  }
  return folded;
}

/** The pattern, for LIKE, of what begins with a text that was folded. */
export function beginsWith(folded: string): string {
  return `${folded.replace(/[\\%_]/g, '\\$&')}%`;
}
