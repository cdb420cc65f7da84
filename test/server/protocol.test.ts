/**
 * The graphql-ws protocol to the letter, spoken by hand: each code with which it closes a connection, what it answers to what it does not
 * expect, and the limits that come on top. https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
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
  ['no text', { token: 1 }],
  ['a token without its word', 'nonsense'],
  ['a word without its token', 'Bearer '],
] as const)('a connection that says it is %s is closed as forbidden', async ([, authorization]) => {
  const socket = await openSocket(url);
  socket.say({ type: 'connection_init', payload: { authorization } });
  expect(await socket.closed).toBe(4403);
});

test.for([
  ['asks before it greets', [subscribe('1')], 4401],
  ['asks before its greeting is acknowledged', [init, subscribe('1')], 4401],
  ['greets twice', [init, init], 4429],
  ['says what is no JSON', ['{'], 4400],
  ['says nothing', [''], 4400],
  ['says a list', ['[]'], 4400],
  ['says null', ['null'], 4400],
  ['says what is no message', [{ type: 'nonsense' }], 4400],
  ['says what only a server says', [{ type: 'connection_ack' }, { type: 'next', id: '1', payload: {} }], 4400],
  ['greets with what is no object', [{ type: 'connection_init', payload: 'me' }], 4400],
  ['pings with what is no object', [{ type: 'ping', payload: 7 }], 4400],
  ['asks without an id', [init, { type: 'subscribe', payload: { query: '{ __typename }' } }], 4400],
  ['asks with an empty id', [init, subscribe('')], 4400],
  ['asks with a number as id', [init, { ...subscribe('1'), id: 1 }], 4400],
  ['asks for nothing', [init, subscribe('1', {})], 4400],
  ['asks with variables that are text', [init, subscribe('1', { query: '{ __typename }', variables: 'x' })], 4400],
  ['completes without an id', [init, { type: 'complete' }], 4400],
  ['says 10 MB at once', ['x'.repeat(10_000_000)], 1009],
  ['says more than 256 KB at once', [JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(256 * 1024) } })], 1009],
] as const)('a connection that %s is closed by the protocol', async ([, messages, code]) => {
  const socket = await openSocket(url);
  socket.say(...messages);
  expect(await socket.closed).toBe(code);
});

test('a connection that does not greet is closed', async () => {
  expect(await (await openSocket(url)).closed).toBe(4408);
});

test('what is binary is refused, also when it would be a message', async () => {
  const socket = await openSocket(url);
  socket.socket.send(Buffer.from(JSON.stringify(init)));
  expect(await socket.closed).toBe(4400);
});

test('two operations of the same id at the same time are refused, one after the other are not', async () => {
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
  // One that was named and is not accepted fails at the client already.
  const code = await new Promise((resolve) => {
    socket.on('error', () => resolve('refused'));
    socket.on('close', resolve);
  });
  expect(['refused', 4406]).toContain(code);
});

test('a ping is answered with what it held, at any time, and a pong is not answered', async () => {
  const socket = await openSocket(url);
  socket.say({ type: 'ping', payload: { before: 'the greeting' } });
  expect(await socket.hear()).toEqual({ type: 'pong', payload: { before: 'the greeting' } });
  socket.say({ type: 'pong' });
  socket.say({ type: 'ping' });
  expect(await socket.hear()).toEqual({ type: 'pong' });
  socket.socket.close();
});

test('to complete what is not running changes nothing', async () => {
  const socket = await greet(url);
  socket.say({ type: 'complete', id: 'unheard of' });
  expect(await ask(socket, '{ __typename }')).toEqual({ data: { __typename: 'Query' } });
  socket.socket.close();
});

test('what is completed by the client says nothing more, and the server lets go of it', async () => {
  const [viewer, author] = await Promise.all([newPerson(url), newPerson(url)]);
  await viewer.follow(author);
  const socket = await greet(url, viewer.token);
  socket.say(subscribe('1', FEED));
  // That it has begun.
  expect(await socket.hear()).toMatchObject({ type: 'next', payload: { data: { homeFeed: { isGap: true } } } });
  socket.say({ type: 'complete', id: '1' });
  await untilListening(stores, viewer, 0);
  await insertPhoto(stores, rowId(author.id), 'unheard');
  expect(await ask(socket, '{ __typename }')).toEqual({ data: { __typename: 'Query' } });
  socket.socket.close();
});

test('what is wrong with a document is told as an error, after which its id is free and the connection goes on', async () => {
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

test('of 1,000 subscriptions over one connection 100 run, and the others are told why not', async () => {
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
  // All hundred over one channel, and gone together.
  await untilListening(stores, person);
  socket.socket.close();
  await untilListening(stores, person, 0);
});

test('a client that says more than it should in a short time is closed', async () => {
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

test('of one person and one address only so many connections are open at a time, and a place becomes free again', async () => {
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
  // From elsewhere too: try again later.
  expect((await connect(viewer.token, newAddress())).came).toBe(1013);
  expect((await connect(other.token)).came).toBe('connection_ack');
  expect((await connect(other.token)).came).toBe(429);
  expect((await connect(other.token, newAddress())).came).toBe('connection_ack');
  first.socket.close();
  await until(async () => (await connect(viewer.token)).came === 'connection_ack');
  await api.end('SIGKILL');
});

test('an upgrade that is none keeps no place', async () => {
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
