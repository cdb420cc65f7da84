/** Points on the earth, which is treated as a sphere. */
import { type Sql, sql } from '../../stores/postgres.ts';
import { badInput } from '../kernel/errors.ts';

/** In degrees: the latitude from -90 to 90, the longitude from -180 to 180. */
export interface Point {
  latitude: number;
  longitude: number;
}

/** The mean radius of the earth in metres (IUGG). */
export const EARTH_RADIUS = 6_371_008.8;
const RADIANS = Math.PI / 180;

/** The distance between two points along the surface, in metres (the haversine formula). */
export function distance(from: Point, to: Point): number {
  const north = Math.sin(((to.latitude - from.latitude) * RADIANS) / 2) ** 2;
  const east = Math.sin(((to.longitude - from.longitude) * RADIANS) / 2) ** 2;
  const haversine = north + Math.cos(from.latitude * RADIANS) * Math.cos(to.latitude * RADIANS) * east;
  return 2 * EARTH_RADIUS * Math.asin(Math.min(1, Math.sqrt(haversine)));
}

/** The SQL expression for the haversine of the angle between a point and the columns `latitude` and `longitude`. */
function haversineTo({ latitude, longitude }: Point): Sql {
  const cosLatitude = Math.cos(latitude * RADIANS);
  // PostgreSQL raises an error when a product underflows to 0, so the smallest angle is 1e-100.
  const squared = (degrees: Sql) => sql`sin(radians(greatest(abs(${degrees}), 1e-100)) / 2) ^ 2`;
  const north = squared(sql`latitude - ${latitude}::float8`);
  const east = squared(sql`longitude - ${longitude}::float8`);
  return sql`(${north} + ${cosLatitude}::float8 * cos(radians(latitude)) * ${east})`;
}

/** The SQL expression for the distance in metres from a point to the columns `latitude` and `longitude`. */
export function distanceTo(point: Point): Sql {
  return sql`(2 * ${EARTH_RADIUS}::float8 * asin(least(1, sqrt(${haversineTo(point)}))))`;
}

/**
 * The SQL condition that the columns `latitude` and `longitude` are at most this far from a point. It costs less than
 * comparing `distanceTo`.
 */
export function withinDistance(point: Point, metres: number): Sql {
  return sql`${haversineTo(point)} <= ${Math.sin(metres / EARTH_RADIUS / 2) ** 2}::float8`;
}

/**
 * The SQL expression by which the columns `latitude` and `longitude` are indexed for nearest-neighbour searches: a
 * point on the unit sphere.
 */
export const INDEXED_POSITION: Sql = sql`cube(array[
  cos(radians(latitude)) * cos(radians(longitude)),
  cos(radians(latitude)) * sin(radians(longitude)),
  sin(radians(latitude))
])`;

/** A point in the form of `INDEXED_POSITION`. */
export function indexedPositionOf({ latitude, longitude }: Point): Sql {
  const cosLatitude = Math.cos(latitude * RADIANS);
  const x = cosLatitude * Math.cos(longitude * RADIANS);
  const y = cosLatitude * Math.sin(longitude * RADIANS);
  return sql`cube(array[${x}::float8, ${y}::float8, ${Math.sin(latitude * RADIANS)}::float8])`;
}

/** The condition of `withinDistance`, in a form that uses the index on `INDEXED_POSITION`. */
export function withinDistanceIndexed(point: Point, metres: number): Sql {
  // The chord of the unit sphere that belongs to this distance along the surface, and a little more.
  const chord = 2 * Math.sin(metres / EARTH_RADIUS / 2) + 1e-9;
  return sql`(${INDEXED_POSITION} <@ cube_enlarge(${indexedPositionOf(point)}, ${chord}::float8, 3)
    and ${withinDistance(point, metres)})`;
}

/**
 * Rounds a point to the precision that is stored, about a centimetre. It also turns numbers that could underflow to 0.
 */
export function roundPoint({ latitude, longitude }: Point): Point {
  const round = (degrees: number) => Math.round(degrees * 1e7) / 1e7;
  return { latitude: round(latitude), longitude: round(longitude) };
}

/** Checks a latitude or longitude. @returns the message of the error, or null */
export function checkDegrees(name: 'latitude' | 'longitude', degrees: number): string | null {
  const max = name === 'latitude' ? 90 : 180;
  return Math.abs(degrees) <= max ? null : `A ${name} is from -${max} to ${max} degrees; this is ${degrees}.`;
}

/** Checks the point in an argument. @throws BAD_USER_INPUT with the allowed range */
export function requirePoint({ latitude, longitude }: Point): Point {
  const error = checkDegrees('latitude', latitude) ?? checkDegrees('longitude', longitude);
  if (error) throw badInput(error);
  return { latitude, longitude };
}
