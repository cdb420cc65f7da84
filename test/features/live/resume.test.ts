/**
 * A client that loses its connection resumes where it was, at any node: no event is missing or comes twice. Where that
 * is impossible, the client gets a gap.
 */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { announcePulledAuthor, fanOut } from '../../../src/features/feed/fan-out.ts';
import { neverAbandoned } from '../../../src/features/kernel/abandoned.ts';
import { subscribe } from '../../../src/features/live/subscribe.ts';
import { authorKey, feedKey } from '../../../src/features/records/feed-keys.ts';
import { timelineChannel } from '../../../src/stores/channel-names.ts';
import { toGlobalId } from '../../../src/stores/ids.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { publishToStreams } from '../../../src/stores/streams.ts';
import { attempt, openBackstage } from '../../support/backstage.ts';
import type { Subscription } from '../../support/client.ts';
import { ownStores, startProcess } from '../../support/darkroom.ts';
import { untilFannedOut } from '../../support/feed.ts';
import { asPerson, newPerson, type Person } from '../../support/people.ts';
import { share as sharePhoto } from '../../support/photos.ts';
import { insertFannedOut, insertPhoto, rowId, untilIdle, untilListening } from '../../support/rows.ts';
import { until } from '../../support/until.ts';
import { greet } from '../../support/wire.ts';

const url = inject('url');
const otherUrl = inject('otherUrl');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(async () => {
  await stores?.close();
});

interface FeedEvent {
  homeFeed: { cursor: string; isGap: boolean; photo: { id: string } | null };
}
interface ActivityEvent {
  activity: { cursor: string; isGap: boolean; activity: { comment: { text: string } | null } | null };
}

function subscribeToFeed(person: Person, after: string | null = null, at = url): Promise<Subscription<FeedEvent>> {
  const query = 'subscription ($after: String) { homeFeed(after: $after) { cursor isGap photo { id } } }';
  return asPerson(at, person).subscribe<FeedEvent>(query, { after });
}

const share = (author: Person, at = stores): Promise<string> => insertFannedOut(at, author);

function idsOf(subscription: Subscription<FeedEvent>): string[] {
  return subscription.events.flatMap((event) => event.homeFeed.photo?.id ?? []);
}

test('photos that a client missed arrive when it resumes at another node, once and in order', async () => {
  const [viewer, author] = await Promise.all([newPerson(url), newPerson(url)]);
  await viewer.follow(author);
  const before = await subscribeToFeed(viewer);
  await untilListening(stores, viewer);
  const first = await share(author);
  await until(async () => before.events.length === 1);
  before.close();
  const missed = [await share(author), await share(author), await share(author)];
  // A job that runs again meanwhile.
  for (const id of [first, ...missed]) await fanOut(stores, rowId(id));

  const cursor = before.events[0]?.homeFeed.cursor ?? '';
  const after = await subscribeToFeed(viewer, cursor, otherUrl);
  await until(async () => after.events.length >= 3);
  const last = await share(author);
  await until(async () => idsOf(after).includes(last));
  expect(idsOf(after)).toEqual([...missed, last]);
  expect(after.events.some((event) => event.homeFeed.isGap)).toBe(false);
  // A client can resume from the cursor of each event.
  const again = await subscribeToFeed(viewer, after.events[1]?.homeFeed.cursor ?? '');
  await until(async () => again.events.length >= 2);
  expect(idsOf(again)).toEqual([missed[2], last]);
  for (const subscription of [after, again]) subscription.close();
});

test('a client that loses its connection before the first message misses nothing either', async () => {
  const [viewer, author] = await Promise.all([newPerson(url), newPerson(url)]);
  await viewer.follow(author);
  const query = 'subscription { homeFeed { cursor isGap photo { id } } }';
  const socket = await greet(url, viewer.token);
  socket.say({ type: 'subscribe', id: '1', payload: { query } });
  const { payload } = await socket.hear();
  const { homeFeed } = (payload as { data: FeedEvent }).data;
  expect(homeFeed).toMatchObject({ isGap: true, photo: null });
  socket.socket.terminate();
  const missed = await share(author);
  const after = await subscribeToFeed(viewer, homeFeed.cursor, otherUrl);
  await until(async () => after.events.length === 1);
  expect(idsOf(after)).toEqual([missed]);
  after.close();
});

