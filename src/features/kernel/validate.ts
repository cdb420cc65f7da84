import { fromGlobalId, type GlobalId, type NodeType } from '../../stores/ids.ts';
import { boundCharacters, boundText, type ClientText, excerpt, hasLongRunOfMarks, isStorable } from './client-text.ts';
import { badInput, type UserError, UserErrors } from './errors.ts';

/** In UTF-16 code units. No global id is as long. */
const MAX_GLOBAL_ID = 100;

/** Parses a global id of any type. It does not check that the object exists. @returns null when it is malformed */
export function parseGlobalId(globalId: ClientText): GlobalId | null {
  const text = boundText(globalId, MAX_GLOBAL_ID);
  return text === null ? null : fromGlobalId(text);
}

/**
 * Parses a global id of the given type. It does not check that the object exists.
 *
 * @returns the id of the database row
 * @throws BAD_USER_INPUT when the text is no global id of this type
 */
export function parseId(type: Exclude<NodeType, 'Comment'>, globalId: ClientText): bigint {
  const id = parseGlobalId(globalId);
  if (id?.type !== type) throw badInput(`"${excerpt(globalId)}" is not the id of a ${type}.`);
  return id.parts[0];
}

/**
 * Parses the global id of a comment, which holds its photo's id too. It does not check that the comment exists.
 *
 * @throws BAD_USER_INPUT when the text is no global id of a comment
 */
export function parseCommentId(globalId: ClientText): [photoId: bigint, commentId: bigint] {
  const id = parseGlobalId(globalId);
  if (id?.type !== 'Comment' || id.parts.length !== 2) {
    throw badInput(`"${excerpt(globalId)}" is not the id of a Comment.`);
  }
  return id.parts;
}

/** What a text in a mutation's input must be. */
export interface TextRule {
  /** Names the text at the beginning of the messages. */
  what: string;
  /** In Unicode code points, like `max`. */
  min: number;
  max: number;
  /** The path from the root of the input. */
  field: readonly string[];
  /** Brings the text into the form that is stored and whose characters count. */
  clean?(text: string): string;
}

/**
 * Reads a text of a mutation's input: bounds it, cleans it, and checks its length and that PostgreSQL can store it.
 *
 * @param userErrors receives at most one error. The result is then of no use
 */
export function readText(text: ClientText, rule: TextRule, userErrors: UserError[]): string {
  const { what, min, max, clean = (bounded) => bounded } = rule;
  const refuse = (code: UserError['code'], message: string) => {
    userErrors.push({ code, message: `${what} ${message}`, field: [...rule.field] });
    return '';
  };
  const allowed = min > 0 ? `${min} to ${max.toLocaleString('en')}` : `at most ${max.toLocaleString('en')}`;
  const bounded = boundCharacters(text, max);
  if (bounded === null) return refuse('TOO_LONG', `may have ${allowed} characters; it has far more.`);
  if (hasLongRunOfMarks(bounded)) return refuse('INVALID', 'holds more than 30 combining marks in a row.');
  const cleaned = clean(bounded);
  const { length } = Array.from(cleaned);
  if (length < min) return refuse('TOO_SHORT', `needs ${allowed} characters; it has ${length}.`);
  if (length > max) return refuse('TOO_LONG', `may have ${allowed} characters; it has ${length}.`);
  if (!isStorable(cleaned)) {
    return refuse('INVALID', 'holds a character that is not text (NUL or half a surrogate pair).');
  }
  return cleaned;
}

/** Like `readText`, for an input with one text. @throws UserErrors TOO_SHORT, TOO_LONG or INVALID */
export function requireText(text: ClientText, rule: TextRule): string {
  const userErrors: UserError[] = [];
  const read = readText(text, rule, userErrors);
  if (userErrors.length > 0) throw new UserErrors(userErrors);
  return read;
}

/** Removes the spaces around a text: the `clean` of most rules. */
export function trim(text: string): string {
  return text.trim();
}
