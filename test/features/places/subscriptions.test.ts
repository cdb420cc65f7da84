import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { distance, type Point } from '../../../src/features/places/geo.ts';
import { publishNearbyPhoto } from '../../../src/features/places/nearby-events.ts';
import { toGlobalId } from '../../../src/stores/ids.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { openBackstage } from '../../support/backstage.ts';
import { send, subscribe } from '../../support/client.ts';
import { untilFannedOut } from '../../support/feed.ts';
import { newPerson, type Person } from '../../support/people.ts';
import { north, somewhere } from '../../support/places.ts';
import { insertPhoto, rowId } from '../../support/rows.ts';
import { until } from '../../support/until.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

const QUERY = `subscription ($latitude: Float!, $longitude: Float!, $radiusMeters: Float!, $after: String) {
  photosNear(latitude: $latitude, longitude: $longitude, radiusMeters: $radiusMeters, after: $after) {
    cursor isGap distanceMeters photo { id } } }`;
interface Event {
  photosNear: { cursor: string; isGap: boolean; distanceMeters: number | null; photo: { id: string } | null };
}

/** @param viewer nobody by default, who cannot resume when nobody else is subscribed */
function subscribeNear(middle: Point, radiusMeters: number, after?: string, viewer?: Person) {
  const session = viewer && { authorization: `Bearer ${viewer.token}` };
  return subscribe<Event>(url, QUERY, { ...middle, radiusMeters, after }, session);
}

async function shareAt(author: Person, point: Point): Promise<string> {
  const { photoId } = await insertPhoto(stores, rowId(author.id), '', point);
  await untilFannedOut(stores, [rowId(author.id)]);
  return toGlobalId('Photo', photoId);
}

/** Waits until a photo has arrived. */
function untilReceived({ events }: { events: Event[] }, id: string): Promise<Event> {
  return until(async () => events.find(({ photosNear }) => photosNear.photo?.id === id));
}

function ids(events: Event[]): (string | undefined)[] {
  return events.flatMap(({ photosNear }) => (photosNear.isGap ? [] : [photosNear.photo?.id]));
}

test('each new photo within a circle arrives once, with its distance, and none outside it', async () => {
  const [author, middle] = [await newPerson(url), somewhere()];
  const [small, large] = await Promise.all([subscribeNear(middle, 100), subscribeNear(middle, 20_000)]);
  await Promise.all([small.begun, large.begun]);
  const far = await shareAt(author, north(middle, 19_000));
  const beside = await shareAt(author, north(middle, 101));
  const within = await shareAt(author, north(middle, 99));
  await shareAt(author, north(middle, 21_000));
  const last = await shareAt(author, middle);
  await Promise.all([untilReceived(small, last), untilReceived(large, last)]);
  expect(ids(small.events)).toEqual([within, last]);
  expect(ids(large.events)).toEqual([far, beside, within, last]);
  const received = large.events.find(({ photosNear }) => photosNear.photo?.id === far)?.photosNear.distanceMeters;
  expect(received).toBeCloseTo(distance(middle, north(middle, 19_000)), 6);
  small.close();
  large.close();
});

test('it begins with a gap, and a client that resumes with a cursor gets everything it missed once', async () => {
  const [author, viewer, middle] = [await newPerson(url), await newPerson(url), somewhere()];
  const live = await subscribeNear(middle, 5_000, undefined, viewer);
  await live.begun;
  const first = await shareAt(author, north(middle, 10));
  const event = await untilReceived(live, first);
  live.close();
  await live.ended;
  const missed = [await shareAt(author, north(middle, 4_000)), await shareAt(author, north(middle, -4_000))];
  // A job that runs again publishes nothing twice.
  await publishNearbyPhoto(stores, rowId(first));
  const back = await subscribeNear(middle, 5_000, event.photosNear.cursor, viewer);
  const last = await shareAt(author, middle);
  await untilReceived(back, last);
  for (const id of missed) await untilReceived(back, id);
  expect(back.events.every(({ photosNear }) => !photosNear.isGap)).toBe(true);
  // Each cell has its own stream: missed photos arrive in the order of each stream.
  expect(ids(back.events).sort()).toEqual([...missed, last].sort());
  back.close();
});

test('a photo arrives once, however many circles are open elsewhere', async () => {
  const [author, middle] = [await newPerson(url), somewhere()];
  const others = await Promise.all(Array.from({ length: 20 }, () => subscribeNear(somewhere(), 50)));
  const live = await subscribeNear(middle, 50);
  await Promise.all([...others, live].map(({ begun }) => begun));
  const id = await shareAt(author, middle);
  await untilReceived(live, id);
  for (const other of others) {
    expect(ids(other.events)).toEqual([]);
    other.close();
  }
  live.close();
});

test('an invalid circle is refused', async () => {
  for (const [middle, radius] of [
    [{ latitude: 91, longitude: 0 }, 100],
    [{ latitude: 0, longitude: 0 }, 9],
  ] as const) {
    const live = await subscribeNear(middle, radius);
    expect((await live.ended).errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT');
  }
  const wrong = await subscribeNear({ latitude: 0, longitude: 0 }, 100, 'x');
  expect((await wrong.ended).errors?.[0]?.extensions?.code).toBe('BAD_USER_INPUT');
  expect(
    (await send(url, '{ photosNear(latitude: 0, longitude: 0, radiusMeters: 9) { nodes { id } } }')).errors,
  ).toHaveLength(1);
});
