import { joinSql, sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import type { ClientText } from '../kernel/client-text.ts';
import {
  MIN_SIMILARITY_LENGTH,
  normalizeSearchText,
  prefixPattern,
  requireSearchLimit,
} from '../kernel/search-text.ts';
import { personIsVisible } from '../visibility/sql-conditions.ts';

/** How many people each kind of match contributes at most. One letter alone can match millions, who are all as good. */
const CANDIDATES_PER_MATCH = 200;

/**
 * Searches people by a prefix of their username, of their name or of a word in it, and by similarity (of trigrams: see
 * PostgreSQL's pg_trgm). People whom the viewer follows come first, then exact usernames, then prefix matches, then
 * similar names.
 *
 * @param viewerId null without a session
 * @param text from 1 to 100 characters
 * @param first at most this many, from 1 to 50
 * @returns the ids of people whom the viewer may see, the best match first
 * @throws BAD_USER_INPUT when `text` or `first` is out of range
 */
export async function searchPeople(
  { db }: Stores,
  viewerId: bigint | null,
  text: ClientText,
  first: number | null | undefined,
): Promise<bigint[]> {
  const query = normalizeSearchText('text', text);
  const limit = requireSearchLimit(first);
  const prefix = prefixPattern(query);
  const matches = [
    sql`username like ${prefix}`,
    sql`lower(display_name) like ${prefix}`,
    sql`lower(display_name) like ${`% ${prefix}`}`,
    // "<%" compares with the most similar part of the name, such as one of its words.
    ...(query.length < MIN_SIMILARITY_LENGTH ? [] : [sql`username % ${query}`, sql`${query} <% lower(display_name)`]),
  ];
  const visible = personIsVisible(viewerId, sql`users.id`);
  const candidates = matches.map(
    (match) => sql`(select id from users where ${match} and ${visible} limit ${CANDIDATES_PER_MATCH}::int)`,
  );
  // The limit per match could cut off people whom the viewer follows, so search those separately.
  const followed = sql`(select followee_id from follows join users on users.id = followee_id
    where follower_id = ${viewerId} and (${joinSql(matches, ' or ')}) and ${visible})`;
  const rows = await db.$queryRaw<{ id: bigint }[]>`
    select users.id
    from (${joinSql([...candidates, ...(viewerId === null ? [] : [followed])], ' union ')}) candidate
    join users on users.id = candidate.id
    order by
      exists (select from follows where follower_id = ${viewerId} and followee_id = users.id) desc,
      username = ${query} desc,
      username like ${prefix} desc,
      ' ' || lower(display_name) like ${`% ${prefix}`} desc,
      greatest(similarity(username, ${query}), word_similarity(${query}, lower(display_name))) desc,
      users.id
    limit ${limit}::int`;
  return rows.map((row) => row.id);
}
