import type { Resolvers } from '../../generated/graphql.ts';
import type { Stores } from '../../stores/stores.ts';
import { type Context, requireSession } from '../context.ts';
import { payload } from '../errors.ts';
import { followHashtagPhotos } from '../feed/live.ts';
import { pageRequest } from '../paging.ts';
import { followHashtag, listFollowedHashtags, unfollowHashtag } from './hashtag-follows.ts';
import { listHashtagPhotos, readRelated } from './hashtag-photos.ts';
import { type HashtagRow, requireHashtag, requireHashtagInput } from './parse-hashtags.ts';
import { readPopular } from './popular.ts';
import { search } from './search.ts';
import { searchHashtags } from './search-hashtags.ts';
import { searchPeople } from './search-people.ts';

/** Finding what one does not know yet, in GraphQL. */
export const discoveryResolvers: Resolvers = {
  Query: {
    searchPeople: async (_, { text, first }, { stores, viewerId, loaders }) => {
      const people = await loaders.users(await searchPeople(stores, viewerId, text, first));
      return people.filter((person) => person !== null);
    },
    popular: (_, page, { stores, viewerId, loaders }) => readPopular(stores, viewerId, pageRequest(page), loaders),
    searchHashtags: async (_, { text, first }, { stores, viewerId }) =>
      named(await searchHashtags(stores, viewerId, text, first)),
    hashtag: (_, { name }) => hashtagOf(requireHashtag(name)),
    search: (_, { text, first }, context) => readFound(context, text, first),
  },
  Mutation: {
    followHashtag: (_, { input }, context) => act(context, input.name, followHashtag),
    unfollowHashtag: (_, { input }, context) => act(context, input.name, unfollowHashtag),
  },
  Subscription: {
    hashtagPhotos: {
      subscribe: (_, { name, after }, { stores, viewerId }) =>
        followHashtagPhotos(stores, viewerId, requireHashtag(name), after),
      resolve: (event: unknown) => event as never,
    },
  },
  Hashtag: {
    photoCount: ({ name }, _, { loaders }) => loaders.hashtagCounts.load(name),
    viewerFollows: ({ name }, _, { loaders }) => loaders.viewerFollowsHashtag.load(name),
    photos: ({ name }, page, { stores, viewerId, loaders }) =>
      listHashtagPhotos(stores, viewerId, name, pageRequest(page), loaders),
    related: async ({ name }, { first }, { stores, viewerId }) =>
      named(await readRelated(stores, viewerId, name, first)),
  },
  HashtagPhotosEvent: {
    cursor: ({ cursor }) => cursor,
    isGap: ({ isGap }) => isGap,
    photo: ({ value }) => value,
  },
  Viewer: {
    followedHashtags: ({ userId }, page, { stores }) => listFollowedHashtags(stores, userId, pageRequest(page)),
  },
};

function named(names: readonly string[]) {
  return names.map(hashtagOf);
}

function hashtagOf(name: string): HashtagRow {
  return { __typename: 'Hashtag', name };
}

async function readFound({ stores, viewerId, loaders }: Context, text: string, first: number | null | undefined) {
  const found = await search(stores, viewerId, text, first);
  const rows = await Promise.all(
    found.map((one) => {
      if (one.kind === 'person') return loaders.user.load(one.id);
      return one.kind === 'hashtag' ? hashtagOf(one.name) : one.place;
    }),
  );
  // One that was deleted since is left out.
  return rows.filter((row) => row !== null);
}

/** Does something with a hashtag that a mutation names, and answers with it. */
function act(
  context: Context,
  name: string,
  work: (stores: Stores, viewerId: bigint, hashtag: string) => Promise<unknown>,
) {
  return payload(async () => {
    const { userId } = requireSession(context);
    const hashtag = requireHashtagInput(name);
    await work(context.stores, userId, hashtag);
    return { hashtag: hashtagOf(hashtag) };
  });
}
