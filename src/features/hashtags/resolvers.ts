import type { Resolvers } from '../../generated/graphql.ts';
import type { Stores } from '../../stores/stores.ts';
import { type Context, requireSession } from '../context.ts';
import { payload } from '../kernel/errors.ts';
import { pageRequest } from '../kernel/paging.ts';
import { followHashtag, listFollowedHashtags, unfollowHashtag } from './hashtag-follows.ts';
import { listHashtagPhotos, readRelatedHashtags } from './hashtag-photos.ts';
import { requireHashtag, requireHashtagInput, toHashtagRow } from './parse-hashtags.ts';
import { searchHashtags } from './search-hashtags.ts';
import { subscribeToHashtagPhotos } from './subscriptions.ts';

/** Hashtags in GraphQL. */
export const hashtagResolvers: Resolvers = {
  Query: {
    searchHashtags: async (_, { text, first }, { stores, readViewer }) =>
      named(await searchHashtags(stores, readViewer(), text, first)),
    hashtag: (_, { name }) => toHashtagRow(requireHashtag(name)),
  },
  Mutation: {
    followHashtag: (_, { input }, context) => changeHashtag(context, input.name, followHashtag),
    unfollowHashtag: (_, { input }, context) => changeHashtag(context, input.name, unfollowHashtag),
  },
  Subscription: {
    hashtagPhotos: {
      subscribe: (_, { name, after }, { stores, readViewer }) =>
        subscribeToHashtagPhotos(stores, readViewer(), requireHashtag(name), after),
      resolve: (event: unknown) => event as never,
    },
  },
  Hashtag: {
    photoCount: ({ name }, _, { loaders }) => loaders.hashtagCounts.load(name),
    viewerFollows: ({ name }, _, { loaders }) => loaders.viewerFollowsHashtag.load(name),
    photos: ({ name }, page, { stores, readViewer, loaders }) =>
      listHashtagPhotos(stores, readViewer(), name, pageRequest(page), loaders),
    related: async ({ name }, { first }, { stores, readViewer }) =>
      named(await readRelatedHashtags(stores, readViewer(), name, first)),
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
  return names.map(toHashtagRow);
}

/** Does something with a hashtag that a mutation names, and answers with it. */
function changeHashtag(
  context: Context,
  name: string,
  work: (stores: Stores, viewerId: bigint, hashtag: string) => Promise<unknown>,
) {
  return payload(async () => {
    const { userId } = requireSession(context);
    const hashtag = requireHashtagInput(name);
    await work(context.stores, userId, hashtag);
    return { hashtag: toHashtagRow(hashtag) };
  });
}
