import type { Stores } from '../../stores/stores.ts';
import type { FeedEntry } from '../../stores/timelines.ts';
import type { Connection, PageRequest } from '../kernel/paging.ts';
import { fillPage, type PublishedPhoto } from '../records/fill-page.ts';
import type { RowLoaders } from '../records/load-rows.ts';
import type { PhotoRow } from '../records/photo-rows.ts';
import { belongInFeed } from '../visibility/rules.ts';
import { readFeedPage } from './pages.ts';

/**
 * A page of the photos of the people, and with the hashtags, that a person follows, newest first, without a gap or a repetition down to the oldest.
 *
 * @param load loads rows by id: a request's loaders
 */
export function readHomeFeed(
  stores: Stores,
  viewerId: bigint,
  page: PageRequest,
  load: RowLoaders,
): Promise<Connection<PhotoRow>> {
  return fillPage(
    page,
    (after, count) => readFeedPage(stores, viewerId, after, count),
    (places) => applyRules(stores, viewerId, places, load),
  );
}

/** Of these places, the photos that exist and belong in the viewer's feed. */
async function applyRules(
  stores: Stores,
  viewerId: bigint,
  places: readonly FeedEntry[],
  load: RowLoaders,
): Promise<PublishedPhoto[]> {
  const loaded = await load.photos(places.map((place) => place.photoId));
  const photos = loaded.filter((photo) => photo !== null);
  const belong = await belongInFeed(stores, viewerId, photos, load.users);
  return photos.filter((photo, index): photo is PublishedPhoto => belong[index] === true);
}
