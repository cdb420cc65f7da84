import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { distance, type Point } from '../../../src/features/places/geo.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { attempt, openBackstage, userErrorsOf } from '../../support/backstage.ts';
import { send } from '../../support/client.ts';
import { newPerson, type Person, unique } from '../../support/people.ts';
import { createUpload, newJpeg, put, settled } from '../../support/photos.ts';
import { gpsJpeg, north, somewhere } from '../../support/places.ts';
import { rowId } from '../../support/rows.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

const LOCATION = 'location { latitude longitude precision place { id name latitude longitude precision } }';
interface SeenPlace extends Point {
  id: string;
  name: string;
}
interface Seen {
  id: string;
  location: (Point & { precision: string; place: SeenPlace | null }) | null;
}

async function upload(person: Person, file: Buffer) {
  const created = await createUpload(person, file);
  expect((await put(created, file)).ok).toBe(true);
  return created.id;
}

async function publishAt(person: Person, location: object, file?: Buffer): Promise<Seen> {
  const uploadId = await upload(person, file ?? (await newJpeg()));
  const input = { uploadId, location };
  const { photo } = await person.mutate<{ photo: Seen }>(
    'publishPhoto',
    'PublishPhotoInput',
    input,
    `photo { id ${LOCATION} }`,
  );
  expect(await settled(person, photo.id)).toBe('READY');
  return photo;
}

async function see(viewer: Person | null, id: string): Promise<Seen> {
  const query = `query ($id: ID!) { node(id: $id) { ... on Photo { id ${LOCATION} } } }`;
  const { data } = await (viewer
    ? viewer.send<{ node: Seen }>(query, { id })
    : send<{ node: Seen }>(url, query, { id }));
  if (!data?.node) throw new Error(`The viewer sees no photo ${id}.`);
  return data.node;
}

async function near(point: Point, radiusMeters: number): Promise<string[]> {
  const query = `query ($latitude: Float!, $longitude: Float!, $radiusMeters: Float!) {
    photosNear(latitude: $latitude, longitude: $longitude, radiusMeters: $radiusMeters) { nodes { id } } }`;
  const { data, errors } = await send<{ photosNear: { nodes: { id: string }[] } }>(url, query, {
    ...point,
    radiusMeters,
  });
  expect(errors).toEqual([]);
  return data?.photosNear.nodes.map(({ id }) => id) ?? [];
}

test('a search near the point of a photo finds it, also without a session', async () => {
  const [person, point] = [await newPerson(url), somewhere()];
  const { id, location } = await publishAt(person, point);
  expect(location).toEqual({ ...point, precision: 'EXACT', place: null });
  expect((await see(null, id)).location).toEqual(location);
  expect(await near(point, 10)).toEqual([id]);
  const query = `query ($latitude: Float!, $longitude: Float!) {
    photosNear(latitude: $latitude, longitude: $longitude, radiusMeters: 5000) {
      edges { distanceMeters node { id } } } }`;
  const aside = { ...point, latitude: point.latitude + 0.01 };
  const { data } = await send<{ photosNear: { edges: { distanceMeters: number }[] } }>(url, query, aside);
  expect(data?.photosNear.edges[0]?.distanceMeters).toBeCloseTo(distance(point, aside), 6);
});

test('a point too small for floating-point products is stored and found like any other', async () => {
  const { id, location } = await publishAt(await newPerson(url), {
    latitude: 5e-324,
    longitude: -5e-324,
    placeName: `Null ${unique()}`,
  });
  expect(location).toMatchObject({ latitude: 0, longitude: 0 });
  expect(await near({ latitude: 5e-324, longitude: -1e-300 }, 10)).toContain(id);
});

