import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { WebSocket } from 'ws';

const TIMEOUT_MS = 20_000;

/** An answer as it came, to the letter. */
export interface Reply {
  status: number;
  headers: Headers;
  text: string;
}

/** Sends a body as it is. */
export async function post(url: string, body: string, headers: Record<string, string> = {}): Promise<Reply> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** A message of the graphql-ws protocol. */
export interface Message {
  type: string;
  id?: string;
  payload?: { message?: string; data?: unknown; errors?: unknown[] } & Record<string, unknown>;
}

/** A WebSocket connection on which the test itself speaks the protocol, rightly or wrongly. */
export interface RawSocket {
  socket: WebSocket;
  /** Sends messages, or text that is none; several arrive at the same moment. */
  say(...messages: (object | string)[]): void;
  /** The next message that has not been read; rejects when the connection is closed before. */
  hear(): Promise<Message>;
  /** The code with which the connection was closed. */
  closed: Promise<number>;
}

/** Connects, and says nothing yet. */
export async function openSocket(url: string): Promise<RawSocket> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), 'graphql-transport-ws', { handshakeTimeout: TIMEOUT_MS });
  const received: Message[] = [];
  let raw: Socket | undefined;
  socket.once('upgrade', (response) => {
    raw = response.socket;
  });
  let wake = () => {};
  socket.on('message', (text) => {
    received.push(JSON.parse(String(text)) as Message);
    wake();
  });
  const closed = new Promise<number>((resolve) => {
    socket.on('close', (code) => {
      resolve(code);
      wake();
    });
  });
  await once(socket, 'open');
  // A server that goes away while this one is being written to.
  socket.on('error', () => {});
  return {
    socket,
    say(...messages) {
      raw?.cork();
      for (const message of messages) socket.send(typeof message === 'string' ? message : JSON.stringify(message));
      raw?.uncork();
    },
    async hear() {
      for (;;) {
        const message = received.shift();
        if (message) return message;
        if (socket.readyState === WebSocket.CLOSED) throw new Error('The connection was closed.');
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    closed,
  };
}

/** Connects and says who it is. @param token none for nobody */
export async function greet(url: string, token?: string): Promise<RawSocket> {
  const raw = await openSocket(url);
  raw.say({ type: 'connection_init', payload: token === undefined ? {} : { authorization: `Bearer ${token}` } });
  const { type } = await raw.hear();
  if (type !== 'connection_ack') throw new Error(`The server said ${type} to a greeting.`);
  return raw;
}

/** Runs one query or mutation over a connection. @returns its result, or its errors under `errors` */
export async function ask(
  raw: RawSocket,
  query: string,
  variables: object = {},
): Promise<{ data?: unknown; errors?: { message: string; extensions: Record<string, unknown> }[] }> {
  const id = Math.random().toString(36).slice(2);
  raw.say({ type: 'subscribe', id, payload: { query, variables } });
  const message = await raw.hear();
  if (message.id !== id) throw new Error(`The server answered ${JSON.stringify(message)}.`);
  if (message.type === 'error') return { errors: message.payload as never };
  const complete = await raw.hear();
  if (complete.type !== 'complete') throw new Error(`The server went on with ${JSON.stringify(complete)}.`);
  return message.payload as never;
}

/** A bare connection to the port of an API, which stays open at this end until the test closes it. */
export async function openTcp(url: string): Promise<Socket> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  socket.on('error', () => {});
  return socket;
}

/** The request that asks a server to speak WebSocket. */
export function upgradeRequest(path: string): string {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: localhost',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Protocol: graphql-transport-ws',
    '',
    '',
  ].join('\r\n');
}
