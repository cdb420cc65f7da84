import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attempt } from '../support/backstage.ts';
import { type OwnDarkroom, ownServers, startProcess, type TestProcess } from '../support/darkroom.ts';
import { newPerson } from '../support/people.ts';
import { createUpload, put, settled } from '../support/photos.ts';
import { gpsJpeg } from '../support/places.ts';
import { untilIdle } from '../support/rows.ts';
import { until } from '../support/until.ts';

let darkroom: OwnDarkroom;
let all: TestProcess;

beforeAll(async () => {
  darkroom = await ownServers();
  // PostgreSQL logs each statement with its values, and Darkroom logs at its most detailed level.
  await darkroom.stores.db.$executeRaw`alter system set log_statement = 'all'`;
  await darkroom.stores.db.$executeRaw`select pg_reload_conf()`;
  all = await startProcess(['api', 'worker'], { ...darkroom.env, LOG_LEVEL: 'trace' });
});

afterAll(async () => {
  await all.end('SIGTERM');
  await darkroom.stop();
});

test('a location reduced to a kilometre appears more exactly in no answer to others and in no log', async () => {
  const [person, other] = await Promise.all([newPerson(all.url), newPerson(all.url)]);
  const taken = { latitude: 48.8583701, longitude: 2.2944813 };
  const exactPoint = /48\.858|2\.2944/;
  const file = await gpsJpeg(taken);
  const upload = await createUpload(person, file);
  await put(upload, file);
  const answer = await person.send<{ node: { suggestedLocation: typeof taken } }>(
    'query ($id: ID!) { node(id: $id) { ... on Upload { suggestedLocation { latitude longitude } } } }',
    { id: upload.id },
  );
  const suggestion = answer.data?.node.suggestedLocation;
  // Otherwise the rest would search for a text that is nowhere.
  expect(JSON.stringify(suggestion)).toMatch(exactPoint);

  const publish = (location: object) =>
    attempt<{ photo: { id: string } | null }>(
      person,
      'publishPhoto',
      { uploadId: upload.id, caption: 'Up there', location },
      'photo { id }',
    );
  // Refused mutations must not leave the point in a log either.
  expect((await publish({ ...suggestion, placeName: 'x'.repeat(1_000) })).photo).toBeNull();
  await person.send(`mutation { publishPhoto(input: { location: { latitude: ${taken.latitude} } }) { nothing } }`);
  const { photo } = await publish({ ...suggestion, precision: 'KILOMETRE', placeName: 'A tower' });
  const id = photo?.id ?? '';
  expect(await settled(person, id)).toBe('READY');
  await untilIdle(darkroom.stores);

  const photos = 'edges { cursor distanceMeters node { id } } pageInfo { endCursor }';
  const location = 'location { latitude longitude precision place { id name latitude longitude precision } }';
  const answers = await Promise.all([
    other.send(`query ($id: ID!) { node(id: $id) { id ... on Photo { caption ${location} } } }`, { id }),
    other.send(`{ photosNear(latitude: 48.85, longitude: 2.29, radiusMeters: 5000) { ${photos} } }`),
    other.send('{ searchPlaces(text: "A tower") { id latitude longitude } }'),
    other.send('{ placesNear(latitude: 48.85, longitude: 2.29) { distanceMeters place { id latitude longitude } } }'),
  ]);
  for (const { data, errors } of answers) {
    expect(errors).toEqual([]);
    const text = JSON.stringify(data);
    expect(text.includes(id) || text.includes('"latitude":')).toBe(true);
    const cursors = Array.from(text.matchAll(/"\w*[cC]ursor":"([^"]+)"/g), ([, cursor = '']) =>
      Buffer.from(cursor, 'base64').toString('latin1'),
    );
    expect([text, ...cursors].join('\n')).not.toMatch(exactPoint);
  }

  const read = (name: string) => readFile(join(darkroom.dataDir, name), 'utf8');
  // PostgreSQL writes its log with a delay.
  const statements = await until(async () => {
    const text = await read('postgres.log');
    return text.includes('A tower') && text;
  });
  const logs = { darkroom: all.log(), postgres: statements, redis: await read('redis.log') };
  expect(logs.darkroom).toContain('processPhoto');
  for (const [name, text] of Object.entries(logs)) {
    expect([name, text.split('\n').filter((line) => exactPoint.test(line))]).toEqual([name, []]);
  }
});
