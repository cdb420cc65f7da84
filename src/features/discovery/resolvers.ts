import type { Resolvers } from '../../generated/graphql.ts';
import { pageRequest } from '../paging.ts';
import { readPopular } from './popular.ts';
import { searchPeople } from './search-people.ts';

/** Finding what one does not know yet, in GraphQL. */
export const discoveryResolvers: Resolvers = {
  Query: {
    searchPeople: async (_, { text, first }, { stores, viewerId, loaders }) => {
      const people = await loaders.users(await searchPeople(stores, viewerId, text, first));
      return people.filter((person) => person !== null);
    },
    popular: (_, page, { stores, viewerId, loaders }) => readPopular(stores, viewerId, pageRequest(page), loaders),
  },
};
