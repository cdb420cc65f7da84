import { once } from 'node:events';
import { afterEach, expect, inject, test } from 'vitest';
import { startProcess, type TestProcess } from '../support/darkroom.ts';
import { newPerson } from '../support/people.ts';
import { greet, openTcp, upgradeRequest } from '../support/wire.ts';

let api: TestProcess | undefined;
afterEach(async () => {
  await api?.end('SIGKILL');
  api = undefined;
});

async function start(): Promise<TestProcess> {
  api = await startProcess(['api'], inject('env'));
  return api;
}

/** Ends a process that should end by itself. */
async function stop(running: TestProcess): Promise<number | null> {
  const code = await running.end('SIGTERM');
  api = undefined;
  return code;
}

test('an api with a subscriber ends at SIGTERM, and asks the subscriber to reconnect', async () => {
  const running = await start();
  const person = await newPerson(running.url);
  const socket = await greet(running.url, person.token);
  socket.say({ type: 'subscribe', id: '1', payload: { query: 'subscription { homeFeed { cursor } }' } });
  expect(await stop(running)).toBe(0);
  // Service Restart: graphql-ws clients reconnect after this code.
  expect(await socket.closed).toBe(1012);
});

test('an api ends at SIGTERM although the peer of a socket is long gone', async () => {
  const running = await start();
  const socket = await openTcp(running.url);
  socket.write(upgradeRequest('/graphql'));
  const [head] = (await once(socket, 'data')) as [Buffer];
  expect(String(head)).toMatch(/^HTTP\/1\.1 101 /);
  // It reads nothing more, so it does not answer a close frame.
  socket.pause();
  expect(await stop(running)).toBe(0);
  socket.destroy();
});

test('an api ends at SIGTERM although a client has connected and sent nothing', async () => {
  const running = await start();
  const silent = await openTcp(running.url);
  // A request after it, so that the server has accepted the connection.
  expect((await fetch(new URL('/health', running.url))).status).toBe(200);
  expect(await stop(running)).toBe(0);
  silent.destroy();
});

test('an api ends at SIGTERM although a client whose upgrade was refused stays connected', async () => {
  const running = await start();
  const refused = await openTcp(running.url);
  refused.write(upgradeRequest('/elsewhere'));
  const [head] = (await once(refused, 'data')) as [Buffer];
  expect(String(head)).toMatch(/^HTTP\/1\.1 404 /);
  expect(await stop(running)).toBe(0);
  refused.destroy();
});

test('clients that disconnect while their upgrade is refused do no harm', async () => {
  const running = await start();
  for (let n = 0; n < 50; n++) {
    const socket = await openTcp(running.url);
    socket.write(upgradeRequest('/elsewhere'), () => socket.resetAndDestroy());
    await once(socket, 'close');
  }
  expect((await fetch(new URL('/health', running.url))).status).toBe(200);
  expect(await stop(running)).toBe(0);
});
