import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { fanOut } from '../../../src/features/feed/fan-out.ts';
import { feedKey, hashtagKey } from '../../../src/features/records/feed-keys.ts';
import { toGlobalId } from '../../../src/stores/ids.ts';
import { openStores, type Stores } from '../../../src/stores/stores.ts';
import { readTimeline } from '../../../src/stores/timelines.ts';
import { type OwnDarkroom, ownStores, startProcess, type TestProcess } from '../../support/darkroom.ts';
import { type Page, readFeed, readPage } from '../../support/feed.ts';
import { newHashtag, setHashtagFollow } from '../../support/hashtags.ts';
import { newPerson } from '../../support/people.ts';
import { insertPhoto, insertPhotos, rowId } from '../../support/rows.ts';

interface ModelPhoto {
  id: string;
  author: number;
  publishedId: bigint;
  /** The hashtags in its caption. */
  hashtags: number[];
  /** The hashtags in its author's comments. */
  added: Set<number>;
}

/** The model of a viewer's feed. */
class Model {
  follows = new Set<number>();
  hashtags = new Set<number>();
  photos: ModelPhoto[] = [];

  /** The expected feed, newest first. */
  feed(): string[] {
    return this.photos
      .filter(
        ({ author, hashtags, added }) =>
          this.follows.has(author) || [...hashtags, ...added].some((hashtag) => this.hashtags.has(hashtag)),
      )
      .sort((a, b) => (a.publishedId < b.publishedId ? 1 : -1))
      .map((photo) => photo.id);
  }
}

const AUTHORS = 3;
const HASHTAGS = 3;
const hashtag = fc.nat(HASHTAGS - 1);
const hashtags = fc.uniqueArray(hashtag, { maxLength: HASHTAGS });
const which = fc.nat(50);
const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('publish' as const), author: fc.nat(AUTHORS - 1), hashtags }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('followHashtag' as const), hashtag }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unfollowHashtag' as const), hashtag }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('edit' as const), which, hashtags }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('comment' as const), which, hashtag }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('evict' as const), hashtag }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('follow' as const), author: fc.nat(AUTHORS - 1) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('unfollow' as const), author: fc.nat(AUTHORS - 1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('readAll' as const), first: fc.integer({ min: 1, max: 7 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('readOn' as const), first: fc.integer({ min: 1, max: 3 }) }) },
);

/** Runs commands against the API and the model, comparing at each read. */
async function play(
  url: string,
  stores: Stores,
  commands: (typeof command extends fc.Arbitrary<infer C> ? C : never)[],
) {
  const [viewer, ...authors] = await Promise.all(
    ['viewer', ...Array.from({ length: AUTHORS }, () => 'author')].map((name) => newPerson(url, name)),
  );
  if (!viewer) throw new Error('unreachable');
  const model = new Model();
  const names = Array.from({ length: HASHTAGS }, newHashtag);
  const captionOf = (which: readonly number[]) => which.map((index) => `#${names[index]}`).join(' ');
  // A reader that pages on between the other commands, and the publishedId that it has reached.
  let cursor: string | null = null;
  let position: bigint | null = null;

  for (const step of commands) {
    if (step.do === 'publish') {
      const author = authors[step.author];
      if (!author) continue;
      const { photoId, publishedId } = await insertPhoto(stores, rowId(author.id), captionOf(step.hashtags));
      // The worker does the same. Running it here makes the end of the fan-out known.
      await fanOut(stores, photoId);
      const { author: index, hashtags } = step;
      model.photos.push({ id: toGlobalId('Photo', photoId), author: index, publishedId, hashtags, added: new Set() });
    } else if (step.do === 'follow' || step.do === 'unfollow') {
      const author = authors[step.author];
      if (!author) continue;
      await viewer[step.do](author);
      if (step.do === 'follow') model.follows.add(step.author);
      else model.follows.delete(step.author);
    } else if (step.do === 'followHashtag' || step.do === 'unfollowHashtag') {
      await setHashtagFollow(viewer, step.do, names[step.hashtag] ?? '');
      if (step.do === 'followHashtag') model.hashtags.add(step.hashtag);
      else model.hashtags.delete(step.hashtag);
    } else if (step.do === 'evict') {
      await stores.redis.del(hashtagKey(names[step.hashtag] ?? ''));
    } else if (step.do === 'delete' || step.do === 'edit' || step.do === 'comment') {
      const photo = model.photos[step.which % Math.max(1, model.photos.length)];
      const author = photo && authors[photo.author];
      if (!photo || !author) continue;
      const { id: photoId } = photo;
      if (step.do === 'edit') {
        const caption = captionOf(step.hashtags);
        await author.mutate('updatePhoto', 'UpdatePhotoInput', { photoId, caption }, 'photo { id }');
        photo.hashtags = step.hashtags;
      } else if (step.do === 'comment') {
        const text = captionOf([step.hashtag]);
        await author.mutate('addComment', 'AddCommentInput', { photoId, text }, 'comment { id }');
        photo.added.add(step.hashtag);
      } else {
        await author.mutate('deletePhoto', 'DeletePhotoInput', { photoId }, 'deletedPhotoId');
        model.photos = model.photos.filter((other) => other !== photo);
      }
    } else if (step.do === 'readAll') {
      expect(await readFeed(viewer, step.first)).toEqual(model.feed());
    } else {
      const expected = model.feed().filter((id) => position === null || (publishedIdOf(model, id) ?? 0n) < position);
      const page: Page = await readPage(viewer, step.first, cursor);
      expect(page.edges.map((edge) => edge.node.id)).toEqual(expected.slice(0, step.first));
      expect(page.pageInfo.hasNextPage).toBe(expected.length > step.first);
      cursor = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
      const last = page.edges.at(-1)?.node.id;
      position = cursor === null || last === undefined ? null : publishedIdOf(model, last);
    }
  }
  expect(await readFeed(viewer, 100)).toEqual(model.feed());
}

