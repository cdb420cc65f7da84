import { joinSql, KEPT, type Sql, sql, unplanned } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import type { PageRequest } from '../kernel/paging.ts';
import { photoIsVisible } from '../visibility/rules.ts';
import { type Area, cover, smaller } from './areas.ts';
import { isDivisible, isIn, type MeasuredCell, numberOf } from './cells.ts';
import { distance } from './geo.ts';

/** A photo in an area. `publishedId` is its sort id. */
export interface FoundPhoto {
  photoId: bigint;
  publishedId: bigint;
  /** From the area's middle, in metres; null of a box. */
  distance: number | null;
}

/** How much one statement looks for. */
export interface Effort {
  /** Photos at most. */
  wanted: number;
  /** Rows of each cell that are looked at. */
  ofEach: number;
}

/** A page of the photos in an area. */
export interface FoundPage {
  photos: FoundPhoto[];
  hasNextPage: boolean;
  /** The sort id down to which the search has read, when it ended without filling the page; otherwise null. */
  end: bigint | null;
}

/** Only photos with a place among these, which are sorted by time. */
export interface Span {
  /** From this publishedId on. */
  from: bigint;
  /** Before this publishedId. */
  before: bigint;
}

/** Rows that are looked at for each photo that is wanted, in one statement: of each cell its share. */
const SCANNED_PER_PHOTO = 6;
/** And rows of each cell beyond its share: no cell is as busy as the next, and the page goes down to where the busiest's ends. */
const SPARE = 12;
/** Where one statement is not enough, the next looks at twice as many of each cell, up to so many. */
const MAX_OF_EACH = 2_000;
/** Statements for one answer. */
const MAX_ROUNDS = 40;
/** A cell in which so many rows are found in vain is divided, unless the area has so many cells by then. */
const MISSES = 24;
const MAX_CELLS = 80;

/**
 * The newest photos in an area that the viewer may see.
 *
 * Each cell of the area's cover has an index of its photos, newest first, and one statement takes some of each, and merges them down to where
 * one of these ends: what it costs follows the page, and not how many photos there are. Where a crowd
 * is within a cell and outside the area, the cell is divided, and the search goes on from where it was.
 */
export async function searchArea(
  stores: Stores,
  viewerId: bigint | null,
  area: Area,
  { from, before }: Span,
  { first, after }: PageRequest,
): Promise<FoundPage> {
  const photos: FoundPhoto[] = [];
  let cells = cover(area);
  let below = after !== null && after < before ? after : before;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (cells?.length === 0) return { photos, hasNextPage: false, end: null };
    const wanted = first + 1 - photos.length;
    const share = Math.ceil((wanted * SCANNED_PER_PHOTO) / (cells?.length ?? 1)) + SPARE;
    const ofEach = Math.min(MAX_OF_EACH, share * 2 ** round);
    const scanned = await scan(stores, viewerId, area, cells, { from, before: below }, { wanted, ofEach });
    photos.push(...scanned.photos);
    if (photos.length > first) return { photos: photos.slice(0, first), hasNextPage: true, end: null };
    if (scanned.floor === null) return { photos, hasNextPage: false, end: null };
    below = scanned.floor;
    cells = cells && divideMissed(area, cells, scanned.missed);
  }
  return { photos, hasNextPage: true, end: below };
}

interface Scanned {
  photos: FoundPhoto[];
  /** All from this place on was looked at; null when there is nothing below. */
  floor: bigint | null;
  /** The cells in which many rows were looked at in vain. */
  missed: Set<bigint>;
}

/** A photo with the cell that it was found in, or the last row, which tells where they end, and the cells that have more. */
type ScannedRow =
  | { photoId: bigint; publishedId: bigint; latitude: number; longitude: number; cell: bigint }
  | { photoId: null; publishedId: bigint | null; busy: bigint[] };

/**
 * The statement that looks at the newest rows of some cells, of each so many, and answers those in the area that the viewer may see, down to where a
 * cell has more.
 *
 * @param cells null for the whole earth
 */
