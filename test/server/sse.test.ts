/** Server-sent events, read with the graphql-sse client, or by hand where the client would hide the details. */
import { createClient } from 'graphql-sse';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { sessionsChannel } from '../../src/stores/channel-names.ts';
import type { Stores } from '../../src/stores/stores.ts';
import { openBackstage } from '../support/backstage.ts';
import { startProcess } from '../support/darkroom.ts';
import { untilFannedOut } from '../support/feed.ts';
import { newPerson, type Person } from '../support/people.ts';
import { insertPhoto, rowId, untilListening } from '../support/rows.ts';
import { newAddress } from '../support/sessions.ts';
import { until } from '../support/until.ts';

const url = inject('url');
const env = inject('env');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores?.close());

const FEED =
  'subscription Feed($after: String) { homeFeed(after: $after) { cursor isGap photo { caption viewerHasLiked } } }';

/** Requests an event stream. @param at the API's address */
function ask(body: object | string, { person, at = url, headers = {} }: Asking = {}): Promise<Response> {
  return fetch(`${at}/stream`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      ...(person && { authorization: `Bearer ${person.token}` }),
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}
interface Asking {
  person?: Person | undefined;
  at?: string;
  headers?: Record<string, string>;
}

/** The text of a stream until it ends. */
async function readAll(response: Response): Promise<string> {
  return response.text();
}

/**
 * Subscribes to a person's home feed with the library's client, which reconnects by itself with the current variables.
 */
function follow(person: Person, at = url) {
  const captions: string[] = [];
  const variables: { after: string | null } = { after: null };
  const client = createClient({
    url: `${at}/stream`,
    headers: { authorization: `Bearer ${person.token}` },
    retryAttempts: 10_000,
    retry: () => new Promise((resolve) => setTimeout(resolve, 50)),
  });
  let how: unknown = null;
  client.subscribe<{ homeFeed: { cursor: string; isGap: boolean; photo: { caption: string } | null } }>(
    { query: FEED, variables: variables as Record<string, unknown> },
    {
      next({ data }) {
        if (!data) return;
        // The first event is a gap.
        if (variables.after !== null || data.homeFeed.photo) captions.push(data.homeFeed.photo?.caption ?? 'gap');
        variables.after = data.homeFeed.cursor;
      },
      error(error) {
        how = error;
      },
      complete() {
        how ??= 'complete';
      },
    },
  );
  return { captions, ended: () => how, close: () => client.dispose() };
}

test('photos arrive as server-sent events, and a client resumes after its server is killed or restarted', async () => {
  const [viewer, author] = await Promise.all([newPerson(url), newPerson(url)]);
  await viewer.follow(author);
  let api = await startProcess(['api'], env);
  const port = new URL(api.url).port;
  const feed = follow(viewer, api.url);
  await untilListening(stores, viewer);
  const share = (caption: string) => insertPhoto(stores, rowId(author.id), caption);
  await share('0');
  await until(async () => feed.captions.length === 1);
  const expected = ['0'];
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    await api.end(signal);
    await share(`while away after ${signal}`);
    await untilFannedOut(stores, [rowId(author.id)]);
    api = await startProcess(['api'], { ...env, PORT: port });
    await share(`back after ${signal}`);
    expected.push(`while away after ${signal}`, `back after ${signal}`);
    await until(async () => feed.captions.length >= expected.length);
    expect(feed.captions).toEqual(expected);
  }
  expect(feed.ended()).toBe(null);
  feed.close();
  // The server frees streams without readers.
  await untilListening(stores, viewer, 0);
  await api.end('SIGTERM');
});

