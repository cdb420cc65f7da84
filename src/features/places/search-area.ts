import { joinSql, type Sql, sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import type { PageRequest } from '../paging.ts';
import { photoIsVisible } from '../people/visibility.ts';
import { type Area, cover, smaller } from './areas.ts';
import { isDivisible, isIn, type MeasuredCell } from './cells.ts';

/** A photo in an area, in its place among the newest. */
export interface FoundPhoto {
  photoId: bigint;
  publishedId: bigint;
  /** From the area's middle, in metres; null of a box. */
  distance: number | null;
}

/** A page of what was found. */
export interface FoundPage {
  photos: FoundPhoto[];
  hasNextPage: boolean;
  /** Where the next page goes on when it is not at the last of these: all above was looked at. */
  end: bigint | null;
}

/** Only photos with a place among these, which are sorted by time. */
export interface Span {
  /** From this publishedId on. */
  from: bigint;
  /** Before this publishedId. */
  before: bigint;
}

/** Rows that are looked at for each one that is wanted, in one statement. */
const SCANNED_PER_PHOTO = 12;
/** Statements for one answer. */
const MAX_ROUNDS = 40;
/** A cell in which so many rows are found in vain is divided, unless the area has so many cells by then. */
const MISSES = 32;
const MAX_CELLS = 80;

/**
 * The newest photos in an area that the viewer may see.
 *
 * Each cell of the area's cover has an index of its photos, newest first. PostgreSQL merges as many as there are cells, and takes from
 * them only what a page needs: what it costs follows the page, and not how many photos there are. Where a crowd
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
    const wanted = first + 1 - photos.length;
    const scanned = await scan(stores, viewerId, area, cells, { from, before: below }, wanted);
    photos.push(...scanned.photos);
    if (photos.length > first) return { photos: photos.slice(0, first), hasNextPage: true, end: null };
    if (scanned.isAll) return { photos, hasNextPage: false, end: null };
    below = scanned.floor;
    cells = divideCrowded(area, cells, scanned.misses);
  }
  return { photos, hasNextPage: true, end: below };
}

interface Scanned {
  photos: FoundPhoto[];
  /** There is nothing below. */
  isAll: boolean;
  /** The place of the last row that was looked at. */
  floor: bigint;
  /** Rows of each cell that are outside the area; empty where none was looked at. */
  misses: number[];
}

interface ScannedRow {
  branch: number;
  /** Null in a row that counts: of each branch there is one. */
  photoId: bigint | null;
  /** Of a row that counts: the last that was looked at. */
  publishedId: bigint;
  distance: number | null;
  count: number;
  misses: number;
}

/**
 * The statement that looks at the newest rows in some cells, of each size as many as the page may need, and answers those that are in
 * the area and that the viewer may see.
 *
 * @param cells null for the whole earth
 * @param wanted photos at most
 */
export function scanStatement(
  viewerId: bigint | null,
  area: Area,
  cells: readonly MeasuredCell[] | null,
  { from, before }: Span,
  wanted: number,
): Sql {
  // As one union without conditions of its own, so that PostgreSQL merges the indexes instead of sorting what is in them.
  const branches = (cells?.map(isIn) ?? [sql`true`]).map(
    (condition, branch) => sql`
      (select ${branch}::int as branch, photo_id, published_id, latitude, longitude from photo_locations
      where ${condition} and published_id < ${before} and published_id >= ${from})`,
  );
  return sql`
    with scanned as materialized (
      select branch, photo_id, published_id, ${area.contains} as is_within, ${area.distance ?? sql`null::float8`} as distance
      from (
        select * from (${joinSql(branches, ' union all ')}) cell
        order by published_id desc limit ${wanted * SCANNED_PER_PHOTO}::int
      ) newest
    )
    (select branch, photo_id as "photoId", published_id as "publishedId", distance, 0 as count, 0 as misses
      from scanned where is_within and ${photoIsVisible(viewerId, sql`scanned.photo_id`)}
      order by published_id desc limit ${wanted}::int)
    union all
    select branch, null, min(published_id), null, count(*)::int, (count(*) filter (where not is_within))::int
      from scanned group by branch`;
}

async function scan(
  { db }: Stores,
  viewerId: bigint | null,
  area: Area,
  cells: readonly MeasuredCell[] | null,
  span: Span,
  wanted: number,
): Promise<Scanned> {
  const rows = await db.$queryRaw<ScannedRow[]>(scanStatement(viewerId, area, cells, span, wanted));
  const photos: FoundPhoto[] = [];
  const misses: number[] = [];
  let count = 0;
  let floor = span.before;
  for (const { branch, photoId, publishedId, distance, ...counted } of rows) {
    if (photoId !== null) photos.push({ photoId, publishedId, distance });
    else {
      misses[branch] = counted.misses;
      count += counted.count;
      if (publishedId < floor) floor = publishedId;
    }
  }
  photos.sort((a, b) => (a.publishedId < b.publishedId ? 1 : -1));
  return { photos, isAll: count < wanted * SCANNED_PER_PHOTO, floor, misses };
}

/** Divides the cells in which many rows were found in vain: a search that goes on has fewer of them to look at. */
function divideCrowded(
  area: Area,
  cells: readonly MeasuredCell[] | null,
  misses: readonly number[],
): MeasuredCell[] | null {
  if (!cells) return null;
  let count = cells.length;
  return cells.flatMap((cell, index) => {
    if ((misses[index] ?? 0) < MISSES || !isDivisible(cell)) return [cell];
    const smallerCells = smaller(area, [cell]);
    if (count + smallerCells.length > MAX_CELLS) return [cell];
    count += smallerCells.length - 1;
    return smallerCells;
  });
}
