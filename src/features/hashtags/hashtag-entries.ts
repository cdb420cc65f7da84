import { MAX_ID } from '../../stores/ids.ts';
import { type Sql, sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import type { FeedEntry } from '../../stores/timelines.ts';

/**
 * A query for the entries of a hashtag, newest first.
 *
 * @param hashtag its folded name, or the SQL column that holds it
 * @param after only photos below this publishedId; from the top when null
 */
export function hashtagEntriesSql(hashtag: Sql | string, after: bigint | null, count: number): Sql {
  return sql`
    select published_id as "publishedId", photo_id as "photoId" from photo_hashtags
    where hashtag = ${hashtag} and published_id < ${after ?? MAX_ID}
    order by published_id desc
    limit ${count}`;
}

/**
 * Loads the entries of a hashtag from PostgreSQL, newest first, without applying visibility rules.
 *
 * @param after only photos below this publishedId; from the top when null
 */
export function loadHashtagEntries(
  { db }: Stores,
  hashtag: string,
  after: bigint | null,
  count: number,
): Promise<FeedEntry[]> {
  return db.$queryRaw<FeedEntry[]>(hashtagEntriesSql(hashtag, after, count));
}
