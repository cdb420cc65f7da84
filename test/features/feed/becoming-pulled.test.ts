import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fanOut } from '../../../src/features/feed/fan-out.ts';
import { followHashtag } from '../../../src/features/hashtags/hashtag-follows.ts';
import { follow } from '../../../src/features/people/follows.ts';
import { deletePhoto } from '../../../src/features/photos/edit.ts';
import { authorKey, feedKey, pulledAuthorsKey } from '../../../src/features/records/feed-keys.ts';
import { toGlobalId } from '../../../src/stores/ids.ts';
import { type OwnDarkroom, ownStores, startProcess, type TestProcess } from '../../support/darkroom.ts';
import { idsOf, insertPeople, type Page, readFeed, readPage, setFollow, untilFannedOut } from '../../support/feed.ts';
import { newHashtag } from '../../support/hashtags.ts';
import { newPerson, type Person } from '../../support/people.ts';
import { insertPhoto, insertPhotos, rowId, untilIdle, untilListening } from '../../support/rows.ts';
import { until } from '../../support/until.ts';

const AUTHORS = 3;
const VIEWERS = 2;
const BYSTANDERS = 2;
const READERS = 4;

// An author gets above the limit with both viewers and one bystander, or one viewer and both bystanders.
const LIMIT = 2;

let own: OwnDarkroom;
let api: TestProcess;
let worker: TestProcess | undefined;

beforeAll(async () => {
  own = await ownStores({ FEED_PUSH_LIMIT: String(LIMIT) });
  api = await startProcess(['api'], own.env);
});

afterAll(async () => {
  await worker?.end('SIGTERM');
  await api.end('SIGTERM');
  await own.stop();
});

async function startWorker(): Promise<void> {
  worker ??= await startProcess(['worker'], own.env);
}

async function stopWorker(): Promise<void> {
  await worker?.end('SIGTERM');
  worker = undefined;
}

async function isPulled(authorId: bigint): Promise<boolean> {
  return (await own.stores.db.user.findUniqueOrThrow({ where: { id: authorId } })).isPulled;
}

test('no follower misses an author who became a pulled author by a photo that was deleted at once', async () => {
  const { stores } = own;
  await startWorker();
  const viewer = await newPerson(api.url);
  const [authorId = 0n, ...others] = await insertPeople(stores, 1 + LIMIT);
  const feed = await viewer.subscribe<{ homeFeed: { photo: { id: string } | null } }>(
    'subscription { homeFeed { photo { id } } }',
  );
  await untilListening(stores, viewer);
  await setFollow(viewer, 'follow', authorId);
  for (const other of others) await follow(stores, other, authorId);
  await untilIdle(stores);
  // Wait until Redis caches that the viewer follows no pulled author. It does not for some seconds after a follow.
  await until(async () => {
    expect(await readFeed(viewer, 10)).toEqual([]);
    return stores.redis.get(pulledAuthorsKey(rowId(viewer.id)));
  });
  await stopWorker();

  const first = await insertPhoto(stores, authorId);
  await fanOut(stores, first.photoId);
  expect(await isPulled(authorId)).toBe(true);
  await deletePhoto(stores, authorId, first.photoId);
  await startWorker();
  await untilIdle(stores);

  const second = await insertPhoto(stores, authorId);
  await untilFannedOut(stores, [authorId]);
  const id = toGlobalId('Photo', second.photoId);
  expect(await readFeed(viewer, 10)).toEqual([id]);
  await until(async () => feed.events.some((event) => event.homeFeed.photo?.id === id));
  feed.close();
});

test('a viewer who unfollows the author during the fan-out receives the photo by its hashtag', async () => {
  const { stores } = own;
  const hashtag = newHashtag();
  const viewer = await newPerson(api.url);
  const [authorId = 0n, strangerId = 0n, ...others] = await insertPeople(stores, 2 + LIMIT);
  await setFollow(viewer, 'follow', authorId);
  for (const other of others) await follow(stores, other, authorId);
  await followHashtag(stores, rowId(viewer.id), hashtag);
  const feed = await viewer.subscribe<{ homeFeed: { photo: { id: string } | null } }>(
    'subscription { homeFeed { photo { id } } }',
  );
  await untilListening(stores, viewer);
  const arrives = (id: string) => until(async () => feed.events.some((event) => event.homeFeed.photo?.id === id));
  await stopWorker();
  const { photoId } = await insertPhoto(stores, authorId, `#${hashtag}`);

  // The author becomes a pulled author during this fan-out, which waits for the lock.
  const fannedOut = await stores.db.$transaction(async (tx) => {
    await tx.$queryRaw`select id from users where id = ${authorId} for no key update`;
    const fanningOut = fanOut(stores, photoId);
    await until(async () => {
      const [row] = await stores.db.$queryRaw<[{ waiting: number }]>`
        select count(*)::int as waiting from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`;
      return row.waiting > 0;
    });
    // What the fan-out had published by now has been delivered when a stranger's photo is.
    const stranger = await insertPhoto(stores, strangerId, `#${hashtag}`);
    await fanOut(stores, stranger.photoId);
    await arrives(toGlobalId('Photo', stranger.photoId));
    await setFollow(viewer, 'unfollow', authorId);
    return { fanningOut };
  });
  await fannedOut.fanningOut;
  await arrives(toGlobalId('Photo', photoId));
  feed.close();
});

