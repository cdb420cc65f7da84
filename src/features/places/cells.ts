/**
 * H3 (https://h3geo.org) divides the earth into hexagonal cells of 16 resolutions. Each cell has seven children in the
 * next resolution. The location of a photo is stored with its cell of some of the resolutions, and each of these
 * columns is indexed together with the time-ordered id, so the newest photos of a cell are read in order.
 *
 * Geometrically, the children of an H3 cell do not fill it exactly. Here the larger cells of a point are the ancestors
 * of its finest cell, so every point of a cell is in one of the cell's children.
 */
import { cellToChildren, cellToLatLng, cellToParent, getRes0Cells, latLngToCell } from 'h3-js';
import { LRUCache } from 'lru-cache';
import { type Sql, sql } from '../../stores/postgres.ts';
import type { Point } from './geo.ts';

/** The index of a cell as H3 writes it, in hexadecimal. */
export type Cell = string;

/** The stored resolutions. The edges of their cells are about 480 km, 69 km, 9.9 km, 1.4 km, 200 m and 29 m long. */
const RESOLUTIONS = [1, 3, 5, 7, 9, 11] as const;
type Resolution = (typeof RESOLUTIONS)[number];
/** The finest stored resolution. */
const FINEST = 11;

/**
 * The radius, in metres, of a disc around the center of a cell of resolution 0 that holds the whole cell. It shrinks by
 * the square root of 7 with each resolution. Of 150,000 random points the farthest was 1,456 km away, scaled to
 * resolution 0, in all resolutions alike.
 */
const BASE_RADIUS = 1_550_000;

/** A cell with the disc around it. */
export interface MeasuredCell {
  cell: Cell;
  resolution: number;
  center: Point;
  /** In metres. No point of the cell is farther from its center. */
  radius: number;
}

const COLUMNS: Record<Resolution, Sql> = {
  1: sql`cell_1`,
  3: sql`cell_3`,
  5: sql`cell_5`,
  7: sql`cell_7`,
  9: sql`cell_9`,
  11: sql`cell_11`,
};

/** The stored cells of a point, the largest first. */
export function cellsAt({ latitude, longitude }: Point): Cell[] {
  const finest = latLngToCell(latitude, longitude, FINEST);
  return RESOLUTIONS.map((resolution) => cellToParent(finest, resolution));
}

/** The cells of a point as columns of a row of `photo_locations`. */
export function cellColumns(point: Point) {
  const [cell1 = 0n, cell3 = 0n, cell5 = 0n, cell7 = 0n, cell9 = 0n, cell11 = 0n] = cellsAt(point).map(parseCell);
  return { cell1, cell3, cell5, cell7, cell9, cell11 };
}

/**
 * The SQL condition that a row of `photo_locations` lies in `cell`, a column with one of these cells.
 *
 * @param cells of one and the same stored resolution
 */
export function cellCondition(cells: readonly MeasuredCell[]): Sql {
  return sql`${COLUMNS[(cells[0]?.resolution ?? FINEST) as Resolution]} = cell`;
}

/** A cell as PostgreSQL stores it. */
export function cellNumber({ cell }: MeasuredCell): bigint {
  return parseCell(cell);
}

function parseCell(cell: Cell): bigint {
  return BigInt(`0x${cell}`);
}

function measure(cell: Cell, resolution: number): MeasuredCell {
  const [latitude, longitude] = cellToLatLng(cell);
  return { cell, resolution, center: { latitude, longitude }, radius: BASE_RADIUS / Math.sqrt(7) ** resolution };
}

/** The cells of resolution 0, which cover the whole earth. */
export const BASE_CELLS: readonly MeasuredCell[] = getRes0Cells().map((cell) => measure(cell, 0));

/** Every search divides the same largest cells, and all searches in a city share its smaller ones. */
const childrenCache = new LRUCache<Cell, MeasuredCell[]>({ max: 20_000 });

/** The cells of the next resolution that a cell consists of. */
export function childrenOf({ cell, resolution }: MeasuredCell): MeasuredCell[] {
  const cached = childrenCache.get(cell);
  if (cached) return cached;
  const children = cellToChildren(cell, resolution + 1).map((child) => measure(child, resolution + 1));
  childrenCache.set(cell, children);
  return children;
}

/** Whether cells of this resolution are stored. */
export function isStoredResolution(resolution: number): boolean {
  return (RESOLUTIONS as readonly number[]).includes(resolution);
}

/** Whether smaller cells than this are stored. */
export function hasStoredDescendants({ resolution }: MeasuredCell): boolean {
  return resolution < FINEST;
}
