/** Photos in the home feed by a followed hashtag: which ones belong there, and that subscriptions deliver each once. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { fanOut, fanOutHashtags } from '../../../src/features/feed/fan-out.ts';
import { feedKey, followedHashtagsKey, hashtagKey } from '../../../src/features/records/feed-keys.ts';
import { toGlobalId } from '../../../src/stores/ids.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { attempt, openBackstage } from '../../support/backstage.ts';
import type { Subscription } from '../../support/client.ts';
import { ownStores, startProcess } from '../../support/darkroom.ts';
import { idsOf, readFeed, readPage } from '../../support/feed.ts';
import { newHashtag, setHashtagFollow } from '../../support/hashtags.ts';
import { newPeople, newPerson, type Person } from '../../support/people.ts';
import { insertFannedOut, insertPhoto, rowId } from '../../support/rows.ts';
import { until } from '../../support/until.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

const people = (count: number): Promise<Person[]> => newPeople(url, count);

const share = (author: Person, caption: string): Promise<string> => insertFannedOut(stores, author, caption);

async function setCaption(owner: Person, photoId: string, caption: string): Promise<void> {
  await owner.mutate('updatePhoto', 'UpdatePhotoInput', { photoId, caption }, 'photo { id }');
}

/** Waits until all jobs of a photo are done. */
async function untilJobsDone(photoId: string): Promise<void> {
  await until(async () => {
    const [row] = await stores.db.$queryRaw<[{ count: number }]>`
      select count(*)::int as count from graphile_worker._private_jobs
      where payload ->> 'photoId' = ${String(rowId(photoId))}`;
    return row.count === 0;
  });
}

test('following a hashtag adds its photos to the next read of the feed, and unfollowing removes them', async () => {
  const [viewer, author, stranger] = (await people(3)) as [Person, Person, Person];
  const [name, other] = [newHashtag(), newHashtag()];
  await viewer.follow(author);
  const photos = [
    await share(author, ''),
    await share(stranger, `#${name}`),
    await share(author, `#${name} #${other}`),
    await share(stranger, `#${other}`),
    await share(stranger, ''),
  ].toReversed();
  const [, byOther, both, byName, followed] = photos as [string, string, string, string, string];
  expect(await readFeed(viewer, 2)).toEqual([both, followed]);
  await setHashtagFollow(viewer, 'followHashtag', name);
  expect(await readFeed(viewer, 2)).toEqual([both, byName, followed]);
  await setHashtagFollow(viewer, 'followHashtag', other);
  // A photo that belongs to the feed for three reasons appears once.
  expect(await readFeed(viewer, 1)).toEqual([byOther, both, byName, followed]);
  const newest = await share(stranger, `#${name.toUpperCase()}`);
  expect(await readFeed(viewer, 3)).toEqual([newest, byOther, both, byName, followed]);
  await viewer.unfollow(author);
  expect(await readFeed(viewer, 3)).toEqual([newest, byOther, both, byName]);
  await setHashtagFollow(viewer, 'unfollowHashtag', name);
  expect(await readFeed(viewer, 3)).toEqual([byOther, both]);
});

test('a photo that gets a hashtag later appears by its age; one that loses it disappears', async () => {
  const [viewer, author] = (await people(2)) as [Person, Person];
  const [name, other] = [newHashtag(), newHashtag()];
  await setHashtagFollow(viewer, 'followHashtag', name);
  const [oldest, middle, newest] = [
    await share(author, `#${name}`),
    await share(author, ''),
    await share(author, `#${name}`),
  ];
  expect(await readFeed(viewer, 10)).toEqual([newest, oldest]);
  await setCaption(author, middle, `#${name} #${other}`);
  expect(await readFeed(viewer, 10)).toEqual([newest, middle, oldest]);
  await setCaption(author, newest, 'nothing');
  expect(await readFeed(viewer, 10)).toEqual([middle, oldest]);
  await author.mutate('addComment', 'AddCommentInput', { photoId: newest, text: `#${name}` }, 'comment { id }');
  expect(await readFeed(viewer, 10)).toEqual([newest, middle, oldest]);
  // A client between two pages of its feed.
  const page = await readPage(viewer, 1, null);
  await setCaption(author, middle, `#${other}`);
  expect(idsOf(await readPage(viewer, 2, page.pageInfo.endCursor))).toEqual([oldest]);
});

