/** Points on the earth, taken as a sphere. */
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
export function distance(one: Point, other: Point): number {
  const north = Math.sin(((other.latitude - one.latitude) * RADIANS) / 2) ** 2;
  const east = Math.sin(((other.longitude - one.longitude) * RADIANS) / 2) ** 2;
  const both = north + Math.cos(one.latitude * RADIANS) * Math.cos(other.latitude * RADIANS) * east;
  return 2 * EARTH_RADIUS * Math.asin(Math.min(1, Math.sqrt(both)));
}

/** The haversine of the angle between a point and the columns `latitude` and `longitude`, in SQL. */
function haversineTo({ latitude, longitude }: Point): Sql {
  const flat = Math.cos(latitude * RADIANS);
  // PostgreSQL refuses to multiply what is so small that the result would be 0.
  const squared = (degrees: Sql) => sql`sin(radians(greatest(abs(${degrees}), 1e-100)) / 2) ^ 2`;
  const north = squared(sql`latitude - ${latitude}::float8`);
  const east = squared(sql`longitude - ${longitude}::float8`);
  return sql`(${north} + ${flat}::float8 * cos(radians(latitude)) * ${east})`;
}

/** The distance in SQL, from a point to the columns `latitude` and `longitude`. */
export function distanceTo(point: Point): Sql {
  return sql`(2 * ${EARTH_RADIUS}::float8 * asin(least(1, sqrt(${haversineTo(point)}))))`;
}

/** The condition that the columns `latitude` and `longitude` are no further from a point, in metres: costs less than the distance. */
export function withinDistance(point: Point, metres: number): Sql {
  return sql`${haversineTo(point)} <= ${Math.sin(metres / EARTH_RADIUS / 2) ** 2}::float8`;
}

/** How the columns `latitude` and `longitude` are indexed for what is nearest: as points on the unit sphere. */
export const INDEXED_POSITION: Sql = sql`cube(array[
  cos(radians(latitude)) * cos(radians(longitude)),
  cos(radians(latitude)) * sin(radians(longitude)),
  sin(radians(latitude))
])`;

/** A point as it is indexed. */
export function indexedPositionOf({ latitude, longitude }: Point): Sql {
  const flat = Math.cos(latitude * RADIANS);
  const x = flat * Math.cos(longitude * RADIANS);
  const y = flat * Math.sin(longitude * RADIANS);
  return sql`cube(array[${x}::float8, ${y}::float8, ${Math.sin(latitude * RADIANS)}::float8])`;
}

/** The condition that the columns `latitude` and `longitude` are no further from a point, in metres, of which the index of `POSITION` knows. */
export function withinDistanceIndexed(point: Point, metres: number): Sql {
  // The straight line to a point that is so far along the surface of a sphere with the radius 1, and a little more.
  const straight = 2 * Math.sin(metres / EARTH_RADIUS / 2) + 1e-9;
  return sql`(${INDEXED_POSITION} <@ cube_enlarge(${indexedPositionOf(point)}, ${straight}::float8, 3)
    and ${withinDistance(point, metres)})`;
}

/** A point as exactly as one is stored: to about a centimetre. So no number is too small to calculate with. */
export function roundPoint({ latitude, longitude }: Point): Point {
  const round = (degrees: number) => Math.round(degrees * 1e7) / 1e7;
  return { latitude: round(latitude), longitude: round(longitude) };
}

/** What is wrong with a latitude or longitude; null when it is one. */
export function checkDegrees(name: 'latitude' | 'longitude', degrees: number): string | null {
  const most = name === 'latitude' ? 90 : 180;
  return Math.abs(degrees) <= most ? null : `A ${name} is from -${most} to ${most} degrees; this is ${degrees}.`;
}

/** A point that is asked about. @throws BAD_USER_INPUT that says what is allowed */
export function requirePoint({ latitude, longitude }: Point): Point {
  const wrong = checkDegrees('latitude', latitude) ?? checkDegrees('longitude', longitude);
  if (wrong) throw badInput(wrong);
  return { latitude, longitude };
}
