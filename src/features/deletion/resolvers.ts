import type { Resolvers } from '../../generated/graphql.ts';
import { toGlobalId } from '../../stores/ids.ts';
import { confirmPassword } from '../accounts/log-in.ts';
import { mutation } from '../context.ts';
import { requestDeletion } from './delete-account.ts';

/** Account deletion in GraphQL. */
export const deletionResolvers: Resolvers = {
  Mutation: {
    deleteAccount: mutation(async ({ userId }, { input }, context) => {
      await confirmPassword(context.stores, userId, context.address, input.password);
      await requestDeletion(context.stores, userId);
      return { deletedUserId: toGlobalId('User', userId) };
    }),
  },
};
