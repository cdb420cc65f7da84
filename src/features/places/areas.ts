/** What is searched for photos: circles and boxes, and the cells that cover them. */
import { type Sql, sql } from '../../stores/postgres.ts';
import { badInput } from '../kernel/errors.ts';
import { BASE_CELLS, childrenOf, hasStoredDescendants, isStoredResolution, type MeasuredCell } from './cells.ts';
import { distance, EARTH_RADIUS, type Point, requirePoint, withinDistance } from './geo.ts';

/** How all points within some distance of a point lie to an area. Where it cannot be told, they are partly in it. */
export type Containment = 'inside' | 'outside' | 'partly';

/** A part of the earth. */
export interface Area {
  /** @param reach in metres */
  classify(middle: Point, reach: number): Containment;
  /** The condition that the columns `latitude` and `longitude` are a point of it. */
  contains: Sql;
  /** What distances are told from; none of a box. */
  middle: Point | null;
}

/** A box as a map shows it, in degrees. When the west is greater than the east, it crosses the 180th meridian. */
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
 * @throws BAD_USER_INPUT that says what is allowed
 */
export function circle(middle: Point, radius: number): Area {
  requirePoint(middle);
  if (!(radius >= MIN_RADIUS && radius <= MAX_RADIUS)) {
    const allowed = `${MIN_RADIUS} to ${MAX_RADIUS.toLocaleString('en')}`;
    throw badInput(`"radiusMeters" must be from ${allowed}; it is ${radius}.`);
  }
  return {
    classify(other, reach) {
      const between = distance(middle, other);
      if (between - reach > radius) return 'outside';
      return between + reach <= radius ? 'inside' : 'partly';
    },
    contains: sql`${boundingBox(middle, radius)} and ${withinDistance(middle, radius)}`,
    middle,
  };
}

/** What can be told of a circle without trigonometry: the parallels and, away from the poles and the 180th meridian, the meridians that it lies between. */
function boundingBox({ latitude, longitude }: Point, radius: number): Sql {
  const degrees = (angle: number) => (angle * 180) / Math.PI;
  const angle = (radius / EARTH_RADIUS) * (1 + 1e-6);
  const high = degrees(angle);
  const ratio = Math.sin(angle) / Math.cos((latitude * Math.PI) / 180);
  const wide = ratio < 1 ? degrees(Math.asin(ratio)) * (1 + 1e-6) : 180;
  // Always of the same form, so that the statement is.
  const isPlain = Math.abs(latitude) + high < 90 && Math.abs(longitude) + wide < 180;
  const [west, east] = isPlain ? [longitude - wide, longitude + wide] : [-180, 180];
  return sql`latitude between ${latitude - high}::float8 and ${latitude + high}::float8
    and longitude between ${west}::float8 and ${east}::float8`;
}

/**
 * A box between two parallels and two meridians.
 *
 * @throws BAD_USER_INPUT that says what is allowed
 */
export function box({ south, west, north, east }: Box): Area {
  requirePoint({ latitude: south, longitude: west });
  requirePoint({ latitude: north, longitude: east });
  if (south > north) throw badInput(`"south" must not be north of "north": ${south} is greater than ${north}.`);
  const crosses = west > east;
  const width = crosses ? east - west + 360 : east - west;
  return {
    classify(middle, reach) {
      const high = ((reach / EARTH_RADIUS) * 180) / Math.PI;
      const [bottom, top] = [middle.latitude - high, middle.latitude + high];
      if (top < south || bottom > north) return 'outside';
      // A degree of longitude is the shorter the nearer the pole, and around the pole all meridians meet.
      const coversPole = top >= 90 || bottom <= -90;
      const ratio = Math.sin(reach / EARTH_RADIUS) / Math.cos((middle.latitude * Math.PI) / 180);
      const wide = coversPole || ratio >= 1 ? 180 : (Math.asin(ratio) * 180) / Math.PI;
      // How far east of the box's west the left side of what is looked at lies, from 0 to 360.
      const left = (((middle.longitude - wide - west) % 360) + 360) % 360;
      if (wide < 180 && left > width && left + 2 * wide < 360) return 'outside';
      const isWithin = width >= 360 || (wide < 180 && left + 2 * wide <= width);
      return isWithin && bottom >= south && top <= north ? 'inside' : 'partly';
    },
    contains: sql`latitude between ${south}::float8 and ${north}::float8 and ${
      crosses
        ? sql`(longitude >= ${west}::float8 or longitude <= ${east}::float8)`
        : sql`longitude between ${west}::float8 and ${east}::float8`
    }`,
    middle: null,
  };
}

/** An area is covered with the smallest cells of which so many are enough: each costs as much as some rows that are read in vain. */
const MAX_CELLS = 14;
/** An area that the largest cells do not cover with so many is most of the earth, and is searched as a whole. */
const MAX_LARGEST = 60;

/** Cells that cover an area together, none of which is outside it; null when it is too large for that. */
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

/** Of the next smaller cells that are stored, those that are not outside an area. What is inside it stays as it is. */
export function refine(area: Area, cells: readonly MeasuredCell[]): MeasuredCell[] {
  return cells.flatMap((cell) => refineCell(area, cell, cell.resolution));
}

function refineCell(area: Area, cell: MeasuredCell, from: number): MeasuredCell[] {
  const relation = area.classify(cell.middle, cell.reach);
  if (relation === 'outside') return [];
  const isSmaller = cell.resolution > from;
  if (isStoredResolution(cell.resolution) && (isSmaller || relation === 'inside' || !hasStoredDescendants(cell))) {
    return relation === 'inside' || touches(area, cell) ? [cell] : [];
  }
  return childrenOf(cell).flatMap((child) => refineCell(area, child, from));
}

/** Whether any part of a cell is not outside: closer than its reach tells, which is that of a circle around it. */
function touches(area: Area, cell: MeasuredCell): boolean {
  return childrenOf(cell).some((part) => area.classify(part.middle, part.reach) !== 'outside');
}
