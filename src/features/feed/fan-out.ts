import { writeInvalidating } from '../../stores/cached-rows.ts';
import { timelineChannel } from '../../stores/channel-names.ts';
import { addJob } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { publishToStreams } from '../../stores/streams.ts';
import { type FeedEntry, pushAndPublish } from '../../stores/timelines.ts';
import { publishNearbyPhoto } from '../places/nearby-events.ts';
import { authorKey, feedKey, hashtagKey, pulledAuthorsKey } from '../records/feed-keys.ts';
import type { ByHashtag } from '../visibility/decide-deliveries.ts';

/** Followers who are served with one script. */
const CHUNK = 500;

/**
 * What is told on a list's channel: a photo has arrived, or who is merged into the feed has changed. Of a photo that was pushed into feeds the
 * author's channel says so: whoever listens to it for their home feed is told in the feed's own. On a hashtag's channel it is said which hashtag that is,
 * and in which it was told at the same time.
 */
export type FeedMessage =
  | { publishedId: string; photoId: string; isPushed?: true; byHashtag?: ByHashtag; authorsChanged?: never }
  | { authorsChanged: true };

/**
 * Brings a READY photo into its followers' feeds and tells those who listen. Running it again changes no feed and tells in the same way, so
 * that what was told can be told from what was not.
 *
 * An author with more than FEED_PUSH_LIMIT followers becomes heavy with the next photo, for good: what is shared from then on goes to the
 * author's own list, which readers merge.
 */
export async function fanOut(stores: Stores, photoId: bigint): Promise<void> {
  const { redis, config } = stores;
  const photo = await beginFanOut(stores, photoId);
  if (!photo) return;
  const { publishedId, ownerId, isPulled, hashtags } = photo;
  const place: FeedEntry = { publishedId, photoId };
  await pushToHashtags(stores, place, hashtags);

  await publishNearbyPhoto(stores, photoId);
  if (isPulled) {
    await pushAndPublish(redis, [authorKey(ownerId)], place, message(told(place)));
    return;
  }
  if (await hasMoreFollowersThan(stores, ownerId, config.FEED_PUSH_LIMIT)) await switchToPull(stores, ownerId);
  for await (const followers of followersOf(stores, ownerId)) {
    await pushAndPublish(redis, followers.map(feedKey), place, message(told(place)));
  }
  // To those who look at the author's profile; and into the list of an author who is heavy by now.
  await pushAndPublish(redis, [authorKey(ownerId)], place, message({ ...told(place), isPushed: true }));
}

/** Decides how a photo is told, once for all, and what hashtags it has then: those that it gets later are told by a job of their own. */
function beginFanOut({ db }: Stores, photoId: bigint) {
  return db.$transaction(async (tx) => {
    const [photo] = await tx.$queryRaw<{ publishedId: bigint; ownerId: bigint; isPulled: boolean }[]>`
      update photos set is_merged = coalesce(is_merged, (select is_heavy from users where id = owner_id))
      where id = ${photoId} and published_id is not null
      returning published_id as "publishedId", owner_id as "ownerId", is_merged as "isPulled"`;
    if (!photo) return null;
    // A statement of its own, under the lock of the row, that sees what whoever held it before has left.
    const rows = await tx.photoHashtag.findMany({ where: { photoId }, select: { hashtag: true } });
    return { ...photo, hashtags: rows.map((row) => row.hashtag) };
  });
}

/**
 * Brings a photo that has been shared before into the lists of hashtags that were added to it, and tells those who listen. Running it again changes
 * nothing and tells nobody twice.
 */
export async function fanOutHashtags(stores: Stores, photoId: bigint, added: readonly string[]): Promise<void> {
  const rows = await stores.db.photoHashtag.findMany({ where: { photoId, hashtag: { in: [...added] } } });
  const [publishedId] = rows.flatMap((row) => row.publishedId ?? []);
  if (publishedId === undefined) return;
  const hashtags = rows.map((row) => row.hashtag);
  await pushToHashtags(stores, { publishedId, photoId }, hashtags);
}

async function pushToHashtags({ redis }: Stores, place: FeedEntry, hashtags: readonly string[]): Promise<void> {
  await Promise.all(
    hashtags.map((hashtag) => {
      const content = { ...told(place), byHashtag: { hashtag, together: hashtags } };
      return pushAndPublish(redis, [hashtagKey(hashtag)], place, message(content));
    }),
  );
}

/** Makes an author heavy. Again changes nothing. */
async function switchToPull({ db }: Stores, authorId: bigint): Promise<void> {
  await db.$transaction(async (tx) => {
    const { count } = await tx.user.updateMany({ where: { id: authorId, isPulled: false }, data: { isPulled: true } });
    if (count > 0) await addJob(tx, 'announceHeavyAuthor', { authorId: String(authorId) });
  });
}

/**
 * Reaches all who follow an author that became heavy: what is cached of whom they merge is dropped, and those who listen are told to
 * listen to the author too. Running it again changes nothing.
 */
export async function announcePulledAuthor(stores: Stores, authorId: bigint): Promise<void> {
  const { redis } = stores;
  for await (const followers of followersOf(stores, authorId)) {
    await writeInvalidating(redis, followers.map(pulledAuthorsKey), () =>
      publishToStreams(redis, followers.map(feedKey).map(timelineChannel), '', message({ authorsChanged: true })),
    );
  }
}

function told({ publishedId, photoId }: FeedEntry): { publishedId: string; photoId: string } {
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
