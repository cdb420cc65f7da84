/**
 * Work stops when nobody waits for it. A signal is aborted when the client has left, has completed its operation, or
 * was answered that it takes too long. Only what a single client waits for may stop: never a read that several share.
 */
import { GraphQLError } from 'graphql';

/** Ends an operation for whose answer nobody waits. Nobody reads it, and it is no fault. */
export const ABANDONED = new GraphQLError('Nobody waits for the answer.', {
  extensions: { code: 'ABANDONED' },
});

/** @throws ABANDONED when nobody waits for the answer any more */
export function stopIfAbandoned(signal: AbortSignal): void {
  if (signal.aborted) throw ABANDONED;
}

/** The signal of work that is carried out in full. Made anew each time, so that it collects no listeners. */
export function neverAbandoned(): AbortSignal {
  return new AbortController().signal;
}
