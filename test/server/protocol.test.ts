/**
 * The graphql-ws protocol to the letter, spoken by hand: every close code, the answers to unexpected messages, and
 * our limits on top. https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
 */
import { once } from 'node:events';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Stores } from '../../src/stores/stores.ts';
import { openBackstage } from '../support/backstage.ts';
import { startProcess } from '../support/darkroom.ts';
import { newPerson } from '../support/people.ts';
import { insertPhoto, rowId, untilListening } from '../support/rows.ts';
import { newAddress } from '../support/sessions.ts';
import { until } from '../support/until.ts';
import { ask, greet, openSocket, openTcp, upgradeRequest } from '../support/wire.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores?.close());

const FEED = { query: 'subscription { homeFeed { cursor isGap photo { caption } } }' };
const init = { type: 'connection_init' };
const subscribe = (id: string, payload: object = { query: '{ __typename }' }) => ({ type: 'subscribe', id, payload });

test.for([
  ['nonsense', 'Bearer nonsense'],
  ['an object', { token: 1 }],
  ['a token without a scheme', 'nonsense'],
  ['a scheme without a token', 'Bearer '],
] as const)('a connection with %s as authorization is closed as forbidden', async ([, authorization]) => {
  const socket = await openSocket(url);
  socket.say({ type: 'connection_init', payload: { authorization } });
  expect(await socket.closed).toBe(4403);
});

test.for([
  ['subscribes before connection_init', [subscribe('1')], 4401],
  ['subscribes before connection_ack', [init, subscribe('1')], 4401],
  ['sends connection_init twice', [init, init], 4429],
  ['sends malformed JSON', ['{'], 4400],
  ['sends an empty message', [''], 4400],
  ['sends a list', ['[]'], 4400],
  ['sends null', ['null'], 4400],
  ['sends an unknown type', [{ type: 'nonsense' }], 4400],
  ['sends messages that only servers send', [{ type: 'connection_ack' }, { type: 'next', id: '1', payload: {} }], 4400],
  ['sends connection_init with a payload that is no object', [{ type: 'connection_init', payload: 'me' }], 4400],
  ['pings with a payload that is no object', [{ type: 'ping', payload: 7 }], 4400],
  ['subscribes without an id', [init, { type: 'subscribe', payload: { query: '{ __typename }' } }], 4400],
  ['subscribes with an empty id', [init, subscribe('')], 4400],
  ['subscribes with a number as id', [init, { ...subscribe('1'), id: 1 }], 4400],
  ['subscribes without a query', [init, subscribe('1', {})], 4400],
  ['subscribes with text as variables', [init, subscribe('1', { query: '{ __typename }', variables: 'x' })], 4400],
  ['completes without an id', [init, { type: 'complete' }], 4400],
  ['sends 10 MB at once', ['x'.repeat(10_000_000)], 1009],
  ['sends more than 256 KB at once', [JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(256 * 1024) } })], 1009],
] as const)('a connection that %s is closed by the protocol', async ([, messages, code]) => {
  const socket = await openSocket(url);
  socket.say(...messages);
  expect(await socket.closed).toBe(code);
});

test('a connection without connection_init is closed', async () => {
  expect(await (await openSocket(url)).closed).toBe(4408);
});

test('a binary frame is rejected, even if it contains a valid message', async () => {
  const socket = await openSocket(url);
  socket.socket.send(Buffer.from(JSON.stringify(init)));
  expect(await socket.closed).toBe(4400);
});

test('an id in use is rejected; after its operation completes it can be reused', async () => {
  const person = await newPerson(url);
  const socket = await greet(url, person.token);
  for (let round = 0; round < 2; round++) {
    socket.say(subscribe('same'));
    expect((await socket.hear()).type).toBe('next');
    expect(await socket.hear()).toEqual({ type: 'complete', id: 'same' });
  }
  socket.say(subscribe('same', FEED));
  socket.say(subscribe('same', FEED));
  expect(await socket.closed).toBe(4409);
});

