import type { Stores } from '../../stores/stores.ts';
import { searchHashtags } from '../hashtags/search-hashtags.ts';
import { requireFound } from '../kernel/search-text.ts';
import { type PlaceRow, searchPlaces } from '../places/places.ts';
import { searchPeople } from './search-people.ts';

/** Something that was found: a person by their id, a hashtag by its name, or a place. */
export type SearchResult =
  | { kind: 'person'; id: bigint }
  | { kind: 'hashtag'; name: string }
  | { kind: 'place'; place: PlaceRow };

/**
 * Finds people, hashtags and places, the best of each kind in turn. Text that begins with "@" finds people alone, and with "#" hashtags.
 *
 * @param viewerId null without a session
 * @param text from 1 to 100 characters
 * @param first at most so many, from 1 to 50
 * @throws BAD_USER_INPUT that says what is allowed
 */
export async function search(
  stores: Stores,
  viewerId: bigint | null,
  text: string,
  first: number | null | undefined,
): Promise<SearchResult[]> {
  const most = requireFound(first);
  const [sign] = text.trim();
  const [people, hashtags, places] = await Promise.all([
    sign === '#' ? [] : searchPeople(stores, viewerId, text, most),
    sign === '@' ? [] : searchHashtags(stores, viewerId, text, most),
    sign === '@' || sign === '#' ? [] : searchPlaces(stores, viewerId, text, most),
  ]);
  const found: SearchResult[] = [];
  for (let rank = 0; rank < most; rank++) {
    const [id, name, place] = [people[rank], hashtags[rank], places[rank]];
    if (id !== undefined) found.push({ kind: 'person', id });
    if (name !== undefined) found.push({ kind: 'hashtag', name });
    if (place !== undefined) found.push({ kind: 'place', place });
  }
  return found.slice(0, most);
}
