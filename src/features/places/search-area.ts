import { joinSql, KEPT, type Sql, sql, unplanned } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { neverAbandoned, stopIfAbandoned } from '../kernel/abandoned.ts';
import type { PageRequest } from '../kernel/paging.ts';
import { photoIsVisible } from '../visibility/sql-conditions.ts';
import { type Area, cover, refine } from './areas.ts';
import { cellCondition, cellNumber, hasStoredDescendants, type MeasuredCell } from './cells.ts';
import { distance } from './geo.ts';

/** A photo in an area. `publishedId` is its sort id. */
export interface AreaPhoto {
  photoId: bigint;
  publishedId: bigint;
  /** From the center of the area, in metres; null for a box. */
  distance: number | null;
}

/** How much one statement reads. */
export interface ScanLimits {
  /** The most photos that it returns. */
  maxPhotos: number;
  /** The most rows that it reads of each cell. */
  rowsPerCell: number;
}

/** A page of the photos in an area. */
export interface AreaPage {
  photos: AreaPhoto[];
  hasNextPage: boolean;
  /** The sort id down to which the search has read, when it ended without filling the page; otherwise null. */
  end: bigint | null;
}

/** A range of the time-ordered `publishedId`. */
export interface IdRange {
  /** Inclusive. */
  from: bigint;
  /** Exclusive. */
  before: bigint;
}

/** The rows that a statement reads for each photo of the page. The cells share them evenly. */
const ROWS_PER_PHOTO = 6;
/**
 * The rows that it reads of each cell beyond the cell's share: cells are not equally busy, and the busiest ends the
 * page.
 */
const SPARE_ROWS_PER_CELL = 12;
/** Each further statement for a page reads twice as many rows of each cell, up to this number. */
const MAX_ROWS_PER_CELL = 2_000;
/** The most statements for one page. */
const MAX_ROUNDS = 40;
/** A cell is divided when a statement reads this many rows of it in vain, unless that makes more than `MAX_CELLS`. */
const MIN_MISSES = 24;
const MAX_CELLS = 80;

/**
 * Searches for the newest photos in an area that the viewer may see.
 *
 * Each cell of the area's cover has an index of its photos, newest first. One statement reads some rows of each cell
 * and merges them, down to the position where it has read all its rows of a cell. So the cost depends on the size of
 * the page and not on the number of photos. When many photos lie in a cell but outside the area, the search divides the
 * cell and continues from that position.
 *
 * @param signal ends the search before the next statement
 */
export async function searchArea(
  stores: Stores,
  viewerId: bigint | null,
  area: Area,
  { from, before }: IdRange,
  { first, after }: PageRequest,
  signal = neverAbandoned(),
): Promise<AreaPage> {
  const photos: AreaPhoto[] = [];
  let cells = cover(area);
  let below = after !== null && after < before ? after : before;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    stopIfAbandoned(signal);
    if (cells?.length === 0) return { photos, hasNextPage: false, end: null };
    const maxPhotos = first + 1 - photos.length;
    const share = Math.ceil((maxPhotos * ROWS_PER_PHOTO) / (cells?.length ?? 1)) + SPARE_ROWS_PER_CELL;
    const rowsPerCell = Math.min(MAX_ROWS_PER_CELL, share * 2 ** round);
    const scan = await scanCells(stores, viewerId, area, cells, { from, before: below }, { maxPhotos, rowsPerCell });
    photos.push(...scan.photos);
    if (photos.length > first) return { photos: photos.slice(0, first), hasNextPage: true, end: null };
    if (scan.floor === null) return { photos, hasNextPage: false, end: null };
    below = scan.floor;
    cells = cells && divideMissedCells(area, cells, scan.missedCells);
  }
  return { photos, hasNextPage: true, end: below };
}

/** The result of one statement. */
interface Scan {
  photos: AreaPhoto[];
  /** The position down to which the statement has read everything; null when there is nothing below. */
  floor: bigint | null;
  /** The cells of which it read many rows in vain. */
  missedCells: Set<bigint>;
}

/**
 * A photo with the cell that holds it; or the last row, with the floor of the scan and the cells that have more rows.
 */
type ScanRow =
  | { photoId: bigint; publishedId: bigint; latitude: number; longitude: number; cell: bigint }
  | { photoId: null; publishedId: bigint | null; busy: bigint[] };