test('a followed hashtag adds no photos of muted, blocked, private or hidden people, or of the viewer', async () => {
  const [viewer, open, muted, blocked, closed, approved, hidden] = (await people(7)) as Person[] & { 0: Person };
  const name = newHashtag();
  await setHashtagFollow(viewer, 'followHashtag', name);
  await viewer.follow(approved as Person);
  for (const person of [closed, approved]) {
    await attempt(person as Person, 'setPrivacy', { isPrivate: true }, 'user { id }');
  }
  await attempt(viewer, 'mute', { userId: muted?.id }, 'user { id }');
  await attempt(blocked as Person, 'block', { userId: viewer.id }, 'user { id }');
  const shared = new Map<Person | undefined, string>();
  for (const person of [viewer, open, muted, blocked, closed, approved, hidden]) {
    shared.set(person, await share(person as Person, `#${name}`));
  }
  await attempt(hidden as Person, 'deactivateAccount', { password: hidden?.password }, 'userErrors { code }');
  const expected = [shared.get(approved), shared.get(open)];
  const { redis } = stores;
  // Read from Redis, and from PostgreSQL while a list is being built.
  for (const key of [null, hashtagKey(name), feedKey(rowId(viewer.id)), followedHashtagsKey(rowId(viewer.id))]) {
    if (key) await redis.del(key);
    expect(await readFeed(viewer, 2)).toEqual(expected);
  }
  await redis
    .multi()
    .del(hashtagKey(name))
    .zadd(hashtagKey(name), 0, Buffer.concat([Buffer.alloc(8), Buffer.alloc(8, 1)]))
    .exec();
  expect(await readFeed(viewer, 2)).toEqual(expected);
  await redis.del(hashtagKey(name));
  await attempt(viewer, 'unmute', { userId: muted?.id }, 'user { id }');
  expect(await readFeed(viewer, 10)).toEqual([shared.get(approved), shared.get(muted), shared.get(open)]);
});

test('the feed continues where a hashtag’s list in Redis ends, also when older photos get the hashtag', async () => {
  const [viewer, author] = (await people(2)) as [Person, Person];
  const name = newHashtag();
  await setHashtagFollow(viewer, 'followHashtag', name);
  const ownerId = rowId(author.id);
  const rows = await stores.db.$queryRaw<{ id: bigint; index: number }[]>`
    with made as (
      insert into photos (id, owner_id, caption, status, media_key, published_id, width, height)
      select next_id(${ownerId}), ${ownerId}, '', 'READY', 'none', next_id(${ownerId}), 4, 3
      from generate_series(1, 620)
      returning id, published_id
    ), numbered as (
      select id, published_id, (row_number() over (order by published_id desc))::int as index from made
    ), tagged as (
      insert into photo_hashtags (photo_id, hashtag, published_id)
      select id, ${name}, published_id from numbered where index % 7 <> 0
    )
    select id, index from numbered order by index`;
  const idAt = (index: number) => toGlobalId('Photo', rows[index - 1]?.id ?? 0n);
  const expected = rows.filter(({ index }) => index % 7 !== 0).map(({ index }) => idAt(index));
  expect(await readFeed(viewer, 100)).toEqual(expected);
  expect(await stores.redis.zcard(hashtagKey(name))).toBe(500);
  // One of these photos is within the list in Redis. The others are below its end.
  for (const index of [14, 609, 595]) {
    const photoId = rows[index - 1]?.id ?? 0n;
    await setCaption(author, toGlobalId('Photo', photoId), `#${name}`);
    await readFeed(viewer, 10);
    await fanOutHashtags(stores, photoId, [name]);
  }
  const all = rows
    .filter(({ index }) => index % 7 !== 0 || [14, 609, 595].includes(index))
    .map(({ index }) => idAt(index));
  expect(await readFeed(viewer, 100)).toEqual(all);
  expect(await stores.redis.zcard(hashtagKey(name))).toBe(500);
});

interface Event {
  homeFeed: { cursor: string; isGap: boolean; photo: { id: string } | null };
}

async function subscribe(person: Person, after: string | null = null): Promise<Subscription<Event>> {
  const query = 'subscription ($after: String) { homeFeed(after: $after) { cursor isGap photo { id } } }';
  const feed = await person.subscribe<Event>(query, { after });
  if (after === null) await feed.begun;
  return feed;
}

