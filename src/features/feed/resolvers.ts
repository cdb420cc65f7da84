import type { Resolvers } from '../../generated/graphql.ts';
import { requireSession } from '../context.ts';
import { pageRequest } from '../paging.ts';
import { readHomeFeed } from './home-feed.ts';
import { followHomeFeed } from './live.ts';

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
      subscribe: (_, { after }, context) => followHomeFeed(context.stores, requireSession(context).userId, after),
      resolve: (photo: unknown) => photo as never,
    },
  },
  HomeFeedEvent: {
    cursor: ({ cursor }) => cursor,
    isGap: ({ value }) => value === null,
    photo: ({ value }) => value,
  },
};