test('the exact point of a location with reduced precision is stored nowhere', async () => {
  const [person, point] = [await newPerson(url), somewhere()];
  for (const [precision, from, to] of [
    ['KILOMETRE', 0, 700],
    ['CITY', 0, 12_000],
  ] as const) {
    const { id, location } = await publishAt(person, { ...point, precision }, await gpsJpeg(point));
    if (!location) throw new Error('unreachable');
    const away = distance(point, location);
    expect(away).toBeGreaterThan(from);
    expect(away).toBeLessThan(to);
    // A search finds it at the center of its cell, and not where it was taken.
    expect(await near(location, 10)).toContain(id);
    expect(await near(point, Math.max(10, away - 1))).not.toContain(id);
    // Another point of the same cell gets the same location.
    const again = await publishAt(person, { latitude: location.latitude, longitude: location.longitude, precision });
    expect(again.location).toEqual(location);
  }
  // No table holds the exact point, nor a number that begins with the same digits.
  const digits = [point.latitude, point.longitude].map((degrees) => String(Math.trunc(Math.abs(degrees) * 1e6) / 1e6));
  const tables = await stores.db.$queryRaw<{ name: string }[]>`
    select format('%I.%I', table_schema, table_name) as name from information_schema.tables
    where table_type = 'BASE TABLE' and table_schema in ('public', 'graphile_worker')`;
  for (const { name } of tables) {
    const rows = await stores.db.$queryRawUnsafe<object[]>(
      `select 1 as found from ${name} t where position($1 in t::text) > 0 or position($2 in t::text) > 0 limit 1`,
      ...digits,
    );
    expect([name, rows]).toEqual([name, []]);
  }
});

test('only the uploader reads the position in the file, and only until it is published', async () => {
  const [person, other] = await Promise.all([newPerson(url), newPerson(url)]);
  const query = 'query ($id: ID!) { node(id: $id) { ... on Upload { suggestedLocation { latitude longitude } } } }';
  type Answer = { node: { suggestedLocation: Point | null } | null };
  for (const point of [
    { latitude: 48.8583701, longitude: 2.2944813 },
    { latitude: -33.8567844, longitude: -151.2152967 },
  ]) {
    const file = await gpsJpeg(point);
    const created = await createUpload(person, file);
    const read = async (viewer: Person) => (await viewer.send<Answer>(query, { id: created.id })).data?.node;
    expect(await read(person)).toEqual({ suggestedLocation: null });
    await put(created, file);
    const suggestion = (await read(person))?.suggestedLocation;
    expect(suggestion?.latitude).toBeCloseTo(point.latitude, 6);
    expect(suggestion?.longitude).toBeCloseTo(point.longitude, 6);
    expect(await read(other)).toBeNull();
    const { photo } = await person.mutate<{ photo: Seen }>(
      'publishPhoto',
      'PublishPhotoInput',
      { uploadId: created.id },
      `photo { id ${LOCATION} }`,
    );
    expect(photo.location).toBeNull();
    await settled(person, photo.id);
    expect(await read(person)).toBeNull();
    expect(await near(point, 10)).not.toContain(photo.id);
  }
  for (const file of [await newJpeg(), Buffer.from('no picture at all')]) {
    const id = await upload(person, file);
    const { data, errors } = await person.send<Answer>(query, { id });
    expect([data?.node, errors]).toEqual([{ suggestedLocation: null }, []]);
  }
});

test('equal names within about 100 metres are the same place', async () => {
  const [one, other, point] = [await newPerson(url), await newPerson(url), somewhere()];
  const placeName = `Café ${unique()}`;
  const first = await publishAt(one, { ...point, placeName });
  const same = await publishAt(other, { ...north(point, 90), placeName: `  ${placeName.toUpperCase()} ` });
  const far = await publishAt(other, { ...north(point, 110), placeName });
  const named = await publishAt(other, { ...point, placeName: `${placeName} 2` });
  const byId = await publishAt(other, { placeId: first.location?.place?.id });
  expect(first.location?.place).toMatchObject({ name: placeName, ...point });
  expect(same.location).toEqual(first.location);
  expect(byId.location).toEqual(first.location);
  expect(new Set([first, far, named].map(({ location }) => location?.place?.id)).size).toBe(3);

  const query = `query ($id: ID!, $after: String) { node(id: $id) { ... on Place {
    name photos(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } } }`;
  type Page = { node: { photos: { nodes: { id: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } } } };
  const id = first.location?.place?.id;
  const top = (await send<Page>(url, query, { id })).data?.node.photos;
  expect(top?.nodes.map((photo) => photo.id)).toEqual([byId.id, same.id]);
  const rest = (await send<Page>(url, query, { id, after: top?.pageInfo.endCursor })).data?.node.photos;
  expect([rest?.nodes.map((photo) => photo.id), rest?.pageInfo.hasNextPage]).toEqual([[first.id], false]);
});