test('a repeated fan-out pushes a photo again, even if its author becomes a pulled author in that run', async () => {
  const { stores } = own;
  const viewer = await newPerson(api.url);
  const [authorId = 0n, ...others] = await insertPeople(stores, 1 + LIMIT);
  await setFollow(viewer, 'follow', authorId);
  const feed = await viewer.subscribe<{ homeFeed: { photo: { id: string } | null } }>(
    'subscription { homeFeed { photo { id } } }',
  );
  await untilListening(stores, viewer);
  const received = () => feed.events.map((event) => event.homeFeed.photo?.id ?? 'gap');
  await stopWorker();
  const first = await insertPhoto(stores, authorId);
  await fanOut(stores, first.photoId);
  await until(async () => received().length === 1);
  // The author gets more followers, and the job runs again, as after the death of a worker.
  for (const other of others) await follow(stores, other, authorId);
  await startWorker();
  await untilFannedOut(stores, [authorId]);
  const second = await insertPhoto(stores, authorId);
  await untilIdle(stores);
  await until(async () => received().includes('gap'));
  expect(await isPulled(authorId)).toBe(true);
  const third = await insertPhoto(stores, authorId);
  const shared = [first, second, third].map(({ photoId }) => toGlobalId('Photo', photoId));
  await until(async () => received().includes(shared[2] ?? ''));
  expect(received().filter((id) => id !== 'gap')).toEqual(shared);
  feed.close();
});

test('an open subscription receives the photos of a pulled author after the viewer unmutes them', async () => {
  const { stores } = own;
  await startWorker();
  const viewer = await newPerson(api.url);
  const [authorId = 0n] = await insertPeople(stores, 1);
  await stores.db.user.update({ where: { id: authorId }, data: { isPulled: true } });
  await setFollow(viewer, 'follow', authorId);
  const input = { userId: toGlobalId('User', authorId) };
  await viewer.mutate('mute', 'MuteInput', input, 'user { id }');
  await untilIdle(stores);
  const feed = await viewer.subscribe<{ homeFeed: { photo: { id: string } | null } }>(
    'subscription { homeFeed { photo { id } } }',
  );
  await untilListening(stores, viewer);
  await viewer.mutate('unmute', 'UnmuteInput', input, 'user { id }');
  // Subscribing to the author's channel is reported as a gap.
  await until(async () => feed.events.length === 1);
  const id = toGlobalId('Photo', (await insertPhoto(stores, authorId)).photoId);
  await until(async () => feed.events.length === 2);
  expect(feed.events.map((event) => event.homeFeed.photo?.id ?? 'gap')).toEqual(['gap', id]);
  feed.close();
});

const author = fc.nat(AUTHORS - 1);
const viewer = fc.nat(VIEWERS - 1);
const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('publish' as const), author }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('follow' as const), viewer, author }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('unfollow' as const), viewer, author }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('join' as const), who: fc.nat(BYSTANDERS - 1), author }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), which: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('evict' as const), viewer, author }) },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constant('readOn' as const),
      reader: fc.nat(READERS - 1),
      first: fc.integer({ min: 1, max: 4 }),
    }),
  },
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

interface Shared {
  id: string;
  photoId: bigint;
  publishedId: bigint;
  ownerId: bigint;
}

/**
 * Runs commands against the API and a model, comparing at each read.
 *
 * @returns how many authors became pulled authors
 */
