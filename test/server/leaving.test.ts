/** Work stops when nobody waits for it. The tests hold a statement in PostgreSQL, and the client leaves meanwhile. */
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { type Api, startApi } from '../../src/server/http.ts';
import { toGlobalId } from '../../src/stores/ids.ts';
import { openStores, type Stores } from '../../src/stores/stores.ts';
import { type OwnDarkroom, ownStores } from '../support/darkroom.ts';
import { databaseUrls, newPerson, type Person } from '../support/people.ts';
import { insertPhoto, rowId } from '../support/rows.ts';
import { until } from '../support/until.ts';
import { greet, post } from '../support/wire.ts';

let own: OwnDarkroom;
/** Those of the server, which runs in this process, so that its statements can be counted. */
let stores: Stores;
let api: Api;
let person: Person;
let photoIds: string[];
const statements: string[] = [];

beforeAll(async () => {
  own = await ownStores({ HOST: '127.0.0.1', PORT: '0' });
  stores = await openStores(loadConfig(own.env), pino({ level: 'silent' }), (sql) => statements.push(sql));
  api = await startApi(stores);
  databaseUrls.set(api.url, own.env.DATABASE_URL ?? '');
  person = await newPerson(api.url);
  const photos = [await insertPhoto(stores, rowId(person.id)), await insertPhoto(stores, rowId(person.id))];
  photoIds = photos.map(({ photoId }) => toGlobalId('Photo', photoId));
});
afterAll(async () => {
  await api?.stop();
  await stores?.close();
  await own?.stop();
});
beforeEach(async () => {
  await stores.redis.flushall();
  statements.length = 0;
});

const QUERY = `query ($name: String!) { user(username: $name) {
  photos(first: 5) { nodes { id comments(first: 3) { nodes { id text } } } } } }`;
const readsComments = () => statements.some((sql) => /from "?comments/i.test(sql));
const operation = (query = QUERY) => ({ query, variables: { name: person.username } });

/** Holds all statements that read photos while `meanwhile` runs, which is called when one of them waits. */
async function hold(start: () => void, meanwhile: () => Promise<void>): Promise<void> {
  await own.stores.db.$transaction(async (tx) => {
    await tx.$executeRaw`lock table photos in access exclusive mode`;
    start();
    await until(async () => (await waiting()) > 0);
    await meanwhile();
    // What has arrived before these requests has been noticed.
    for (let request = 0; request < 3; request++) await post(api.url, JSON.stringify({ query: '{ __typename }' }));
  });
  // As many steps as those of `QUERY`, so whoever was before has got as far.
  await request('', 'application/json', QUERY.replace('comments', 'likers').replace('text', 'username'), null);
}

/** How many statements wait for a lock in this test's database. */
async function waiting(): Promise<number> {
  const [row] = await own.stores.db.$queryRaw<[{ count: bigint }]>`
    select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  return Number(row.count);
}

/** The ways to send an operation, and to leave before its result. */
const TRANSPORTS: Record<string, (query: string) => Promise<{ send(): void; leave(): void }>> = {
  async 'a request'(query) {
    const leaving = new AbortController();
    return {
      send: () => void request('', 'application/json', query, leaving.signal),
      leave: () => leaving.abort(),
    };
  },
  async 'a stream'(query) {
    const leaving = new AbortController();
    return {
      send: () => void request('/stream', 'text/event-stream', query, leaving.signal),
      leave: () => leaving.abort(),
    };
  },
  async 'a socket'(query) {
    const socket = await greet(api.url, person.token);
    return {
      send: () => socket.say({ type: 'subscribe', id: '1', payload: operation(query) }),
      leave: () => socket.socket.terminate(),
    };
  },
  async 'an operation over a socket'(query) {
    const socket = await greet(api.url, person.token);
    return {
      send: () => socket.say({ type: 'subscribe', id: '1', payload: operation(query) }),
      leave: () => socket.say({ type: 'complete', id: '1' }),
    };
  },
};

async function request(path: string, accept: string, query: string, signal: AbortSignal | null): Promise<unknown> {
  try {
    const response = await fetch(api.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept, authorization: `Bearer ${person.token}` },
      body: JSON.stringify(operation(query)),
      signal,
    });
    return await response.json();
  } catch (error) {
    return error;
  }
}

test.for(Object.keys(TRANSPORTS))('a client that leaves %s stops its work', async (name) => {
  const { send, leave } = (await TRANSPORTS[name]?.(QUERY)) ?? expect.unreachable();
  await hold(send, async () => leave());
  expect(readsComments()).toBe(false);
});

test('another client that waits for the same gets its answer', async () => {
  const leaving = new AbortController();
  let answer: Promise<unknown> | undefined;
  await hold(
    () => {
      void request('', 'application/json', QUERY, leaving.signal);
      answer = request('', 'application/json', QUERY, null);
    },
    async () => {
      await until(async () => (await waiting()) > 0);
      leaving.abort();
    },
  );
  expect(await answer).toMatchObject({ data: { user: { photos: { nodes: photoIds.map(() => ({})) } } } });
  expect(readsComments()).toBe(true);
});

test.for(Object.keys(TRANSPORTS))('a mutation whose client leaves %s is carried out in full', async (name) => {
  await own.stores.db.$executeRaw`delete from likes`;
  const fields = photoIds.map((id, index) => `a${index}: likePhoto(input: { photoId: "${id}" }) { __typename }`);
  const { send, leave } = (await TRANSPORTS[name]?.(`mutation { ${fields.join(' ')} }`)) ?? expect.unreachable();
  await hold(send, async () => leave());
  await until(async () => {
    const [row] = await own.stores.db.$queryRaw<[{ count: bigint }]>`select count(*) from likes`;
    return Number(row.count) === photoIds.length;
  });
});