function publishedIdOf(model: Model, id: string): bigint | null {
  return model.photos.find((photo) => photo.id === id)?.publishedId ?? null;
}

let shared: Stores;
let own: OwnDarkroom;
let processes: TestProcess[] = [];

beforeAll(async () => {
  shared = await openStores(loadConfig(inject('env')), pino({ level: 'silent' }));
  own = await ownStores({ FEED_PUSH_LIMIT: '0' });
  processes = await Promise.all([startProcess(['api'], own.env), startProcess(['worker'], own.env)]);
});

afterAll(async () => {
  await Promise.all(processes.map((process) => process.end('SIGTERM')));
  await own.stop();
  await shared.close();
});

test('any sequence of publish, follow, edit, delete and read: no gap, no duplicate, newest first', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 40 }), (commands) =>
      play(inject('url'), shared, commands),
    ),
    { numRuns: 25 },
  );
});

test('the same when every author is a pulled author', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 40 }), (commands) =>
      play(processes[0]?.url ?? '', own.stores, commands),
    ),
    { numRuns: 15 },
  );
});

test('a feed continues in PostgreSQL where the list in Redis ends, also while photos are pushed', async () => {
  const url = inject('url');
  const [viewer, ...authors] = await Promise.all(Array.from({ length: 4 }, () => newPerson(url)));
  if (!viewer) throw new Error('unreachable');
  for (const author of authors) await viewer.follow(author);
  const authorIds = authors.map((author) => rowId(author.id));
  const entries = await insertPhotos(shared, authorIds, 1_200);
  const all = entries.map((entry) => toGlobalId('Photo', entry.photoId));

  expect(await readFeed(viewer, 100)).toEqual(all);
  const key = feedKey(rowId(viewer.id));
  expect(await shared.redis.zcard(key)).toBe(500);
  expect(await shared.redis.object('ENCODING', key)).toBe('listpack');
  expect(await shared.redis.memory('USAGE', key)).toBeLessThanOrEqual(11 * 1_024);

  // Uneven pages. The photos that arrive between two pages push unread entries out of Redis.
  const read: string[] = [];
  const added: string[] = [];
  for (let cursor: string | null = null, hasNextPage = true, turn = 0; hasNextPage; turn++) {
    const page: Page = await readPage(viewer, 37, cursor);
    read.push(...page.edges.map((edge) => edge.node.id));
    ({ hasNextPage, endCursor: cursor } = page.pageInfo);
    const { photoId } = await insertPhoto(shared, authorIds[turn % 3] ?? 0n);
    await fanOut(shared, photoId);
    added.unshift(toGlobalId('Photo', photoId));
  }
  expect(read).toEqual(all);
  expect(await readFeed(viewer, 100)).toEqual([...added, ...all]);
  expect(await shared.redis.zcard(key)).toBe(500);
});

test('a read rebuilds a feed that Redis has lost, the same as before', async () => {
  const url = inject('url');
  const [viewer, author] = await Promise.all([newPerson(url), newPerson(url)]);
  await viewer.follow(author);
  const entries = await insertPhotos(shared, [rowId(author.id)], 30);
  const expected = entries.map((entry) => toGlobalId('Photo', entry.photoId));
  expect(await readFeed(viewer, 7)).toEqual(expected);
  const key = feedKey(rowId(viewer.id));
  await shared.redis.del(key);
  expect(await readFeed(viewer, 7)).toEqual(expected);
  const rebuilt = await readTimeline(shared.redis, key, null, 100);
  expect(typeof rebuilt !== 'string' && rebuilt.entries.length).toBe(30);
});