test('people who name a place concurrently share it', async () => {
  const point = somewhere();
  const people = await Promise.all(Array.from({ length: 4 }, () => newPerson(url)));
  const uploads = await Promise.all(people.map(async (person) => upload(person, await newJpeg())));
  const location = { ...point, placeName: `Pier ${unique()}` };
  const shared = await Promise.all(
    people.map((person, index) =>
      person.mutate<{ photo: Seen }>(
        'publishPhoto',
        'PublishPhotoInput',
        { uploadId: uploads[index], location },
        `photo { ${LOCATION} }`,
      ),
    ),
  );
  expect(new Set(shared.map(({ photo }) => photo.location?.place?.id)).size).toBe(1);
});

test('the location of a photo can be changed and removed', async () => {
  const [person, point, elsewhere] = [await newPerson(url), somewhere(), somewhere()];
  const { id } = await publishAt(person, point);
  const change = (changes: object) =>
    attempt<{ photo: Seen }>(person, 'updatePhoto', { photoId: id, ...changes }, `photo { id caption ${LOCATION} }`);
  expect((await change({ caption: 'There' })).photo).toMatchObject({ caption: 'There', location: point });
  expect((await change({ location: elsewhere })).photo).toMatchObject({ caption: 'There', location: elsewhere });
  expect([await near(point, 1_000), await near(elsewhere, 1_000)]).toEqual([[], [id]]);
  expect((await change({ location: null })).photo.location).toBeNull();
  expect(await near(elsewhere, 1_000)).toEqual([]);
  expect((await see(null, id)).location).toBeNull();
});

test('a page is full although thousands of newer photos lie just outside the circle', async () => {
  const [person, point] = [await newPerson(url), somewhere()];
  const within = [await publishAt(person, north(point, 10)), await publishAt(person, north(point, 500))].map(
    ({ id }) => id,
  );
  const { id } = await publishAt(person, north(point, 1_010));
  const owner = rowId(person.id);
  // More than one statement reads, and all of them newer.
  await stores.db.$executeRaw`
    with crowd as (
      insert into photos (id, owner_id, caption, status, media_key, published_id, width, height)
      select next_id(${owner}), ${owner}, '', 'READY', 'none', next_id(${owner}), 4, 3 from generate_series(1, 3000)
      returning id, published_id
    )
    insert into photo_locations
      (photo_id, published_id, latitude, longitude, precision, cell_1, cell_3, cell_5, cell_7, cell_9, cell_11)
    select crowd.id, crowd.published_id, latitude, longitude, precision, cell_1, cell_3, cell_5, cell_7, cell_9, cell_11
    from crowd join photo_locations beside on beside.photo_id = ${rowId(id)}`;
  expect(await near(point, 1_000)).toEqual([within[1], within[0]]);
  expect(await near(point, 1_020)).toHaveLength(24);
});

