import { pino } from 'pino';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { fanOut } from '../../../src/features/feed/fan-out.ts';
import { toGlobalId } from '../../../src/stores/ids.ts';
import { openStores, type Stores } from '../../../src/stores/stores.ts';
import { type OwnDarkroom, ownStores, startProcess, type TestProcess } from '../../support/darkroom.ts';
import { asPerson, newPerson, type Person } from '../../support/people.ts';
import { insertPhoto, rowId, untilIdle, untilListening } from '../../support/rows.ts';
import { until } from '../../support/until.ts';

interface Event {
  homeFeed: { cursor: string; photo: { id: string; likeCount: number; viewerHasLiked: boolean } | null };
}
const SUBSCRIPTION = 'subscription { homeFeed { cursor photo { id likeCount viewerHasLiked } } }';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openStores(loadConfig(inject('env')), pino({ level: 'silent' }));
});
afterAll(() => stores.close());

/** Publishes a READY photo. @returns its id */
async function share(at: Stores, author: Person): Promise<string> {
  const { photoId } = await insertPhoto(at, rowId(author.id));
  return toGlobalId('Photo', photoId);
}

async function homeFeed(person: Person): Promise<string[]> {
  const { data } = await person.send<{ homeFeed: { nodes: { id: string }[] } }>(
    '{ homeFeed(first: 100) { nodes { id } } }',
  );
  return data?.homeFeed.nodes.map((photo) => photo.id) ?? [];
}

test('following and unfollowing take effect on an open subscription and on the next read', async () => {
  const [viewer, first, second] = await Promise.all([newPerson(url), newPerson(url), newPerson(url)]);
  await viewer.follow(first);
  const feed = await viewer.subscribe<Event>(SUBSCRIPTION);
  await untilListening(stores, viewer);
  const arrives = (id: string) => until(async () => feed.events.some((event) => event.homeFeed.photo?.id === id));

  const one = await share(stores, first);
  await arrives(one);
  await viewer.follow(second);
  const two = await share(stores, second);
  await arrives(two);
  expect(await homeFeed(viewer)).toEqual([two, one]);

  await viewer.unfollow(first);
  expect(await homeFeed(viewer)).toEqual([two]);
  const unseen = await share(stores, first);
  // The photo after it shows that it did not arrive.
  const three = await share(stores, second);
  await arrives(three);
  await until(async () => (await jobsOf(stores, unseen)) === 0);
  expect(await homeFeed(viewer)).toEqual([three, two]);
  expect(feed.events.flatMap((event) => event.homeFeed.photo?.id ?? [])).toEqual([one, two, three]);
  feed.close();
});

async function jobsOf({ db }: Stores, photoId: string): Promise<number> {
  const [row] = await db.$queryRaw<[{ count: number }]>`
    select count(*)::int as count from graphile_worker._private_jobs
    where payload ->> 'photoId' = ${String(rowId(photoId))}`;
  return row.count;
}

test('a fan-out that runs again delivers the photo to nobody twice', async () => {
  const [viewer, author] = await Promise.all([newPerson(url), newPerson(url)]);
  await viewer.follow(author);
  expect(await homeFeed(viewer)).toEqual([]);
  const feed = await viewer.subscribe<Event>(SUBSCRIPTION);
  await untilListening(stores, viewer);
  const id = await share(stores, author);
  await until(async () => feed.events.length > 0);
  for (let run = 0; run < 3; run++) await fanOut(stores, rowId(id));
  const next = await share(stores, author);
  await until(async () => feed.events.some((event) => event.homeFeed.photo?.id === next));
  expect(feed.events.flatMap((event) => event.homeFeed.photo?.id ?? [])).toEqual([id, next]);
  expect(await homeFeed(viewer)).toEqual([next, id]);
  feed.close();
});

test('each event has the state of its moment', async () => {
  const [viewer, author] = await Promise.all([newPerson(url), newPerson(url)]);
  await viewer.follow(author);
  const id = await share(stores, author);
  const changes = await viewer.subscribe<{ photo: { photo: { likeCount: number; viewerHasLiked: boolean } } }>(
    'subscription ($id: ID!) { photo(id: $id) { photo { likeCount viewerHasLiked } } }',
    { id },
  );
  const becomes = (likeCount: number, viewerHasLiked: boolean) =>
    until(async () => {
      const photo = changes.events.at(-1)?.photo.photo;
      return photo?.likeCount === likeCount && photo.viewerHasLiked === viewerHasLiked;
    });
  await becomes(0, false);
  await viewer.mutate('likePhoto', 'LikePhotoInput', { photoId: id }, 'photo { id }');
  await becomes(1, true);
  await author.mutate('likePhoto', 'LikePhotoInput', { photoId: id }, 'photo { id }');
  await becomes(2, true);
  await viewer.mutate('unlikePhoto', 'UnlikePhotoInput', { photoId: id }, 'photo { id }');
  await becomes(1, false);
  changes.close();
});

