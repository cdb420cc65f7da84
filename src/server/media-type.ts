/** Media types of answers, and the status of an operation that is refused, which depends on them. */
import { LRUCache } from 'lru-cache';
import Negotiator from 'negotiator';

const JSON_TYPE = 'application/json; charset=utf-8';
const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';

/** What was chosen before. Clients send few different headers. */
const byAccept = new LRUCache<string, { type: MediaType | undefined }>({ max: 100 });

/** The media type of an answer. */
export type MediaType = typeof JSON_TYPE | typeof GRAPHQL_TYPE;

/**
 * Chooses the media type of an answer: the one that the client prefers, and `application/json` when it says nothing or
 * accepts anything.
 *
 * @param accept the header `Accept`
 * @returns null when the client accepts neither
 */
export function chooseMediaType(accept: string | undefined): MediaType | null {
  if (!accept) return JSON_TYPE;
  let chosen = byAccept.get(accept);
  if (!chosen) {
    chosen = {
      type: new Negotiator({ headers: { accept } }).mediaType([JSON_TYPE, GRAPHQL_TYPE]) as MediaType | undefined,
    };
    byAccept.set(accept, chosen);
  }
  return chosen.type ?? null;
}

/**
 * The status of a well-formed request whose operation is refused: its document, its operation name or its variables.
 * GraphQL over HTTP demands 400 for `application/graphql-response+json`. Of `application/json`, 200 says only that the
 * answer is one of GraphQL: an intermediary may answer with another status and with JSON too.
 */
export function statusOfRefusal(type: MediaType): 200 | 400 {
  return type === JSON_TYPE ? 200 : 400;
}
