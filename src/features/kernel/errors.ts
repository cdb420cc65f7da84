import { GraphQLError } from 'graphql';
import type { UserErrorCode } from '../../generated/graphql.ts';

/** Something in a mutation's input that its sender can mend: it comes back in the payload's `userErrors`. */
export interface UserError {
  code: UserErrorCode;
  message: string;
  field: string[];
}

/** Ends a mutation with userErrors, after which nothing has changed. */
export class UserErrors extends Error {
  readonly list: UserError[];

  constructor(list: UserError[]) {
    super(list.map((mistake) => mistake.message).join(' '));
    this.list = list;
  }
}

/**
 * One mistake, to throw.
 *
 * @param field the path from the input's root; none when it is about the whole
 */
export function userError(code: UserErrorCode, message: string, ...field: string[]): UserErrors {
  return new UserErrors([{ code, message, field }]);
}

/** Runs a mutation and makes its payload: what it returns, or the userErrors that it throws. */
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

/** The request needs a session and has none that is valid. */
export function unauthenticated(): GraphQLError {
  return new GraphQLError('Log in first: this needs a session, sent as "Authorization: Bearer TOKEN".', {
    extensions: { code: 'UNAUTHENTICATED' },
  });
}

/** An argument that no client should send. */
export function badInput(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
}

/** The viewer is not one of those whom this is for. */
export function forbidden(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'FORBIDDEN' } });
}

/** What was asked for does not exist, or is not for the viewer. */
export function notFound(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'NOT_FOUND' } });
}

/** The server cannot go on with a subscription, and the client can: from the cursor of the last event that it has had. */
export function resumeRequired(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'RESUME' } });
}

/** Something that this needs is away, and will be back: the client tries again after a while. */
export function unavailable(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'UNAVAILABLE' } });
}

/** Too much in too short a time. @param retryAfter seconds until it makes sense to try again */
export function rateLimited(message: string, retryAfter: number): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'RATE_LIMITED', retryAfter } });
}
