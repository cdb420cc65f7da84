/** The part of the resolvers that all subscriptions and their event types share. */
import type { LiveEvent } from './subscribe.ts';

/**
 * Makes the resolver of a subscription whose source yields what the field returns: GraphQL would expect an object with
 * the field's name as its key.
 *
 * @param subscribe the resolver that opens the source
 */
export function subscription<Subscribe>(subscribe: Subscribe) {
  return { subscribe, resolve: (event: unknown) => event as never };
}

/** The resolvers of the fields that every event type has. */
export const eventFields = {
  cursor: ({ cursor }: LiveEvent<unknown>) => cursor,
  isGap: ({ isGap }: LiveEvent<unknown>) => isGap,
};