/**
 * The statement that reads the newest rows of some cells. It returns the photos in the area that the viewer may see,
 * down to the position where a cell has more rows than the statement reads.
 *
 * @param cells null for the whole earth
 */
export function scanStatement(
  viewerId: bigint | null,
  area: Area,
  cells: readonly MeasuredCell[] | null,
  { from, before }: IdRange,
  { maxPhotos, rowsPerCell }: ScanLimits,
): Sql {
  // Sorted, so that the same resolutions in another order give the same text.
  const sorted = [...(cells ?? [])].sort((a, b) => a.resolution - b.resolution);
  const groups = Array.from(Map.groupBy(sorted, ({ resolution }) => resolution).values(), (group) => ({
    source: sql`unnest(${unplanned(group.map(cellNumber), 'bigint[]')})`,
    isInCell: cellCondition(group),
  }));
  const earth = { source: sql`(select 0::bigint)`, isInCell: sql`true` };
  // Each cell gets a subquery with a limit. So PostgreSQL reads that many rows from the index, in its order, whatever
  // its statistics say about the cell.
  const readEachCell = (columns: Sql, condition: Sql, limit: Sql) =>
    joinSql(
      (cells ? groups : [earth]).map(
        ({ source, isInCell }) => sql`
          select cell, newest.* from ${source} cells (cell) cross join lateral (
            select ${columns} from photo_locations
            where ${isInCell} and published_id < ${unplanned(before, 'bigint')} and ${condition}
            order by published_id desc ${limit}
          ) newest`,
      ),
      ' union all ',
    );
  const minId = unplanned(from, 'bigint');
  return sql`${KEPT}
    with looked as (
      select max(published_id) as floor, coalesce(array_agg(cell), '{}') as busy
      from (${readEachCell(
        sql`published_id`,
        sql`published_id >= ${minId}`,
        sql`limit 1 offset ${unplanned(rowsPerCell - 1, 'int')}`,
      )}) ends
    )
    (select photo_id as "photoId", published_id as "publishedId", latitude, longitude, cell, null::bigint[] as busy
      -- Sorted before the rules apply, so that they check no more rows than the page needs.
      from (
        select * from (${readEachCell(
          sql`photo_id, published_id, latitude, longitude`,
          sql`published_id >= coalesce((select floor from looked), ${minId}) and ${area.contains}`,
          sql`limit ${unplanned(rowsPerCell, 'int')}`,
        )}) found
        order by published_id desc offset 0
      ) within_area
      where ${photoIsVisible(viewerId, sql`photo_id`)}
      order by published_id desc limit ${unplanned(maxPhotos, 'int')})
    union all
    select null, floor, null, null, null, busy from looked`;
}

async function scanCells(
  { db }: Stores,
  viewerId: bigint | null,
  area: Area,
  cells: readonly MeasuredCell[] | null,
  range: IdRange,
  limits: ScanLimits,
): Promise<Scan> {
  const rows = await db.$queryRaw<ScanRow[]>(scanStatement(viewerId, area, cells, range, limits));
  const photos: AreaPhoto[] = [];
  const hits = new Map<bigint, number>();
  let [floor, busyCells]: [bigint | null, bigint[]] = [null, []];
  for (const row of rows) {
    const { photoId, publishedId } = row;
    if (photoId === null) [floor, busyCells] = [publishedId, row.busy];
    else {
      photos.push({ photoId, publishedId, distance: area.center && distance(area.center, row) });
      hits.set(row.cell, (hits.get(row.cell) ?? 0) + 1);
    }
  }
  photos.sort((a, b) => (a.publishedId < b.publishedId ? 1 : -1));
  const missedCells = new Set(busyCells.filter((cell) => limits.rowsPerCell - (hits.get(cell) ?? 0) >= MIN_MISSES));
  return { photos, floor, missedCells };
}

/** Divides the cells of which a statement read many rows in vain, so that the next one reads fewer of them. */
function divideMissedCells(
  area: Area,
  cells: readonly MeasuredCell[],
  missedCells: ReadonlySet<bigint>,
): MeasuredCell[] {
  let count = cells.length;
  return cells.flatMap((cell) => {
    if (!missedCells.has(cellNumber(cell)) || !hasStoredDescendants(cell)) return [cell];
    const parts = refine(area, [cell]);
    if (count + parts.length > MAX_CELLS) return [cell];
    count += parts.length - 1;
    return parts;
  });
}
