import { writeThrough } from '../../stores/cache.ts';
import { addJob } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { type Place, pushToTimelines } from '../../stores/timelines.ts';
import { authorKey, feedKey, heavyKey } from './keys.ts';

/** Followers who are served with one script. */
const CHUNK = 500;

/** What is told on a list's channel: a photo has arrived, or who is merged into the feed has changed. */
export type FeedMessage = { publishedId: string; photoId: string; authorsChanged?: true } | { authorsChanged: true };

/**
 * Brings a READY photo into its followers' feeds and tells those who listen. Running it again changes no feed; who listens may
 * be told twice.
 *
 * An author with more than FEED_PUSH_LIMIT followers becomes heavy, for good: from then on the photo goes to the author's own
 * list, which readers merge. The photo with which that happens is still pushed, by a job of its own, because on the way it
 * also reaches every follower's list of heavy authors.
 *
 * @param announce whether this is that job
 */
export async function fanOut(stores: Stores, photoId: bigint, announce: boolean): Promise<void> {
  const { db, redis, config } = stores;
  const photo = await db.photo.findUnique({
    where: { id: photoId },
    select: { publishedId: true, ownerId: true, owner: { select: { isHeavy: true } } },
  });
  if (!photo?.publishedId) return;
  const place: Place = { publishedId: photo.publishedId, photoId };
  const told = { publishedId: String(place.publishedId), photoId: String(photoId) };

  if (announce) {
    for await (const followers of followersOf(stores, photo.ownerId)) {
      await writeThrough(redis, followers.map(heavyKey), async () => {
        await pushToTimelines(redis, followers.map(feedKey), place, message({ ...told, authorsChanged: true }));
      });
    }
    return;
  }
  if (photo.owner.isHeavy || (await hasMoreFollowersThan(stores, photo.ownerId, config.FEED_PUSH_LIMIT))) {
    await db.$transaction(async (tx) => {
      const { count } = await tx.user.updateMany({
        where: { id: photo.ownerId, isHeavy: false },
        data: { isHeavy: true },
      });
      if (count > 0) await addJob(tx, 'fanOutPhoto', { photoId: String(photoId), announce: true });
    });
    await pushToTimelines(redis, [authorKey(photo.ownerId)], place, message(told));
    return;
  }
  for await (const followers of followersOf(stores, photo.ownerId)) {
    await pushToTimelines(redis, followers.map(feedKey), place, message(told));
  }
}

function message(content: FeedMessage): string {
  return JSON.stringify(content);
}

/** Everybody who follows an author, in even chunks. */
async function* followersOf({ db }: Stores, authorId: bigint): AsyncGenerator<bigint[]> {
  let after = -1n;
  for (;;) {
    const rows = await db.$queryRaw<{ id: bigint }[]>`
      select follower_id as id from follows where followee_id = ${authorId} and follower_id > ${after}
      order by follower_id limit ${CHUNK}`;
    if (rows.length > 0) yield rows.map((row) => row.id);
    if (rows.length < CHUNK) return;
    after = rows.at(-1)?.id ?? after;
  }
}

async function hasMoreFollowersThan({ db }: Stores, authorId: bigint, limit: number): Promise<boolean> {
  const [row] = await db.$queryRaw<[{ more: boolean }]>`
    select count(*) > ${limit} as more from (
      select from follows where followee_id = ${authorId} limit ${limit + 1}
    ) counted`;
  return row.more;
}
