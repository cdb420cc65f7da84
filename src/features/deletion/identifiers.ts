import { toGlobalId } from '../../stores/ids.ts';

/** The texts that identify a person, used to find everything that names them. Of a deleted person some are unknown. */
export interface PersonIdentifiers {
  id: bigint | null;
  email: string | null;
  /** The current one and former ones. */
  usernames: readonly string[];
}

/**
 * A regular expression that finds a person's identifiers in a text. It works in PostgreSQL and JavaScript, with their
 * flags for ignoring case. It matches whole words: `anna` does not match `joanna`, nor another person's
 * `anna@example.org` or `anna.b`.
 */
export function identifierPattern({ id, email, usernames }: PersonIdentifiers): string {
  const words = usernames.map((name) => usernamePattern(name));
  if (email !== null) words.push(`(?<![a-z0-9._%+-])${escapeRegExp(email)}(?![a-z0-9-]|\\.[a-z0-9])`);
  if (id !== null) {
    words.push(`(?<![0-9])${id}(?![0-9])`, `(?<![a-z0-9_-])${toGlobalId('User', id)}(?![a-z0-9_-])`);
  }
  return words.join('|');
}

/** A regular expression that finds mentions of any of these usernames. */
export function mentionPattern(usernames: readonly string[]): string {
  return usernames.map((name) => `@${escapeRegExp(name)}${USERNAME_END}`).join('|');
}

// A dot at the end of a sentence is not part of the username: no character of a username follows it.
const USERNAME_END = '(?![a-z0-9_@]|\\.[a-z0-9_])';

function usernamePattern(name: string): string {
  return `(?<![a-z0-9._])${escapeRegExp(name)}${USERNAME_END}`;
}

function escapeRegExp(text: string): string {
  return text.replace(/[^a-z0-9]/gi, (character) => `\\${character}`);
}
