import { sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import type { FeedEntry } from '../../stores/timelines.ts';
import { type Connection, type PageRequest, requireFirst } from '../kernel/paging.ts';
import { fillPage, type PublishedPhoto } from '../records/fill-page.ts';
import type { RowLoaders } from '../records/load-rows.ts';
import type { PhotoRow } from '../records/photo-rows.ts';
import { mayInteract } from '../visibility/rules.ts';
import { photoIsVisible } from '../visibility/sql-conditions.ts';
import { loadHashtagEntries } from './hashtag-entries.ts';

/** The most related hashtags that a query can request. */
const MAX_RELATED = 30;
const DEFAULT_RELATED = 10;
/** Related hashtags come from this many of the newest visible photos. */
const RELATED_SAMPLE = 500;
/** The visible photos come from this many of the newest photos, some of which may be private. */
const SCANNED_PHOTOS = 2_000;

/**
 * A page of the photos with a hashtag that the viewer may see, newest first.
 *
 * @param viewerId null without a session
 * @param load loads rows by id: a request's loaders
 */
export function listHashtagPhotos(
  stores: Stores,
  viewerId: bigint | null,
  hashtag: string,
  page: PageRequest,
  load: RowLoaders,
): Promise<Connection<PhotoRow>> {
  return fillPage(
    page,
    (after, count) => loadHashtagEntries(stores, hashtag, after, count),
    (places) => applyRules(stores, viewerId, places, load),
  );
}

/** Of these places, the photos that exist and that the viewer may see. */
async function applyRules(
  stores: Stores,
  viewerId: bigint | null,
  places: readonly FeedEntry[],
  load: RowLoaders,
): Promise<PublishedPhoto[]> {
  const loaded = await load.photos(places.map((place) => place.photoId));
  const photos = loaded.filter((photo) => photo !== null);
  const visible = await mayInteract(stores, viewerId, photos, load.users);
  return photos.filter((photo, index): photo is PublishedPhoto => visible[index] === true);
}

/**
 * Reads the hashtags that are most often on the same photos as this one. It counts the newest 500 photos that both
 * everybody and the viewer may see, so it reveals no hashtag that is only on photos the viewer may not see.
 *
 * @param first at most this many, from 1 to 30
 * @returns folded names, the most frequent first
 * @throws BAD_USER_INPUT when `first` is out of range
 */
export async function readRelatedHashtags(
  { db }: Stores,
  viewerId: bigint | null,
  hashtag: string,
  first: number | null = DEFAULT_RELATED,
): Promise<string[]> {
  const limit = requireFirst(first, MAX_RELATED);
  const photo = sql`newest.photo_id`;
  // CASE keeps the rule a plain expression, so PostgreSQL evaluates it photo by photo and stops when it has enough.
  const forBoth = sql`${photoIsVisible(null, photo)} and ${photoIsVisible(viewerId, photo)}`;
  const visible = sql`case when ${forBoth} then true else false end`;
  const rows = await db.$queryRaw<{ name: string }[]>`
    with newest as materialized (
      select photo_id, published_id from photo_hashtags where hashtag = ${hashtag} and published_id is not null
      order by published_id desc limit ${SCANNED_PHOTOS}
    ), seen as materialized (
      select photo_id from newest where ${visible} order by published_id desc limit ${RELATED_SAMPLE}
    )
    select other.hashtag as name from seen
    cross join lateral (
      select hashtag from photo_hashtags where photo_id = seen.photo_id and hashtag <> ${hashtag} offset 0
    ) other
    group by other.hashtag order by count(*) desc, other.hashtag limit ${limit}`;
  return rows.map((row) => row.name);
}
