import type { Resolvers } from '../../generated/graphql.ts';
import { toGlobalId } from '../../stores/ids.ts';
import { confirmPassword } from '../accounts/log-in.ts';
import { requireSession } from '../context.ts';
import { payload } from '../kernel/errors.ts';
import { requestDeletion } from './delete-account.ts';

/** The end of an account, in GraphQL. */
export const deletionResolvers: Resolvers = {
  Mutation: {
    deleteAccount: (_, { input }, context) =>
      payload(async () => {
        const { userId } = requireSession(context);
        await confirmPassword(context.stores, userId, context.address, input.password);
        await requestDeletion(context.stores, userId);
        return { deletedUserId: toGlobalId('User', userId) };
      }),
  },
};