function receivedBy({ events }: Subscription<Event>): string[] {
  return events.map(({ homeFeed }) => homeFeed.photo?.id ?? 'gap');
}

test('a subscription delivers each photo of followed hashtags once, however many reasons it has', async () => {
  const [viewer, author, stranger] = (await people(3)) as [Person, Person, Person];
  const [one, other] = [newHashtag(), newHashtag()];
  await viewer.follow(author);
  for (const name of [one, other]) await setHashtagFollow(viewer, 'followHashtag', name);
  const feed = await subscribe(viewer);
  const photos = [
    await share(stranger, `#${one}`),
    await share(author, `#${one}`),
    await share(stranger, `#${other} #${one}`),
    await share(author, `#${one} #${other}`),
    await share(author, ''),
  ];
  // These two photos are not delivered.
  await share(stranger, '');
  await share(viewer, `#${one}`);
  const last = await share(stranger, `#${other}`);
  await until(async () => receivedBy(feed).includes(last));
  // The order is undefined between channels.
  expect(receivedBy(feed).sort()).toEqual([...photos, last].sort());
  feed.close();

  // The same when the jobs are repeated and the client resumes from any cursor.
  for (const id of photos) await fanOut(stores, rowId(id));
  const cursors = feed.events.map(({ homeFeed }) => homeFeed.cursor);
  for (const [index, cursor] of cursors.entries()) {
    const again = await subscribe(viewer, cursor);
    const fence = await share(stranger, `#${one}`);
    await until(async () => receivedBy(again).includes(fence));
    const rest = [...receivedBy(feed).slice(index + 1), fence];
    expect(
      receivedBy(again)
        .filter((id) => rest.includes(id))
        .sort(),
    ).toEqual(rest.sort());
    expect(
      receivedBy(again).filter((id) =>
        receivedBy(feed)
          .slice(0, index + 1)
          .includes(id),
      ),
    ).toEqual([]);
    again.close();
  }
});

test('an open subscription delivers photos of a hashtag from the follow, after a gap, until the unfollow', async () => {
  const [viewer, stranger] = (await people(2)) as [Person, Person];
  const [name, fenceName] = [newHashtag(), newHashtag()];
  await setHashtagFollow(viewer, 'followHashtag', fenceName);
  const feed = await subscribe(viewer);
  const before = await share(stranger, `#${name}`);
  await setHashtagFollow(viewer, 'followHashtag', name);
  // After a gap, the client finds missed photos in the feed.
  await until(async () => receivedBy(feed).includes('gap'));
  expect(await readFeed(viewer, 10)).toEqual([before]);
  const after = await share(stranger, `#${name}`);
  await until(async () => receivedBy(feed).includes(after));
  await setHashtagFollow(viewer, 'unfollowHashtag', name);
  await share(stranger, `#${name}`);
  const fence = await share(stranger, `#${fenceName}`);
  await until(async () => receivedBy(feed).includes(fence));
  expect(receivedBy(feed)).toEqual(['gap', after, fence]);
  feed.close();
});

test('a subscription delivers no photo that lost the hashtag, or of muted, blocked or private people', async () => {
  const [viewer, author, muted, blocked, closed] = (await people(5)) as Person[] & { 0: Person; 1: Person };
  const name = newHashtag();
  await setHashtagFollow(viewer, 'followHashtag', name);
  await attempt(viewer, 'mute', { userId: muted?.id }, 'user { id }');
  await attempt(viewer, 'block', { userId: blocked?.id }, 'user { id }');
  await attempt(closed as Person, 'setPrivacy', { isPrivate: true }, 'user { id }');
  const begun = await subscribe(viewer);
  const first = await share(author, `#${name}`);
  await until(async () => receivedBy(begun).includes(first));
  begun.close();
  const lost = await share(author, `#${name}`);
  for (const person of [muted, blocked, closed]) await share(person as Person, `#${name}`);
  await setCaption(author, lost, '');
  const feed = await subscribe(viewer, begun.events.at(-1)?.homeFeed.cursor);
  const fence = await share(author, `#${name}`);
  await until(async () => receivedBy(feed).includes(fence));
  expect(receivedBy(feed)).toEqual([fence]);
  feed.close();
});

