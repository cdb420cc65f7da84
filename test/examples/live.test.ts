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

test('the example client survives restarts and kills of its server: no event is missing or duplicated', async () => {
  const url = inject('url');
  const [viewer, author] = await Promise.all([newPerson(url), newPerson(url)]);
  await viewer.follow(author);
  let api = await startProcess(['api'], inject('env'));
  const port = new URL(api.url).port;
  const client = new Darkroom(api.url);
  client.token = viewer.token;
  const captions: string[] = [];
  let isStarted = false;
  const stop = await client.subscribe<{ photo: { caption: string } }>(
    'homeFeed',
    'photo { caption }',
    ({ photo }) => captions.push(photo.caption),
    () => {
      if (isStarted) captions.push('gap');
      isStarted = true;
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

test('the example client logs why its subscription ended, and fails if it never starts', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => {});
  const client = new Darkroom(inject('url'));
  client.token = 'no session';
  await expect(client.subscribe('homeFeed', 'photo { id }', () => {})).rejects.toThrow('4403: Forbidden');
  expect(log).toHaveBeenCalledWith('The subscription homeFeed is over. 4403: Forbidden');
});

/** A subscription at the stand-in server. */
interface StandInSubscription {
  connection: number;
  variables: { after: string | null };
  socket: WebSocket;
  send(type: 'next' | 'error' | 'complete', payload?: unknown): void;
  deliver(cursor: string, isGap?: boolean): void;
}

/**
 * Starts a server that can end connections and subscriptions in ways that are rare with Darkroom.
 *
 * @returns its URL, and its subscriptions in the order of their arrival
 */
async function startStandIn({ answersPings = true } = {}) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  const subscriptions: StandInSubscription[] = [];
  let connections = 0;
  server.on('connection', (socket) => {
    const connection = ++connections;
    socket.on('message', (message) => {
      const { type, id, payload } = JSON.parse(String(message));
      const sendMessage = (answer: object) => socket.send(JSON.stringify(answer));
      if (type === 'connection_init') sendMessage({ type: 'connection_ack' });
      else if (type === 'ping' && answersPings) sendMessage({ type: 'pong' });
      else if (type === 'subscribe') {
        const send: StandInSubscription['send'] = (kind, content) => sendMessage({ type: kind, id, payload: content });
        const deliver: StandInSubscription['deliver'] = (cursor, isGap = false) =>
          send('next', { data: { feed: { cursor, isGap, value: isGap ? null : cursor } } });
        subscriptions.push({ connection, variables: payload.variables, socket, send, deliver });
      }
    });
  });
  const { port } = server.address() as AddressInfo;
  let taken = 0;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    connections: () => connections,
    async next(): Promise<StandInSubscription> {
      const next = await until(async () => subscriptions[taken]);
      taken++;
      return next;
    },
  };
}

/** Subscribes to the stand-in. @returns what the client has received: values, gaps as 'gap' and the end as 'over: …' */
function subscribeTo(url: string, pingMs?: number) {
  const received: string[] = [];
  const stop = subscribe<{ feed: { value: string } }>(
    connect(url, () => 'a token', pingMs),
    'subscription …',
    {
      onData: ({ feed }) => received.push(feed.value),
      onGap: () => received.push('gap'),
      onEnd: (reason) => received.push(`over: ${reason?.message}`),
    },
  );
  onTestFinished(stop);
  return { received, stop };
}

/** Records the delays before the client's retries, in milliseconds. */
function recordDelays(): () => number[] {
  const spy = vi.spyOn(globalThis, 'setTimeout');
  return () => spy.mock.calls.filter(([handler]) => handler.name === 'attempt').map(([, ms]) => ms ?? 0);
}

