import type { Stores } from '../../stores/stores.ts';
import { searchHashtags } from '../hashtags/search-hashtags.ts';
import type { ClientText } from '../kernel/client-text.ts';
import { boundSearchText, requireSearchLimit } from '../kernel/search-text.ts';
import { type PlaceRow, searchPlaces } from '../places/places.ts';
import { searchPeople } from './search-people.ts';

/** A result: a person by their id, a hashtag by its folded name, or a place. */
export type SearchResult =
  | { kind: 'person'; id: bigint }
  | { kind: 'hashtag'; name: string }
  | { kind: 'place'; place: PlaceRow };

/**
 * Searches people, hashtags and places, and interleaves the best of each kind. A text that begins with "@" finds only
 * people; one that begins with "#" finds only hashtags.
 *
 * @param viewerId null without a session
 * @param text from 1 to 100 characters
 * @param first at most this many, from 1 to 50
 * @throws BAD_USER_INPUT when `text` or `first` is out of range
 */
export async function search(
  stores: Stores,
  viewerId: bigint | null,
  text: ClientText,
  first: number | null | undefined,
): Promise<SearchResult[]> {
  const limit = requireSearchLimit(first);
  const [prefix] = boundSearchText('text', text).trim();
  const [people, hashtags, places] = await Promise.all([
    prefix === '#' ? [] : searchPeople(stores, viewerId, text, limit),
    prefix === '@' ? [] : searchHashtags(stores, viewerId, text, limit),
    prefix === '@' || prefix === '#' ? [] : searchPlaces(stores, viewerId, text, limit),
  ]);
  const results: SearchResult[] = [];
  for (let rank = 0; rank < limit; rank++) {
    const [id, name, place] = [people[rank], hashtags[rank], places[rank]];
    if (id !== undefined) results.push({ kind: 'person', id });
    if (name !== undefined) results.push({ kind: 'hashtag', name });
    if (place !== undefined) results.push({ kind: 'place', place });
  }
  return results.slice(0, limit);
}