test('subscriptions at two api processes both receive a photo', async () => {
  const [viewer, author] = await Promise.all([newPerson(url), newPerson(url)]);
  await viewer.follow(author);
  const feeds = await Promise.all(
    [viewer, asPerson(inject('otherUrl'), viewer)].map((at) => at.subscribe<Event>(SUBSCRIPTION)),
  );
  await untilListening(stores, viewer, 2);
  const arriving = feeds.map((feed) => feed.next());
  const id = await share(stores, author);
  for (const event of await Promise.all(arriving)) expect(event.homeFeed.photo?.id).toBe(id);
  for (const feed of feeds) feed.close();
});

test('an api process that is stopped closes its sockets and ends', async () => {
  const second = await startProcess(['api'], inject('env'));
  const viewer = await newPerson(second.url);
  const feed = await viewer.subscribe<Event>(SUBSCRIPTION);
  await untilListening(stores, viewer);
  expect(await second.end('SIGTERM')).toBe(0);
  expect((await feed.ended).code).toBeDefined();
});

test('nobody can follow themselves or a missing person, and following is idempotent', async () => {
  const [viewer, author] = await Promise.all([newPerson(url), newPerson(url)]);
  const follow = async (userId: string) => {
    const query =
      'mutation ($input: FollowInput!) { follow(input: $input) { user { viewerFollows } userErrors { code } } }';
    return (await viewer.send<{ follow: object }>(query, { input: { userId } })).data?.follow;
  };
  expect(await follow(viewer.id)).toEqual({ user: null, userErrors: [{ code: 'SELF' }] });
  expect(await follow(toGlobalId('User', 1n))).toEqual({ user: null, userErrors: [{ code: 'NOT_FOUND' }] });
  for (let time = 0; time < 2; time++) {
    expect(await follow(author.id)).toEqual({ user: { viewerFollows: true }, userErrors: [] });
  }
  const query = 'query ($username: String!) { user(username: $username) { viewerFollows followsViewer } }';
  const seenByViewer = await viewer.send(query, { username: author.username.toUpperCase() });
  const seenByAuthor = await author.send(query, { username: viewer.username });
  expect(seenByViewer.data).toEqual({ user: { viewerFollows: true, followsViewer: false } });
  expect(seenByAuthor.data).toEqual({ user: { viewerFollows: false, followsViewer: true } });
  await viewer.unfollow(author);
  expect((await viewer.send(query, { username: author.username })).data).toEqual({
    user: { viewerFollows: false, followsViewer: false },
  });
});

test('no subscription and no feed misses a photo of an author who becomes pulled', async () => {
  const own: OwnDarkroom = await ownStores({ FEED_PUSH_LIMIT: '2' });
  const processes: TestProcess[] = await Promise.all([
    startProcess(['api'], own.env),
    startProcess(['worker'], own.env),
  ]);
  const at = processes[0]?.url ?? '';
  const [author, early, late, ...others] = await Promise.all(Array.from({ length: 5 }, () => newPerson(at)));
  if (!author || !early || !late) throw new Error('unreachable');

  await early.follow(author);
  expect(await homeFeed(early)).toEqual([]);
  const feed = await early.subscribe<Event>(SUBSCRIPTION);
  await untilListening(own.stores, early);
  const photos = [await share(own.stores, author)];
  await untilIdle(own.stores);
  for (const other of others) await other.follow(author);
  // The author has three followers now, and becomes pulled with this photo.
  photos.unshift(await share(own.stores, author));
  await untilIdle(own.stores);
  // The author's own channel is added with a gap.
  const gaps = ({ events }: { events: Event[] }) => events.filter((event) => event.homeFeed.photo === null);
  await until(async () => gaps(feed).length === 1);
  photos.unshift(await share(own.stores, author));
  await untilIdle(own.stores);
  const { isPulled } = await own.stores.db.user.findUniqueOrThrow({ where: { id: rowId(author.id) } });
  expect(isPulled).toBe(true);

  // A subscriber who follows a pulled author later.
  const lateFeed = await late.subscribe<Event>(SUBSCRIPTION);
  await untilListening(own.stores, late);
  await late.follow(author);
  await until(async () => gaps(lateFeed).length === 1);
  photos.unshift(await share(own.stores, author));
  await untilIdle(own.stores);
  const arrived = (events: Event[]) => events.flatMap((event) => event.homeFeed.photo?.id ?? []);
  await until(async () => arrived(feed.events).length === 4 && arrived(lateFeed.events).length === 1);
  for (const subscription of [feed, lateFeed]) expect(gaps(subscription)).toHaveLength(1);
  expect(feed.events.flatMap((event) => event.homeFeed.photo?.id ?? [])).toEqual([...photos].reverse());
  expect(lateFeed.events.flatMap((event) => event.homeFeed.photo?.id ?? [])).toEqual([photos[0]]);
  for (const person of [early, late, ...others]) expect(await homeFeed(person)).toEqual(photos);

  feed.close();
  lateFeed.close();
  await Promise.all(processes.map((process) => process.end('SIGTERM')));
  await own.stop();
});
