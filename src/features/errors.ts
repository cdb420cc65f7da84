import { GraphQLError } from 'graphql';
import type { UserErrorCode } from '../generated/graphql.ts';

/** Something in a mutation's input that its sender can mend: it comes back in the payload's `userErrors`. */
export interface Mistake {
  code: UserErrorCode;
  message: string;
  field: string[];
}

/** Ends a mutation with mistakes, after which nothing has changed. */
export class Mistakes extends Error {
  readonly list: Mistake[];

  constructor(list: Mistake[]) {
    super(list.map((mistake) => mistake.message).join(' '));
    this.list = list;
  }
}

/**
 * One mistake, to throw.
 *
 * @param field the path from the input's root; none when it is about the whole
 */
export function mistake(code: UserErrorCode, message: string, ...field: string[]): Mistakes {
  return new Mistakes([{ code, message, field }]);
}

/** Runs a mutation and makes its payload: what it returns, or the mistakes that it throws. */
export async function payload<T extends object>(
  work: () => Promise<T>,
): Promise<(T & { userErrors: [] }) | { userErrors: Mistake[] }> {
  try {
    return { ...(await work()), userErrors: [] };
  } catch (error) {
    if (error instanceof Mistakes) return { userErrors: error.list };
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
export function resume(message: string): GraphQLError {
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
