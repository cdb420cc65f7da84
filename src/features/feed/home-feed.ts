import type { Stores } from '../../stores/stores.ts';
import type { Place } from '../../stores/timelines.ts';
import { type Connection, type PageRequest, toConnection } from '../paging.ts';
import { belongInFeed } from '../people/visibility.ts';
import type { PhotoRow } from '../photos/rows.ts';
import { readFeedPage } from './pages.ts';

/** A photo that is READY, and so has a place in lists. */
export type PublishedPhoto = PhotoRow & { publishedId: bigint };

/** Pages that are read for one answer before a short one is given instead. */
const MAX_ROUNDS = 10;

/**
 * A page of the photos of the people whom a person follows, newest first, without a gap or a repetition down to the oldest.
 *
 * @param loadPhotos loads photos by id, null for what does not exist
 */
export async function readHomeFeed(
  stores: Stores,
  viewerId: bigint,
  { first, after }: PageRequest,
  loadPhotos: (ids: bigint[]) => Promise<(PhotoRow | null)[]>,
): Promise<Connection<PhotoRow>> {
  const found: PublishedPhoto[] = [];
  let last = after;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    // One more than is asked for tells whether there is a next page.
    const wanted = first + 1 - found.length;
    const places = await readFeedPage(stores, viewerId, last, wanted);
    found.push(...(await applyRules(stores, viewerId, places, loadPhotos)));
    last = places.at(-1)?.publishedId ?? last;
    if (found.length > first || places.length < wanted) {
      return toConnection<PhotoRow>(found.slice(0, first), (photo) => photo.publishedId ?? 0n, found.length > first);
    }
  }
  return toConnection<PhotoRow>(found, (photo) => photo.publishedId ?? 0n, true, last ?? undefined);
}

/** Of these places, the photos that exist and belong in the viewer's feed. */
export async function applyRules(
  stores: Stores,
  viewerId: bigint,
  places: readonly Place[],
  loadPhotos: (ids: bigint[]) => Promise<(PhotoRow | null)[]>,
): Promise<PublishedPhoto[]> {
  const loaded = await loadPhotos(places.map((place) => place.photoId));
  const photos = loaded.filter((photo) => photo !== null);
  const belong = await belongInFeed(stores, viewerId, photos);
  return photos.filter((photo, index): photo is PublishedPhoto => belong[index] === true);
}
