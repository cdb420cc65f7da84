import { toGlobalId } from '../../stores/ids.ts';

/** What a person is known by, for finding whatever names them. What is not known of somebody who is deleted is left out. */
export interface Names {
  id: bigint | null;
  email: string | null;
  /** The present one and those given up. */
  usernames: readonly string[];
}

/**
 * The pattern, for PostgreSQL and JavaScript alike and without regard to capitals, of whatever names a person in a text: as a whole word, so
 * that `anna` is not found in `joanna`, nor in another person's `anna@example.org` or `anna.b`.
 */
export function namingPattern({ id, email, usernames }: Names): string {
  const words = usernames.map((name) => usernamePattern(name));
  if (email !== null) words.push(`(?<![a-z0-9._%+-])${escaped(email)}(?![a-z0-9-]|\\.[a-z0-9])`);
  if (id !== null) {
    words.push(`(?<![0-9])${id}(?![0-9])`, `(?<![a-z0-9_-])${toGlobalId('User', id)}(?![a-z0-9_-])`);
  }
  return words.join('|');
}

/** The pattern of a mention of any of these usernames. */
export function mentionPattern(usernames: readonly string[]): string {
  return usernames.map((name) => `@${escaped(name)}${END}`).join('|');
}

// A dot at the end ends the sentence.
const END = '(?![a-z0-9_@]|\\.[a-z0-9_])';

function usernamePattern(name: string): string {
  return `(?<![a-z0-9._])${escaped(name)}${END}`;
}

function escaped(text: string): string {
  return text.replace(/[^a-z0-9]/gi, (character) => `\\${character}`);
}