export function scanStatement(
  viewerId: bigint | null,
  area: Area,
  cells: readonly MeasuredCell[] | null,
  { from, before }: Span,
  { wanted, ofEach }: Effort,
): Sql {
  // One text for the same resolutions in any order.
  const sorted = [...(cells ?? [])].sort((a, b) => a.resolution - b.resolution);
  const groups = Array.from(Map.groupBy(sorted, ({ resolution }) => resolution).values(), (some) => ({
    each: sql`unnest(${unplanned(some.map(numberOf), 'bigint[]')})`,
    is: isIn(some),
  }));
  const earth = { each: sql`(select 0::bigint)`, is: sql`true` };
  // Of each cell in a subquery with a limit, so that PostgreSQL reads as many from the index, in its order, whatever it believes of the cell.
  const ofEachCell = (columns: Sql, condition: Sql, limit: Sql) =>
    joinSql(
      (cells ? groups : [earth]).map(
        ({ each, is }) => sql`
          select cell, newest.* from ${each} cells (cell) cross join lateral (
            select ${columns} from photo_locations
            where ${is} and published_id < ${unplanned(before, 'bigint')} and ${condition}
            order by published_id desc ${limit}
          ) newest`,
      ),
      ' union all ',
    );
  const least = unplanned(from, 'bigint');
  return sql`${KEPT}
    with looked as (
      select max(published_id) as floor, coalesce(array_agg(cell), '{}') as busy
      from (${ofEachCell(
        sql`published_id`,
        sql`published_id >= ${least}`,
        sql`limit 1 offset ${unplanned(ofEach - 1, 'int')}`,
      )}) ends
    )
    (select photo_id as "photoId", published_id as "publishedId", latitude, longitude, cell, null::bigint[] as busy
      -- Sorted first, so that the rules are asked of no more than the page needs.
      from (
        select * from (${ofEachCell(
          sql`photo_id, published_id, latitude, longitude`,
          sql`published_id >= coalesce((select floor from looked), ${least}) and ${area.contains}`,
          sql`limit ${unplanned(ofEach, 'int')}`,
        )}) found
        order by published_id desc offset 0
      ) within_area
      where ${photoIsVisible(viewerId, sql`photo_id`)}
      order by published_id desc limit ${unplanned(wanted, 'int')})
    union all
    select null, floor, null, null, null, busy from looked`;
}

async function scan(
  { db }: Stores,
  viewerId: bigint | null,
  area: Area,
  cells: readonly MeasuredCell[] | null,
  span: Span,
  effort: Effort,
): Promise<Scanned> {
  const rows = await db.$queryRaw<ScannedRow[]>(scanStatement(viewerId, area, cells, span, effort));
  const photos: FoundPhoto[] = [];
  const hits = new Map<bigint, number>();
  let [floor, busy]: [bigint | null, bigint[]] = [null, []];
  for (const row of rows) {
    const { photoId, publishedId } = row;
    if (photoId === null) [floor, busy] = [publishedId, row.busy];
    else {
      photos.push({ photoId, publishedId, distance: area.middle && distance(area.middle, row) });
      hits.set(row.cell, (hits.get(row.cell) ?? 0) + 1);
    }
  }
  photos.sort((a, b) => (a.publishedId < b.publishedId ? 1 : -1));
  const missed = new Set(busy.filter((cell) => effort.ofEach - (hits.get(cell) ?? 0) >= MISSES));
  return { photos, floor, missed };
}

/** Divides the cells in which many rows were looked at in vain: a search that goes on has fewer of them to look at. */
function divideMissed(area: Area, cells: readonly MeasuredCell[], missed: ReadonlySet<bigint>): MeasuredCell[] {
  let count = cells.length;
  return cells.flatMap((cell) => {
    if (!missed.has(numberOf(cell)) || !isDivisible(cell)) return [cell];
    const smallerCells = smaller(area, [cell]);
    if (count + smallerCells.length > MAX_CELLS) return [cell];
    count += smallerCells.length - 1;
    return smallerCells;
  });
}