test('activity that a client missed arrives when it resumes', async () => {
  const [owner, friend] = await Promise.all([newPerson(url), newPerson(url)]);
  const photoId = await sharePhoto(owner);
  const say = (text: string) => attempt(friend, 'addComment', { photoId, text }, 'comment { id }');
  const query =
    'subscription ($after: String) { activity(after: $after) { cursor isGap activity { comment { text } } } }';
  const before = await owner.subscribe<ActivityEvent>(query);
  await until(async () => {
    await say('probe');
    return before.events.length > 0;
  });
  await until(
    async () => before.events.length === (await stores.db.activity.count({ where: { recipientId: rowId(owner.id) } })),
  );
  before.close();
  for (const text of ['one', 'two', 'three']) {
    await say(text);
    // One by one, because jobs may overtake each other.
    await until(async () => {
      const [row] = await stores.db.$queryRaw<[{ open: number }]>`
        select count(*)::int as open from graphile_worker._private_jobs
        where payload::text like ${`%"${rowId(owner.id)}"%`}`;
      return row.open === 0;
    });
  }
  const cursor = before.events.at(-1)?.activity.cursor ?? '';
  const after = await asPerson(otherUrl, owner).subscribe<ActivityEvent>(query, { after: cursor });
  await until(async () => after.events.length >= 3);
  expect(after.events.map((event) => event.activity.activity?.comment?.text)).toEqual(['one', 'two', 'three']);
  after.close();
});

test('a photo arrives once, although its fan-out runs again after its author became pulled', async () => {
  const [viewer, author] = await Promise.all([newPerson(url), newPerson(url)]);
  await viewer.follow(author);
  const before = await subscribeToFeed(viewer);
  await untilListening(stores, viewer);
  const first = await share(author);
  await until(async () => idsOf(before).includes(first));
  // As fan-out does when the author has come to have more than FEED_PUSH_LIMIT followers.
  await stores.db.user.update({ where: { id: rowId(author.id) }, data: { isPulled: true } });
  await announcePulledAuthor(stores, rowId(author.id));
  const second = await share(author);
  await until(async () => idsOf(before).includes(second));
  before.close();

  await fanOut(stores, rowId(first));
  await fanOut(stores, rowId(second));
  const after = await subscribeToFeed(viewer, before.events.at(-1)?.homeFeed.cursor);
  const third = await share(author);
  await until(async () => idsOf(after).includes(third));
  expect([...idsOf(before), ...idsOf(after)]).toEqual([first, second, third]);
  after.close();
});

test('a client that resumes after its viewer unfollowed a pulled author gets one gap', async () => {
  const [viewer, author, other] = await Promise.all([newPerson(url), newPerson(url), newPerson(url)]);
  await stores.db.user.update({ where: { id: rowId(author.id) }, data: { isPulled: true } });
  for (const followee of [author, other]) await viewer.follow(followee);
  const before = await subscribeToFeed(viewer);
  await untilListening(stores, viewer);
  const first = await share(author);
  await until(async () => idsOf(before).includes(first));
  before.close();
  // A hashtag's channel may have left a photo to the author's, which the subscription will not have any more.
  await viewer.unfollow(author);
  const after = await subscribeToFeed(viewer, before.events.at(-1)?.homeFeed.cursor);
  const second = await share(other);
  await until(async () => idsOf(after).includes(second));
  expect(after.events.map(({ homeFeed }) => homeFeed.photo?.id ?? 'gap')).toEqual(['gap', second]);
  after.close();
  const again = await subscribeToFeed(viewer, after.events[0]?.homeFeed.cursor);
  await until(async () => again.events.length > 0);
  expect(again.events[0]?.homeFeed).toMatchObject({ isGap: false, photo: { id: second } });
  again.close();
});