test('places are found near a point and by name, unless the viewer may see none of their photos', async () => {
  const [person, recluse, point, word] = [await newPerson(url), await newPerson(url), somewhere(), unique()];
  const names: string[] = [];
  for (const metres of [3_000, 20, 400]) {
    const { location } = await publishAt(person, { ...north(point, metres), placeName: `Old ${word} ${metres}` });
    names.push(location?.place?.name ?? '');
  }
  await publishAt(person, { ...north(point, 60_000), placeName: `Old ${word} far` });
  await publishAt(recluse, { ...north(point, 10), placeName: `Home ${word}` });
  await attempt(recluse, 'setPrivacy', { isPrivate: true }, 'user { id }');

  type Near = { placesNear: { distanceMeters: number; place: SeenPlace }[] };
  const around = async (viewer: Person | null, name: string | null = null) => {
    const query = `query ($latitude: Float!, $longitude: Float!, $name: String) {
      placesNear(latitude: $latitude, longitude: $longitude, name: $name) {
        distanceMeters place { name latitude longitude } } }`;
    const { data, errors } = await (viewer
      ? viewer.send<Near>(query, { ...point, name })
      : send<Near>(url, query, { ...point, name }));
    expect(errors).toEqual([]);
    for (const { distanceMeters, place } of data?.placesNear ?? [])
      expect(distanceMeters).toBeCloseTo(distance(point, place), 5);
    return data?.placesNear.map(({ place }) => place.name);
  };
  const sorted = [names[1], names[2], names[0]];
  expect(await around(null)).toEqual(sorted);
  expect(await around(recluse)).toEqual([`Home ${word}`, ...sorted]);
  expect(await around(null, `${word.toUpperCase()} 4`)).toEqual([names[2]]);
  expect(await around(null, word.slice(1))).toEqual([]);

  const search = async (viewer: Person, text: string) => {
    const query = 'query ($text: String!) { searchPlaces(text: $text) { name } }';
    const { data, errors } = await viewer.send<{ searchPlaces: { name: string }[] }>(query, { text });
    expect(errors).toEqual([]);
    return data?.searchPlaces.map(({ name }) => name).filter((name) => name.includes(word));
  };
  expect((await search(person, `old ${word}`))?.sort()).toEqual([...names, `Old ${word} far`].sort());
  expect(await search(person, `${word} 400`)).toContain(names[2]);
  expect(await search(person, `home ${word}`)).not.toContain(`Home ${word}`);
  expect((await search(recluse, `home ${word}`))?.[0]).toBe(`Home ${word}`);
  for (const text of ['%', '_', "'", '\\', 'q', '"', ';--']) expect(await search(person, text)).toEqual([]);
});

test('a place without photos is not found by its id, and the sweep deletes it', async () => {
  const [person, point] = [await newPerson(url), somewhere()];
  const { id, location } = await publishAt(person, { ...point, placeName: `Hut ${unique()}` });
  const placeId = location?.place?.id ?? '';
  await attempt(person, 'deletePhoto', { photoId: id }, 'deletedPhotoId');
  const { data } = await send<{ node: object | null }>(url, 'query ($id: ID!) { node(id: $id) { id } }', {
    id: placeId,
  });
  expect(data?.node).toBeNull();
  const uploadId = await upload(person, await newJpeg());
  const refused = await attempt(person, 'publishPhoto', { uploadId, location: { placeId } }, 'photo { id }');
  expect(userErrorsOf(refused)).toEqual(['NOT_FOUND location.placeId']);
  const { sweepPlaces } = await import('../../../src/features/places/places.ts');
  await sweepPlaces(stores);
  expect(await stores.db.place.count({ where: { id: rowId(placeId) } })).toBe(0);
});

test('every error in a location is reported, and the upload can still be published', async () => {
  const person = await newPerson(url);
  const uploadId = await upload(person, await newJpeg());
  const wrong: [object, string[]][] = [
    [{}, ['INVALID location']],
    [{ latitude: 1 }, ['INVALID location']],
    [{ placeName: 'x' }, ['INVALID location']],
    [{ latitude: 91, longitude: -181 }, ['INVALID location.latitude', 'INVALID location.longitude']],
    [{ latitude: 1, longitude: 1, placeName: '  ' }, ['TOO_SHORT location.placeName']],
    [{ latitude: 1, longitude: 1, placeName: 'x'.repeat(101) }, ['TOO_LONG location.placeName']],
    [{ latitude: 1, longitude: 1, placeName: 'a\0b' }, ['INVALID location.placeName']],
    [{ placeId: 'UGxhY2U6MQ', latitude: 1, longitude: 1 }, ['INVALID location.placeId']],
    [{ placeId: 'UGxhY2U6MQ' }, ['NOT_FOUND location.placeId']],
  ];
  for (const [location, expected] of wrong) {
    const refused = await attempt(person, 'publishPhoto', { uploadId, location }, 'photo { id }');
    expect(userErrorsOf(refused)).toEqual(expected);
  }
  expect(userErrorsOf(await attempt(person, 'publishPhoto', { uploadId }, 'photo { id }'))).toEqual([]);
});

