import type { Stores } from '../../stores/stores.ts';
import type { Place } from '../../stores/timelines.ts';
import type { UserRow } from '../accounts/users.ts';
import { type Connection, MAX_PAGE, type PageRequest, toConnection } from '../paging.ts';
import { belongInFeed } from '../people/visibility.ts';
import type { PhotoRow } from '../photos/rows.ts';
import { readFeedPage } from './pages.ts';

/** A photo that is READY, and so has a place in lists. */
export type PublishedPhoto = PhotoRow & { publishedId: bigint };

/** Loads rows by id, null for what does not exist. */
export interface LoadRows {
  photos(ids: readonly bigint[]): Promise<(PhotoRow | null)[]>;
  users(ids: readonly bigint[]): Promise<(UserRow | null)[]>;
}

/** Pages that are read for one answer before a short one is given instead. */
const MAX_ROUNDS = 10;

/**
 * A page of the photos of the people whom a person follows, newest first, without a gap or a repetition down to the oldest.
 *
 * @param load loads rows by id: a request's loaders
 */
export async function readHomeFeed(
  stores: Stores,
  viewerId: bigint,
  { first, after }: PageRequest,
  load: LoadRows,
): Promise<Connection<PhotoRow>> {
  const found: PublishedPhoto[] = [];
  let last = after;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    // One more than is asked for tells whether there is a next page. Where the rules have left much out, they will again.
    const wanted = round === 0 ? first + 1 : MAX_PAGE;
    const places = await readFeedPage(stores, viewerId, last, wanted);
    found.push(...(await applyRules(stores, viewerId, places, load)));
    last = places.at(-1)?.publishedId ?? last;
    if (found.length > first || places.length < wanted) {
      return toConnection<PhotoRow>(found.slice(0, first), (photo) => photo.publishedId ?? 0n, found.length > first);
    }
  }
  return toConnection<PhotoRow>(found, (photo) => photo.publishedId ?? 0n, true, last ?? undefined);
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
