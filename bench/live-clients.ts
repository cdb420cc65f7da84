/**
 * Thousands of clients in one process. The benchmark controls it over HTTP, with `{ "action": …, "args": … }`. It does
 * as little as possible with each message: it records the time of its arrival.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { WebSocket } from 'ws';

/** The number of clients that connect concurrently. */
const CONNECTIONS_AT_ONCE = 200;
const TIMEOUT_MS = 120_000;

/** The clients of one server. */
interface Crowd {
  sockets: WebSocket[];
  expectation: Expectation | null;
  /** The number of clients that received an error or lost their connection, and how the first one failed. */
  failures: number;
  failure: string | null;
}

/** The messages that a crowd waits for. */
interface Expectation {
  marker: Buffer;
  /** The arrival time of each, in milliseconds since 1970. */
  times: Float64Array;
  count: number;
  perSocket: Uint32Array;
  sample: Buffer | null;
  wake(): void;
}

const crowds = new Map<string, Crowd>();

const actions = {
  /** Connects clients. With tokens, each initializes its connection as graphql-transport-ws requires. */
  async connect({ crowd: name, url, count, tokens }: { crowd: string; url: string; count: number; tokens?: string[] }) {
    const crowd: Crowd = { sockets: [], expectation: null, failures: 0, failure: null };
    crowds.set(name, crowd);
    while (crowd.sockets.length < count) {
      const from = crowd.sockets.length;
      const wave = Array.from({ length: Math.min(CONNECTIONS_AT_ONCE, count - from) }, (_, index) =>
        connect(url, tokens?.[from + index], (message) => receive(crowd, from + index, message)),
      );
      crowd.sockets.push(...(await Promise.all(wave)));
    }
    for (const socket of crowd.sockets) socket.on('close', (code) => fail(crowd, `the connection closed: ${code}`));
  },

  /** Subscribes each client, after completing its subscription with the id `instead`. */
  async subscribe({ crowd, id, query, instead }: { crowd: string; id: string; query: string; instead?: string }) {
    const text = JSON.stringify({ type: 'subscribe', id, payload: { query, variables: {} } });
    for (const socket of crowdOf(crowd).sockets) {
      if (instead !== undefined) socket.send(JSON.stringify({ type: 'complete', id: instead }));
      socket.send(text);
    }
  },

  /** Starts to record messages with `marker`. Each client should receive `times` of them. */
  async expect({ crowd: name, marker, times }: { crowd: string; marker: string; times: number }) {
    const crowd = crowdOf(name);
    const { length } = crowd.sockets;
    crowd.expectation = {
      marker: Buffer.from(marker),
      times: new Float64Array(length * times),
      count: 0,
      perSocket: new Uint32Array(length),
      sample: null,
      wake() {},
    };
  },

  /** The number of clients that have received at least one expected message. */
  async reached({ crowd }: { crowd: string }) {
    requireNoFailure(crowdOf(crowd));
    return expectationOf(crowd).perSocket.reduce((count, messages) => count + (messages > 0 ? 1 : 0), 0);
  },

  /** Waits until all expected messages have arrived. Times are in milliseconds since 1970. */
  async received({ crowd: name }: { crowd: string }) {
    const crowd = crowdOf(name);
    const watch = expectationOf(name);
    const { times, perSocket } = watch;
    await new Promise<void>((resolve, reject) => {
      const onTimeout = () => reject(new Error(`Only ${watch.count} of ${times.length} messages have arrived.`));
      const timer = setTimeout(onTimeout, TIMEOUT_MS);
      watch.wake = () => {
        if (watch.count < times.length && crowd.failures === 0) return;
        clearTimeout(timer);
        resolve();
      };
      watch.wake();
    });
    requireNoFailure(crowd);
    times.sort();
    const quantile = (part: number) => times[Math.floor((times.length - 1) * part)] ?? Number.NaN;
    return {
      first: quantile(0),
      median: quantile(0.5),
      last: quantile(1),
      /** The number of messages of the client that received the fewest, and of the one that received the most. */
      least: Math.min(...perSocket),
      most: Math.max(...perSocket),
      sample: String(watch.sample),
    };
  },

  async disconnect({ crowd }: { crowd: string }) {
    const { sockets } = crowdOf(crowd);
    crowds.delete(crowd);
    const closed = sockets.map((socket) => once(socket, 'close'));
    for (const socket of sockets) socket.close(1000);
    await Promise.all(closed);
  },
};

/** The actions of this process. */
export type Actions = typeof actions;

function crowdOf(name: string): Crowd {
  const crowd = crowds.get(name);
  if (!crowd) throw new Error(`There is no crowd ${name}.`);
  return crowd;
}

function expectationOf(name: string): Expectation {
  const { expectation } = crowdOf(name);
  if (!expectation) throw new Error(`Crowd ${name} expects nothing.`);
  return expectation;
}

function receive(crowd: Crowd, index: number, message: Buffer): void {
  const { expectation } = crowd;
  if (!expectation || message.indexOf(expectation.marker) < 0) {
    if (message.includes('"errors"') || message.includes('"type":"error"')) fail(crowd, String(message));
    return;
  }
  expectation.perSocket[index] = (expectation.perSocket[index] ?? 0) + 1;
  expectation.sample ??= message;
  if (expectation.count < expectation.times.length)
    expectation.times[expectation.count] = performance.timeOrigin + performance.now();
  expectation.count++;
  if (expectation.count === expectation.times.length) expectation.wake();
}

function fail(crowd: Crowd, reason: string): void {
  crowd.failures++;
  crowd.failure ??= reason;
  crowd.expectation?.wake();
}

/** @throws Error if a client received an error or lost its connection */
function requireNoFailure({ failures, failure }: Crowd): void {
  if (failure !== null) throw new Error(`${failures} clients failed, the first with ${failure}`);
}

async function connect(url: string, token: string | undefined, onMessage: (message: Buffer) => void) {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), token === undefined ? [] : 'graphql-transport-ws', {
    perMessageDeflate: false,
    handshakeTimeout: TIMEOUT_MS,
  });
  await once(socket, 'open');
  if (token !== undefined) {
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }));
    const [answer] = (await once(socket, 'message')) as [Buffer];
    if (!answer.includes('"connection_ack"')) throw new Error(`Expected connection_ack, received: ${answer}`);
  }
  socket.on('message', onMessage);
  return socket;
}

const server = createServer(async (request, response) => {
  try {
    const { action, args } = (await json(request)) as { action: keyof Actions; args: never };
    response.end(JSON.stringify((await actions[action](args)) ?? null));
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`);
});
process.on('SIGTERM', () => process.exit(0));
