import type { Resolvers } from '../../generated/graphql.ts';
import { requireSession } from '../context.ts';
import { notFound } from '../kernel/errors.ts';
import { pageRequest } from '../kernel/paging.ts';
import { parseId } from '../kernel/validate.ts';
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
    homeFeed: {
      subscribe: (_, { after }, context) => subscribeToHomeFeed(context.stores, requireSession(context).userId, after),
      resolve: (event: unknown) => event as never,
    },
    userPhotos: {
      subscribe: async (_, { userId, after }, { stores, readViewer }) => {
        const events = await subscribeToUserPhotos(stores, readViewer(), parseId('User', userId), after);
        if (!events) throw notFound('There is nobody with this id whose photos you may see.');
        return events;
      },
      resolve: (event: unknown) => event as never,
    },
  },
  HomeFeedEvent: {
    cursor: ({ cursor }) => cursor,
    isGap: ({ isGap }) => isGap,
    photo: ({ value }) => value,
  },
  UserPhotosEvent: {
    cursor: ({ cursor }) => cursor,
    isGap: ({ isGap }) => isGap,
    photo: ({ value }) => value,
  },
};
