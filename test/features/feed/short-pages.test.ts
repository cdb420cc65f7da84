import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { fanOut } from '../../../src/features/feed/fan-out.ts';
import { feedKey } from '../../../src/features/records/feed-keys.ts';
import { photoKey } from '../../../src/features/records/photo-rows.ts';
import { toGlobalId } from '../../../src/stores/ids.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { buildTimeline, writeDroppingTimelines } from '../../../src/stores/timelines.ts';
import { openBackstage } from '../../support/backstage.ts';
import { idsOf, insertPeople, type Page, readFeed, readPage, setFollow, untilFannedOut } from '../../support/feed.ts';
import { newPerson } from '../../support/people.ts';
import { insertPhoto, insertPhotos, rowId } from '../../support/rows.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

test('after many deletions pages are still full and lead to the end of the feed', async () => {
  const viewer = await newPerson(url);
  const [authorId = 0n] = await insertPeople(stores, 1);
  await setFollow(viewer, 'follow', authorId);
  const entries = await insertPhotos(stores, [authorId], 300);
  // Builds the list in Redis with all of the photos.
  expect(await readFeed(viewer, 100)).toHaveLength(300);
  const deleted = entries.slice(5, 280).map((entry) => entry.photoId);
  await stores.db.photo.deleteMany({ where: { id: { in: deleted } } });
  await stores.redis.del(deleted.map(photoKey));
  const left = [...entries.slice(0, 5), ...entries.slice(280)].map((entry) => toGlobalId('Photo', entry.photoId));

  const sizes: number[] = [];
  const read: string[] = [];
  for (let cursor: string | null = null, hasNextPage = true; hasNextPage; ) {
    const page: Page = await readPage(viewer, 5, cursor);
    sizes.push(page.edges.length);
    read.push(...idsOf(page));
    expect(page.pageInfo.hasNextPage && page.pageInfo.endCursor === cursor).toBe(false);
    ({ hasNextPage, endCursor: cursor } = page.pageInfo);
  }
  expect(read).toEqual(left);
  expect(new Set(sizes)).toEqual(new Set([5]));
});

test('PostgreSQL answers while a feed is being built and while its follows are being changed', async () => {
  const viewer = await newPerson(url);
  const [authorId = 0n] = await insertPeople(stores, 1);
  await setFollow(viewer, 'follow', authorId);
  const entries = await insertPhotos(stores, [authorId], 30);
  const all = entries.map((entry) => toGlobalId('Photo', entry.photoId));
  const key = feedKey(rowId(viewer.id));

  const late: string[] = [];
  await buildTimeline(stores.redis, key, async () => {
    expect(await readFeed(viewer, 7)).toEqual(all);
    // Published after the builder has read its rows, and fanned out before the builder stores them.
    const { photoId } = await insertPhoto(stores, authorId);
    late.push(toGlobalId('Photo', photoId));
    expect(await readFeed(viewer, 100)).toEqual([...late, ...all]);
    await fanOut(stores, photoId);
    return entries;
  });
  expect(await stores.redis.zcard(key)).toBe(32);
  expect(await readFeed(viewer, 100)).toEqual([...late, ...all]);

  // Wait for the worker first, because a late push would change the size of the list that is checked here.
  await untilFannedOut(stores, [authorId]);
  await writeDroppingTimelines(stores.redis, [key], async () => {
    expect(await readFeed(viewer, 7)).toEqual([...late, ...all]);
    expect(await stores.redis.zcard(key)).toBe(1);
  });
  expect(await readFeed(viewer, 7)).toEqual([...late, ...all]);
});