test.for([
  ['no subprotocol', []],
  ['that of another library', ['graphql-ws']],
] as const)('a connection that names %s is closed, and serves nothing', async ([, protocols]) => {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), [...protocols]);
  // With an unknown subprotocol, the client itself already fails.
  const code = await new Promise((resolve) => {
    socket.on('error', () => resolve('refused'));
    socket.on('close', resolve);
  });
  expect(['refused', 4406]).toContain(code);
});

test('a ping is answered with its payload at any time, and a pong is not answered', async () => {
  const socket = await openSocket(url);
  socket.say({ type: 'ping', payload: { before: 'the greeting' } });
  expect(await socket.hear()).toEqual({ type: 'pong', payload: { before: 'the greeting' } });
  socket.say({ type: 'pong' });
  socket.say({ type: 'ping' });
  expect(await socket.hear()).toEqual({ type: 'pong' });
  socket.socket.close();
});

test('completing an unknown operation has no effect', async () => {
  const socket = await greet(url);
  socket.say({ type: 'complete', id: 'unheard of' });
  expect(await ask(socket, '{ __typename }')).toEqual({ data: { __typename: 'Query' } });
  socket.socket.close();
});

test('an operation that the client completes sends nothing more, and the server frees it', async () => {
  const [viewer, author] = await Promise.all([newPerson(url), newPerson(url)]);
  await viewer.follow(author);
  const socket = await greet(url, viewer.token);
  socket.say(subscribe('1', FEED));
  // Wait for the first event, a gap.
  expect(await socket.hear()).toMatchObject({ type: 'next', payload: { data: { homeFeed: { isGap: true } } } });
  socket.say({ type: 'complete', id: '1' });
  await untilListening(stores, viewer, 0);
  await insertPhoto(stores, rowId(author.id), 'unheard');
  expect(await ask(socket, '{ __typename }')).toEqual({ data: { __typename: 'Query' } });
  socket.socket.close();
});

test('an invalid document gets an error message; then its id is free and the connection stays open', async () => {
  const socket = await greet(url);
  for (const query of ['{', '{ nonsense }', `{ ${'a'.repeat(3)} ${'{ a '.repeat(4_000)}`]) {
    socket.say(subscribe('1', { query }));
    expect(await socket.hear()).toMatchObject({
      type: 'error',
      id: '1',
      payload: [{ extensions: { code: /GRAPHQL/ } }],
    });
  }
  expect(await ask(socket, '{ __typename }')).toEqual({ data: { __typename: 'Query' } });
  socket.socket.close();
});

test('of 1,000 subscriptions over one connection 100 run, and the others get an error with the reason', async () => {
  const person = await newPerson(url);
  const socket = await greet(url, person.token);
  for (let id = 1; id <= 1_000; id++) socket.say(subscribe(String(id), FEED));
  const begun = new Set<string | undefined>();
  for (let id = 101; id <= 1_000; ) {
    const message = await socket.hear();
    if (message.type === 'next') {
      begun.add(message.id);
      continue;
    }
    const payload = [{ message: expect.stringContaining('100'), extensions: { code: 'BAD_USER_INPUT' } }];
    expect(message).toMatchObject({ type: 'error', id: String(id), payload });
    id++;
  }
  while (begun.size < 100) begun.add((await socket.hear()).id);
  socket.say({ type: 'complete', id: '1' });
  expect(await ask(socket, '{ me { user { id } } }')).toEqual({ data: { me: { user: { id: person.id } } } });
  // All hundred share one channel, and leave it together.
  await untilListening(stores, person);
  socket.socket.close();
  await untilListening(stores, person, 0);
});

