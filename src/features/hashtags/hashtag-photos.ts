import { sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { type Connection, type PageRequest, requireFirst } from '../kernel/paging.ts';
import { readList } from '../kernel/read-list.ts';
import type { RowLoaders } from '../records/load-rows.ts';
import type { PhotoRow } from '../records/photo-rows.ts';
import { mayTakePart, photoIsVisible } from '../visibility/rules.ts';
import { loadHashtag } from './hashtag-entries.ts';

/** The most related hashtags that can be asked for. */
const MAX_RELATED = 30;
const DEFAULT_RELATED = 10;
/** What is related is looked for on so many photos. */
const NEWEST_SEEN = 500;
/** And these are looked for among so many, of which others may be private. */
const NEWEST = 2_000;

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
    page: (after, count) => loadHashtag(stores, hashtag, after, count),
    sortId: (entry) => entry.publishedId,
    load: (entries) => rows.photos(entries.map((entry) => entry.photoId)),
    rules: (photos) => mayTakePart(stores, viewerId, photos, rows.users),
    answer: (photo) => photo,
  });
}

/**
 * The hashtags that are most often on the same photos as this one: on the newest 500 that everybody may see, and the viewer too. So none is told
 * that is only on photos which they may not see.
 *
 * @param first at most so many
 * @throws BAD_USER_INPUT that says what is allowed
 */
export async function readRelated(
  { db }: Stores,
  viewerId: bigint | null,
  hashtag: string,
  first: number | null = DEFAULT_RELATED,
): Promise<string[]> {
  const most = requireFirst(first, MAX_RELATED);
  const photo = sql`newest.photo_id`;
  // As a value, so that it is looked at photo by photo, and for no more than are needed.
  const visible = sql`case when ${photoIsVisible(null, photo)} and ${photoIsVisible(viewerId, photo)} then true else false end`;
  const rows = await db.$queryRaw<{ name: string }[]>`
    with newest as materialized (
      select photo_id, published_id from photo_hashtags where hashtag = ${hashtag} and published_id is not null
      order by published_id desc limit ${NEWEST}
    ), seen as materialized (
      select photo_id from newest where ${visible} order by published_id desc limit ${NEWEST_SEEN}
    )
    select other.hashtag as name from seen
    cross join lateral (
      select hashtag from photo_hashtags where photo_id = seen.photo_id and hashtag <> ${hashtag} offset 0
    ) other
    group by other.hashtag order by count(*) desc, other.hashtag limit ${most}`;
  return rows.map((row) => row.name);
}