test('a photo that gets a followed hashtag later is delivered to subscribers who have not received it', async () => {
  const [viewer, fan, hashtagFan, author] = (await people(4)) as [Person, Person, Person, Person];
  const [name, other, fenceName] = [newHashtag(), newHashtag(), newHashtag()];
  await fan.follow(author);
  for (const person of [viewer, fan, hashtagFan]) {
    for (const followed of [name, fenceName]) await setHashtagFollow(person, 'followHashtag', followed);
  }
  await setHashtagFollow(hashtagFan, 'followHashtag', other);
  const feeds = await Promise.all([viewer, fan, hashtagFan].map((person) => subscribe(person)));
  const photoId = await share(author, `#${other}`);
  await until(async () => receivedBy(feeds[1] as Subscription<Event>).includes(photoId));
  await until(async () => receivedBy(feeds[2] as Subscription<Event>).includes(photoId));
  // Close the subscriptions, so that only the cursors say what the clients have received.
  for (const feed of feeds.slice(1)) feed.close();
  const again = await Promise.all(
    [fan, hashtagFan].map((person, index) => subscribe(person, feeds[index + 1]?.events.at(-1)?.homeFeed.cursor)),
  );
  await author.mutate('addComment', 'AddCommentInput', { photoId, text: `#${name}` }, 'comment { id }');
  await untilJobsDone(photoId);
  const fence = await share(author, `#${fenceName}`);
  const [first] = feeds as [Subscription<Event>];
  for (const feed of [first, ...again]) await until(async () => receivedBy(feed).includes(fence));
  expect(receivedBy(first)).toEqual([photoId, fence]);
  for (const feed of again) expect(receivedBy(feed)).toEqual([fence]);
  for (const feed of [first, ...again]) feed.close();
});

test('a client that was away receives a photo that got a second followed hashtag, in its order', async () => {
  const [viewer, author, followed] = (await people(3)) as [Person, Person, Person];
  const [first, second] = [newHashtag(), newHashtag()];
  await viewer.follow(followed);
  for (const name of [first, second]) await setHashtagFollow(viewer, 'followHashtag', name);
  const query = 'subscription ($after: String) { homeFeed(after: $after) { cursor isGap photo { id } } }';
  type Event = { homeFeed: { cursor: string; isGap: boolean; photo: { id: string } | null } };
  const before = await viewer.subscribe<Event>(query);
  await before.begun;
  const shown = await share(followed, '');
  await until(async () => before.events.length === 1);
  before.close();

  const late = await share(author, `#${first}`);
  const between = await share(followed, '');
  await setCaption(author, late, `#${first} #${second}`);
  await untilJobsDone(late);
  const last = await share(author, `#${second}`);
  const after = await viewer.subscribe<Event>(query, { after: before.events[0]?.homeFeed.cursor });
  await until(async () => after.events.some(({ homeFeed }) => homeFeed.photo?.id === last));
  expect([before, after].flatMap(({ events }) => events.map(({ homeFeed }) => homeFeed.photo?.id ?? 'gap'))).toEqual([
    shown,
    late,
    between,
    last,
  ]);
  after.close();
});

test('the fan-out publishes a hashtag that was added before it ran, and no other job does', async () => {
  const own = await ownStores();
  // Without a worker, the test runs the jobs itself.
  const api = await startProcess(['api'], own.env);
  const [viewer, author] = await Promise.all([newPerson(api.url), newPerson(api.url)]);
  const [first = '', second = ''] = [newHashtag(), newHashtag()].sort();
  for (const name of [first, second]) await setHashtagFollow(viewer, 'followHashtag', name);
  const feed = await subscribe(viewer);
  const { photoId } = await insertPhoto(own.stores, rowId(author.id), `#${second}`);
  const id = toGlobalId('Photo', photoId);
  await setCaption(author, id, `#${first} #${second}`);
  const jobs = await own.stores.db.$queryRaw<{ task: string }[]>`
    select task_identifier as task from graphile_worker.jobs where task_identifier in ('fanOutPhoto', 'hashtagsAdded')`;
  expect(jobs).toEqual([{ task: 'fanOutPhoto' }]);
  await fanOut(own.stores, photoId);
  const fence = await insertPhoto(own.stores, rowId(author.id), `#${first}`);
  await fanOut(own.stores, fence.photoId);
  await until(async () => receivedBy(feed).length === 2);
  expect(receivedBy(feed)).toEqual([id, toGlobalId('Photo', fence.photoId)]);
  feed.close();
  await api.end('SIGTERM');
  await own.stop();
});