test('a subscription that ends with RESUME resumes at once with its cursor, over the same connection', async () => {
  const delays = recordDelays();
  const server = await startStandIn();
  const { received } = subscribeTo(server.url);
  const first = await server.next();
  first.deliver('a');
  first.send('next', { errors: [{ message: 'Too slow.', extensions: { code: 'RESUME' } }] });
  first.send('complete');
  const second = await server.next();
  second.deliver('b');
  second.send('error', [{ message: 'The position is lost.', extensions: { code: 'RESUME' } }]);
  const third = await server.next();
  third.deliver('c');
  await until(async () => received.includes('c'));
  expect(received).toEqual(['a', 'b', 'c']);
  expect([first, second, third].map(({ connection, variables }) => [connection, variables.after])).toEqual([
    [1, null],
    [1, 'a'],
    [1, 'b'],
  ]);
  expect(delays()).toEqual([0, 0]);
});

test('after "try again later" the client retries, with delays that grow until an event is delivered', async () => {
  const delays = recordDelays();
  const server = await startStandIn();
  const { received } = subscribeTo(server.url);
  const first = await server.next();
  first.deliver('a');
  first.socket.close(1013, 'Try again later');
  for (const code of [1013, 4500, 1011]) {
    const again = await server.next();
    expect(again.variables.after).toBe('a');
    again.socket.close(code);
  }
  const stable = await server.next();
  stable.deliver('b');
  stable.socket.close(1013);
  (await server.next()).deliver('c');
  await until(async () => received.includes('c'));
  expect(received).toEqual(['a', 'b', 'c']);
  for (const [index, longest] of [500, 1_000, 2_000, 4_000, 500].entries()) {
    expect(delays()[index]).toBeGreaterThanOrEqual(longest / 2);
    expect(delays()[index]).toBeLessThanOrEqual(longest);
  }
});

test('the client reconnects at once when the server restarts, and with a delay after an internal error', async () => {
  const delays = recordDelays();
  const server = await startStandIn();
  subscribeTo(server.url);
  (await server.next()).socket.close(1012, 'Come again, with "after"');
  const second = await server.next();
  second.send('next', { data: null, errors: [{ message: 'Something failed.', extensions: { code: 'INTERNAL' } }] });
  await server.next();
  expect(delays()).toEqual([0, expect.any(Number)]);
  expect(delays()[1]).toBeGreaterThanOrEqual(250);
});

test('a client that reconnects before its first event starts anew, which is a gap', async () => {
  const server = await startStandIn();
  const { received } = subscribeTo(server.url);
  (await server.next()).socket.terminate();
  const second = await server.next();
  expect(second.variables.after).toBe(null);
  second.deliver('a', true);
  second.deliver('b');
  await until(async () => received.includes('b'));
  expect(received).toEqual(['gap', 'b']);
});

test('the client leaves a server that does not answer pings', async () => {
  const server = await startStandIn({ answersPings: false });
  const { received } = subscribeTo(server.url, 50);
  (await server.next()).deliver('a');
  const second = await server.next();
  expect([second.connection, second.variables.after]).toEqual([2, 'a']);
  expect(received).toEqual(['a']);
});

test.each([
  [4403, 'The session has ended'],
  [4400, 'Bad request'],
])('the client gives up at close code %i and reports the reason', async (code, reason) => {
  const delays = recordDelays();
  const server = await startStandIn();
  const { received } = subscribeTo(server.url);
  (await server.next()).socket.close(code, reason);
  await until(async () => received.length > 0);
  expect(received).toEqual([`over: ${code}: ${reason}`]);
  expect([delays(), server.connections()]).toEqual([[], 1]);
});

test('the client gives up at permanent errors and when the server completes the subscription', async () => {
  const delays = recordDelays();
  const server = await startStandIn();
  const refused = subscribeTo(server.url);
  const errors = [{ message: 'No such person.', extensions: { code: 'NOT_FOUND' } }];
  (await server.next()).send('next', { errors });
  await until(async () => refused.received.length > 0);
  expect(refused.received).toEqual(['over: NOT_FOUND: No such person.']);

  const completed = subscribeTo(server.url);
  (await server.next()).send('complete');
  await until(async () => completed.received.length > 0);
  expect(completed.received).toEqual(['over: undefined']);

  const stopped = subscribeTo(server.url);
  const last = await server.next();
  stopped.stop();
  await once(last.socket, 'close');
  expect(stopped.received).toEqual([]);
  expect(delays()).toEqual([]);
});
