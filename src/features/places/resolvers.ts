import type { Resolvers } from '../../generated/graphql.ts';
import { idAt, toGlobalId } from '../../stores/ids.ts';
import type { Context } from '../context.ts';
import { type Connection, pageRequest, toConnection } from '../paging.ts';
import type { PhotoRow } from '../photos/rows.ts';
import { type Area, box, circle } from './areas.ts';
import { followNearby } from './live.ts';
import { findPlacesNear, searchPlaces } from './places.ts';
import { type FoundPhoto, searchArea } from './search-area.ts';
import { readSuggestion } from './suggestion.ts';

/** Places, and photos by where they were taken, in GraphQL. */
export const placeResolvers: Resolvers = {
  Query: {
    photosNear: async (_, { latitude, longitude, radiusMeters, ...asked }, context) => {
      const area = circle({ latitude, longitude }, radiusMeters);
      const { edges, ...page } = await readArea(context, area, asked);
      return { ...page, edges: edges.map(({ found, ...edge }) => ({ ...edge, distanceMeters: found.distance ?? 0 })) };
    },
    photosInBox: (_, { south, west, north, east, ...asked }, context) =>
      readArea(context, box({ south, west, north, east }), asked),
    placesNear: async (_, { latitude, longitude, name, first }, { stores, viewerId }) => {
      const found = await findPlacesNear(stores, viewerId, { latitude, longitude }, name, first);
      return found.map(({ place, distance }) => ({ place, distanceMeters: distance }));
    },
    searchPlaces: (_, { text, first }, { stores, viewerId }) => searchPlaces(stores, viewerId, text, first),
  },
  Subscription: {
    photosNear: {
      subscribe: (_, { latitude, longitude, radiusMeters, after }, { stores, viewerId }) =>
        followNearby(stores, viewerId, { latitude, longitude }, radiusMeters, after),
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

/** A page of what is in an area. */
async function readArea({ stores, viewerId, loaders }: Context, area: Area, asked: Asked) {
  const request = pageRequest(asked);
  const span = {
    from: asked.publishedFrom ? idAt(asked.publishedFrom) : 0n,
    before: asked.publishedBefore ? idAt(asked.publishedBefore) : 2n ** 63n - 1n,
  };
  const { photos: found, hasNextPage, end } = await searchArea(stores, viewerId, area, span, request);
  const photos = await loaders.photos(found.map(({ photoId }) => photoId));
  // One that was deleted since is left out.
  const byPhoto = new Map(found.flatMap((one, index) => (photos[index] ? [[photos[index], one] as const] : [])));
  const last = end ?? found.at(-1)?.publishedId;
  const page = toConnection([...byPhoto.keys()], (photo) => byPhoto.get(photo)?.publishedId ?? 0n, hasNextPage, last);
  return withFound(page, byPhoto);
}

function withFound({ edges, ...page }: Connection<PhotoRow>, found: ReadonlyMap<PhotoRow, FoundPhoto>) {
  return {
    ...page,
    edges: edges.flatMap((edge) => {
      const own = found.get(edge.node);
      return own ? [{ ...edge, found: own }] : [];
    }),
  };
}
