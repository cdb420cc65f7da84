/**
 * The attacker of `bench -- hostile`: 8 connections at full speed, in a process of its own. It begins when it is sent
 * an `Order`, and ends at the next message, with the number of answers of each kind.
 */
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { ATTACKS, type Attack, type AttackRequest, type Prey } from './hostile-attacks.ts';
import { lowerPriority } from './priority.ts';

/** What to attack, and which of `ATTACKS` to use. */
export interface Order {
  url: string;
  prey: Prey;
  attack: number;
}

const CONNECTIONS = 8;
/** Messages that a socket holds back before the attacker waits for it. */
const MAX_BUFFERED_BYTES = 1_000_000;

// An attacker has a machine of their own.
lowerPriority();

const answers: Record<string, number> = {};
let isOver = false;
let sent = 0;

function count(answer: string | number): void {
  answers[answer] = (answers[answer] ?? 0) + 1;
}

/** Sends one request. Resolves when its answer has been read. */
function send(url: string, authorization: object, agent: Agent, { body, headers, path, leaves }: AttackRequest) {
  return new Promise<void>((resolve) => {
    const fail = (error: NodeJS.ErrnoException) => {
      if (!leaves) count(error.code ?? error.message);
      resolve();
    };
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const outgoing = request(
      url + (path ?? ''),
      { method: 'POST', agent, headers: { 'content-type': 'application/json', ...authorization, ...headers } },
      (response) => {
        count(response.statusCode ?? 0);
        response.resume();
        response.once('error', fail);
        response.once('close', resolve);
      },
    );
    outgoing.once('error', fail);
    outgoing.end(text, () => {
      if (!leaves) return;
      count('hung up');
      outgoing.destroy();
    });
  });
}

async function attackOverHttp({ url, prey }: Order, { isAnonymous, next }: Attack & { over: 'http' }): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const authorization = isAnonymous ? {} : { authorization: `Bearer ${prey.token}` };
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (!isOver) await send(url, authorization, agent, next(sent++, prey));
    }),
  );
}

async function attackOverWebSocket({ url, prey }: Order, attack: Attack & { over: 'websocket' }): Promise<void> {
  const payload = attack.isAnonymous ? {} : { authorization: `Bearer ${prey.token}` };
  const connectAndFlood = async () => {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), 'graphql-transport-ws');
    socket.on('error', (error: NodeJS.ErrnoException) => count(error.message));
    const closed = new Promise<void>((resolve) => {
      socket.once('close', (code) => {
        count(`closed ${code}`);
        resolve();
      });
    });
    const until = (event: string) => Promise.race([new Promise((resolve) => socket.once(event, resolve)), closed]);
    await until('open');
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(JSON.stringify({ type: 'connection_init', payload }));
    await until('message');
    socket.on('message', () => count('message'));
    // Each connection numbers its own messages, for those that refer to the one before.
    for (let index = 0; socket.readyState === WebSocket.OPEN && !isOver; index++, sent++) {
      const message = attack.next(index, prey);
      if (message === 'ping') socket.ping();
      else if (message === 'pong') socket.pong();
      else socket.send(JSON.stringify(message));
      if (index % 50 === 0) await nextTurn();
      while (socket.bufferedAmount > MAX_BUFFERED_BYTES && socket.readyState === WebSocket.OPEN) await nextTurn();
    }
    socket.terminate();
  };
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (!isOver) await connectAndFlood();
    }),
  );
}

/** Sends over bare connections whatever fits. A connection that the server closes is replaced. */
async function attackOverTcp({ url }: Order, { first, again }: Attack & { over: 'tcp' }): Promise<void> {
  const { hostname, port } = new URL(url);
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (!isOver) {
        const socket = connect(Number(port), hostname);
        const closed = new Promise((resolve) => socket.once('close', resolve));
        socket.on('error', (error: NodeJS.ErrnoException) => count(error.code ?? error.message));
        socket.resume();
        socket.write(first);
        while (!isOver && !socket.destroyed) {
          sent++;
          const isTaken = new Promise((resolve) => socket.write(again, resolve));
          await Promise.race([isTaken, closed]);
        }
        socket.destroy();
        count('closed');
      }
    }),
  );
}

process.once('message', async (order: Order) => {
  process.once('message', () => {
    isOver = true;
    process.send?.({ sent, answers }, () => process.exit());
  });
  const attack = ATTACKS[order.attack];
  if (attack?.over === 'http') await attackOverHttp(order, attack);
  if (attack?.over === 'websocket') await attackOverWebSocket(order, attack);
  if (attack?.over === 'tcp') await attackOverTcp(order, attack);
});
// The attacker must not outlive the benchmark. Requests that wait for their answer are given up.
process.on('disconnect', () => process.exit());
