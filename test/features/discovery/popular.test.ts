import { afterAll, beforeAll, expect, test } from 'vitest';
import { refreshPopular } from '../../../src/features/discovery/popular.ts';
import { toCursor, toGlobalId } from '../../../src/stores/ids.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { attempt } from '../../support/backstage.ts';
import { send } from '../../support/client.ts';
import { type OwnDarkroom, ownStores, startProcess, type TestProcess } from '../../support/darkroom.ts';
import { newPerson, type Person } from '../../support/people.ts';
import { insertPhoto, rowId } from '../../support/rows.ts';

// This file has its own servers, so that other tests' likes do not change the list.
let own: OwnDarkroom;
let api: TestProcess;
let stores: Stores;
let url: string;
beforeAll(async () => {
  own = await ownStores();
  stores = own.stores;
  api = await startProcess(['api'], own.env);
  url = api.url;
}, 120_000);
afterAll(async () => {
  await api?.end('SIGTERM');
  await own?.stop();
});

/** Remakes the list now, as the job does every ten minutes. */
async function remakeList(): Promise<void> {
  const keys = await stores.redis.keys('popular:*');
  if (keys.length > 0) await stores.redis.del(...keys);
  await refreshPopular(stores);
}

interface Page {
  popular: { edges: { cursor: string; node: { id: string } }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
}
const QUERY = `query ($first: Int!, $after: String) { popular(first: $first, after: $after) {
  edges { cursor node { id } } pageInfo { hasNextPage endCursor } } }`;

async function readPage(viewer: Person | null, first: number, after: string | null): Promise<Page['popular']> {
  const variables = { first, after };
  const { data, errors } = await (viewer ? viewer.send<Page>(QUERY, variables) : send<Page>(url, QUERY, variables));
  expect(errors).toEqual([]);
  if (!data) throw new Error('unreachable');
  return data.popular;
}

/** Reads all pages, and checks that all but the last are full. */
async function readAll(viewer: Person | null, first = 100): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | null = null; ; ) {
    const page: Page['popular'] = await readPage(viewer, first, after);
    ids.push(...page.edges.map(({ node }) => node.id));
    if (!page.pageInfo.hasNextPage) return ids;
    expect(page.edges).toHaveLength(first);
    after = page.pageInfo.endCursor;
  }
}

/** Inserts a photo with this many likes, published this many hours ago. */
async function insertLikedPhoto(owner: Person, likeCount: number, hours = 0): Promise<string> {
  const { photoId, publishedId } = await insertPhoto(stores, rowId(owner.id));
  const ago = publishedId - (BigInt(Math.round(hours * 3_600_000)) << 23n);
  await stores.db.photo.update({ where: { id: photoId }, data: { likeCount, publishedId: ago } });
  return toGlobalId('Photo', photoId);
}

test('photos with more likes rank higher and older ones lower, for every viewer and page size', async () => {
  const [author, viewer] = [await newPerson(url), await newPerson(url)];
  const few = await insertLikedPhoto(author, 5);
  const many = await insertLikedPhoto(author, 50);
  const old = await insertLikedPhoto(author, 50, 10);
  const unliked = await insertLikedPhoto(author, 0);
  const tooOld = await insertLikedPhoto(author, 1_000_000, 73);
  await remakeList();
  const inserted = [many, few, old, unliked, tooOld];
  for (const reader of [null, viewer]) {
    for (const first of [100, 2]) {
      const all = await readAll(reader, first);
      expect(new Set(all).size).toBe(all.length);
      // 50 likes after ten hours are worth as much as two now.
      expect(all.filter((id) => inserted.includes(id))).toEqual([many, few, old]);
    }
  }
});

test('the list omits photos that the viewer may not see, and those of followed or muted people', async () => {
  const [viewer, followed, muted, blocked, blocker, recluse, gone, shown] = await Promise.all(
    Array.from({ length: 8 }, () => newPerson(url)),
  );
  if (!viewer || !followed || !muted || !blocked || !blocker || !recluse || !gone || !shown)
    throw new Error('unreachable');
  const ids = new Map<Person, string>();
  for (const person of [viewer, followed, muted, blocked, blocker, recluse, gone, shown])
    ids.set(person, await insertLikedPhoto(person, 9));
  await remakeList();
  // These changes happen after the list is made, and still apply.
  await viewer.follow(followed);
  await attempt(viewer, 'mute', { userId: muted.id }, 'user { id }');
  await attempt(viewer, 'block', { userId: blocked.id }, 'user { id }');
  await attempt(blocker, 'block', { userId: viewer.id }, 'user { id }');
  await attempt(recluse, 'setPrivacy', { isPrivate: true }, 'user { id }');
  await attempt(gone, 'deactivateAccount', { password: gone.password }, 'deletedAfter');
  const seenBy = async (reader: Person | null) => {
    const all = await readAll(reader);
    return [...ids].filter(([, id]) => all.includes(id)).map(([person]) => person.username);
  };
  expect(await seenBy(viewer)).toEqual([shown.username]);
  expect(await seenBy(null)).toEqual(
    [viewer, followed, muted, blocked, blocker, shown].map(({ username }) => username),
  );
  await attempt(shown, 'deletePhoto', { photoId: ids.get(shown) }, 'deletedPhotoId');
  expect(await seenBy(viewer)).toEqual([]);
});

test('a client pages through the list of its first page, and any cursor gets a page', async () => {
  const author = await newPerson(url);
  const [one, two, three] = [
    await insertLikedPhoto(author, 100),
    await insertLikedPhoto(author, 200),
    await insertLikedPhoto(author, 300),
  ];
  await remakeList();
  const [key = ''] = await stores.redis.keys('popular:*');
  const before = BigInt(key.split(':')[1] ?? '') - 1n;
  const list = [one, two, three].map((id) => String(rowId(id)));
  await stores.redis.set(`popular:${before}`, JSON.stringify(list), 'EX', 60);
  const ids = async (after: bigint | null) =>
    (await readPage(null, 2, after === null ? null : toCursor(after))).edges.map(({ node }) => node.id);
  expect(await ids(null)).toEqual([three, two]);
  expect(await ids(before * 1_000n)).toEqual([two, three]);
  // If the cursor's list is gone, its rank applies to the newest list.
  expect(await ids((before - 20n) * 1_000n)).toEqual([two, one]);
  for (const after of [0n, 999n, before * 1_000n + 999n, 10n ** 18n])
    expect((await ids(after)).length).toBeLessThanOrEqual(2);
});

test('after Redis is emptied, the next read makes the list', async () => {
  const author = await newPerson(url);
  const photo = await insertLikedPhoto(author, 1_000);
  await stores.redis.flushall();
  expect((await readPage(null, 1, null)).edges[0]?.node.id).toBe(photo);
});