test('a stream ends with its session and says why, so that its client does not reconnect', async () => {
  const viewer = await newPerson(url);
  const response = await ask({ query: FEED }, { person: viewer });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  const said = readAll(response);
  await untilListening(stores, viewer);
  await viewer.send('mutation { logOut { userErrors { code } } }');
  expect(await said).toMatch(
    /event: next\ndata: \{"errors":\[\{[^\n]*"UNAUTHENTICATED"[^\n]*\n\nevent: complete\ndata:\n\n$/,
  );
});

test('a repeated signal that a session has ended is harmless', async () => {
  const api = await startProcess(['api'], env);
  const viewer = await newPerson(api.url);
  const said = readAll(await ask({ query: FEED }, { person: viewer, at: api.url }));
  await untilListening(stores, viewer);
  const id = rowId(viewer.id);
  const [session] = await stores.db.session.findMany({ where: { userId: id } });
  // As a repeated job does.
  const channel = sessionsChannel(id);
  await Promise.all(Array.from({ length: 5 }, () => stores.pubsub.publish(channel, String(session?.id))));
  expect((await said).match(/event: complete/g)).toHaveLength(1);
  expect(await readAll(await ask({ query: '{ __typename }' }, { at: api.url }))).toContain('"Query"');
  expect(await api.end('SIGTERM')).toBe(0);
});

test('queries and mutations are answered with one event', async () => {
  const person = await newPerson(url);
  expect(await readAll(await ask({ query: '{ me { user { id } } }' }, { person }))).toBe(
    `:\n\nevent: next\ndata: {"data":{"me":{"user":{"id":"${person.id}"}}}}\n\nevent: complete\ndata:\n\n`,
  );
  const input = { bio: 'over events' };
  const query = 'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { user { bio } } }';
  expect(await readAll(await ask({ query, variables: { input } }, { person }))).toContain('"bio":"over events"');
});

test('a query may be sent with GET, a mutation may not', async () => {
  const get = (query: string, variables = '{}') => {
    const search = new URLSearchParams({ query, variables });
    return fetch(`${url}/stream?${search}`, { headers: { accept: 'text/event-stream' } });
  };
  expect(await readAll(await get('query ($n: ID!) { node(id: $n) { id } }', '{"n":"VXNlcjo3"}'))).toContain(
    '"node":null',
  );
  const refused = await get('mutation { logOut { userErrors { code } } }');
  expect([refused.status, await refused.json()]).toMatchObject([
    405,
    { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] },
  ]);
  expect((await get('{ me { email } }', 'nonsense')).status).toBe(400);
});

test.for([
  ['no query', {}, 400],
  ['a query that is no text', { query: 7 }, 400],
  ['variables that are a list', { query: '{ __typename }', variables: [1] }, 400],
  ['variables that are text', { query: '{ __typename }', variables: 'x' }, 400],
  ['a name that is no text', { query: '{ __typename }', operationName: 1 }, 400],
  ['no JSON', '{', 400],
  ['10 MB', JSON.stringify({ query: '{ __typename }', variables: { x: 'x'.repeat(10_000_000) } }), 413],
] as const)('a request with %s is rejected', async ([, body, status]) => {
  // The server answers and closes while the oversized body is still being sent, so a client may miss the answer.
  const response = await until(() => ask(body).catch(() => null));
  expect(response.status).toBe(status);
  expect(await response.text()).not.toContain('    at ');
});

test('a request that does not accept event streams is rejected with a hint', async () => {
  const response = await ask({ query: '{ __typename }' }, { headers: { accept: 'application/json' } });
  expect([response.status, await response.text()]).toEqual([406, expect.stringContaining('text/event-stream')]);
});

test('an invalid operation is answered with an event, under the same limits as elsewhere', async () => {
  for (const [query, code] of [
    ['{', 'GRAPHQL_PARSE_FAILED'],
    ['{ nonsense }', 'GRAPHQL_VALIDATION_FAILED'],
    [`{ ${Array.from({ length: 60 }, (_, n) => `a${n}: __typename`).join(' ')} }`, 'GRAPHQL_VALIDATION_FAILED'],
    [FEED, 'UNAUTHENTICATED'],
    ['subscription { photo(id: "nonsense") { cursor } }', 'BAD_USER_INPUT'],
  ] as const) {
    const said = await readAll(await ask({ query }));
    expect(said).toMatch(/^:\n\nevent: next\ndata: \{"errors":/);
    expect(said).toContain(`"${code}"`);
    expect(said).toMatch(/event: complete\ndata:\n\n$/);
  }
});

test('a token without a session is rejected', async () => {
  const response = await ask({ query: FEED }, { headers: { authorization: 'Bearer nonsense' } });
  expect([response.status, await response.json()]).toMatchObject([
    401,
    { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] },
  ]);
});

test('other origins may send requests, as elsewhere', async () => {
  const response = await ask({ query: '{ __typename }' }, { headers: { origin: 'https://app.example.org' } });
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  await response.text();
});

test('streams are limited per person and per address, and closing one frees its slot', async () => {
  const api = await startProcess(['api'], { ...env, CONNECTIONS_PER_VIEWER: '2', CONNECTIONS_PER_ADDRESS: '3' });
  const [viewer, other] = await Promise.all([newPerson(url), newPerson(url)]);
  const address = newAddress();
  // Keep the responses: fetch closes the connection of a response that is garbage-collected.
  const held: Promise<Response>[] = [];
  const listen = (person: Person, from = address) => {
    const leave = new AbortController();
    const response = fetch(`${api.url}/stream`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        authorization: `Bearer ${person.token}`,
        'x-forwarded-for': from,
      },
      body: JSON.stringify({ query: FEED }),
      signal: leave.signal,
    });
    held.push(response);
    return { leave, status: response.then(({ status }) => status) };
  };
  const first = listen(viewer);
  expect([await first.status, await listen(viewer).status]).toEqual([200, 200]);
  // From another address too.
  expect(await listen(viewer, newAddress()).status).toBe(429);
  expect(await listen(other).status).toBe(200);
  expect(await listen(other).status).toBe(429);
  expect(await listen(other, newAddress()).status).toBe(200);
  first.leave.abort();
  await until(async () => (await listen(viewer).status) === 200);
  await api.end('SIGKILL');
});
