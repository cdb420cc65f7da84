import { pino } from 'pino';
import { loadConfig } from '../src/config.ts';
import { fanOut } from '../src/features/feed/fan-out.ts';
import { feedKey } from '../src/features/records/feed-keys.ts';
import { openStores, type Stores } from '../src/stores/stores.ts';
import { buildTimeline, type FeedEntry } from '../src/stores/timelines.ts';
import { atLeast, type Contestant, printTable, takeTurns, type Verdict } from './measure.ts';

const FOLLOWERS = 10_000;
const FEED_LENGTH = 500;
const ROUNDS = 9;
/** Followers per pipeline: as many as the fan-out passes to one script call. */
const CHUNK = 500;
const MAX_FEED_BYTES = 11 * 1_024;

/**
 * Followers served per second by the fan-out of a photo. Its author has 10,000 followers, all with a full feed in
 * Redis. Compares it with the bare commands that a fan-out needs, pipelined, with all keys known in advance.
 */
export async function benchFanOut(env: Record<string, string>): Promise<Verdict[]> {
  const stores = await openStores(loadConfig(env), pino({ level: 'warn' }));
  try {
    const { redis, db } = stores;
    const [author] = await db.$queryRaw<[{ id: bigint }]>`
      insert into users (username, email, display_name, password_hash)
      values ('popular', 'popular@example.org', 'Popular', '') returning id`;
    const followers = await newFollowers(stores, author.id);
    const keys = followers.map(feedKey);

    const perSecond = async (work: () => Promise<void>) => {
      const start = performance.now();
      await work();
      return FOLLOWERS / ((performance.now() - start) / 1_000);
    };
    const contestants: Contestant[] = [
      {
        name: 'Darkroom, with the followers from PostgreSQL',
        async round() {
          const { photoId } = await insertPhoto(stores, author.id);
          return perSecond(() => fanOut(stores, photoId));
        },
      },
      {
        name: 'ZADD, ZREMRANGEBYRANK and SPUBLISH, pipelined',
        async round() {
          const { photoId, publishedId } = await insertPhoto(stores, author.id);
          const member = Buffer.alloc(16);
          member.writeBigUInt64BE(publishedId, 0);
          member.writeBigUInt64BE(photoId, 8);
          const message = JSON.stringify({ publishedId: String(publishedId), photoId: String(photoId) });
          return perSecond(async () => {
            for (let from = 0; from < keys.length; from += CHUNK) {
              const pipeline = redis.pipeline();
              for (const key of keys.slice(from, from + CHUNK)) {
                pipeline.zadd(key, 0, member);
                pipeline.zremrangebyrank(key, 0, -FEED_LENGTH - 1);
                pipeline.spublish(`live:${key}`, message);
              }
              await pipeline.exec();
            }
          });
        },
      },
    ];
    const medians = await takeTurns(contestants, ROUNDS);
    printTable('followers/s', contestants, medians);
    const [ours = 0, bare = 0] = medians;
    const sizes = await Promise.all(keys.map((key) => redis.memory('USAGE', key)));
    const lengths = await Promise.all(keys.map((key) => redis.zcard(key)));
    const encoding = await redis.object('ENCODING', keys[0] ?? '');
    const largest = Math.max(...sizes.map(Number));
    console.log(`  each feed: ${Math.min(...lengths)} to ${Math.max(...lengths)} photos, as a ${encoding}`);
    return [
      atLeast(0.6, ours, bare, 'the bare commands'),
      {
        claim: `a feed of ${FEED_LENGTH} takes at most 11 KB in Redis`,
        figure: `${largest.toLocaleString('en')} bytes`,
        met: largest <= MAX_FEED_BYTES,
      },
    ];
  } finally {
    await stores.close();
  }
}

async function newFollowers({ db, redis }: Stores, authorId: bigint): Promise<bigint[]> {
  const rows = await db.$queryRaw<{ id: bigint }[]>`
    with people as (
      insert into users (username, email, display_name, password_hash)
      select 'fan' || number, 'fan' || number || '@example.org', 'Fan', '' from generate_series(1, ${FOLLOWERS}) number
      returning id
    ), following as (
      insert into follows (follower_id, followee_id, id) select id, ${authorId}, next_id(id) from people
    )
    select id from people`;
  // Like real entries: from many authors, some seconds apart.
  const entries: FeedEntry[] = await db.$queryRaw`
    select (next_id_in_shard((random() * 8191)::bigint) - (number::bigint * 7000 << 23)) as "publishedId",
      (next_id_in_shard((random() * 8191)::bigint) - (number::bigint * 7001 << 23)) as "photoId"
    from generate_series(1, ${FEED_LENGTH}) number order by 1 desc`;
  const ids = rows.map((row) => row.id);
  for (let from = 0; from < ids.length; from += 50) {
    await Promise.all(ids.slice(from, from + 50).map((id) => buildTimeline(redis, feedKey(id), async () => entries)));
  }
  return ids;
}

async function insertPhoto({ db }: Stores, ownerId: bigint): Promise<FeedEntry> {
  const [entry] = await db.$queryRaw<[FeedEntry]>`
    insert into photos (id, owner_id, caption, status, media_key, published_id, width, height)
    values (next_id(${ownerId}), ${ownerId}, '', 'READY', 'none', next_id(${ownerId}), 4, 3)
    returning id as "photoId", published_id as "publishedId"`;
  return entry;
}
