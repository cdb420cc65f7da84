/** How many photos have a hashtag. */
import { MAX_ID } from '../../stores/ids.ts';
import { addJob } from '../../stores/jobs.ts';
import { sql } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { photoIsVisible } from '../visibility/rules.ts';

/** Up to so many photos are counted when it is asked. */
const COUNTED_LIVE = 1_000;
/** How long a stored count is good enough, in milliseconds. */
const GOOD_FOR_MS = 10 * 60_000;
/** Photos that one statement counts. */
const COUNTED_AT_ONCE = 20_000;
/** Hashtags that are looked at in one go. */
const SWEEP_AT_ONCE = 1_000;

interface Count {
  name: string;
  /** Those that the viewer sees of the newest. */
  seen: number;
  /** There are more than are counted at once. */
  isLarge: boolean;
  stored: number | null;
  countedAt: Date | null;
}

/**
 * How many photos the viewer may see with each of these hashtags, in their order. Where there are very many, it is how many everybody may see, as
 * stored; when that is old, it is counted anew in the background.
 *
 * @param viewerId null without a session
 */
export async function readHashtagCounts(
  stores: Stores,
  viewerId: bigint | null,
  names: readonly string[],
): Promise<number[]> {
  const rows = await stores.db.$queryRaw<Count[]>`
    select wanted.name, newest.seen, newest.looked > ${COUNTED_LIVE} or coalesce(photo_count, 0) > ${COUNTED_LIVE} as "isLarge",
      photo_count as stored, counted_at as "countedAt"
    from unnest(${[...names]}::text[]) wanted (name)
    left join hashtags on hashtags.name = wanted.name
    cross join lateral (
      select count(*) as looked, (count(*) filter (where ${photoIsVisible(viewerId, sql`photo_id`)}))::int as seen
      from (
        select photo_id from photo_hashtags where hashtag = wanted.name and published_id is not null
        order by published_id desc
        -- Of those that are known to have more nothing is to be counted.
        limit case when photo_count > ${COUNTED_LIVE} then 0 else ${COUNTED_LIVE + 1} end
      ) looked_at
    ) newest`;
  const before = Date.now() - GOOD_FOR_MS;
  const old = rows.filter(({ isLarge, countedAt }) => isLarge && (countedAt?.getTime() ?? 0) < before);
  for (const { name } of old) await enqueueCount(stores, name);
  const counts = new Map(
    rows.map(({ name, seen, isLarge, stored, countedAt }) => {
      return [name, isLarge && countedAt ? Math.max(seen, stored ?? 0) : seen];
    }),
  );
  return names.map((name) => counts.get(name) ?? 0);
}

/** Lets a hashtag be counted, once however many ask at the same time. */
async function enqueueCount({ db }: Stores, hashtag: string): Promise<void> {
  await db.$transaction(async (tx) => {
    const old = { OR: [{ countedAt: null }, { countedAt: { lt: new Date(Date.now() - GOOD_FOR_MS) } }] };
    const { count } = await tx.hashtag.updateMany({
      where: { name: hashtag, ...old },
      data: { countedAt: new Date() },
    });
    if (count > 0) await addJob(tx, 'countHashtag', { hashtag });
  });
}

/** Counts how many photos everybody sees with a hashtag, and stores it. Again is the same, as it is then. */
export async function countHashtag({ db }: Stores, hashtag: string): Promise<void> {
  let counted = 0;
  for (let before = MAX_ID; ; ) {
    // In steps, so that no statement takes long.
    const [row] = await db.$queryRaw<[{ last: bigint | null; looked: bigint; seen: bigint }]>`
      select min(published_id) as last, count(*) as looked,
        count(*) filter (where ${photoIsVisible(null, sql`photo_id`)}) as seen
      from (
        select photo_id, published_id from photo_hashtags where hashtag = ${hashtag} and published_id < ${before}
        order by published_id desc limit ${COUNTED_AT_ONCE}
      ) page`;
    counted += Number(row.seen);
    if (row.last === null || row.looked < COUNTED_AT_ONCE) break;
    before = row.last;
  }
  await db.hashtag.updateMany({ where: { name: hashtag }, data: { photoCount: counted } });
}

/**
 * Forgets hashtags that no photo has any more. Each is locked before it is looked at once more: whoever gives a photo a hashtag holds it
 * until then.
 */
export async function sweepHashtags({ db }: Stores): Promise<void> {
  for (let after = ''; ; ) {
    const [page] = await db.$queryRaw<[{ last: string | null; unused: string[] }]>`
      select max(name) as last,
        coalesce(array_agg(name) filter (where not exists (select from photo_hashtags where hashtag = name)), '{}') as unused
      from (select name from hashtags where name > ${after} order by name limit ${SWEEP_AT_ONCE}) page`;
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
