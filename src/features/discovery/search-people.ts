import { joinSql, sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { beginsWith, foldText, MIN_SIMILAR, requireFound } from '../kernel/search-text.ts';
import { personIsVisible } from '../visibility/rules.ts';

/** So many are looked at of those who match in each way: who types one letter matches millions, of whom any are as good. */
const CANDIDATES_PER_MATCH = 200;

/**
 * Finds people by the beginning of their username, of their name or of a word in it, and by names that are similar: those whom the viewer
 * follows first, then whole usernames, then beginnings, then by similarity (of trigrams: see PostgreSQL's pg_trgm).
 *
 * @param viewerId null without a session
 * @param text from 1 to 100 characters
 * @param first at most so many, from 1 to 50
 * @returns the ids of people whom the viewer may see, the best first
 * @throws BAD_USER_INPUT that says what is allowed
 */
export async function searchPeople(
  { db }: Stores,
  viewerId: bigint | null,
  text: string,
  first: number | null | undefined,
): Promise<bigint[]> {
  const wanted = foldText('text', text);
  const most = requireFound(first);
  const beginning = beginsWith(wanted);
  const ways = [
    sql`username like ${beginning}`,
    sql`lower(display_name) like ${beginning}`,
    sql`lower(display_name) like ${`% ${beginning}`}`,
    // The second: to any of its words.
    ...(wanted.length < MIN_SIMILAR ? [] : [sql`username % ${wanted}`, sql`${wanted} <% lower(display_name)`]),
  ];
  const visible = personIsVisible(viewerId, sql`users.id`);
  const inEachWay = ways.map(
    (way) => sql`(select id from users where ${way} and ${visible} limit ${CANDIDATES_PER_MATCH}::int)`,
  );
  // Among millions who match, those whom the viewer follows must not be missed.
  const followed = sql`(select followee_id from follows join users on users.id = followee_id
    where follower_id = ${viewerId} and (${joinSql(ways, ' or ')}) and ${visible})`;
  const rows = await db.$queryRaw<{ id: bigint }[]>`
    select users.id
    from (${joinSql([...inEachWay, ...(viewerId === null ? [] : [followed])], ' union ')}) found
    join users on users.id = found.id
    order by
      exists (select from follows where follower_id = ${viewerId} and followee_id = users.id) desc,
      username = ${wanted} desc,
      username like ${beginning} desc,
      ' ' || lower(display_name) like ${`% ${beginning}`} desc,
      greatest(similarity(username, ${wanted}), word_similarity(${wanted}, lower(display_name))) desc,
      users.id
    limit ${most}::int`;
  return rows.map((row) => row.id);
}
