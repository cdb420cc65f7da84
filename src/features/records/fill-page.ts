import type { FeedEntry } from '../../stores/timelines.ts';
import { type Connection, MAX_PAGE, type PageRequest, toConnection } from '../kernel/paging.ts';
import type { PhotoRow } from './photo-rows.ts';

/** A photo that is READY, and so has a place in lists. */
export type PublishedPhoto = PhotoRow & { publishedId: bigint };

/** Pages that are read for one answer before a short one is given instead. */
const MAX_ROUNDS = 10;

/**
 * Reads a page of a list of photos, newest first, of which the rules may leave some out: another page while it is short.
 *
 * @param readPlaces the next places of the list, at most `count`, below `after` or from the top when it is null
 * @param applyRules of these places, the photos that exist and belong in the page
 */
export async function fillPage(
  { first, after }: PageRequest,
  readPlaces: (after: bigint | null, count: number) => Promise<FeedEntry[]>,
  applyRules: (places: readonly FeedEntry[]) => Promise<PublishedPhoto[]>,
): Promise<Connection<PhotoRow>> {
  const found: PublishedPhoto[] = [];
  let last = after;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    // One more than is asked for tells whether there is a next page. Where the rules have left much out, they will again.
    const wanted = round === 0 ? first + 1 : MAX_PAGE;
    const places = await readPlaces(last, wanted);
    found.push(...(await applyRules(places)));
    last = places.at(-1)?.publishedId ?? last;
    if (found.length > first || places.length < wanted) {
      return toConnection<PhotoRow>(found.slice(0, first), (photo) => photo.publishedId ?? 0n, found.length > first);
    }
  }
  return toConnection<PhotoRow>(found, (photo) => photo.publishedId ?? 0n, true, last ?? undefined);
}
