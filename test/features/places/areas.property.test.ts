/**
 * Compares searches in circles and boxes with a test of every photo: at the poles, across the 180th meridian, and where
 * photos are dense or sparse.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { distance, type Point, roundPoint } from '../../../src/features/places/geo.ts';
import { fromCursor, toGlobalId } from '../../../src/stores/ids.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { openBackstage } from '../../support/backstage.ts';
import { send } from '../../support/client.ts';
import { newPerson } from '../../support/people.ts';
import { insertPhotoAt, rowId } from '../../support/rows.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

const METRES_PER_DEGREE = 111_195;

/** The point at a distance and bearing from another (the direct formula on a sphere). */
function move({ latitude, longitude }: Point, metres: number, degrees: number): Point {
  const [far, bearing, north, east] = [metres / 6_371_008.8, degrees, latitude, longitude].map((value, index) =>
    index === 0 ? value : (value * Math.PI) / 180,
  ) as [number, number, number, number];
  const sine = Math.sin(north) * Math.cos(far) + Math.cos(north) * Math.sin(far) * Math.cos(bearing);
  const y = Math.sin(bearing) * Math.sin(far) * Math.cos(north);
  const turned = east + Math.atan2(y, Math.cos(far) - Math.sin(north) * sine);
  const wrapped = ((((turned * 180) / Math.PI + 180) % 360) + 360) % 360;
  return roundPoint({
    latitude: (Math.asin(Math.max(-1, Math.min(1, sine))) * 180) / Math.PI,
    longitude: wrapped - 180,
  });
}

const anywhere = fc.record({
  latitude: fc.double({ min: -1, max: 1, noNaN: true }).map((sine) => (Math.asin(sine) * 180) / Math.PI),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
});
const anyCenter = fc.oneof(
  anywhere,
  fc.constantFrom(
    { latitude: 90, longitude: 0 },
    { latitude: -90, longitude: 77 },
    { latitude: 89.99, longitude: -120 },
    { latitude: -89.8, longitude: 180 },
    { latitude: 0, longitude: 180 },
    { latitude: 5e-324, longitude: -5e-324 },
    { latitude: 52, longitude: -179.999 },
    { latitude: -17, longitude: 179.98 },
    // The center of an H3 cell that is a pentagon.
    { latitude: 64.7, longitude: 10.53619907546767 },
  ),
);
const radius = fc
  .double({ min: Math.log(10), max: Math.log(50_000), noNaN: true })
  .map((power) => Math.min(50_000, Math.max(10, Math.exp(power))));
/** The position of a photo relative to the center, in radii: many near the edge, and some at one and the same point. */
const offset = fc.record({
  radii: fc.oneof(
    fc.double({ min: 0, max: 2, noNaN: true }),
    fc.double({ min: 0.97, max: 1.03, noNaN: true }),
    fc.constant(0.5),
  ),
  bearing: fc.oneof(fc.double({ min: 0, max: 360, noNaN: true }), fc.constant(42)),
});
const anyStep = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('page' as const), first: fc.integer({ min: 1, max: 6 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('add' as const), offset }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), which: fc.nat(99) }) },
);

