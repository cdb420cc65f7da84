import { joinSql, sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import type { ClientText } from '../kernel/client-text.ts';
import { MIN_SIMILARITY_LENGTH, prefixPattern, requireSearchLimit, requireSearchText } from '../kernel/search-text.ts';
import { photoIsVisible } from '../visibility/sql-conditions.ts';
import { foldHashtag } from './parse-hashtags.ts';

/** How many hashtags each kind of match contributes at most. One letter alone can match millions. */
const CANDIDATES_PER_MATCH = 500;
/** The viewer must be allowed to see one of this many newest photos with a hashtag. */
const SCANNED_PHOTOS = 500;

/**
 * Searches hashtags by prefix and by similarity (of trigrams: see PostgreSQL's pg_trgm). The exact match comes first,
 * then prefix matches, then similar names; within each kind, those with the most photos come first. Hashtags that are
 * only on photos the viewer may not see are not found.
 *
 * @param viewerId null without a session
 * @param text from 1 to 100 characters
 * @param first at most this many, from 1 to 50
 * @returns folded names, the best match first
 * @throws BAD_USER_INPUT when `text` or `first` is out of range
 */
export async function searchHashtags(
  { db }: Stores,
  viewerId: bigint | null,
  text: ClientText,
  first: number | null | undefined,
): Promise<string[]> {
  const query = requireSearchText('text', text, 'spaces and "#"', foldQuery);
  const limit = requireSearchLimit(first);
  const prefix = prefixPattern(query);
  const matches = [
    sql`name = ${query}`,
    sql`name like ${prefix}`,
    ...(query.length < MIN_SIMILARITY_LENGTH ? [] : [sql`name % ${query}`]),
  ];
  const candidates = matches.map(
    (match) => sql`(select name, photo_count from hashtags where ${match} limit ${CANDIDATES_PER_MATCH}::int)`,
  );
  // CASE keeps the rule a plain expression, so PostgreSQL evaluates it photo by photo and stops at the first match.
  const visible = sql`case when ${photoIsVisible(viewerId, sql`newest.photo_id`)} then true else false end`;
  const rows = await db.$queryRaw<{ name: string }[]>`
    select name from (${joinSql(candidates, ' union ')}) candidate
    where exists (
      select from (
        select photo_id from photo_hashtags where hashtag = name and published_id is not null
        order by published_id desc limit ${SCANNED_PHOTOS}::int
      ) newest
      where ${visible}
    )
    order by
      name = ${query} desc,
      name like ${prefix} desc,
      photo_count desc,
      similarity(name, ${query}) desc,
      name
    limit ${limit}::int`;
  return rows.map((row) => row.name);
}

/** Folds a text to search for as hashtags are folded. */
function foldQuery(bounded: string): string {
  return foldHashtag(bounded).trim().replace(/^#/, '');
}
