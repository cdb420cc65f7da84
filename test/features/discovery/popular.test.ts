import { afterAll, beforeAll, expect, test } from 'vitest';
import { refreshPopular } from '../../../src/features/discovery/popular.ts';
import { toCursor, toGlobalId } from '../../../src/stores/ids.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { attempt } from '../../support/backstage.ts';
import { send } from '../../support/client.ts';
import { type OwnDarkroom, ownStores, startProcess, type TestProcess } from '../../support/darkroom.ts';
import { newPerson, type Person } from '../../support/people.ts';
import { insertPhoto, rowId } from '../../support/rows.ts';

// A list of its own, which other tests' likes are not in.
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

/** Has the list made as it is now, as after ten minutes. */
async function makeAnew(): Promise<void> {
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

/** All pages to the end; all but the last are full. */
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

/** A photo with so many likes, published so many hours ago. */
async function photoWith(owner: Person, likeCount: number, hours = 0): Promise<string> {
  const { photoId, publishedId } = await insertPhoto(stores, rowId(owner.id));
  const ago = publishedId - (BigInt(Math.round(hours * 3_600_000)) << 23n);
  await stores.db.photo.update({ where: { id: photoId }, data: { likeCount, publishedId: ago } });
  return toGlobalId('Photo', photoId);
}

test('what is liked more stands above, and what is older below, whoever reads and however large the pages are', async () => {
  const [author, viewer] = [await newPerson(url), await newPerson(url)];
  const few = await photoWith(author, 5);
  const many = await photoWith(author, 50);
  const old = await photoWith(author, 50, 10);
  const unliked = await photoWith(author, 0);
  const tooOld = await photoWith(author, 1_000_000, 73);
  await makeAnew();
  const made = [many, few, old, unliked, tooOld];
  for (const reader of [null, viewer]) {
    for (const first of [100, 2]) {
      const all = await readAll(reader, first);
      expect(new Set(all).size).toBe(all.length);
      // 50 likes after ten hours are worth what two are now.
      expect(all.filter((id) => made.includes(id))).toEqual([many, few, old]);
    }
  }
});

test('nobody is shown what they may not see, of those whom they follow or mute, or their own', async () => {
  const [viewer, followed, muted, blocked, blocker, recluse, gone, shown] = await Promise.all(
    Array.from({ length: 8 }, () => newPerson(url)),
  );
  if (!viewer || !followed || !muted || !blocked || !blocker || !recluse || !gone || !shown)
    throw new Error('unreachable');
  const ids = new Map<Person, string>();
  for (const person of [viewer, followed, muted, blocked, blocker, recluse, gone, shown])
    ids.set(person, await photoWith(person, 9));
  await makeAnew();
  // What is so after the list was made counts.
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

test('whoever pages on does so in the list in which they began, and whatever cursor is sent, the answer is a page', async () => {
  const author = await newPerson(url);
  const [one, two, three] = [await photoWith(author, 100), await photoWith(author, 200), await photoWith(author, 300)];
  await makeAnew();
  const [key = ''] = await stores.redis.keys('popular:*');
  const before = BigInt(key.split(':')[1] ?? '') - 1n;
  const list = [one, two, three].map((id) => String(rowId(id)));
  await stores.redis.set(`popular:${before}`, JSON.stringify(list), 'EX', 60);
  const ids = async (after: bigint | null) =>
    (await readPage(null, 2, after === null ? null : toCursor(after))).edges.map(({ node }) => node.id);
  expect(await ids(null)).toEqual([three, two]);
  expect(await ids(before * 1_000n)).toEqual([two, three]);
  // Of a list that is gone, the rank counts in the newest.
  expect(await ids((before - 20n) * 1_000n)).toEqual([two, one]);
  for (const after of [0n, 999n, before * 1_000n + 999n, 10n ** 18n])
    expect((await ids(after)).length).toBeLessThanOrEqual(2);
});

test('when Redis is emptied, the list is made at the next question', async () => {
  const author = await newPerson(url);
  const photo = await photoWith(author, 1_000);
  await stores.redis.flushall();
  expect((await readPage(null, 1, null)).edges[0]?.node.id).toBe(photo);
});
