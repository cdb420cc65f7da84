import { MAX_ID } from '../../stores/ids.ts';
import { type Sql, sql } from '../../stores/postgres.ts';
import { readOrFallback } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { buildTimeline, type FeedEntry, readTimeline, type TimelinePage } from '../../stores/timelines.ts';
import { loadHashtag, ofHashtag } from '../hashtags/hashtag-entries.ts';
import { authorKey, feedKey, hashtagKey } from '../records/feed-keys.ts';
import { readFollowedHashtags } from '../visibility/followed-hashtags.ts';
import { readPulledAuthors } from './pulled-authors.ts';

/** A list in Redis, and what it is made from when it is missing there. */
interface Source {
  key: string;
  load(count: number): Promise<FeedEntry[]>;
}

/**
 * The next places of a home feed, newest first. They may hold photos that are gone or not for the viewer: the caller
 * checks.
 *
 * Redis answers as far as its lists reach: the viewer's own, which photos are pushed into, merged with those of the heavy
 * authors and of the hashtags which they follow. Where a list ends before the page does, or is missing or being built, or Redis is away, PostgreSQL answers the page: its
 * order and cursors are the same, so it makes no difference to the reader.
 *
 * @param after only photos below this publishedId; from the top when null
 */
export async function readFeedPage(
  stores: Stores,
  viewerId: bigint,
  after: bigint | null,
  count: number,
): Promise<FeedEntry[]> {
  const feed: Source = { key: feedKey(viewerId), load: (n) => loadPushed(stores, viewerId, n) };
  // All in one round trip; heavy authors, whom few follow, and hashtags take a second one.
  const [pushed, authors, [hashtags]] = await Promise.all([
    readSource(stores, feed, after, count),
    readPulledAuthors(stores, viewerId),
    readFollowedHashtags(stores, [viewerId]),
  ]);
  const sources: Source[] = [
    ...authors.map((author) => ({ key: authorKey(author), load: (n: number) => loadAuthor(stores, author, n) })),
    ...Array.from(hashtags ?? [], (hashtag) => ({
      key: hashtagKey(hashtag),
      load: (n: number) => loadHashtag(stores, hashtag, null, n),
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

/** The newest of all pages together; null when some list might hold more of what belongs there than Redis has of it. */
function merge(pages: (TimelinePage | null)[], count: number): FeedEntry[] | null {
  const complete = pages.filter((page) => page !== null);
  if (complete.length < pages.length) return null;
  // A photo with a hashtag, or that was pushed before its author became heavy, is in several lists.
  const places = new Map(complete.flatMap((page) => page.entries.map((place) => [place.publishedId, place])));
  const merged = [...places.values()].sort((a, b) => (a.publishedId < b.publishedId ? 1 : -1)).slice(0, count);
  const lowest = merged.length === count ? (merged.at(-1)?.publishedId ?? 0n) : 0n;
  return complete.every((page) => page.floor <= lowest) ? merged : null;
}

/** What belongs into a person's own list, from PostgreSQL. */
function loadPushed({ db }: Stores, viewerId: bigint, count: number): Promise<FeedEntry[]> {
  return db.$queryRaw<FeedEntry[]>(ofPeople(viewerId, null, count));
}

/** A page of a home feed from PostgreSQL: the newest of each person and hashtag followed, and of those the newest. */
function loadFeed({ db }: Stores, viewerId: bigint, after: bigint | null, count: number): Promise<FeedEntry[]> {
  return db.$queryRaw<FeedEntry[]>`
    (${ofPeople(viewerId, after, count)})
    union
    select tagged.published_id, tagged.photo_id
    from hashtag_follows
    cross join lateral (${ofHashtag(sql`hashtag_follows.hashtag`, after, count)}) tagged (published_id, photo_id)
    where user_id = ${viewerId}
    order by 1 desc
    limit ${count}`;
}

/** The photos of the people whom a person follows: the newest of each, and of those the newest. */
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

/** The newest photos of one author, from PostgreSQL. */
function loadAuthor({ db }: Stores, authorId: bigint, count: number): Promise<FeedEntry[]> {
  return db.$queryRaw<FeedEntry[]>`
    select published_id as "publishedId", id as "photoId" from photos
    where owner_id = ${authorId} and published_id is not null
    order by published_id desc
    limit ${count}`;
}