test("an invalid cursor, or another person's, is refused", async () => {
  const [viewer, other, author] = await Promise.all([newPerson(url), newPerson(url), newPerson(url)]);
  await other.follow(author);
  const theirs = await subscribeToFeed(other);
  await untilListening(stores, other);
  await share(author);
  await until(async () => theirs.events.length === 1);
  const encode = (...position: unknown[]) => Buffer.from(JSON.stringify([position])).toString('base64url');
  const channel = timelineChannel(feedKey(rowId(viewer.id)));
  const forged = [encode(channel, 'x'), encode(channel, 'x', ['1-1']), encode(channel, 'x', `${'9'.repeat(30)}-1`)];
  for (const after of [theirs.events[0]?.homeFeed.cursor ?? '', 'nonsense', '', ...forged, 'x'.repeat(10_000)]) {
    const { errors } = await (await subscribeToFeed(viewer, after)).ended;
    expect(errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT');
  }
  // The viewer's own channel, and then another person's: the subscription does not subscribe to that one.
  const own = timelineChannel(feedKey(rowId(viewer.id)));
  const forgedOther = Buffer.from(
    JSON.stringify([
      [own, 'x', '1-1'],
      [timelineChannel(feedKey(rowId(other.id))), 'x', '1-1'],
    ]),
  ).toString('base64url');
  const subscription = await subscribeToFeed(viewer, forgedOther);
  await until(async () => subscription.events.length === 1);
  const photo = await share(author);
  await until(async () => idsOf(theirs).includes(photo));
  await viewer.follow(author);
  const next = await share(author);
  await until(async () => idsOf(subscription).includes(next));
  expect(subscription.events.map((event) => event.homeFeed.photo?.id ?? 'gap')).toEqual(['gap', next]);
  for (const each of [theirs, subscription]) each.close();
});

test('a channel that is added begins with a gap, and is in the cursor only from then on', async () => {
  const [own, other] = [`live:{test}:${randomUUID()}`, `live:{test}:${randomUUID()}`];
  const open = (channels: [string, ...string[]], after: string | null) =>
    subscribe<string>(stores, {
      channels,
      after,
      signal: neverAbandoned(),
      async onMessage(payload, { addChannel }) {
        if (payload === 'more') await addChannel(other);
        return { value: payload, shareKey: null };
      },
    });
  const read = async (events: Awaited<ReturnType<typeof open>>, count: number) => {
    const seen: { value: string | null; cursor: string }[] = [];
    while (seen.length < count) {
      const { value } = await events.next();
      if (!value) throw new Error('The subscription ended.');
      seen.push(...value);
    }
    expect(seen).toHaveLength(count);
    return seen;
  };
  const events = await open([own], null);
  // It begins with a gap: earlier events are in the list.
  expect(await read(events, 1)).toMatchObject([{ isGap: true }]);
  for (const payload of ['more', 'one', 'two']) await publishToStreams(stores.redis, [own], payload, payload);
  // All three wait when the other channel is added. Its gap comes after them.
  const seen = await read(events, 4);
  expect(seen.map((event) => event.value)).toEqual(['more', 'one', 'two', null]);
  await publishToStreams(stores.redis, [other], 'three', 'three');
  expect(await read(events, 1)).toMatchObject([{ value: 'three' }]);
  await events.return();

  const early = await open([own, other], seen[1]?.cursor ?? '');
  expect((await read(early, 2)).map((event) => event.value).sort()).toEqual(['two', null].sort());
  const late = await open([own, other], seen[3]?.cursor ?? '');
  expect(await read(late, 1)).toMatchObject([{ value: 'three' }]);
  for (const each of [early, late]) await each.return();
});

test('a client that missed more than the stream keeps gets a gap, and resumes from there', async () => {
  const [viewer, author] = await Promise.all([newPerson(url), newPerson(url)]);
  await viewer.follow(author);
  const before = await subscribeToFeed(viewer);
  await untilListening(stores, viewer);
  await share(author);
  await until(async () => before.events.length === 1);
  before.close();
  const channel = timelineChannel(feedKey(rowId(viewer.id)));
  for (let count = 0; count < 1_200; count++) await publishToStreams(stores.redis, [channel], '', '{}');
  const after = await subscribeToFeed(viewer, before.events[0]?.homeFeed.cursor ?? '');
  await until(async () => after.events.length === 1);
  expect(after.events[0]?.homeFeed).toMatchObject({ isGap: true, photo: null });
  const next = await share(author);
  await until(async () => idsOf(after).includes(next));
  const resumed = await subscribeToFeed(viewer, after.events[0]?.homeFeed.cursor ?? '');
  await until(async () => resumed.events.length === 1);
  expect(idsOf(resumed)).toEqual([next]);
  for (const subscription of [after, resumed]) subscription.close();
});

test('a client that reads too slowly gets RESUME, and everything it missed over the same connection', async () => {
  const [viewer, author] = await Promise.all([newPerson(url), newPerson(url)]);
  const photos: Awaited<ReturnType<typeof insertPhoto>>[] = [];
  for (let count = 0; count < 2; count++) photos.push(await insertPhoto(stores, rowId(author.id), 'x'.repeat(2_000)));
  await untilFannedOut(stores, [rowId(author.id)]);
  const socket = await greet(url, viewer.token);
  const captions = Array.from({ length: 40 }, (_, index) => `c${index}: caption`).join(' ');
  const query = `subscription ($id: ID!, $after: String) {
    userPhotos(userId: $id, after: $after) { cursor isGap photo { id ${captions} } } }`;
  const channel = timelineChannel(authorKey(rowId(author.id)));
  const expected: string[] = [];
  const publish = async () => {
    const photoId = photos[expected.length % photos.length]?.photoId ?? 0n;
    await publishToStreams(stores.redis, [channel], '', JSON.stringify({ photoId: String(photoId) }));
    expected.push(toGlobalId('Photo', photoId));
  };
  socket.say({ type: 'subscribe', id: '1', payload: { query, variables: { id: author.id } } });
  const received: string[] = [];
  let cursor = '';
  /** Reads events until another message arrives. */
  const read = async (limit = Number.POSITIVE_INFINITY) => {
    for (let count = 0; count < limit; count++) {
      const message = await socket.hear();
      const data = message.payload?.data as { userPhotos: { cursor: string; photo: { id: string } | null } } | null;
      if (!data) return message;
      received.push(data.userPhotos.photo?.id ?? 'gap');
      cursor = data.userPhotos.cursor;
    }
    return null;
  };
  // The first event says that the subscription is active.
  await read(1);
  expect(received.splice(0)).toEqual(['gap']);
  await publish();
  await read(1);

  // The client reads nothing while more is published than the server buffers: events of 80 KB each, then only messages.
  socket.socket.pause();
  for (let count = 0; count < 800; count++) await publish();
  socket.socket.resume();
  expect(await read()).toMatchObject({ type: 'next', payload: { errors: [{ extensions: { code: 'RESUME' } }] } });
  expect(await socket.hear()).toEqual({ type: 'complete', id: '1' });
  expect(received.length).toBeLessThan(expected.length);
  // It resumes over the same connection, where it was.
  socket.say({ type: 'subscribe', id: '2', payload: { query, variables: { id: author.id, after: cursor } } });
  await read(expected.length - received.length);
  expect(received).toEqual(expected);
  socket.socket.close();
});

test('when Redis has lost its memory, subscribers and resuming clients get a gap', async () => {
  const own = await ownStores();
  const [api, worker] = await Promise.all([startProcess(['api'], own.env), startProcess(['worker'], own.env)]);
  const [viewer, author] = await Promise.all([newPerson(api.url), newPerson(api.url)]);
  await viewer.follow(author);
  const subscription = await subscribeToFeed(viewer, null, api.url);
  await untilListening(own.stores, viewer);
  const first = await share(author, own.stores);
  await until(async () => idsOf(subscription).length === 1);
  await own.stores.redis.flushall();
  const second = await share(author, own.stores);
  await until(async () => subscription.events.some((event) => event.homeFeed.isGap));
  const third = await share(author, own.stores);
  await until(async () => idsOf(subscription).includes(third));
  // The gap comes before anything else, and the list has the second photo. The photo may arrive all the same, once.
  const received = subscription.events.map((event) => event.homeFeed.photo?.id ?? 'gap');
  expect([
    [first, 'gap', third],
    [first, 'gap', second, third],
  ]).toContainEqual(received);
  const { data } = await viewer.send('{ homeFeed { nodes { id } } }');
  expect(data).toEqual({ homeFeed: { nodes: [third, second, first].map((id) => ({ id })) } });
  const back = await subscribeToFeed(viewer, subscription.events[0]?.homeFeed.cursor ?? '', api.url);
  await until(async () => back.events.length === 1);
  expect(back.events[0]?.homeFeed.isGap).toBe(true);

  // A message that a gap stands for may have meant to add a pulled author's channel, or to end.
  const pulled = await newPerson(api.url);
  await own.stores.db.user.update({ where: { id: rowId(pulled.id) }, data: { isPulled: true } });
  const query = 'subscription ($id: ID!) { userPhotos(userId: $id) { isGap photo { id } } }';
  const photos = await viewer.subscribe<object>(query, { id: author.id });
  const fourth = await until(async () => {
    const id = await share(author, own.stores);
    return photos.events.length > 0 && id;
  });
  await until(async () => idsOf(back).includes(fourth));
  await own.stores.redis.flushall();
  await viewer.follow(pulled);
  await viewer.mutate('block', 'BlockInput', { userId: author.id }, 'user { id }');
  expect(await photos.ended).toEqual({});
  await untilIdle(own.stores);
  await until(async () => back.events.at(-1)?.homeFeed.isGap);
  const fifth = await share(pulled, own.stores);
  await until(async () => idsOf(back).includes(fifth));
  for (const each of [subscription, back, photos]) each.close();
  await Promise.all([api.end('SIGTERM'), worker.end('SIGTERM')]);
  await own.stop();
});

test('in whatever order a client loses its connection and resumes, each photo arrives once and in order', async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant('share' as const) },
    { weight: 2, arbitrary: fc.constant('cut' as const) },
    { weight: 3, arbitrary: fc.constantFrom('here' as const, 'elsewhere' as const) },
    { weight: 1, arbitrary: fc.constant('repeat' as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25, size: 'max' }), async (steps) => {
      const [viewer, author] = await Promise.all([newPerson(url), newPerson(url)]);
      await viewer.follow(author);
      const shared: string[] = [];
      const received: string[] = [];
      let cursor: string | null = null;
      let open: Subscription<FeedEvent> | null = await subscribeToFeed(viewer);
      await untilListening(stores, viewer);
      // The first event has the first cursor.
      shared.push(await share(author));
      await until(async () => open?.events.length === 1);
      const cut = () => {
        if (!open) return;
        const { events } = open;
        open.close();
        open = null;
        received.push(...events.map((event) => event.homeFeed.photo?.id ?? 'gap'));
        cursor = events.at(-1)?.homeFeed.cursor ?? cursor;
      };
      for (const name of steps) {
        if (name === 'share') shared.push(await share(author));
        else if (name === 'repeat') await fanOut(stores, rowId(shared.at(-1) ?? ''));
        else if (name === 'cut') cut();
        else {
          cut();
          open = await subscribeToFeed(viewer, cursor, name === 'here' ? url : otherUrl);
        }
      }
      cut();
      const last: Subscription<FeedEvent> = await subscribeToFeed(viewer, cursor);
      await until(async () => received.length + last.events.length >= shared.length);
      expect([...received, ...idsOf(last)]).toEqual(shared);
      last.close();
    }),
    { numRuns: 25 },
  );
}, 120_000);
