import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, inject, onTestFinished, test, vi } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { Darkroom } from '../../examples/client.ts';
import { connect, subscribe } from '../../examples/live.ts';
import type { Stores } from '../../src/stores/stores.ts';
import { openBackstage } from '../support/backstage.ts';
import { startProcess } from '../support/darkroom.ts';
import { untilFannedOut } from '../support/feed.ts';
import { newPerson } from '../support/people.ts';
import { insertPhoto, rowId, untilListening } from '../support/rows.ts';
import { until } from '../support/until.ts';

let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(() => stores?.close());

test('the example client goes on by itself when its server is restarted, and when it is killed: nothing is missing, nothing comes twice', async () => {
  const url = inject('url');
  const [viewer, author] = await Promise.all([newPerson(url), newPerson(url)]);
  await viewer.follow(author);
  let api = await startProcess(['api'], inject('env'));
  const port = new URL(api.url).port;
  const client = new Darkroom(api.url);
  client.token = viewer.token;
  const captions: string[] = [];
  let begun = false;
  const stop = await client.subscribe<{ photo: { caption: string } }>(
    'homeFeed',
    'photo { caption }',
    ({ photo }) => captions.push(photo.caption),
    () => {
      if (begun) captions.push('gap');
      begun = true;
    },
  );
  await untilListening(stores, viewer);
  const share = (caption: string) => insertPhoto(stores, rowId(author.id), caption);
  await share('0');
  await until(async () => captions.length === 1);
  const expected = ['0'];
  for (const [round, signal] of (['SIGTERM', 'SIGKILL', 'SIGTERM'] as const).entries()) {
    await api.end(signal);
    const away = `${round} while away`;
    await share(away);
    await untilFannedOut(stores, [rowId(author.id)]);
    api = await startProcess(['api'], { ...inject('env'), PORT: port });
    const back = `${round} back`;
    await share(back);
    expected.push(away, back);
    await until(async () => captions.length >= expected.length, 60);
    expect(captions).toEqual(expected);
  }
  stop();
  await api.end('SIGTERM');
}, 240_000);

test('the example client logs why its subscription is over, and fails when it never begins', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  const client = new Darkroom(inject('url'));
  client.token = 'no session';
  await expect(client.subscribe('homeFeed', 'photo { id }', () => {})).rejects.toThrow('4403: Forbidden');
  expect(log).toHaveBeenCalledWith('The subscription homeFeed is over. 4403: Forbidden');
});

/** A subscription as the stand-in server hears it. */
interface Heard {
  connection: number;
  variables: { after: string | null };
  socket: WebSocket;
  send(type: 'next' | 'error' | 'complete', payload?: unknown): void;
  tell(cursor: string, isGap?: boolean): void;
}

/** A server that does to its clients what Darkroom does seldom. @returns its address, and each subscription as it comes */
async function standIn({ answersPings = true } = {}) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  const heard: Heard[] = [];
  let connections = 0;
  server.on('connection', (socket) => {
    const connection = ++connections;
    socket.on('message', (message) => {
      const { type, id, payload } = JSON.parse(String(message));
      const say = (answer: object) => socket.send(JSON.stringify(answer));
      if (type === 'connection_init') say({ type: 'connection_ack' });
      else if (type === 'ping' && answersPings) say({ type: 'pong' });
      else if (type === 'subscribe') {
        const send: Heard['send'] = (kind, content) => say({ type: kind, id, payload: content });
        const tell: Heard['tell'] = (cursor, isGap = false) =>
          send('next', { data: { feed: { cursor, isGap, value: isGap ? null : cursor } } });
        heard.push({ connection, variables: payload.variables, socket, send, tell });
      }
    });
  });
  const { port } = server.address() as AddressInfo;
  let read = 0;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    connections: () => connections,
    async next(): Promise<Heard> {
      const next = await until(async () => heard[read]);
      read++;
      return next;
    },
  };
}

/** Follows the stand-in. @returns what it has told, gaps as 'gap' and the end as 'over: …' */
function followIt(url: string, pingMs?: number) {
  const told: string[] = [];
  const stop = subscribe<{ feed: { value: string } }>(
    connect(url, () => 'a token', pingMs),
    'subscription …',
    {
      onData: ({ feed }) => told.push(feed.value),
      onGap: () => told.push('gap'),
      onEnd: (why) => told.push(`over: ${why?.message}`),
    },
  );
  onTestFinished(stop);
  return { told, stop };
}

