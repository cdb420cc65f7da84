import type { Resolvers } from '../../generated/graphql.ts';
import type { Stores } from '../../stores/stores.ts';
import { mutation } from '../context.ts';
import type { ClientText } from '../kernel/client-text.ts';
import { pageRequest } from '../kernel/paging.ts';
import { eventFields, subscription } from '../live/event-resolvers.ts';
import { followHashtag, listFollowedHashtags, unfollowHashtag } from './hashtag-follows.ts';
import { listHashtagPhotos, readRelatedHashtags } from './hashtag-photos.ts';
import { requireHashtag, requireHashtagInput, toHashtagRow } from './parse-hashtags.ts';
import { searchHashtags } from './search-hashtags.ts';
import { subscribeToHashtagPhotos } from './subscriptions.ts';

/** Hashtags in GraphQL. */
export const hashtagResolvers: Resolvers = {
  Query: {
    searchHashtags: async (_, { text, first }, { stores, readViewer }) =>
      toHashtags(await searchHashtags(stores, readViewer(), text, first)),
    hashtag: (_, { name }) => toHashtagRow(requireHashtag(name)),
  },
  Mutation: {
    followHashtag: changeHashtag(followHashtag),
    unfollowHashtag: changeHashtag(unfollowHashtag),
  },
  Subscription: {
    hashtagPhotos: subscription((_, { name, after }, { stores, readViewer, signal }) =>
      subscribeToHashtagPhotos(stores, readViewer(), requireHashtag(name), after, signal),
    ),
  },
  Hashtag: {
    photoCount: ({ name }, _, { loaders }) => loaders.hashtagCounts.load(name),
    viewerFollows: ({ name }, _, { loaders }) => loaders.viewerFollowsHashtag.load(name),
    photos: ({ name }, page, { stores, readViewer, loaders }) =>
      listHashtagPhotos(stores, readViewer(), name, pageRequest(page), loaders),
    related: async ({ name }, { first }, { stores, readViewer }) =>
      toHashtags(await readRelatedHashtags(stores, readViewer(), name, first)),
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
  return names.map(toHashtagRow);
}

/** Makes a mutation that does something with a hashtag. It returns the hashtag. */
function changeHashtag(work: (stores: Stores, viewerId: bigint, hashtag: string) => Promise<unknown>) {
  return mutation(async ({ userId }, { input }: { input: { name: ClientText } }, context) => {
    const hashtag = requireHashtagInput(input.name);
    await work(context.stores, userId, hashtag);
    return { hashtag: toHashtagRow(hashtag) };
  });
}