test('an invalid area is BAD_USER_INPUT with a message that names the argument', async () => {
  const errorOf = async (document: string) => (await send(url, `{ ${document} }`)).errors[0];
  for (const [document, message] of [
    ['photosNear(latitude: 91, longitude: 0, radiusMeters: 100) { nodes { id } }', 'latitude'],
    ['photosNear(latitude: 0, longitude: -180.1, radiusMeters: 100) { nodes { id } }', 'longitude'],
    ['photosNear(latitude: 0, longitude: 0, radiusMeters: 0) { nodes { id } }', '"radiusMeters"'],
    ['photosNear(latitude: 0, longitude: 0, radiusMeters: 9.9) { nodes { id } }', '"radiusMeters"'],
    ['photosNear(latitude: 0, longitude: 0, radiusMeters: 50001) { nodes { id } }', '"radiusMeters"'],
    ['photosNear(latitude: 0, longitude: 0, radiusMeters: 100, first: 0) { nodes { id } }', '"first"'],
    ['photosNear(latitude: 0, longitude: 0, radiusMeters: 100, after: "x") { nodes { id } }', '"after"'],
    ['photosInBox(south: 2, west: 0, north: 1, east: 1) { nodes { id } }', '"south"'],
    ['photosInBox(south: -91, west: 0, north: 1, east: 1) { nodes { id } }', 'latitude'],
    ['placesNear(latitude: 0, longitude: 181) { place { id } }', 'longitude'],
    ['placesNear(latitude: 0, longitude: 0, name: " ") { place { id } }', '"name"'],
    ['searchPlaces(text: "") { id }', '"text"'],
  ] as const) {
    const error = await errorOf(document);
    expect([document, error?.extensions.code, error?.message]).toEqual([
      document,
      'BAD_USER_INPUT',
      expect.stringContaining(message),
    ]);
  }
  for (const nonsense of ['NaN', 'Infinity', null, '1e999']) {
    const query = 'query ($at: Float!) { photosNear(latitude: $at, longitude: 0, radiusMeters: 100) { nodes { id } } }';
    expect((await send(url, query, { at: nonsense })).errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
  }
});

test('a search can be limited to photos published from one time on and before another', async () => {
  const [person, point] = [await newPerson(url), somewhere()];
  const ids: string[] = [];
  const times: string[] = [];
  for (let index = 0; index < 3; index++) {
    const { id } = await publishAt(person, point);
    const { data } = await person.send<{ node: { publishedAt: string } }>(
      'query ($id: ID!) { node(id: $id) { ... on Photo { publishedAt } } }',
      { id },
    );
    ids.push(id);
    times.push(data?.node.publishedAt ?? '');
  }
  const query = `query ($latitude: Float!, $longitude: Float!, $from: DateTime, $before: DateTime) {
    photosNear(
      latitude: $latitude, longitude: $longitude, radiusMeters: 50, publishedFrom: $from, publishedBefore: $before
    ) { nodes { id } } }`;
  const during = async (from?: string, before?: string) => {
    const { data } = await send<{ photosNear: { nodes: { id: string }[] } }>(url, query, { ...point, from, before });
    return data?.photosNear.nodes.map(({ id }) => id);
  };
  expect(await during()).toEqual([ids[2], ids[1], ids[0]]);
  expect(await during(times[1])).toEqual([ids[2], ids[1]]);
  expect(await during(undefined, times[1])).toEqual([ids[0]]);
  expect(await during(times[1], times[2])).toEqual([ids[1]]);
  expect(await during('2020-01-01T00:00:00Z', '2025-01-01T00:00:00Z')).toEqual([]);
});
