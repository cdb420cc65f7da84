import { fromCursor, toCursor } from '../../stores/ids.ts';
import { badInput } from './errors.ts';

/** What part of a list is asked for: so many places below `after`, or from the top when it is null. */
export interface PageRequest {
  first: number;
  after: bigint | null;
}

/** The largest page of any list. */
export const MAX_PAGE = 100;

/** A page's size where none is asked for, as schema/*.graphql says too. */
const DEFAULT_PAGE = 24;

/** Checks a list's arguments. @throws BAD_USER_INPUT that says what is allowed */
export function pageRequest({
  // The executor forgets the schema's default when the size is a variable that is not given.
  first = DEFAULT_PAGE,
  after,
}: {
  first?: number | null | undefined;
  after?: string | null | undefined;
}): PageRequest {
  const size = requireFirst(first, MAX_PAGE);
  if (after === null || after === undefined) return { first: size, after: null };
  const place = fromCursor(after);
  if (place === null)
    throw badInput('"after" is not a cursor of this list: take it from "edges.cursor" or "pageInfo.endCursor".');
  return { first: size, after: place };
}

/** How many are asked for. @throws BAD_USER_INPUT that says what is allowed */
export function requireFirst(first: number | null, most: number): number {
  if (first === null || first < 1 || first > most) throw badInput(`"first" must be from 1 to ${most}; it is ${first}.`);
  return first;
}

/** A page in Relay's form. */
export interface Connection<T> {
  edges: { cursor: string; node: T }[];
  nodes: T[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** The page of a list that the viewer may not see: it does not tell whether there is anything in it. */
export function emptyPage<T>(): Connection<T> {
  return { edges: [], nodes: [], pageInfo: { hasNextPage: false, endCursor: null } };
}

/**
 * Makes a page in Relay's form.
 *
 * @param place a row's place in its list, by which the list is sorted
 * @param end the last place that was looked at, when that is below the last row's
 */
export function toConnection<T>(
  rows: T[],
  place: (row: T) => bigint,
  hasNextPage: boolean,
  end?: bigint,
): Connection<T> {
  const edges = rows.map((node) => ({ cursor: toCursor(place(node)), node }));
  const endCursor = end !== undefined ? toCursor(end) : (edges.at(-1)?.cursor ?? null);
  return { edges, nodes: rows, pageInfo: { hasNextPage, endCursor } };
}
