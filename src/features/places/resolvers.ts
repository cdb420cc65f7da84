import type { Resolvers } from '../../generated/graphql.ts';
import { idAt, MAX_ID, toGlobalId } from '../../stores/ids.ts';
import type { Context } from '../context.ts';
import { pageRequest, toConnection } from '../kernel/paging.ts';
import { type Area, box, circle } from './areas.ts';
import { findPlacesNear, searchPlaces } from './places.ts';
import { searchArea } from './search-area.ts';
import { subscribeToPhotosNear } from './subscriptions.ts';
import { readSuggestion } from './suggestion.ts';

/** Places, and photos by where they were taken, in GraphQL. */
export const placeResolvers: Resolvers = {
  Query: {
    photosNear: async (_, { latitude, longitude, radiusMeters, ...asked }, context) => {
      const area = circle({ latitude, longitude }, radiusMeters);
      const { page, distances } = await readArea(context, area, asked);
      return {
        ...page,
        edges: page.edges.map((edge) => ({ ...edge, distanceMeters: distances.get(edge.node.id) ?? 0 })),
      };
    },
    photosInBox: async (_, { south, west, north, east, ...asked }, context) =>
      (await readArea(context, box({ south, west, north, east }), asked)).page,
    placesNear: async (_, { latitude, longitude, name, first }, { stores, viewerId }) => {
      const found = await findPlacesNear(stores, viewerId, { latitude, longitude }, name, first);
      return found.map(({ place, distance }) => ({ place, distanceMeters: distance }));
    },
    searchPlaces: (_, { text, first }, { stores, viewerId }) => searchPlaces(stores, viewerId, text, first),
  },
  Subscription: {
    photosNear: {
      subscribe: (_, { latitude, longitude, radiusMeters, after }, { stores, viewerId }) =>
        subscribeToPhotosNear(stores, viewerId, { latitude, longitude }, radiusMeters, after),
      resolve: (event: unknown) => event as never,
    },
  },
  Photo: {
    location: ({ location }) => location,
  },
  Location: {
    place: ({ placeId }, _, { loaders }) => (placeId === null ? null : loaders.place.load(placeId)),
  },
  Place: {
    id: ({ id }) => toGlobalId('Place', id),
    photos: ({ id }, page, { loaders }) => loaders.photosAt(pageRequest(page)).load(id),
  },
  Upload: {
    suggestedLocation: (upload, _, { stores }) => readSuggestion(stores, upload),
  },
  NearbyPhotoEvent: {
    cursor: ({ cursor }) => cursor,
    isGap: ({ isGap }) => isGap,
    photo: ({ value }) => value?.photo ?? null,
    distanceMeters: ({ value }) => value?.distance ?? null,
  },
};

interface Asked {
  publishedFrom?: Date | null;
  publishedBefore?: Date | null;
  first: number | null;
  after?: string | null;
}

/** A page of what is in an area, with how far each photo is from its middle. */
async function readArea({ stores, viewerId, loaders }: Context, area: Area, asked: Asked) {
  const request = pageRequest(asked);
  const span = {
    from: asked.publishedFrom ? idAt(asked.publishedFrom) : 0n,
    before: asked.publishedBefore ? idAt(asked.publishedBefore) : MAX_ID,
  };
  const { photos: found, hasNextPage, end } = await searchArea(stores, viewerId, area, span, request);
  const photos = await loaders.photos(found.map(({ photoId }) => photoId));
  // One that was deleted since is left out.
  const existing = photos.filter((photo) => photo !== null);
  const last = end ?? found.at(-1)?.publishedId;
  const page = toConnection(existing, (photo) => photo.publishedId ?? 0n, hasNextPage, last);
  return { page, distances: new Map(found.map(({ photoId, distance }) => [photoId, distance])) };
}
