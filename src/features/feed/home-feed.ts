import type { Stores } from '../../stores/stores.ts';
import type { Place } from '../../stores/timelines.ts';
import type { UserRow } from '../accounts/users.ts';
import type { Connection, PageRequest } from '../paging.ts';
import { belongInFeed } from '../people/visibility.ts';
import { type PublishedPhoto, readFullPage } from '../photos/full-page.ts';
import type { PhotoRow } from '../photos/rows.ts';
import { readFeedPage } from './pages.ts';

/** Loads rows by id, null for what does not exist. */
export interface LoadRows {
  photos(ids: readonly bigint[]): Promise<(PhotoRow | null)[]>;
  users(ids: readonly bigint[]): Promise<(UserRow | null)[]>;
}

/**
 * A page of the photos of the people, and with the hashtags, that a person follows, newest first, without a gap or a repetition down to the oldest.
 *
 * @param load loads rows by id: a request's loaders
 */
export function readHomeFeed(
  stores: Stores,
  viewerId: bigint,
  page: PageRequest,
  load: LoadRows,
): Promise<Connection<PhotoRow>> {
  return readFullPage(
    page,
    (after, count) => readFeedPage(stores, viewerId, after, count),
    (places) => applyRules(stores, viewerId, places, load),
  );
}

/** Of these places, the photos that exist and belong in the viewer's feed. */
async function applyRules(
  stores: Stores,
  viewerId: bigint,
  places: readonly Place[],
  load: LoadRows,
): Promise<PublishedPhoto[]> {
  const loaded = await load.photos(places.map((place) => place.photoId));
  const photos = loaded.filter((photo) => photo !== null);
  const belong = await belongInFeed(stores, viewerId, photos, load.users);
  return photos.filter((photo, index): photo is PublishedPhoto => belong[index] === true);
}
