import { MAX_ID } from '../../stores/ids.ts';
import { type Sql, sql } from '../../stores/postgres.ts';
import { readOrFallback } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { buildTimeline, type FeedEntry, readTimeline, type TimelinePage } from '../../stores/timelines.ts';
import { hashtagEntriesSql, loadHashtagEntries } from '../hashtags/hashtag-entries.ts';
import { authorKey, feedKey, hashtagKey } from '../records/feed-keys.ts';
import { readFollowedHashtags } from '../visibility/followed-hashtags.ts';
import { readPulledAuthors } from './pulled-authors.ts';

/** A list in Redis, and how to build it from PostgreSQL when it is missing there. */
interface Source {
  key: string;
  load(count: number): Promise<FeedEntry[]>;
}

/**
 * Reads the next entries of a home feed, newest first. They may include photos that no longer exist or that the viewer
 * may not see: the caller applies the rules.
 *
 * Redis answers as far as its lists reach. It holds the viewer's own list, into which photos are pushed (fan-out on
 * write), and the lists of the pulled authors and hashtags that the viewer follows, which are merged into it (fan-out
 * on read). PostgreSQL answers the page when a list ends before the page does, is missing or being built, or when Redis
 * is unavailable. Its order and cursors are the same, so the reader notices no difference.
 *
 * @param after only photos below this publishedId; from the top when null
 * @param count the most entries
 */
export async function readFeedPage(
  stores: Stores,
  viewerId: bigint,
  after: bigint | null,
  count: number,
): Promise<FeedEntry[]> {
  const feed: Source = { key: feedKey(viewerId), load: (n) => loadPushed(stores, viewerId, n) };
  // One round trip for all three. Pulled authors, whom few people follow, and hashtags take a second one.
  const [pushed, authors, [hashtags]] = await Promise.all([
    readSource(stores, feed, after, count),
    readPulledAuthors(stores, viewerId),
    readFollowedHashtags(stores, [viewerId]),
  ]);
  const sources: Source[] = [
    ...authors.map((author) => ({ key: authorKey(author), load: (n: number) => loadAuthor(stores, author, n) })),
    ...Array.from(hashtags ?? [], (hashtag) => ({
      key: hashtagKey(hashtag),
      load: (n: number) => loadHashtagEntries(stores, hashtag, null, n),
    })),
  ];
  const pulled = await Promise.all(sources.map((source) => readSource(stores, source, after, count)));
  return merge([pushed, ...pulled], count) ?? loadFeed(stores, viewerId, after, count);
}

async function readSource(
  stores: Stores,
  source: Source,
  after: bigint | null,
  count: number,
): Promise<TimelinePage | null> {
  const { redis } = stores;
  const read = () => readOrFallback(redis, () => readTimeline(redis, source.key, after, count), 'building' as const);
  const page = await read();
  if (page === 'building') return null;
  if (page !== 'missing') return page;
  await readOrFallback(redis, () => buildTimeline(redis, source.key, source.load), null);
  const built = await read();
  return typeof built === 'string' ? null : built;
}

/**
 * Merges the newest entries of all pages; null when some list may hold entries for this page that Redis does not have.
 */
function merge(pages: (TimelinePage | null)[], count: number): FeedEntry[] | null {
  const complete = pages.filter((page) => page !== null);
  if (complete.length < pages.length) return null;
  // A photo with a hashtag, or one that was pushed before its author became a pulled author, is in several lists.
  const entries = new Map(complete.flatMap((page) => page.entries.map((entry) => [entry.publishedId, entry])));
  const merged = [...entries.values()].sort((a, b) => (a.publishedId < b.publishedId ? 1 : -1)).slice(0, count);
  const lowest = merged.length === count ? (merged.at(-1)?.publishedId ?? 0n) : 0n;
  return complete.every((page) => page.floor <= lowest) ? merged : null;
}

/** Reads the entries of a person's own list from PostgreSQL. */
function loadPushed({ db }: Stores, viewerId: bigint, count: number): Promise<FeedEntry[]> {
  return db.$queryRaw<FeedEntry[]>(ofPeople(viewerId, null, count));
}

/**
 * Reads a page of a home feed from PostgreSQL: the newest photos of each followed person and hashtag, and of these the
 * newest.
 */
function loadFeed({ db }: Stores, viewerId: bigint, after: bigint | null, count: number): Promise<FeedEntry[]> {
  return db.$queryRaw<FeedEntry[]>`
    (${ofPeople(viewerId, after, count)})
    union
    select tagged.published_id, tagged.photo_id
    from hashtag_follows
    cross join lateral (
      ${hashtagEntriesSql(sql`hashtag_follows.hashtag`, after, count)}
    ) tagged (published_id, photo_id)
    where user_id = ${viewerId}
    order by 1 desc
    limit ${count}`;
}

/** The query for the photos of the people whom a person follows: the newest of each, and of these the newest. */
function ofPeople(viewerId: bigint, after: bigint | null, count: number): Sql {
  return sql`
    select photo.published_id as "publishedId", photo.id as "photoId"
    from follows
    cross join lateral (
      select id, published_id from photos
      where owner_id = followee_id and published_id < ${after ?? MAX_ID}
      order by published_id desc
      limit ${count}
    ) photo
    where follower_id = ${viewerId}
      and not exists (select from mutes where muter_id = follower_id and muted_id = followee_id)
    order by photo.published_id desc
    limit ${count}`;
}

/** Reads the newest photos of one author from PostgreSQL. */
function loadAuthor({ db }: Stores, authorId: bigint, count: number): Promise<FeedEntry[]> {
  return db.$queryRaw<FeedEntry[]>`
    select published_id as "publishedId", id as "photoId" from photos
    where owner_id = ${authorId} and published_id is not null
    order by published_id desc
    limit ${count}`;
}
