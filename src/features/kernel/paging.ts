import { fromCursor, toCursor } from '../../stores/ids.ts';
import { boundText, type ClientText } from './client-text.ts';
import { badInput } from './errors.ts';

/** The part of a list that a client requests: `first` items below `after`, or from the top when `after` is null. */
export interface PageRequest {
  first: number;
  after: bigint | null;
}

/** The largest page of any list. */
export const MAX_PAGE = 100;

/** The page size when the client gives none. schema/*.graphql names the same default. */
const DEFAULT_PAGE = 24;

/** Checks a list's arguments. @throws BAD_USER_INPUT with a message that says what is allowed */
export function pageRequest({
  // The executor loses the schema's default when `first` is a variable without a value.
  first = DEFAULT_PAGE,
  after,
}: {
  first?: number | null | undefined;
  after?: ClientText | null | undefined;
}): PageRequest {
  const size = requireFirst(first, MAX_PAGE);
  if (after === null || after === undefined) return { first: size, after: null };
  const sortId = parseCursor(after);
  if (sortId === null)
    throw badInput('"after" is not a cursor of this list: take it from "edges.cursor" or "pageInfo.endCursor".');
  return { first: size, after: sortId };
}

/** In UTF-16 code units. No cursor of a list is as long. */
const MAX_CURSOR = 100;

/** Parses a cursor of a list. @returns the id by which the list is sorted; null when it is malformed */
export function parseCursor(cursor: ClientText): bigint | null {
  const text = boundText(cursor, MAX_CURSOR);
  return text === null ? null : fromCursor(text);
}

/** Checks a page size. @throws BAD_USER_INPUT with a message that says what is allowed */
export function requireFirst(first: number | null, max: number): number {
  if (first === null || first < 1 || first > max) throw badInput(`"first" must be from 1 to ${max}; it is ${first}.`);
  return first;
}

/** A page in Relay's form. */
export interface Connection<T> {
  edges: { cursor: string; node: T }[];
  nodes: T[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** An item of a list, with the id by which the list is sorted. */
export interface ListItem<T> {
  sortId: bigint;
  node: T;
}

/** The page of a list that the viewer may not see. It does not reveal whether the list has items. */
export function emptyPage<T>(): Connection<T> {
  return { edges: [], nodes: [], pageInfo: { hasNextPage: false, endCursor: null } };
}

/**
 * Makes a page in Relay's form.
 *
 * @param end the last sort id that was read, when it lies beyond the last item
 */
export function toConnection<T>(items: readonly ListItem<T>[], hasNextPage: boolean, end?: bigint): Connection<T> {
  const edges = items.map(({ sortId, node }) => ({ cursor: toCursor(sortId), node }));
  const endCursor = end !== undefined ? toCursor(end) : (edges.at(-1)?.cursor ?? null);
  return { edges, nodes: items.map(({ node }) => node), pageInfo: { hasNextPage, endCursor } };
}

/** The page of the first `first` items. Pass one item more, if there is one: it shows that there is a next page. */
export function firstPage<T>(items: readonly ListItem<T>[], first: number): Connection<T> {
  return toConnection(items.slice(0, first), items.length > first);
}
