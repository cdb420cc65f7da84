import type { Resolvers } from '../../generated/graphql.ts';
import type { Context } from '../context.ts';
import { toHashtagRow } from '../hashtags/parse-hashtags.ts';
import type { ClientText } from '../kernel/client-text.ts';
import { pageRequest } from '../kernel/paging.ts';
import { readPopular } from './popular.ts';
import { search } from './search.ts';
import { searchPeople } from './search-people.ts';

/** Search and popular photos in GraphQL. */
export const discoveryResolvers: Resolvers = {
  Query: {
    searchPeople: async (_, { text, first }, { stores, readViewer, loaders }) => {
      const people = await loaders.users(await searchPeople(stores, readViewer(), text, first));
      return people.filter((person) => person !== null);
    },
    popular: (_, page, { stores, readViewer, loaders }) =>
      readPopular(stores, readViewer(), pageRequest(page), loaders),
    search: (_, { text, first }, context) => readFound(context, text, first),
  },
};

async function readFound({ stores, readViewer, loaders }: Context, text: ClientText, first: number | null | undefined) {
  const found = await search(stores, readViewer(), text, first);
  const rows = await Promise.all(
    found.map((result) => {
      if (result.kind === 'person') return loaders.user.load(result.id);
      return result.kind === 'hashtag' ? toHashtagRow(result.name) : result.place;
    }),
  );
  // A person who was deleted meanwhile is missing.
  return rows.filter((row) => row !== null);
}
