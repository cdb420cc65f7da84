import type { Resolvers } from '../../generated/graphql.ts';
import { toCursor } from '../../stores/ids.ts';
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
      subscribe: (_, __, context) => followHomeFeed(context.stores, requireSession(context).userId),
      resolve: (photo: unknown) => photo as never,
    },
  },
  HomeFeedEvent: {
    cursor: ({ publishedId }) => toCursor(publishedId),
    photo: (photo) => photo,
  },
};
