/** How many connections an address may have. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { limitConnections } from '../../src/server/connections.ts';

/** Sends a request over a new connection. @returns the first line of the answer; null when the connection is closed */
async function ask(port: number): Promise<{ socket: Socket; answer: string | null }> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  const closed = once(socket, 'close').then(() => null);
  const data = once(socket, 'data').then(([chunk]) => String(chunk).split('\r\n', 1)[0] ?? '');
  return { socket, answer: await Promise.race([closed, data]) };
}

test('an address with too many connections gets no other, until one of them is closed', async () => {
  let requests = 0;
  const server = createServer((_, response) => {
    requests++;
    response.end();
  });
  limitConnections(server, 2);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const first = await ask(port);
  const second = await ask(port);
  expect([first.answer, second.answer]).toEqual(['HTTP/1.1 200 OK', 'HTTP/1.1 200 OK']);
  expect((await ask(port)).answer).toBe(null);
  expect(requests).toBe(2);
  first.socket.destroy();
  await expect.poll(async () => (await ask(port)).answer).toBe('HTTP/1.1 200 OK');
  server.close();
  server.closeAllConnections();
});
