import { fromGlobalId, type NodeType } from '../../stores/ids.ts';
import { badInput, type UserError } from './errors.ts';

/**
 * Parses a global id of the given type. It does not check that the object exists.
 *
 * @returns the id of the database row
 * @throws BAD_USER_INPUT when the text is no global id of this type
 */
export function parseId(type: Exclude<NodeType, 'Comment'>, globalId: string): bigint {
  const id = fromGlobalId(globalId);
  if (id?.type !== type) throw badInput(`"${globalId.slice(0, 100)}" is not the id of a ${type}.`);
  return id.parts[0];
}

/**
 * Parses the global id of a comment, which holds its photo's id too. It does not check that the comment exists.
 *
 * @throws BAD_USER_INPUT when the text is no global id of a comment
 */
export function parseCommentId(globalId: string): [photoId: bigint, commentId: bigint] {
  const id = fromGlobalId(globalId);
  if (id?.type !== 'Comment' || id.parts.length !== 2) {
    throw badInput(`"${globalId.slice(0, 100)}" is not the id of a Comment.`);
  }
  return id.parts;
}

/**
 * Checks the length of a text, and that PostgreSQL can store it.
 *
 * @param what names the text at the beginning of the message
 * @param min in Unicode code points, like `max`
 * @param field the path from the root of the input
 * @returns at most one error
 */
export function checkText(what: string, text: string, min: number, max: number, ...field: string[]): UserError[] {
  const length = Array.from(text).length;
  const allowed = min > 0 ? `${min} to ${max.toLocaleString('en')}` : `at most ${max.toLocaleString('en')}`;
  if (length < min)
    return [{ code: 'TOO_SHORT', message: `${what} needs ${allowed} characters; it has ${length}.`, field }];
  if (length > max)
    return [{ code: 'TOO_LONG', message: `${what} may have ${allowed} characters; it has ${length}.`, field }];
  if (text.includes('\0') || !text.isWellFormed()) {
    return [
      { code: 'INVALID', message: `${what} holds a character that is not text (NUL or half a surrogate pair).`, field },
    ];
  }
  return [];
}
