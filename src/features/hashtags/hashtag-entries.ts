import { MAX_ID } from '../../stores/ids.ts';
import { type Sql, sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import type { FeedEntry } from '../../stores/timelines.ts';

/** The photos with a hashtag. @param hashtag its name, or the column with it */
export function ofHashtag(hashtag: Sql | string, after: bigint | null, count: number): Sql {
  return sql`
    select published_id as "publishedId", photo_id as "photoId" from photo_hashtags
    where hashtag = ${hashtag} and published_id < ${after ?? MAX_ID}
    order by published_id desc
    limit ${count}`;
}

/** The newest photos with a hashtag, whoever may see them, from PostgreSQL. */
export function loadHashtag(
  { db }: Stores,
  hashtag: string,
  after: bigint | null,
  count: number,
): Promise<FeedEntry[]> {
  return db.$queryRaw<FeedEntry[]>(ofHashtag(hashtag, after, count));
}
