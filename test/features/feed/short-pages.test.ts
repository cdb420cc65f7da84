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

test('where much was deleted pages are full all the same, and lead on to the end', async () => {
  const viewer = await newPerson(url);
  const [authorId = 0n] = await insertPeople(stores, 1);
  await setFollow(viewer, 'follow', authorId);
  const places = await insertPhotos(stores, [authorId], 300);
  // Puts all of them into the list that Redis keeps.
  expect(await readFeed(viewer, 100)).toHaveLength(300);
  const gone = places.slice(5, 280).map((place) => place.photoId);
  await stores.db.photo.deleteMany({ where: { id: { in: gone } } });
  await stores.redis.del(gone.map(photoKey));
  const left = [...places.slice(0, 5), ...places.slice(280)].map((place) => toGlobalId('Photo', place.photoId));

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

test('a feed that is being built, or whose follows are being changed, is answered by PostgreSQL', async () => {
  const viewer = await newPerson(url);
  const [authorId = 0n] = await insertPeople(stores, 1);
  await setFollow(viewer, 'follow', authorId);
  const places = await insertPhotos(stores, [authorId], 30);
  const all = places.map((place) => toGlobalId('Photo', place.photoId));
  const key = feedKey(rowId(viewer.id));

  const late: string[] = [];
  await buildTimeline(stores.redis, key, async () => {
    expect(await readFeed(viewer, 7)).toEqual(all);
    // Published while the builder has read its rows already, and reached everybody before it stores them.
    const { photoId } = await insertPhoto(stores, authorId);
    late.push(toGlobalId('Photo', photoId));
    expect(await readFeed(viewer, 100)).toEqual([...late, ...all]);
    await fanOut(stores, photoId);
    return places;
  });
  expect(await stores.redis.zcard(key)).toBe(32);
  expect(await readFeed(viewer, 100)).toEqual([...late, ...all]);

  // What the worker pushes meanwhile would be in the list that is looked at here.
  await untilFannedOut(stores, [authorId]);
  await writeDroppingTimelines(stores.redis, [key], async () => {
    expect(await readFeed(viewer, 7)).toEqual([...late, ...all]);
    expect(await stores.redis.zcard(key)).toBe(1);
  });
  expect(await readFeed(viewer, 7)).toEqual([...late, ...all]);
});
