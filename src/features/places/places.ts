import type { LocationPrecision } from '../../generated/graphql.ts';
import { MAX_ID } from '../../stores/ids.ts';
import { placeNameLock } from '../../stores/lock-ids.ts';
import { joinSql, sql, type Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { type Connection, type PageRequest, toConnection } from '../kernel/paging.ts';
import { beginsWith, foldText, MIN_SIMILAR, requireFound } from '../kernel/search-text.ts';
import type { PhotoRow } from '../records/photo-rows.ts';
import { photoIsVisible, placeIsOpen, placeIsVisible } from '../visibility/rules.ts';
import { distanceTo, isWithin, POSITION, type Point, positionOf, requirePoint } from './geo.ts';

/** A named place, as exactly as it is shown. */
export interface PlaceRow extends Point {
  __typename: 'Place';
  id: bigint;
  name: string;
  precision: LocationPrecision;
}

/** A place of the same name that is no further, in metres, is the same. */
const SAME_WITHIN = 100;
/** How far around a point places are looked for, in metres. */
const NEAR = 50_000;
/** So many are looked at, the nearest, or of those that match in each way: the viewer may not see all of them. */
const LOOKED_AT = 200;

/**
 * The place of this name at about this point, or a new one. One that the viewer may not see is not found, as its point could be
 * finer than what they know.
 */
export async function findOrAddPlace(
  tx: Transaction,
  viewerId: bigint,
  { name, latitude, longitude, precision }: Omit<PlaceRow, '__typename' | 'id'>,
): Promise<PlaceRow> {
  // Two people who name it at the same moment make one.
  await tx.$queryRaw`select pg_advisory_xact_lock(hashtextextended(${placeNameLock(name)}, 0))::text`;
  const point = { latitude, longitude };
  const [found] = await tx.$queryRaw<PlaceRow[]>`
    select id, name, latitude, longitude, precision from places
    where ${isWithin(point, SAME_WITHIN)} and lower(name) = lower(${name})
      and precision = ${precision}::location_precision and ${placeIsOpen(viewerId)}
    order by ${distanceTo(point)}, id limit 1 for key share`;
  const place = found ?? (await tx.place.create({ data: { name, latitude, longitude, precision } }));
  return { __typename: 'Place', ...place };
}

/** Places by id, whether or not the viewer may see them: for those to whom a photo leads that they may see. */
export async function readPlaces({ db }: Stores, ids: readonly bigint[]): Promise<(PlaceRow | null)[]> {
  const rows = await db.place.findMany({ where: { id: { in: [...ids] } } });
  const byId = new Map(rows.map((row) => [row.id, { __typename: 'Place' as const, ...row }]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** A place by its id; null unless the viewer may see one of its photos. */
export async function readVisiblePlace({ db }: Stores, viewerId: bigint | null, id: bigint): Promise<PlaceRow | null> {
  const [row] = await db.$queryRaw<PlaceRow[]>`
    select id, name, latitude, longitude, precision from places where id = ${id} and ${placeIsVisible(viewerId)}`;
  return row ? { ...row, __typename: 'Place' } : null;
}

/**
 * The same page of the photos of several places that the viewer may see, newest first.
 *
 * @param loadPhotos loads photos by id
 * @returns in the order of the ids
 */
export async function listPhotosAt(
  { db }: Stores,
  viewerId: bigint | null,
  placeIds: readonly bigint[],
  { first, after }: PageRequest,
  loadPhotos: (ids: readonly bigint[]) => Promise<readonly (PhotoRow | null)[]>,
): Promise<Connection<PhotoRow>[]> {
  const rows = await db.$queryRaw<{ placeId: bigint; photoId: bigint }[]>`
    select place.id as "placeId", photo.photo_id as "photoId"
    from unnest(${[...placeIds]}::bigint[]) place (id)
    cross join lateral (
      select photo_id, published_id from photo_locations
      where place_id = place.id and published_id < ${after ?? MAX_ID} and ${photoIsVisible(viewerId, sql`photo_id`)}
      order by published_id desc
      limit ${first + 1}
    ) photo
    order by photo.published_id desc`;
  const photos = await loadPhotos(rows.map((row) => row.photoId));
  const found = rows.flatMap(({ placeId }, index) => {
    const photo = photos[index];
    return photo ? [{ placeId, photo }] : [];
  });
  const byPlace = Map.groupBy(found, ({ placeId }) => placeId);
  return placeIds.map((id) => {
    const own = (byPlace.get(id) ?? []).map(({ photo }) => photo);
    return toConnection(own.slice(0, first), (photo) => photo.publishedId ?? 0n, own.length > first);
  });
}

/** A place and how far it is, in metres. */
export interface NearbyPlace {
  place: PlaceRow;
  distance: number;
}

/**
 * Places that the viewer may see within 50 km of a point, the nearest first.
 *
 * @param name only those of which a word begins with this
 * @param first at most so many, from 1 to 50
 * @throws BAD_USER_INPUT that says what is allowed
 */
export async function findPlacesNear(
  { db }: Stores,
  viewerId: bigint | null,
  point: Point,
  name: string | null | undefined,
  first: number | null | undefined,
): Promise<NearbyPlace[]> {
  requirePoint(point);
  const most = requireFound(first);
  const wanted = name === null || name === undefined ? null : `% ${beginsWith(foldText('name', name))}`;
  const rows = await db.$queryRaw<(PlaceRow & { distance: number })[]>`
    select id, name, latitude, longitude, precision, ${distanceTo(point)} as distance
    from (
      select * from places
      where ${isWithin(point, NEAR)}
        and ${wanted === null ? sql`true` : sql`' ' || lower(name) like ${wanted}`}
      order by ${POSITION} <-> ${positionOf(point)} limit ${LOOKED_AT}::int
    ) places
    where ${placeIsVisible(viewerId)}
    order by distance, id limit ${most}::int`;
  return rows.map(({ distance, ...place }) => ({ place: { ...place, __typename: 'Place' }, distance }));
}

/**
 * Finds places by the beginning of their name or of a word in it, and by names that are similar; the better match first.
 *
 * @param text from 1 to 100 characters
 * @param first at most so many, from 1 to 50
 * @throws BAD_USER_INPUT that says what is allowed
 */
export async function searchPlaces(
  { db }: Stores,
  viewerId: bigint | null,
  text: string,
  first: number | null | undefined,
): Promise<PlaceRow[]> {
  const wanted = foldText('text', text);
  const most = requireFound(first);
  const beginning = beginsWith(wanted);
  const word = `% ${beginning}`;
  const ways = [
    sql`lower(name) like ${beginning}`,
    sql`lower(name) like ${word}`,
    ...(wanted.length < MIN_SIMILAR ? [] : [sql`${wanted} <% lower(name)`]),
  ];
  const inEachWay = ways.map(
    (way) => sql`(select id from places where ${way} and ${placeIsVisible(viewerId)} limit ${LOOKED_AT}::int)`,
  );
  const rows = await db.$queryRaw<PlaceRow[]>`
    select id, name, latitude, longitude, precision
    from (${joinSql(inEachWay, ' union ')}) found join places using (id)
    order by lower(name) = ${wanted} desc, ' ' || lower(name) like ${word} desc, word_similarity(${wanted}, lower(name)) desc, id
    limit ${most}::int`;
  return rows.map((row) => ({ ...row, __typename: 'Place' }));
}

/** Deletes places that no photo has. Again changes nothing. */
export async function sweepPlaces({ db }: Stores): Promise<void> {
  // One that is being taken meanwhile is locked, and stays.
  await db.$executeRaw`
    delete from places where id in (
      select id from places where not exists (select from photo_locations where place_id = places.id)
      for update skip locked
    )`;
}
