import type { LocationPrecision } from '../../generated/graphql.ts';
import { placeNameLock } from '../../stores/lock-ids.ts';
import { joinSql, sql, type Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import type { ClientText } from '../kernel/client-text.ts';
import type { Connection, PageRequest } from '../kernel/paging.ts';
import { readListOfEach } from '../kernel/read-list.ts';
import {
  MIN_SIMILARITY_LENGTH,
  normalizeSearchText,
  prefixPattern,
  requireSearchLimit,
} from '../kernel/search-text.ts';
import { inOrder, type RowLoaders } from '../records/load-rows.ts';
import type { PhotoRow } from '../records/photo-rows.ts';
import { photoIsVisible, placeIsReusable, placeIsVisible } from '../visibility/sql-conditions.ts';
import {
  distanceTo,
  INDEXED_POSITION,
  indexedPositionOf,
  type Point,
  requirePoint,
  withinDistanceIndexed,
} from './geo.ts';

/** A named place. Its point has the precision that the owner of its first photo chose. */
export interface PlaceRow extends Point {
  __typename: 'Place';
  id: bigint;
  name: string;
  precision: LocationPrecision;
}

/** Two places of the same name at most this far apart, in metres, are the same place. */
const SAME_PLACE_METERS = 100;
/** The radius in which `findPlacesNear` searches, in metres. */
const NEARBY_METERS = 50_000;
/** The most candidates that a search reads, per kind of match. Some are not visible to the viewer, or rank too low. */
const MAX_CANDIDATES = 200;

/**
 * Finds the place of this name at about this point, or creates it. It does not find places that the viewer may not see,
 * because their point could be more exact than what the viewer knows.
 */
export async function findOrAddPlace(
  tx: Transaction,
  viewerId: bigint,
  { name, latitude, longitude, precision }: Omit<PlaceRow, '__typename' | 'id'>,
): Promise<PlaceRow> {
  // The lock makes concurrent transactions that name the same place create only one.
  await tx.$queryRaw`select pg_advisory_xact_lock(hashtextextended(${placeNameLock(name)}, 0))::text`;
  const point = { latitude, longitude };
  const [existing] = await tx.$queryRaw<PlaceRow[]>`
    select id, name, latitude, longitude, precision from places
    where ${withinDistanceIndexed(point, SAME_PLACE_METERS)} and lower(name) = lower(${name})
      and precision = ${precision}::location_precision and ${placeIsReusable(viewerId)}
    order by ${distanceTo(point)}, id limit 1 for key share`;
  const place = existing ?? (await tx.place.create({ data: { name, latitude, longitude, precision } }));
  return { __typename: 'Place', ...place };
}

function toPlaceRow(row: Omit<PlaceRow, '__typename'>): PlaceRow {
  return { __typename: 'Place', ...row };
}

/**
 * Reads places by id, in the order of the ids; null for a place that does not exist. It checks no visibility: the
 * caller has taken the id from a photo that the viewer may see.
 */
export async function readPlaces({ db }: Stores, ids: readonly bigint[]): Promise<(PlaceRow | null)[]> {
  const rows = await db.place.findMany({ where: { id: { in: [...ids] } } });
  return inOrder(ids, rows.map(toPlaceRow));
}

/** Reads places by id, in the order of the ids; null for a place of which the viewer may see no photo. */
export async function readVisiblePlaces(
  { db }: Stores,
  viewerId: bigint | null,
  ids: readonly bigint[],
): Promise<(PlaceRow | null)[]> {
  const rows = await db.$queryRaw<Omit<PlaceRow, '__typename'>[]>`
    select id, name, latitude, longitude, precision from places
    where id = any(${[...ids]}::bigint[]) and ${placeIsVisible(viewerId)}`;
  return inOrder(ids, rows.map(toPlaceRow));
}

/**
 * The same page of the photos of several places, newest first, in one query: those that the viewer may see.
 *
 * @param viewerId null without a session
 * @param loadPhotos loads photos by id
 * @returns in the order of the ids
 */
export function listPhotosAt(
  stores: Stores,
  viewerId: bigint | null,
  placeIds: readonly bigint[],
  request: PageRequest,
  loadPhotos: RowLoaders['photos'],
): Promise<Connection<PhotoRow>[]> {
  return readListOfEach(stores, placeIds, request, {
    page: {
      table: sql`photo_locations`,
      parentId: sql`place_id`,
      sortId: sql`published_id`,
      columns: sql`photo_id as "photoId"`,
    },
    rules: photoIsVisible(viewerId, sql`photo_id`),
    load: (entries: readonly { photoId: bigint }[]) => loadPhotos(entries.map((entry) => entry.photoId)),
    answer: (photo) => photo,
  });
}

/** A place and its distance, in metres. */
export interface NearbyPlace {
  place: PlaceRow;
  distance: number;
}

/**
 * Finds places within 50 km of a point that the viewer may see, the nearest first.
 *
 * @param name finds only places with a word that begins with this
 * @param first the most results, from 1 to 50
 * @throws BAD_USER_INPUT with the allowed range
 */
export async function findPlacesNear(
  { db }: Stores,
  viewerId: bigint | null,
  point: Point,
  name: ClientText | null | undefined,
  first: number | null | undefined,
): Promise<NearbyPlace[]> {
  requirePoint(point);
  const limit = requireSearchLimit(first);
  const wordPattern =
    name === null || name === undefined ? null : `% ${prefixPattern(normalizeSearchText('name', name))}`;
  const rows = await db.$queryRaw<(PlaceRow & { distance: number })[]>`
    select id, name, latitude, longitude, precision, ${distanceTo(point)} as distance
    from (
      select * from places
      where ${withinDistanceIndexed(point, NEARBY_METERS)}
        and ${wordPattern === null ? sql`true` : sql`' ' || lower(name) like ${wordPattern}`}
      order by ${INDEXED_POSITION} <-> ${indexedPositionOf(point)} limit ${MAX_CANDIDATES}::int
    ) places
    where ${placeIsVisible(viewerId)}
    order by distance, id limit ${limit}::int`;
  return rows.map(({ distance, ...place }) => ({ place: { ...place, __typename: 'Place' }, distance }));
}

/**
 * Finds places whose name, or a word in it, begins with the text, and places with a similar name; the best match first.
 *
 * @param text from 1 to 100 characters
 * @param first the most results, from 1 to 50
 * @throws BAD_USER_INPUT with the allowed range
 */
export async function searchPlaces(
  { db }: Stores,
  viewerId: bigint | null,
  text: ClientText,
  first: number | null | undefined,
): Promise<PlaceRow[]> {
  const query = normalizeSearchText('text', text);
  const limit = requireSearchLimit(first);
  const namePattern = prefixPattern(query);
  const wordPattern = `% ${namePattern}`;
  const conditions = [
    sql`lower(name) like ${namePattern}`,
    sql`lower(name) like ${wordPattern}`,
    ...(query.length < MIN_SIMILARITY_LENGTH ? [] : [sql`${query} <% lower(name)`]),
  ];
  const candidates = conditions.map(
    (condition) =>
      sql`(select id from places where ${condition} and ${placeIsVisible(viewerId)} limit ${MAX_CANDIDATES}::int)`,
  );
  const rows = await db.$queryRaw<PlaceRow[]>`
    select id, name, latitude, longitude, precision
    from (${joinSql(candidates, ' union ')}) found join places using (id)
    order by lower(name) = ${query} desc, ' ' || lower(name) like ${wordPattern} desc,
      word_similarity(${query}, lower(name)) desc, id
    limit ${limit}::int`;
  return rows.map((row) => ({ ...row, __typename: 'Place' }));
}

/** Deletes places without a photo. Idempotent. */
export async function sweepPlaces({ db }: Stores): Promise<void> {
  // A place that a concurrent transaction gives to a photo is locked, so it is skipped and stays.
  await db.$executeRaw`
    delete from places where id in (
      select id from places where not exists (select from photo_locations where place_id = places.id)
      for update skip locked
    )`;
}