/** How long the follower has paused, in milliseconds, each time. */
function watchPauses(): () => number[] {
  const spy = vi.spyOn(globalThis, 'setTimeout');
  return () => spy.mock.calls.filter(([handler]) => handler.name === 'attempt').map(([, ms]) => ms ?? 0);
}

test('a subscription that ends with RESUME goes on at once with its cursor, over the same connection', async () => {
  const pauses = watchPauses();
  const server = await standIn();
  const { told } = followIt(server.url);
  const first = await server.next();
  first.tell('a');
  first.send('next', { errors: [{ message: 'Too slow.', extensions: { code: 'RESUME' } }] });
  first.send('complete');
  const second = await server.next();
  second.tell('b');
  second.send('error', [{ message: 'The place is lost.', extensions: { code: 'RESUME' } }]);
  const third = await server.next();
  third.tell('c');
  await until(async () => told.includes('c'));
  expect(told).toEqual(['a', 'b', 'c']);
  expect([first, second, third].map(({ connection, variables }) => [connection, variables.after])).toEqual([
    [1, null],
    [1, 'a'],
    [1, 'b'],
  ]);
  expect(pauses()).toEqual([0, 0]);
});

test('a server that says "try again later" is tried again, after pauses that grow until it tells something', async () => {
  const pauses = watchPauses();
  const server = await standIn();
  const { told } = followIt(server.url);
  const first = await server.next();
  first.tell('a');
  first.socket.close(1013, 'Try again later');
  for (const code of [1013, 4500, 1011]) {
    const again = await server.next();
    expect(again.variables.after).toBe('a');
    again.socket.close(code);
  }
  const sound = await server.next();
  sound.tell('b');
  sound.socket.close(1013);
  (await server.next()).tell('c');
  await until(async () => told.includes('c'));
  expect(told).toEqual(['a', 'b', 'c']);
  for (const [index, longest] of [500, 1_000, 2_000, 4_000, 500].entries()) {
    expect(pauses()[index]).toBeGreaterThanOrEqual(longest / 2);
    expect(pauses()[index]).toBeLessThanOrEqual(longest);
  }
});

test('a server that restarts is met again at once, and one that fails within, later', async () => {
  const pauses = watchPauses();
  const server = await standIn();
  followIt(server.url);
  (await server.next()).socket.close(1012, 'Come again, with "after"');
  const second = await server.next();
  second.send('next', { data: null, errors: [{ message: 'Something failed.', extensions: { code: 'INTERNAL' } }] });
  await server.next();
  expect(pauses()).toEqual([0, expect.any(Number)]);
  expect(pauses()[1]).toBeGreaterThanOrEqual(250);
});

test('who comes back before the first event begins anew, which is a gap', async () => {
  const server = await standIn();
  const { told } = followIt(server.url);
  (await server.next()).socket.terminate();
  const second = await server.next();
  expect(second.variables.after).toBe(null);
  second.tell('a', true);
  second.tell('b');
  await until(async () => told.includes('b'));
  expect(told).toEqual(['gap', 'b']);
});

test('a server that has gone silent is left', async () => {
  const server = await standIn({ answersPings: false });
  const { told } = followIt(server.url, 50);
  (await server.next()).tell('a');
  const second = await server.next();
  expect([second.connection, second.variables.after]).toEqual([2, 'a']);
  expect(told).toEqual(['a']);
});

test.each([
  [4403, 'The session has ended'],
  [4400, 'Bad request'],
])('it gives up at close code %i, and tells why', async (code, reason) => {
  const pauses = watchPauses();
  const server = await standIn();
  const { told } = followIt(server.url);
  (await server.next()).socket.close(code, reason);
  await until(async () => told.length > 0);
  expect(told).toEqual([`over: ${code}: ${reason}`]);
  expect([pauses(), server.connections()]).toEqual([[], 1]);
});

test('it gives up at errors that would come again, and when the server has completed it', async () => {
  const pauses = watchPauses();
  const server = await standIn();
  const refused = followIt(server.url);
  const errors = [{ message: 'No such person.', extensions: { code: 'NOT_FOUND' } }];
  (await server.next()).send('next', { errors });
  await until(async () => refused.told.length > 0);
  expect(refused.told).toEqual(['over: NOT_FOUND: No such person.']);

  const completed = followIt(server.url);
  (await server.next()).send('complete');
  await until(async () => completed.told.length > 0);
  expect(completed.told).toEqual(['over: undefined']);

  const stopped = followIt(server.url);
  const last = await server.next();
  stopped.stop();
  await once(last.socket, 'close');
  expect(stopped.told).toEqual([]);
  expect(pauses()).toEqual([]);
});
