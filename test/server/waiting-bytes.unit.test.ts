import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { SOME_WAITING_BYTES } from '../../src/server/limits.ts';
import { countBodies, WaitingBytes } from '../../src/server/waiting-bytes.ts';

const sockets = (count: number) => Array.from({ length: count }, () => new PassThrough());

test('when clients leave too much unread, those are cut off for which most waits, the oldest first', () => {
  const unread = new WaitingBytes(100);
  const [small, old, large, other] = sockets(4) as [PassThrough, PassThrough, PassThrough, PassThrough];
  unread.add(small, 10);
  unread.add(old, 40);
  unread.add(large, 40);
  expect(old.destroyed).toBe(false);
  unread.add(other, 30);
  expect([small, old, large, other].map(({ destroyed }) => destroyed)).toEqual([false, true, false, false]);
});

test('what has been read does not count', () => {
  const unread = new WaitingBytes(100);
  const [one, other] = sockets(2) as [PassThrough, PassThrough];
  for (let answer = 0; answer < 10; answer++) {
    const isRead = unread.add(one, 60);
    isRead();
    isRead();
  }
  unread.add(other, 100);
  expect([one, other].map(({ destroyed }) => destroyed)).toEqual([false, false]);
});

test('an answer that is larger than all may be is cut off', () => {
  const [socket] = sockets(1) as [PassThrough];
  new WaitingBytes(100).add(socket, 101);
  expect(socket.destroyed).toBe(true);
});

test('when clients finish too few bodies, those are cut off that announce most, and others are answered', async () => {
  const app = Fastify();
  countBodies(app, new WaitingBytes(3 * SOME_WAITING_BYTES));
  app.post('/', async ({ body }) => body);
  const url = new URL(await app.listen({ port: 0, host: '127.0.0.1' }));
  const begin = async (header: string): Promise<Socket> => {
    const socket = connect(Number(url.port), url.hostname);
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${header}\r\n\r\n`);
    await once(socket, 'connect');
    return socket;
  };
  const kept = await begin(`Content-Length: ${SOME_WAITING_BYTES}`);
  const large = await begin(`Content-Length: ${2 * SOME_WAITING_BYTES}`);
  const cutOff = once(large, 'close');
  const body = JSON.stringify('x'.repeat(SOME_WAITING_BYTES));
  const headers = { 'content-type': 'application/json' };
  for (let request = 0; request < 10; request++) {
    expect(await (await fetch(url, { method: 'POST', headers, body })).text()).toBe(body.slice(1, -1));
  }
  await cutOff;
  const chunked = await begin('Transfer-Encoding: chunked');
  await once(chunked, 'close');
  kept.write('1'.repeat(SOME_WAITING_BYTES));
  expect(String((await once(kept, 'data'))[0])).toMatch(/^HTTP\/1\.1 200/);
  kept.destroy();
  await app.close();
});
