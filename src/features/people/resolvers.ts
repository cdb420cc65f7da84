import type { Resolvers } from '../../generated/graphql.ts';
import { findUsername } from '../accounts/users.ts';
import { requireSession } from '../context.ts';
import { mistake, payload } from '../errors.ts';
import { parseId } from '../validate.ts';
import { follow, unfollow } from './follows.ts';

/** People and whom they follow, in GraphQL. */
export const peopleResolvers: Resolvers = {
  Query: {
    user: async (_, { username }, { stores, loaders }) => {
      const id = await findUsername(stores, username);
      return id === null ? null : loaders.user.load(id);
    },
  },
  Mutation: {
    follow: (_, { input }, context) =>
      payload(async () => {
        const { userId } = requireSession(context);
        const followeeId = parseId('User', input.userId);
        await follow(context.stores, userId, followeeId);
        return { user: await context.loaders.user.load(followeeId) };
      }),
    unfollow: (_, { input }, context) =>
      payload(async () => {
        const { userId } = requireSession(context);
        const followeeId = parseId('User', input.userId);
        const user = await context.loaders.user.load(followeeId);
        if (!user) throw mistake('NOT_FOUND', 'There is no such person.', 'userId');
        await unfollow(context.stores, userId, followeeId);
        return { user };
      }),
  },
  User: {
    viewerFollows: ({ id }, _, { loaders }) => loaders.viewerFollows.load(id),
    followsViewer: ({ id }, _, { loaders }) => loaders.followsViewer.load(id),
  },
};
