/**
 * The earth is divided into H3 cells (https://h3geo.org): hexagons, in 16 resolutions, of which each divides a cell of the one before into seven. A
 * photo's location is stored with the cell of each of some resolutions that holds it, and each of these is an index: the newest photos of a cell
 * are read in order. All of a cell's points are in the cells that are its children here, as the larger cells of a point are those that its
 * smallest one belongs to.
 */
import { cellToChildren, cellToLatLng, cellToParent, getRes0Cells, latLngToCell } from 'h3-js';
import { LRUCache } from 'lru-cache';
import { type Sql, sql } from '../../stores/postgres.ts';
import type { Point } from './geo.ts';

/** A cell, as H3 writes it. */
export type Cell = string;

/** The resolutions that are stored: edges of about 480 km, 69 km, 9.9 km, 1.4 km, 200 m and 29 m. */
const RESOLUTIONS = [1, 3, 5, 7, 9, 11] as const;
type Resolution = (typeof RESOLUTIONS)[number];
/** The smallest cells that are stored. */
const FINEST = 11;

/**
 * No point of a cell of resolution 0 is further from its middle, in metres; of each resolution after it, by the square root of 7 less far. Of 150,000
 * random points the furthest was at 1,456 km, the same in all resolutions.
 */
const REACH = 1_550_000;

/** A cell with its measures. */
export interface MeasuredCell {
  cell: Cell;
  resolution: number;
  middle: Point;
  /** No point of the cell is further from its middle, in metres. */
  reach: number;
}

const COLUMNS: Record<Resolution, Sql> = {
  1: sql`cell_1`,
  3: sql`cell_3`,
  5: sql`cell_5`,
  7: sql`cell_7`,
  9: sql`cell_9`,
  11: sql`cell_11`,
};

/** The cells of a point, the largest first. */
export function cellsAt({ latitude, longitude }: Point): Cell[] {
  const smallest = latLngToCell(latitude, longitude, FINEST);
  return RESOLUTIONS.map((resolution) => cellToParent(smallest, resolution));
}

/** A point's cells as the columns of a row. */
export function cellColumns(point: Point) {
  const [cell1 = 0n, cell3 = 0n, cell5 = 0n, cell7 = 0n, cell9 = 0n, cell11 = 0n] = cellsAt(point).map(parseCell);
  return { cell1, cell3, cell5, cell7, cell9, cell11 };
}

/** The condition that a row is in the column `cell`, which is one of some cells of one resolution that is stored. */
export function cellCondition([any]: readonly MeasuredCell[]): Sql {
  return sql`${COLUMNS[(any?.resolution ?? FINEST) as Resolution]} = cell`;
}

/** A cell as it is stored. */
export function cellNumber({ cell }: MeasuredCell): bigint {
  return parseCell(cell);
}

function parseCell(cell: Cell): bigint {
  return BigInt(`0x${cell}`);
}

function measure(cell: Cell, resolution: number): MeasuredCell {
  const [latitude, longitude] = cellToLatLng(cell);
  return { cell, resolution, middle: { latitude, longitude }, reach: REACH / Math.sqrt(7) ** resolution };
}

/** The cells of the whole earth. */
export const BASE_CELLS: readonly MeasuredCell[] = getRes0Cells().map((cell) => measure(cell, 0));

/** The cells that searches begin with are the same for all, and those of a city for all who search there. */
const divided = new LRUCache<Cell, MeasuredCell[]>({ max: 20_000 });

/** The next smaller cells that a cell consists of. */
export function childrenOf({ cell, resolution }: MeasuredCell): MeasuredCell[] {
  const known = divided.get(cell);
  if (known) return known;
  const parts = cellToChildren(cell, resolution + 1).map((child) => measure(child, resolution + 1));
  divided.set(cell, parts);
  return parts;
}

/** Whether cells of this resolution are stored. */
export function isStoredResolution(resolution: number): boolean {
  return (RESOLUTIONS as readonly number[]).includes(resolution);
}

/** Whether there are smaller cells that are stored. */
export function hasStoredDescendants({ resolution }: MeasuredCell): boolean {
  return resolution < FINEST;
}
