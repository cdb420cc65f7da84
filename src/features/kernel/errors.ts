import { GraphQLError } from 'graphql';
import type { UserErrorCode } from '../../generated/graphql.ts';

/** Something wrong with a mutation's input that the user can correct. The payload's `userErrors` return it. */
export interface UserError {
  code: UserErrorCode;
  message: string;
  field: string[];
}

/** Ends a mutation with `userErrors`. Throw it before anything has changed, or inside the transaction. */
export class UserErrors extends Error {
  readonly list: UserError[];

  constructor(list: UserError[]) {
    super(list.map((error) => error.message).join(' '));
    this.list = list;
  }
}

/**
 * Makes one user error, to throw.
 *
 * @param field the path from the input's root; empty when the error concerns the whole input
 */
export function userError(code: UserErrorCode, message: string, ...field: string[]): UserErrors {
  return new UserErrors([{ code, message, field }]);
}

/** Runs a mutation and makes its payload: the fields that `work` returns, or the `UserErrors` that it throws. */
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

/** The request needs a session and has no valid one. */
export function unauthenticated(): GraphQLError {
  return new GraphQLError('Log in first: this needs a session, sent as "Authorization: Bearer TOKEN".', {
    extensions: { code: 'UNAUTHENTICATED' },
  });
}

/** An argument that a correct client does not send. */
export function badInput(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
}

/** The viewer does not have the role that the request needs. */
export function forbidden(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'FORBIDDEN' } });
}

/** The requested object does not exist, or the viewer may not see it: the two look alike. */
export function notFound(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'NOT_FOUND' } });
}

/** The server ends a subscription. The client resumes it from the cursor of the last event that it received. */
export function resume(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'RESUME' } });
}

/** A store that the request needs is unavailable for now. The client retries later. */
export function unavailable(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'UNAVAILABLE' } });
}

/** The client exceeded a rate limit. @param retryAfter seconds until a retry makes sense */
export function rateLimited(message: string, retryAfter: number): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'RATE_LIMITED', retryAfter } });
}
