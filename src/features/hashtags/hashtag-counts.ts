/** Counts of the photos with a hashtag. */
import { MAX_ID } from '../../stores/ids.ts';
import { addJob } from '../../stores/jobs.ts';
import { sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { photoIsVisible } from '../visibility/sql-conditions.ts';

/** A query counts up to this many photos itself. Larger counts are stored. */
const LIVE_COUNT_LIMIT = 1_000;
/** How long a stored count stays fresh, in milliseconds. */
const FRESH_MS = 10 * 60_000;
/** How many photos one statement of `countHashtag` counts. */
const COUNT_BATCH = 20_000;
/** How many hashtags one step of the sweep checks. */
const SWEEP_BATCH = 1_000;

interface CountRow {
  name: string;
  /** How many of the newest photos the viewer may see. */
  seen: number;
  /** Whether there are more photos than LIVE_COUNT_LIMIT. */
  isLarge: boolean;
  stored: number | null;
  countedAt: Date | null;
}

/**
 * Reads how many photos with each hashtag the viewer may see. For a hashtag with more than 1,000 photos it is the
 * stored count of photos that everybody may see. A stale stored count is recounted in the background.
 *
 * @param viewerId null without a session
 * @returns in the order of the names
 */
export async function readHashtagCounts(
  stores: Stores,
  viewerId: bigint | null,
  names: readonly string[],
): Promise<number[]> {
  const rows = await stores.db.$queryRaw<CountRow[]>`
    select wanted.name, newest.seen,
      newest.looked > ${LIVE_COUNT_LIMIT} or coalesce(photo_count, 0) > ${LIVE_COUNT_LIMIT} as "isLarge",
      photo_count as stored, counted_at as "countedAt"
    from unnest(${[...names]}::text[]) wanted (name)
    left join hashtags on hashtags.name = wanted.name
    cross join lateral (
      select count(*) as looked, (count(*) filter (where ${photoIsVisible(viewerId, sql`photo_id`)}))::int as seen
      from (
        select photo_id from photo_hashtags where hashtag = wanted.name and published_id is not null
        order by published_id desc
        -- A hashtag that is known to have more is not counted here.
        limit case when photo_count > ${LIVE_COUNT_LIMIT} then 0 else ${LIVE_COUNT_LIMIT + 1} end
      ) looked_at
    ) newest`;
  const before = Date.now() - FRESH_MS;
  const stale = rows.filter(({ isLarge, countedAt }) => isLarge && (countedAt?.getTime() ?? 0) < before);
  for (const { name } of stale) await enqueueRecount(stores, name);
  const counts = new Map(
    rows.map(({ name, seen, isLarge, stored, countedAt }) => {
      return [name, isLarge && countedAt ? Math.max(seen, stored ?? 0) : seen];
    }),
  );
  return names.map((name) => counts.get(name) ?? 0);
}

/** Enqueues a recount. Concurrent callers enqueue one job. */
async function enqueueRecount({ db }: Stores, hashtag: string): Promise<void> {
  await db.$transaction(async (tx) => {
    const isStale = { OR: [{ countedAt: null }, { countedAt: { lt: new Date(Date.now() - FRESH_MS) } }] };
    const { count } = await tx.hashtag.updateMany({
      where: { name: hashtag, ...isStale },
      data: { countedAt: new Date() },
    });
    if (count > 0) await addJob(tx, 'countHashtag', { hashtag });
  });
}

/** Counts the photos with a hashtag that everybody may see, and stores the count. Idempotent. */
export async function countHashtag({ db }: Stores, hashtag: string): Promise<void> {
  let counted = 0;
  for (let before = MAX_ID; ; ) {
    // Count in batches, so that no statement runs long.
    const [row] = await db.$queryRaw<[{ last: bigint | null; looked: bigint; seen: bigint }]>`
      select min(published_id) as last, count(*) as looked,
        count(*) filter (where ${photoIsVisible(null, sql`photo_id`)}) as seen
      from (
        select photo_id, published_id from photo_hashtags where hashtag = ${hashtag} and published_id < ${before}
        order by published_id desc limit ${COUNT_BATCH}
      ) page`;
    counted += Number(row.seen);
    if (row.last === null || row.looked < COUNT_BATCH) break;
    before = row.last;
  }
  await db.hashtag.updateMany({ where: { name: hashtag }, data: { photoCount: counted } });
}

/**
 * Deletes hashtags that no photo has any more. It locks the rows before it checks them again: a transaction that gives
 * a photo a hashtag holds a lock on the hashtag's row until it commits. Rows that are locked already are skipped.
 */
export async function sweepHashtags({ db }: Stores): Promise<void> {
  for (let after = ''; ; ) {
    const [page] = await db.$queryRaw<[{ last: string | null; unused: string[] }]>`
      select max(name) as last,
        coalesce(
          array_agg(name) filter (where not exists (select from photo_hashtags where hashtag = name)), '{}'
        ) as unused
      from (select name from hashtags where name > ${after} order by name limit ${SWEEP_BATCH}) page`;
    if (page.last === null) return;
    const { last, unused } = page;
    if (unused.length > 0) {
      await db.$transaction(async (tx) => {
        const locked = await tx.$queryRaw<{ name: string }[]>`
          select name from hashtags where name = any(${unused}::text[]) for update skip locked`;
        await tx.$executeRaw`
          delete from hashtags where name = any(${locked.map((row) => row.name)}::text[])
            and not exists (select from photo_hashtags where hashtag = name)`;
      });
    }
    after = last;
  }
}
