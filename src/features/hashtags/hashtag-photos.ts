import { sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { type Connection, type PageRequest, requireFirst } from '../kernel/paging.ts';
import { readList } from '../kernel/read-list.ts';
import type { RowLoaders } from '../records/load-rows.ts';
import type { PhotoRow } from '../records/photo-rows.ts';
import { mayInteract } from '../visibility/rules.ts';
import { photoIsVisible } from '../visibility/sql-conditions.ts';
import { loadHashtagEntries } from './hashtag-entries.ts';

/** The most related hashtags that a client can request. */
const MAX_RELATED = 30;
const DEFAULT_RELATED = 10;
/** The number of visible photos whose hashtags are counted. */
const COUNTED = 500;
/** The number of photos that are read to find these: the others may be private. */
const CANDIDATES = 2_000;

/**
 * A page of the photos with a hashtag that the viewer may see, newest first.
 *
 * @param viewerId null without a session
 * @param rows loads rows by id: a request's loaders
 */
export function listHashtagPhotos(
  stores: Stores,
  viewerId: bigint | null,
  hashtag: string,
  request: PageRequest,
  rows: RowLoaders,
): Promise<Connection<PhotoRow>> {
  return readList(request, {
    page: (after, count) => loadHashtagEntries(stores, hashtag, after, count),
    sortId: (entry) => entry.publishedId,
    load: (entries) => rows.photos(entries.map((entry) => entry.photoId)),
    rules: (photos) => mayInteract(stores, viewerId, photos, rows.users),
    answer: (photo) => photo,
  });
}

/**
 * The hashtags that are most often on the same photos as this one. It counts the newest 500 photos that both everybody
 * and the viewer may see, so it never reveals a hashtag that is only on photos which the viewer may not see.
 *
 * @param viewerId null without a session
 * @param first the most hashtags to return
 * @throws BAD_USER_INPUT with a message that says what is allowed
 */
export async function readRelatedHashtags(
  { db }: Stores,
  viewerId: bigint | null,
  hashtag: string,
  first: number | null = DEFAULT_RELATED,
): Promise<string[]> {
  const limit = requireFirst(first, MAX_RELATED);
  const photo = sql`newest.photo_id`;
  // As a CASE, so that PostgreSQL evaluates it photo by photo, and for no more photos than it needs.
  const isVisible = sql`${photoIsVisible(null, photo)} and ${photoIsVisible(viewerId, photo)}`;
  const visible = sql`case when ${isVisible} then true else false end`;
  const rows = await db.$queryRaw<{ name: string }[]>`
    with newest as materialized (
      select photo_id, published_id from photo_hashtags where hashtag = ${hashtag} and published_id is not null
      order by published_id desc limit ${CANDIDATES}
    ), seen as materialized (
      select photo_id from newest where ${visible} order by published_id desc limit ${COUNTED}
    )
    select other.hashtag as name from seen
    cross join lateral (
      select hashtag from photo_hashtags where photo_id = seen.photo_id and hashtag <> ${hashtag} offset 0
    ) other
    group by other.hashtag order by count(*) desc, other.hashtag limit ${limit}`;
  return rows.map((row) => row.name);
}
