import { readOr } from '../../stores/redis.ts';
import type { Stores } from '../../stores/stores.ts';
import { buildTimeline, type Place, readTimeline, type TimelinePage } from '../../stores/timelines.ts';
import { readHeavyAuthors } from './heavy-authors.ts';
import { authorKey, feedKey } from './keys.ts';

/** A list in Redis, and what it is made from when it is missing there. */
interface Source {
  key: string;
  load(count: number): Promise<Place[]>;
}

/**
 * The next places of a home feed, newest first. They may hold photos that are gone or not for the viewer: the caller
 * checks.
 *
 * Redis answers as far as its lists reach: the viewer's own, which photos are pushed into, merged with those of the heavy
 * authors whom they follow. Where a list ends before the page does, or is missing or being built, or Redis is away, PostgreSQL answers the page: its
 * order and cursors are the same, so it makes no difference to the reader.
 *
 * @param after only photos below this publishedId; from the top when null
 */
export async function readFeedPage(
  stores: Stores,
  viewerId: bigint,
  after: bigint | null,
  count: number,
): Promise<Place[]> {
  const feed: Source = { key: feedKey(viewerId), load: (n) => loadFeed(stores, viewerId, null, n) };
  // Both in one round trip; heavy authors, whom few follow, take a second one.
  const [pushed, authors] = await Promise.all([
    readSource(stores, feed, after, count),
    readHeavyAuthors(stores, viewerId),
  ]);
  const pulled = await Promise.all(
    authors.map((author) => {
      const source = { key: authorKey(author), load: (n: number) => loadAuthor(stores, author, n) };
      return readSource(stores, source, after, count);
    }),
  );
  return merge([pushed, ...pulled], count) ?? loadFeed(stores, viewerId, after, count);
}

async function readSource(
  stores: Stores,
  source: Source,
  after: bigint | null,
  count: number,
): Promise<TimelinePage | null> {
  const { redis } = stores;
  const read = () => readOr(redis, () => readTimeline(redis, source.key, after, count), 'building' as const);
  const page = await read();
  if (page === 'building') return null;
  if (page !== 'missing') return page;
  await readOr(redis, () => buildTimeline(redis, source.key, source.load), null);
  const built = await read();
  return typeof built === 'string' ? null : built;
}

/** The newest of all pages together; null when some list might hold more of what belongs there than Redis has of it. */
function merge(pages: (TimelinePage | null)[], count: number): Place[] | null {
  const complete = pages.filter((page) => page !== null);
  if (complete.length < pages.length) return null;
  // A photo that was pushed before its author became heavy is in two lists.
  const places = new Map(complete.flatMap((page) => page.places.map((place) => [place.publishedId, place])));
  const merged = [...places.values()].sort((a, b) => (a.publishedId < b.publishedId ? 1 : -1)).slice(0, count);
  const lowest = merged.length === count ? (merged.at(-1)?.publishedId ?? 0n) : 0n;
  return complete.every((page) => page.floor <= lowest) ? merged : null;
}

/** A page of a home feed from PostgreSQL: the newest of each person followed, and of those the newest. */
function loadFeed({ db }: Stores, viewerId: bigint, after: bigint | null, count: number): Promise<Place[]> {
  return db.$queryRaw<Place[]>`
    select photo.published_id as "publishedId", photo.id as "photoId"
    from follows
    cross join lateral (
      select id, published_id from photos
      where owner_id = followee_id and published_id < ${after ?? 2n ** 63n - 1n}
      order by published_id desc
      limit ${count}
    ) photo
    where follower_id = ${viewerId}
      and not exists (select from mutes where muter_id = follower_id and muted_id = followee_id)
    order by photo.published_id desc
    limit ${count}`;
}

/** The newest photos of one author, from PostgreSQL. */
function loadAuthor({ db }: Stores, authorId: bigint, count: number): Promise<Place[]> {
  return db.$queryRaw<Place[]>`
    select published_id as "publishedId", id as "photoId" from photos
    where owner_id = ${authorId} and published_id is not null
    order by published_id desc
    limit ${count}`;
}
