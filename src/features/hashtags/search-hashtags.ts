import { joinSql, sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { beginsWith, MIN_SIMILAR, requireFound, requireText } from '../kernel/search-text.ts';
import { photoIsVisible } from '../visibility/rules.ts';
import { foldHashtag, MAX_HASHTAG } from './parse-hashtags.ts';

/** So many are looked at of those that match in each way: who types one letter matches millions. */
const CANDIDATES_PER_MATCH = 500;
/** Whether the viewer may see a photo with a hashtag is looked for on so many of the newest. */
const SCANNED_PHOTOS = 500;

/**
 * Finds hashtags by what they begin with, and by similarity (of trigrams: see PostgreSQL's pg_trgm): first the one that is written so, then those that
 * begin so, of these the ones with most photos. None is found that is only on photos which the viewer may not see.
 *
 * @param viewerId null without a session
 * @param text from 1 to 100 characters
 * @param first at most so many, from 1 to 50
 * @returns the names of hashtags, the best first
 * @throws BAD_USER_INPUT that says what is allowed
 */
export async function searchHashtags(
  { db }: Stores,
  viewerId: bigint | null,
  text: string,
  first: number | null | undefined,
): Promise<string[]> {
  const wanted = foldQuery(text);
  const most = requireFound(first);
  const beginning = beginsWith(wanted);
  const ways = [
    sql`name = ${wanted}`,
    sql`name like ${beginning}`,
    ...(wanted.length < MIN_SIMILAR ? [] : [sql`name % ${wanted}`]),
  ];
  const inEachWay = ways.map(
    (way) => sql`(select name, photo_count from hashtags where ${way} limit ${CANDIDATES_PER_MATCH}::int)`,
  );
  // As a value, so that it is looked at photo by photo, and no longer than until one is found.
  const visible = sql`case when ${photoIsVisible(viewerId, sql`newest.photo_id`)} then true else false end`;
  const rows = await db.$queryRaw<{ name: string }[]>`
    select name from (${joinSql(inEachWay, ' union ')}) found
    where exists (
      select from (
        select photo_id from photo_hashtags where hashtag = name and published_id is not null
        order by published_id desc limit ${SCANNED_PHOTOS}::int
      ) newest
      where ${visible}
    )
    order by
      name = ${wanted} desc,
      name like ${beginning} desc,
      photo_count desc,
      similarity(name, ${wanted}) desc,
      name
    limit ${most}::int`;
  return rows.map((row) => row.name);
}

/** What is looked for, as hashtags are compared. @throws BAD_USER_INPUT when it is nothing, or too long */
function foldQuery(text: string): string {
  // What is longer than any is not looked at.
  const folded = text.length > 10 * MAX_HASHTAG ? text : foldHashtag(text).trim().replace(/^#/, '');
  return requireText('text', folded, 'spaces and "#"');
}
