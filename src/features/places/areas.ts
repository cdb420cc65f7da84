/** The areas that photos are searched in, circles and boxes, and the H3 cells that cover them. */
import { type Sql, sql } from '../../stores/postgres.ts';
import { badInput } from '../kernel/errors.ts';
import { BASE_CELLS, childrenOf, hasStoredDescendants, isStoredResolution, type MeasuredCell } from './cells.ts';
import { distance, EARTH_RADIUS, type Point, requirePoint, withinDistance } from './geo.ts';

/** How a disc relates to an area: it lies inside, outside, or possibly on both sides of the edge. */
export type Containment = 'inside' | 'outside' | 'partly';

/** A part of the earth's surface. */
export interface Area {
  /**
   * Classifies the disc of all points within `radius` metres of a point. `inside` and `outside` are exact; `partly`
   * also stands for discs that a cheap test cannot decide.
   */
  classify(center: Point, radius: number): Containment;
  /** The SQL condition that the columns `latitude` and `longitude` are a point of the area. */
  contains: Sql;
  /** The point that distances of photos are measured from; null for a box. */
  center: Point | null;
}

/** A box as a map shows it, in degrees. When `west` is greater than `east`, the box crosses the 180th meridian. */
export interface Box {
  south: number;
  west: number;
  north: number;
  east: number;
}

const MIN_RADIUS = 10;
const MAX_RADIUS = 50_000;

/**
 * A circle on the ground. It may cover a pole, and cross the 180th meridian.
 *
 * @param radius from 10 to 50,000 metres
 * @throws BAD_USER_INPUT with the allowed range
 */
export function circle(center: Point, radius: number): Area {
  requirePoint(center);
  if (!(radius >= MIN_RADIUS && radius <= MAX_RADIUS)) {
    const allowed = `${MIN_RADIUS} to ${MAX_RADIUS.toLocaleString('en')}`;
    throw badInput(`"radiusMeters" must be from ${allowed}; it is ${radius}.`);
  }
  return {
    classify(discCenter, discRadius) {
      const between = distance(center, discCenter);
      if (between - discRadius > radius) return 'outside';
      return between + discRadius <= radius ? 'inside' : 'partly';
    },
    contains: sql`${boundingBox(center, radius)} and ${withinDistance(center, radius)}`,
    center,
  };
}

/**
 * The SQL condition that a point lies between the parallels and the meridians that bound a circle: a test without
 * trigonometry. Near the poles and the 180th meridian it tests the parallels only.
 */
function boundingBox({ latitude, longitude }: Point, radius: number): Sql {
  const toDegrees = (angle: number) => (angle * 180) / Math.PI;
  const angle = (radius / EARTH_RADIUS) * (1 + 1e-6);
  const halfHeight = toDegrees(angle);
  const ratio = Math.sin(angle) / Math.cos((latitude * Math.PI) / 180);
  const halfWidth = ratio < 1 ? toDegrees(Math.asin(ratio)) * (1 + 1e-6) : 180;
  // All circles get a condition of the same form, so that they share a prepared statement.
  const isPlain = Math.abs(latitude) + halfHeight < 90 && Math.abs(longitude) + halfWidth < 180;
  const [west, east] = isPlain ? [longitude - halfWidth, longitude + halfWidth] : [-180, 180];
  return sql`latitude between ${latitude - halfHeight}::float8 and ${latitude + halfHeight}::float8
    and longitude between ${west}::float8 and ${east}::float8`;
}

/**
 * A box between two parallels and two meridians.
 *
 * @throws BAD_USER_INPUT with the allowed range
 */
export function box({ south, west, north, east }: Box): Area {
  requirePoint({ latitude: south, longitude: west });
  requirePoint({ latitude: north, longitude: east });
  if (south > north) throw badInput(`"south" must not be north of "north": ${south} is greater than ${north}.`);
  const crossesMeridian = west > east;
  const width = crossesMeridian ? east - west + 360 : east - west;
  return {
    classify(center, radius) {
      const halfHeight = ((radius / EARTH_RADIUS) * 180) / Math.PI;
      const [bottom, top] = [center.latitude - halfHeight, center.latitude + halfHeight];
      if (top < south || bottom > north) return 'outside';
      // A degree of longitude gets shorter towards the poles, and all meridians meet at a pole.
      const coversPole = top >= 90 || bottom <= -90;
      const ratio = Math.sin(radius / EARTH_RADIUS) / Math.cos((center.latitude * Math.PI) / 180);
      const halfWidth = coversPole || ratio >= 1 ? 180 : (Math.asin(ratio) * 180) / Math.PI;
      // The distance in degrees, from 0 to 360, eastwards from the west side of the box to the west side of the disc.
      const left = (((center.longitude - halfWidth - west) % 360) + 360) % 360;
      if (halfWidth < 180 && left > width && left + 2 * halfWidth < 360) return 'outside';
      const isBetweenMeridians = width >= 360 || (halfWidth < 180 && left + 2 * halfWidth <= width);
      return isBetweenMeridians && bottom >= south && top <= north ? 'inside' : 'partly';
    },
    contains: sql`latitude between ${south}::float8 and ${north}::float8 and ${
      crossesMeridian
        ? sql`(longitude >= ${west}::float8 or longitude <= ${east}::float8)`
        : sql`longitude between ${west}::float8 and ${east}::float8`
    }`,
    center: null,
  };
}

/** The most cells in a cover. Each costs a search as much as reading some rows in vain. */
const MAX_CELLS = 14;
/** An area with more of the largest stored cells than this is most of the earth, and is searched without cells. */
const MAX_LARGEST = 60;

/**
 * Covers an area with the smallest stored cells of which `MAX_CELLS` are enough. No cell of the cover is outside the
 * area.
 *
 * @returns null when the area is too large for a cover
 */
export function cover(area: Area): MeasuredCell[] | null {
  let cells = refine(area, BASE_CELLS);
  if (cells.length > MAX_LARGEST) return null;
  for (;;) {
    const finer: MeasuredCell[] = [];
    for (const cell of cells) {
      finer.push(...refine(area, [cell]));
      if (finer.length > MAX_CELLS) return cells;
    }
    if (finer.every((cell, index) => cell === cells[index])) return cells;
    cells = finer;
  }
}

/**
 * Replaces each cell by its parts of the next stored resolution, without those outside the area. A cell inside the area
 * stays whole.
 */
export function refine(area: Area, cells: readonly MeasuredCell[]): MeasuredCell[] {
  return cells.flatMap((cell) => refineCell(area, cell, cell.resolution));
}

function refineCell(area: Area, cell: MeasuredCell, fromResolution: number): MeasuredCell[] {
  const containment = area.classify(cell.center, cell.radius);
  if (containment === 'outside') return [];
  const isFiner = cell.resolution > fromResolution;
  if (isStoredResolution(cell.resolution) && (isFiner || containment === 'inside' || !hasStoredDescendants(cell))) {
    return containment === 'inside' || touches(area, cell) ? [cell] : [];
  }
  return childrenOf(cell).flatMap((child) => refineCell(area, child, fromResolution));
}

/** Whether any child of a cell is not outside the area. This is more exact than the disc around the whole cell. */
function touches(area: Area, cell: MeasuredCell): boolean {
  return childrenOf(cell).some((child) => area.classify(child.center, child.radius) !== 'outside');
}
