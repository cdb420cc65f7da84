import { fromGlobalId, type NodeType } from '../../stores/ids.ts';
import { badInput, type UserError } from './errors.ts';

/**
 * The numbers in a global id of the given type.
 *
 * @throws BAD_USER_INPUT when it is no such id; whether the thing exists is another question
 */
export function parseId(type: Exclude<NodeType, 'Comment'>, globalId: string): bigint {
  const id = fromGlobalId(globalId);
  if (id?.type !== type) throw badInput(`"${globalId.slice(0, 100)}" is not the id of a ${type}.`);
  return id.parts[0];
}

/** The photo's and the comment's number in a comment's global id. @throws BAD_USER_INPUT when it is no such id */
export function parseCommentId(globalId: string): [photoId: bigint, commentId: bigint] {
  const id = fromGlobalId(globalId);
  if (id?.type !== 'Comment' || id.parts.length !== 2) {
    throw badInput(`"${globalId.slice(0, 100)}" is not the id of a Comment.`);
  }
  return id.parts;
}

/**
 * Checks how long a text is, in Unicode code points, and that PostgreSQL can store it.
 *
 * @returns the mistake, or none
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
