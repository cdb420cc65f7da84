import { writeThrough } from '../../stores/cache.ts';
import { addJob } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { tellStreams } from '../../stores/streams.ts';
import { type Place, pushToTimelines } from '../../stores/timelines.ts';
import { authorKey, feedKey, heavyKey, liveChannel } from './keys.ts';

/** Followers who are served with one script. */
const CHUNK = 500;

/**
 * What is told on a list's channel: a photo has arrived, or who is merged into the feed has changed. Of a photo that was pushed into feeds the
 * author's channel says so: whoever listens to it for their home feed is told in the feed's own.
 */
export type FeedMessage =
  | { publishedId: string; photoId: string; isPushed?: true; authorsChanged?: never }
  | { authorsChanged: true };

/**
 * Brings a READY photo into its followers' feeds and tells those who listen. Running it again changes no feed; who listens may
 * be told twice.
 *
 * An author with more than FEED_PUSH_LIMIT followers becomes heavy, for good: from then on the photo goes to the author's own
 * list, which readers merge.
 */
export async function fanOut(stores: Stores, photoId: bigint): Promise<void> {
  const { db, redis, config } = stores;
  const photo = await db.photo.findUnique({
    where: { id: photoId },
    select: { publishedId: true, ownerId: true, owner: { select: { isHeavy: true } } },
  });
  if (!photo?.publishedId) return;
  const { ownerId } = photo;
  const place: Place = { publishedId: photo.publishedId, photoId };
  const isHeavy = photo.owner.isHeavy || (await hasMoreFollowersThan(stores, ownerId, config.FEED_PUSH_LIMIT));
  // Once: a job that is repeated when the author has become heavy would tell in both ways.
  const [decided] = await db.$queryRaw<{ isMerged: boolean }[]>`
    update photos set is_merged = coalesce(is_merged, ${isHeavy}) where id = ${photoId} returning is_merged as "isMerged"`;
  if (!decided) return;

  if (decided.isMerged) {
    // First, so that whoever begins to listen to the author finds it told, and is not told again.
    await pushToTimelines(redis, [authorKey(ownerId)], place, message(told(place)));
    await db.$transaction(async (tx) => {
      const { count } = await tx.user.updateMany({ where: { id: ownerId, isHeavy: false }, data: { isHeavy: true } });
      const job = { authorId: String(ownerId), photoId: String(photoId) };
      if (count > 0) await addJob(tx, 'announceHeavyAuthor', job);
    });
    return;
  }
  for await (const followers of followersOf(stores, ownerId)) {
    await pushToTimelines(redis, followers.map(feedKey), place, message(told(place)));
  }
  // To those who look at the author's profile; and into the list of an author who has become heavy meanwhile.
  await pushToTimelines(redis, [authorKey(ownerId)], place, message({ ...told(place), isPushed: true }));
}

/**
 * Reaches all who follow an author that became heavy: what is cached of whom they merge is dropped, and those who listen are told to
 * listen to the author too. The photo with which it happened is pushed on the way, since who merges nobody yet would
 * miss it. Running it again changes nothing.
 */
export async function announceHeavyAuthor(stores: Stores, authorId: bigint, photoId: bigint): Promise<void> {
  const { db, redis } = stores;
  const photo = await db.photo.findUnique({ where: { id: photoId }, select: { publishedId: true } });
  const place = photo?.publishedId ? { publishedId: photo.publishedId, photoId } : null;
  for await (const followers of followersOf(stores, authorId)) {
    const feeds = followers.map(feedKey);
    await writeThrough(redis, followers.map(heavyKey), async () => {
      // By itself, because of the photo some may have been told already, before the author had so many followers.
      await tellStreams(redis, feeds.map(liveChannel), '', message({ authorsChanged: true }));
      // It may be deleted by now; the author is heavy all the same.
      if (place) await pushToTimelines(redis, feeds, place, message(told(place)));
    });
  }
}

function told({ publishedId, photoId }: Place): { publishedId: string; photoId: string } {
  return { publishedId: String(publishedId), photoId: String(photoId) };
}

function message(content: FeedMessage): string {
  return JSON.stringify(content);
}

/** Everybody who follows an author and does not mute them, in even chunks. */
async function* followersOf({ db }: Stores, authorId: bigint): AsyncGenerator<bigint[]> {
  let after = -1n;
  for (;;) {
    const rows = await db.$queryRaw<{ id: bigint }[]>`
      select follower_id as id from follows where followee_id = ${authorId} and follower_id > ${after}
        and not exists (select from mutes where muter_id = follower_id and muted_id = ${authorId})
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
