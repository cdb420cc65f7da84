import { GraphQLError } from 'graphql';
import type { UserErrorCode } from '../../generated/graphql.ts';

/** An error in a mutation's input that the user can correct. The payload returns it in `userErrors`. */
export interface UserError {
  code: UserErrorCode;
  message: string;
  field: string[];
}

/** Ends a mutation with `userErrors`. The mutation has changed nothing. */
export class UserErrors extends Error {
  readonly list: UserError[];

  constructor(list: UserError[]) {
    super(list.map((error) => error.message).join(' '));
    this.list = list;
  }
}

/**
 * Creates one user error, to throw.
 *
 * @param field the path from the root of the input; empty when the error concerns the whole input
 */
export function userError(code: UserErrorCode, message: string, ...field: string[]): UserErrors {
  return new UserErrors([{ code, message, field }]);
}

/** Runs a mutation and creates its payload: the result of `work`, or the `UserErrors` that it throws. */
export async function payload<T extends object>(
  work: () => Promise<T>,
): Promise<(T & { userErrors: [] }) | { userErrors: UserError[] }> {
  try {
    return { ...(await work()), userErrors: [] };
  } catch (error) {
    if (error instanceof UserErrors) return { userErrors: error.list };
    throw error;
  }
}

/** The operation needs a session, and the request has no valid one. */
export function unauthenticated(): GraphQLError {
  return new GraphQLError('Log in first: this needs a session, sent as "Authorization: Bearer TOKEN".', {
    extensions: { code: 'UNAUTHENTICATED' },
  });
}

/** An argument is malformed or out of range: an error of the client's developer, not of its user. */
export function badInput(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
}

/** The viewer lacks the role that the operation requires. */
export function forbidden(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'FORBIDDEN' } });
}

/** The object does not exist, or the viewer may not see it. */
export function notFound(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'NOT_FOUND' } });
}

/**
 * The server ends a subscription that the client can resume: it subscribes again with the cursor of the last event that
 * it received.
 */
export function resumeRequired(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'RESUME' } });
}

/** A store or service is temporarily unavailable. The client should retry later. */
export function unavailable(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'UNAVAILABLE', ...retryAfterHeader(UNAVAILABLE_SECONDS) } });
}

/** The client exceeded a rate limit. @param retryAfter seconds until a retry can succeed */
export function rateLimited(message: string, retryAfter: number): GraphQLError {
  return new GraphQLError(message, {
    extensions: { code: 'RATE_LIMITED', retryAfter, ...retryAfterHeader(retryAfter) },
  });
}

/** The `Retry-After` while a store is away, in seconds. */
const UNAVAILABLE_SECONDS = 5;

/** Makes Apollo Server add the header to the response. It is no part of what clients read as `extensions`. */
function retryAfterHeader(seconds: number) {
  return { http: { headers: new Map([['retry-after', String(seconds)]]) } };
}