test('the operations of one connection may be as long together as one message', async () => {
  const { token } = await newPerson(url);
  const socket = await greet(url, token);
  const long = (id: string) => subscribe(id, { ...FEED, variables: { unused: 'x'.repeat(100_000) } });
  for (const id of ['1', '2', '3']) socket.say(long(id));
  const answers = [await socket.hear(), await socket.hear(), await socket.hear()];
  // The first events of two subscriptions come in any order.
  expect(new Set(answers.filter(({ type }) => type === 'next').map(({ id }) => id))).toEqual(new Set(['1', '2']));
  const payload = [{ message: expect.stringContaining('262144 characters'), extensions: { code: 'BAD_USER_INPUT' } }];
  expect(answers.find(({ type }) => type === 'error')).toMatchObject({ id: '3', payload });
  socket.say({ type: 'complete', id: '1' }, long('4'));
  expect(await socket.hear()).toMatchObject({ type: 'next', id: '4' });
  socket.socket.close();
});

test('an operation whose id is very long is refused', async () => {
  const socket = await greet(url);
  socket.say(subscribe('x'.repeat(129), FEED));
  expect(await socket.closed).toBe(4400);
});

test('a client that exceeds the message rate is disconnected', async () => {
  const socket = await greet(url);
  for (let sent = 0; sent < 3_000; sent++) socket.say({ type: 'ping' });
  expect(await socket.closed).toBe(1008);
});

test('a client that answers no ping is cut off', async () => {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), 'graphql-transport-ws', { autoPong: false });
  await once(socket, 'open');
  socket.send(JSON.stringify(init));
  const [code] = (await once(socket, 'close')) as [number];
  expect(code).toBe(1006);
});

test('connections are limited per person and per address, and closing one frees its slot', async () => {
  const limits = { CONNECTIONS_PER_VIEWER: '2', CONNECTIONS_PER_ADDRESS: '3' };
  const api = await startProcess(['api'], { ...inject('env'), ...limits });
  const [viewer, other] = await Promise.all([newPerson(url), newPerson(url)]);
  const address = newAddress();
  const connect = async (token: string, from = address) => {
    const socket = new WebSocket(api.url.replace(/^http/, 'ws'), 'graphql-transport-ws', {
      headers: { 'x-forwarded-for': from },
    });
    const status = await new Promise<number>((resolve) => {
      socket.on('open', () => resolve(101));
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
    });
    if (status !== 101) return { socket, came: status };
    const came = new Promise((resolve) => {
      socket.once('message', (text) => resolve((JSON.parse(String(text)) as { type: string }).type));
      socket.once('close', resolve);
    });
    socket.send(JSON.stringify({ ...init, payload: { authorization: `Bearer ${token}` } }));
    return { socket, came: await came };
  };
  const first = await connect(viewer.token);
  expect([first.came, (await connect(viewer.token)).came]).toEqual(['connection_ack', 'connection_ack']);
  // From another address too: try again later.
  expect((await connect(viewer.token, newAddress())).came).toBe(1013);
  expect((await connect(other.token)).came).toBe('connection_ack');
  expect((await connect(other.token)).came).toBe(429);
  expect((await connect(other.token, newAddress())).came).toBe('connection_ack');
  first.socket.close();
  await until(async () => (await connect(viewer.token)).came === 'connection_ack');
  await api.end('SIGKILL');
});

test('a failed upgrade takes no slot', async () => {
  const api = await startProcess(['api'], { ...inject('env'), CONNECTIONS_PER_ADDRESS: '1' });
  for (let attempt = 0; attempt < 3; attempt++) {
    const socket = await openTcp(api.url);
    socket.write(upgradeRequest('/graphql').replace('Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 1'));
    const [head] = (await once(socket, 'data')) as [Buffer];
    expect(String(head)).toMatch(/^HTTP\/1\.1 (400|426) /);
    socket.destroy();
  }
  const socket = await until(() => greet(api.url).catch(() => null));
  socket.socket.close();
  await api.end('SIGKILL');
});
