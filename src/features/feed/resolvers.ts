import type { Resolvers } from '../../generated/graphql.ts';
import { requireSession } from '../context.ts';
import { notFound } from '../kernel/errors.ts';
import { pageRequest } from '../kernel/paging.ts';
import { parseId } from '../kernel/validate.ts';
import { eventFields, subscription } from '../live/event-resolvers.ts';
import { readHomeFeed } from './home-feed.ts';
import { subscribeToHomeFeed, subscribeToUserPhotos } from './subscriptions.ts';

/** The home feed in GraphQL. */
export const feedResolvers: Resolvers = {
  Query: {
    homeFeed: (_, page, context) => {
      const { userId } = requireSession(context);
      const { stores, loaders } = context;
      return readHomeFeed(stores, userId, pageRequest(page), loaders);
    },
  },
  Subscription: {
    homeFeed: subscription((_, { after }, context) =>
      subscribeToHomeFeed(context.stores, requireSession(context).userId, after, context.signal),
    ),
    userPhotos: subscription(async (_, { userId, after }, { stores, readViewer, signal }) => {
      const events = await subscribeToUserPhotos(stores, readViewer(), parseId('User', userId), after, signal);
      if (!events) throw notFound('There is nobody with this id whose photos you may see.');
      return events;
    }),
  },
  HomeFeedEvent: {
    ...eventFields,
    photo: ({ value }) => value,
  },
  UserPhotosEvent: {
    ...eventFields,
    photo: ({ value }) => value,
  },
};
