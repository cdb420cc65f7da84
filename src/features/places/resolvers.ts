import type { Resolvers } from '../../generated/graphql.ts';
import { idAt, MAX_ID, toGlobalId } from '../../stores/ids.ts';
import type { Context } from '../context.ts';
import type { ClientText } from '../kernel/client-text.ts';
import { pageRequest, toConnection } from '../kernel/paging.ts';
import { answerBatch, ruledByPage } from '../kernel/read-list.ts';
import { eventFields, subscription } from '../live/event-resolvers.ts';
import { type Area, box, circle } from './areas.ts';
import { findPlacesNear, searchPlaces } from './places.ts';
import { searchArea } from './search-area.ts';
import { subscribeToPhotosNear } from './subscriptions.ts';

/** Places, and photos by location, in GraphQL. */
export const placeResolvers: Resolvers = {
  Query: {
    photosNear: async (_, { latitude, longitude, radiusMeters, ...args }, context) => {
      const area = circle({ latitude, longitude }, radiusMeters);
      const { page, distances } = await readArea(context, area, args);
      return {
        ...page,
        edges: page.edges.map((edge) => ({ ...edge, distanceMeters: distances.get(edge.node.id) ?? 0 })),
      };
    },
    photosInBox: async (_, { south, west, north, east, ...args }, context) =>
      (await readArea(context, box({ south, west, north, east }), args)).page,
    placesNear: async (_, { latitude, longitude, name, first }, { stores, readViewer }) => {
      const found = await findPlacesNear(stores, readViewer(), { latitude, longitude }, name, first);
      return found.map(({ place, distance }) => ({ place, distanceMeters: distance }));
    },
    searchPlaces: (_, { text, first }, { stores, readViewer }) => searchPlaces(stores, readViewer(), text, first),
  },
  Subscription: {
    photosNear: subscription((_, { latitude, longitude, radiusMeters, after }, { stores, readViewer, signal }) =>
      subscribeToPhotosNear(stores, readViewer(), { latitude, longitude }, radiusMeters, after, signal),
    ),
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
    suggestedLocation: (upload, _, { loaders }) => loaders.suggestedLocation.load(upload),
  },
  NearbyPhotoEvent: {
    ...eventFields,
    photo: ({ value }) => value?.photo ?? null,
    distanceMeters: ({ value }) => value?.distance ?? null,
  },
};

/** The arguments that all lists of photos in an area have. */
interface AreaArguments {
  publishedFrom?: Date | null;
  publishedBefore?: Date | null;
  first: number | null;
  after?: ClientText | null;
}

/** A page of the photos in an area, with the distance of each from the area's middle, by photo id. */
async function readArea({ stores, readViewer, loaders, signal }: Context, area: Area, args: AreaArguments) {
  const request = pageRequest(args);
  const span = {
    from: args.publishedFrom ? idAt(args.publishedFrom) : 0n,
    before: args.publishedBefore ? idAt(args.publishedBefore) : MAX_ID,
  };
  const { photos, hasNextPage, end } = await searchArea(stores, readViewer(), area, span, request, signal);
  const items = await answerBatch(photos, {
    sortId: (entry) => entry.publishedId,
    load: (entries) => loaders.photos(entries.map((entry) => entry.photoId)),
    rules: ruledByPage,
    answer: (photo) => photo,
  });
  const page = toConnection(items, hasNextPage, end ?? photos.at(-1)?.publishedId);
  return { page, distances: new Map(photos.map(({ photoId, distance }) => [photoId, distance])) };
}