async function play(commands: Command[]): Promise<number> {
  const { stores } = own;
  const viewers = await Promise.all(Array.from({ length: VIEWERS }, () => newPerson(api.url, 'viewer')));
  const authors = await insertPeople(stores, AUTHORS);
  const bystanders = await insertPeople(stores, BYSTANDERS);
  let photos: Shared[] = [];
  const follows = viewers.map(() => new Set<bigint>());
  // Each reader pages through one viewer's feed while the other commands run, and starts again when it reaches the end.
  const readers = Array.from({ length: READERS }, (_, index) => ({
    who: index % VIEWERS,
    cursor: null as string | null,
    below: null as bigint | null,
  }));
  const expected = (who: number, below: bigint | null): Shared[] =>
    photos
      .filter((photo) => follows[who]?.has(photo.ownerId) && (below === null || photo.publishedId < below))
      .sort((a, b) => (a.publishedId < b.publishedId ? 1 : -1));

  for (const step of commands) {
    const authorId = 'author' in step ? (authors[step.author] ?? 0n) : 0n;
    const person = 'viewer' in step ? viewers[step.viewer] : undefined;
    if (step.do === 'publish') {
      const { photoId, publishedId } = await insertPhoto(stores, authorId);
      await untilFannedOut(stores, authors);
      photos.push({ id: toGlobalId('Photo', photoId), photoId, publishedId, ownerId: authorId });
    } else if (step.do === 'join') {
      await follow(stores, bystanders[step.who] ?? 0n, authorId);
    } else if (step.do === 'delete') {
      const photo = photos[step.which % Math.max(1, photos.length)];
      if (!photo) continue;
      await deletePhoto(stores, photo.ownerId, photo.photoId);
      photos = photos.filter((one) => one !== photo);
    } else if (step.do === 'readOn') {
      const reader = readers[step.reader];
      const reading = viewers[reader?.who ?? 0];
      if (!reader || !reading) continue;
      const rest = expected(reader.who, reader.below);
      const page: Page = await readPage(reading, step.first, reader.cursor);
      expect(idsOf(page)).toEqual(rest.slice(0, step.first).map((photo) => photo.id));
      expect(page.pageInfo.hasNextPage).toBe(rest.length > step.first);
      reader.cursor = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
      reader.below = page.pageInfo.hasNextPage ? (rest[step.first - 1]?.publishedId ?? null) : null;
    } else if (person && step.do === 'evict') {
      const viewerId = rowId(person.id);
      await stores.redis.del(feedKey(viewerId), pulledAuthorsKey(viewerId), authorKey(authorId));
    } else if (person && (step.do === 'follow' || step.do === 'unfollow')) {
      await setFollow(person, step.do, authorId);
      if (step.do === 'follow') follows[step.viewer]?.add(authorId);
      else follows[step.viewer]?.delete(authorId);
    }
  }
  for (const [who, person] of viewers.entries()) {
    expect(await readFeed(person, 100)).toEqual(expected(who, null).map((photo) => photo.id));
    expect(await readFeed(person, 3)).toEqual(expected(who, null).map((photo) => photo.id));
  }
  return stores.db.user.count({ where: { id: { in: authors }, isPulled: true } });
}

test('while authors become pulled authors, paging readers see no gap and no duplicate, newest first', async () => {
  await startWorker();
  let pulled = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 20, maxLength: 60 }), async (commands) => {
      pulled += await play(commands);
    }),
    { numRuns: 20 },
  );
  // Make sure that the runs covered the change.
  expect(pulled).toBeGreaterThan(5);
});

test('a feed of pulled and pushed authors continues in PostgreSQL where the first list in Redis ends', async () => {
  const { stores } = own;
  const reader: Person = await newPerson(api.url, 'reader');
  const [many = 0n, few = 0n, pushed = 0n] = await insertPeople(stores, 3);
  await stores.db.user.updateMany({ where: { id: { in: [many, few] } }, data: { isPulled: true } });
  for (const id of [many, few, pushed]) await setFollow(reader, 'follow', id);
  // The list of the pulled author with many photos ends first, then the viewer's own list. The list of the pulled
  // author with few photos is complete.
  const entries = [
    ...(await insertPhotos(stores, [few], 20)),
    ...(await insertPhotos(stores, [pushed], 300)),
    ...(await insertPhotos(stores, [many, pushed], 600)),
    ...(await insertPhotos(stores, [many], 400)),
  ].sort((a, b) => (a.publishedId < b.publishedId ? 1 : -1));
  const all = entries.map((entry) => toGlobalId('Photo', entry.photoId));
  expect(await readFeed(reader, 100)).toEqual(all);
  expect(await readFeed(reader, 61)).toEqual(all);
  expect(await stores.redis.zcard(authorKey(many))).toBe(500);
  expect(await stores.redis.zcard(authorKey(few))).toBe(21);
});
