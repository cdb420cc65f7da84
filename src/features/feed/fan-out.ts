import { writeInvalidating } from '../../stores/cached-rows.ts';
import { timelineChannel } from '../../stores/channel-names.ts';
import { addJob } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { publishToStreams } from '../../stores/streams.ts';
import { type FeedEntry, pushAndPublish } from '../../stores/timelines.ts';
import { publishNearbyPhoto } from '../places/nearby-events.ts';
import { authorKey, feedKey, hashtagKey, pulledAuthorsKey } from '../records/feed-keys.ts';
import type { ByHashtag } from '../visibility/decide-deliveries.ts';

/** How many followers one step of the fan-out reads and pushes to. */
const FOLLOWER_BATCH = 500;

/**
 * A message on the channel of a list (a home feed, an author or a hashtag): a photo arrived, or the set of authors and
 * hashtags that a home feed reads has changed (`authorsChanged`).
 *
 * - `isPushed`, on an author's channel: the photo was also pushed into the followers' feeds. Home-feed subscribers skip
 *   the message, because they receive the photo on the channel of their own feed.
 * - `byHashtag`, on a hashtag's channel: the hashtag, and all hashtags to which the photo was published at the same
 *   time.
 */
export type FeedMessage =
  | { publishedId: string; photoId: string; isPushed?: true; byHashtag?: ByHashtag; authorsChanged?: never }
  | { authorsChanged: true };

/**
 * Pushes a READY photo into the lists it belongs to, and publishes it to their subscribers. Idempotent: a repeated run
 * changes no list and publishes the same messages, so that duplicates are recognized.
 *
 * A photo goes to the feeds of all followers (fan-out on write), or, if its author is a pulled author, only to the
 * author's own list (fan-out on read: see pulled-authors.ts). An author with more than FEED_PUSH_LIMIT followers
 * becomes a pulled author here. The photo at hand is still pushed; the next one is pulled.
 */
export async function fanOut(stores: Stores, photoId: bigint): Promise<void> {
  const { redis, config } = stores;
  const photo = await fixFanOutMode(stores, photoId);
  if (!photo) return;
  const { publishedId, ownerId, isPulled, hashtags } = photo;
  const entry: FeedEntry = { publishedId, photoId };
  if (isPulled) {
    await pushAndPublish(redis, [authorKey(ownerId)], entry, encode(messageIds(entry)));
  } else {
    if (await hasMoreFollowersThan(stores, ownerId, config.FEED_PUSH_LIMIT)) await switchToPull(stores, ownerId);
    for await (const followers of followersOf(stores, ownerId)) {
      await pushAndPublish(redis, followers.map(feedKey), entry, encode(messageIds(entry)));
    }
    // For subscribers of the author's profile, and for the author's own list if the author is a pulled author by now.
    await pushAndPublish(redis, [authorKey(ownerId)], entry, encode({ ...messageIds(entry), isPushed: true }));
  }
  // After the followers' feeds. A hashtag does not deliver to whoever follows the author (decideDeliveries). If it came
  // first, a follower who unfollows in between would get the photo from neither.
  await pushToHashtagLists(stores, entry, hashtags, []);
  await publishNearbyPhoto(stores, photoId);
}

/**
 * Decides once and for all whether a photo is pushed or pulled, so that a repeated run does the same. Also reads the
 * hashtags that the photo has at this moment. A `hashtagsAdded` job publishes those that are added later.
 */
function fixFanOutMode({ db }: Stores, photoId: bigint) {
  return db.$transaction(async (tx) => {
    const [photo] = await tx.$queryRaw<{ publishedId: bigint; ownerId: bigint; isPulled: boolean }[]>`
      update photos set is_merged = coalesce(is_merged, (select is_heavy from users where id = owner_id))
      where id = ${photoId} and published_id is not null
      returning published_id as "publishedId", owner_id as "ownerId", is_merged as "isPulled"`;
    if (!photo) return null;
    // A separate statement: under the row lock it sees the hashtags that the previous holder of the lock committed.
    const rows = await tx.photoHashtag.findMany({ where: { photoId }, select: { hashtag: true } });
    return { ...photo, hashtags: rows.map((row) => row.hashtag) };
  });
}

/**
 * Pushes a photo that is already fanned out into the lists of hashtags that were added to it, and publishes it to their
 * subscribers. Idempotent.
 *
 * @param earlier the hashtags that the photo had before
 */
export async function fanOutHashtags(
  stores: Stores,
  photoId: bigint,
  added: readonly string[],
  earlier: readonly string[] = [],
): Promise<void> {
  const rows = await stores.db.photoHashtag.findMany({ where: { photoId, hashtag: { in: [...added] } } });
  const [publishedId] = rows.flatMap((row) => row.publishedId ?? []);
  if (publishedId === undefined) return;
  const hashtags = rows.map((row) => row.hashtag);
  await pushToHashtagLists(stores, { publishedId, photoId }, hashtags, earlier);
}

async function pushToHashtagLists(
  { redis }: Stores,
  entry: FeedEntry,
  hashtags: readonly string[],
  earlier: readonly string[],
): Promise<void> {
  await Promise.all(
    hashtags.map((hashtag) => {
      const message = { ...messageIds(entry), byHashtag: { hashtag, together: hashtags, earlier } };
      return pushAndPublish(redis, [hashtagKey(hashtag)], entry, encode(message));
    }),
  );
}

/** Makes an author a pulled author. Idempotent. */
async function switchToPull({ db }: Stores, authorId: bigint): Promise<void> {
  await db.$transaction(async (tx) => {
    const { count } = await tx.user.updateMany({ where: { id: authorId, isPulled: false }, data: { isPulled: true } });
    if (count > 0) await addJob(tx, 'announceHeavyAuthor', { authorId: String(authorId) });
  });
}

/**
 * Announces a new pulled author to all followers: drops their cached lists of pulled authors, and makes subscribers of
 * their home feeds subscribe to the author's channel too. Idempotent.
 */
export async function announcePulledAuthor(stores: Stores, authorId: bigint): Promise<void> {
  const { redis } = stores;
  for await (const followers of followersOf(stores, authorId)) {
    await writeInvalidating(redis, followers.map(pulledAuthorsKey), () =>
      publishToStreams(redis, followers.map(feedKey).map(timelineChannel), '', encode({ authorsChanged: true })),
    );
  }
}

function messageIds({ publishedId, photoId }: FeedEntry): { publishedId: string; photoId: string } {
  return { publishedId: String(publishedId), photoId: String(photoId) };
}

function encode(message: FeedMessage): string {
  return JSON.stringify(message);
}

/** Reads the followers of an author who do not mute them, in batches. */
async function* followersOf({ db }: Stores, authorId: bigint): AsyncGenerator<bigint[]> {
  let after = -1n;
  for (;;) {
    const rows = await db.$queryRaw<{ id: bigint }[]>`
      select follower_id as id from follows where followee_id = ${authorId} and follower_id > ${after}
        and not exists (select from mutes where muter_id = follower_id and muted_id = ${authorId})
      order by follower_id limit ${FOLLOWER_BATCH}`;
    if (rows.length > 0) yield rows.map((row) => row.id);
    if (rows.length < FOLLOWER_BATCH) return;
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
