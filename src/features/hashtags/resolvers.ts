import type { Resolvers } from '../../generated/graphql.ts';
import type { Stores } from '../../stores/stores.ts';
import { mutation } from '../context.ts';
import { pageRequest } from '../kernel/paging.ts';
import { eventFields, subscription } from '../live/event-resolvers.ts';
import { followHashtag, listFollowedHashtags, unfollowHashtag } from './hashtag-follows.ts';
import { listHashtagPhotos, readRelated } from './hashtag-photos.ts';
import { hashtagOf, requireHashtag, requireHashtagInput } from './parse-hashtags.ts';
import { searchHashtags } from './search-hashtags.ts';
import { subscribeToHashtagPhotos } from './subscriptions.ts';

/** Hashtags in GraphQL. */
export const hashtagResolvers: Resolvers = {
  Query: {
    searchHashtags: async (_, { text, first }, { stores, viewerId }) =>
      toHashtags(await searchHashtags(stores, viewerId, text, first)),
    hashtag: (_, { name }) => hashtagOf(requireHashtag(name)),
  },
  Mutation: {
    followHashtag: changeHashtag(followHashtag),
    unfollowHashtag: changeHashtag(unfollowHashtag),
  },
  Subscription: {
    hashtagPhotos: subscription((_, { name, after }, { stores, viewerId }) =>
      subscribeToHashtagPhotos(stores, viewerId, requireHashtag(name), after),
    ),
  },
  Hashtag: {
    photoCount: ({ name }, _, { loaders }) => loaders.hashtagCounts.load(name),
    viewerFollows: ({ name }, _, { loaders }) => loaders.viewerFollowsHashtag.load(name),
    photos: ({ name }, page, { stores, viewerId, loaders }) =>
      listHashtagPhotos(stores, viewerId, name, pageRequest(page), loaders),
    related: async ({ name }, { first }, { stores, viewerId }) =>
      toHashtags(await readRelated(stores, viewerId, name, first)),
  },
  HashtagPhotosEvent: {
    ...eventFields,
    photo: ({ value }) => value,
  },
  Viewer: {
    followedHashtags: ({ userId }, page, { stores }) => listFollowedHashtags(stores, userId, pageRequest(page)),
  },
};

function toHashtags(names: readonly string[]) {
  return names.map(hashtagOf);
}

/** Makes a mutation that does something with a hashtag. It returns the hashtag. */
function changeHashtag(work: (stores: Stores, viewerId: bigint, hashtag: string) => Promise<unknown>) {
  return mutation(async ({ userId }, { input }: { input: { name: string } }, context) => {
    const hashtag = requireHashtagInput(input.name);
    await work(context.stores, userId, hashtag);
    return { hashtag: hashtagOf(hashtag) };
  });
}