interface Photo extends Point {
  id: string;
  photoId: bigint;
  publishedId: bigint;
}
interface Page {
  edges: { cursor: string; distanceMeters?: number; node: { id: string } }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

const NEAR = `query ($latitude: Float!, $longitude: Float!, $radiusMeters: Float!, $first: Int!, $after: String) {
  page: photosNear(
    latitude: $latitude, longitude: $longitude, radiusMeters: $radiusMeters, first: $first, after: $after
  ) { edges { cursor distanceMeters node { id } } pageInfo { hasNextPage endCursor } } }`;
const BOX = `query ($south: Float!, $west: Float!, $north: Float!, $east: Float!, $first: Int!, $after: String) {
  page: photosInBox(south: $south, west: $west, north: $north, east: $east, first: $first, after: $after) {
    edges { cursor node { id } } pageInfo { hasNextPage endCursor } } }`;

/** Reads page after page while photos are added and deleted, and compares each with the list that is correct then. */
async function play(
  photosAt: Point[],
  steps: (typeof anyStep extends fc.Arbitrary<infer S> ? S : never)[],
  at: (offset: { radii: number; bearing: number }) => Point,
  search: { document: string; variables: object; contains(point: Point): boolean; distance?(point: Point): number },
) {
  const owner = rowId((await newPerson(url)).id);
  const photos: Photo[] = [];
  const add = async (point: Point) => {
    const ids = await insertPhotoAt(stores, owner, point);
    photos.unshift({ ...point, ...ids, id: toGlobalId('Photo', ids.photoId) });
  };
  for (const point of photosAt) await add(point);

  let after: string | null = null;
  let below = 2n ** 63n;
  const read = async (first: number) => {
    const { data, errors } = await send<{ page: Page }>(url, search.document, { ...search.variables, first, after });
    expect(errors).toEqual([]);
    if (!data) throw new Error('unreachable');
    // Photos of other tests may be in the area too.
    const own = new Map(photos.map((photo) => [photo.id, photo]));
    const expected = photos.filter((photo) => photo.publishedId < below && search.contains(photo));
    const found = data.page.edges.flatMap(({ node }) => own.get(node.id) ?? []);
    const { hasNextPage, endCursor } = data.page.pageInfo;
    const othersCount = data.page.edges.length - found.length;
    expect(found.map(({ id }) => id)).toEqual(expected.slice(0, found.length).map(({ id }) => id));
    if (othersCount === 0) expect(found.length).toBe(Math.min(first, expected.length));
    if (found.length < expected.length) expect(hasNextPage).toBe(true);
    for (const { node, distanceMeters } of data.page.edges) {
      const photo = own.get(node.id);
      if (photo && search.distance) expect(distanceMeters).toBeCloseTo(search.distance(photo), 4);
    }
    after = endCursor ?? after;
    // Not the position of the last own photo: photos of other tests may be below it.
    below = endCursor === null ? below : (fromCursor(endCursor) ?? below);
    return hasNextPage;
  };
  for (const step of steps) {
    if (step.do === 'page') await read(step.first);
    else if (step.do === 'add') await add(at(step.offset));
    else if (photos.length > 0) {
      const [deleted] = photos.splice(step.which % photos.length, 1);
      if (deleted) await stores.db.photo.delete({ where: { id: deleted.photoId } });
    }
  }
  while (await read(50));
  // The next run may search the same area.
  await stores.db.photo.deleteMany({ where: { ownerId: owner } });
}

test('pages of a circle have no gap and no repetition, newest first, while photos are added and deleted', {
  timeout: 240_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      anyCenter,
      radius,
      fc.array(offset, { minLength: 5, maxLength: 30 }),
      fc.array(anyStep, { maxLength: 12 }),
      async (center, radiusMeters, offsets, steps) => {
        const at = ({ radii, bearing }: { radii: number; bearing: number }) =>
          move(center, radii * radiusMeters, bearing);
        await play(offsets.map(at), steps, at, {
          document: NEAR,
          variables: { ...center, radiusMeters },
          contains: (point) => distance(center, point) <= radiusMeters,
          distance: (point) => distance(center, point),
        });
      },
    ),
    { numRuns: 40 },
  );
});

test('pages of a box do too, also when it crosses the 180th meridian', { timeout: 240_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      anyCenter,
      fc.double({ min: Math.log(0.001), max: Math.log(170), noNaN: true }).map(Math.exp),
      fc.double({ min: 0.1, max: 1, noNaN: true }),
      fc.array(offset, { minLength: 5, maxLength: 30 }),
      fc.array(anyStep, { maxLength: 12 }),
      async (center, width, ratio, offsets, steps) => {
        const wrap = (degrees: number) => ((((degrees + 180) % 360) + 360) % 360) - 180;
        const [west, east] = [wrap(center.longitude - width), wrap(center.longitude + width)];
        const south = Math.max(-90, center.latitude - width * ratio);
        const north = Math.min(90, center.latitude + width * ratio);
        const reach = Math.min(width * METRES_PER_DEGREE, 19_000_000);
        const at = ({ radii, bearing }: { radii: number; bearing: number }) =>
          move(center, Math.min(radii * reach, 20_000_000), bearing);
        await play(offsets.map(at), steps, at, {
          document: BOX,
          variables: { south, west, north, east },
          contains: ({ latitude, longitude }) =>
            latitude >= south &&
            latitude <= north &&
            (west > east ? longitude >= west || longitude <= east : longitude >= west && longitude <= east),
        });
      },
    ),
    { numRuns: 40 },
  );
});
