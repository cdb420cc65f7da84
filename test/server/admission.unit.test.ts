import { type AddressInfo, connect } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, expect, test } from 'vitest';
import { Admission, executeAdmitted, guardRequests } from '../../src/server/admission.ts';
import { Turns } from '../../src/server/turns.ts';

let app: FastifyInstance;
afterEach(() => app?.close());

/** A server whose requests to `/graphql` wait until the test answers them. */
async function start(admission: Admission, answerWithinMs?: number) {
  app = Fastify();
  guardRequests(app, admission, { health: '/health', stream: '/graphql/stream' }, answerWithinMs);
  const waiting: (() => void)[] = [];
  app.post('/graphql', () => new Promise((resolve) => waiting.push(() => resolve({ data: {} }))));
  app.get('/health', () => ({}));
  app.get('/graphql/stream', () => ({}));
  await app.listen({ port: 0, host: '127.0.0.1' });
  const address = app.server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const ask = (path = '/graphql', headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, { method: path === '/graphql' ? 'POST' : 'GET', headers });
  const untilWaiting = async (count: number) => {
    while (waiting.length < count) await new Promise((resolve) => setImmediate(resolve));
  };
  return { ask, untilWaiting, answer: () => waiting.shift()?.() };
}

const NEVER = new AbortController().signal;
const SIGNED_IN = { authorization: 'Bearer token' };

test('anonymous requests are refused first, then all but the health check', async () => {
  const { ask, untilWaiting, answer } = await start(new Admission(new Turns(), { inFlight: 2, delayMs: 1_000 }));
  const running = [ask(), ask()];
  await untilWaiting(2);
  const refused = await ask();
  expect(refused.status).toBe(503);
  expect(Number(refused.headers.get('retry-after'))).toBeOneOf([1, 2, 3, 4, 5]);
  expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAVAILABLE' } }] });
  expect((await ask('/graphql/stream')).status).toBe(503);

  running.push(ask('/graphql', SIGNED_IN), ask('/graphql', SIGNED_IN));
  await untilWaiting(4);
  expect((await ask('/graphql', SIGNED_IN)).status).toBe(503);
  expect((await ask('/health')).status).toBe(200);

  for (const request of running) {
    answer();
    expect((await request).status).toBe(200);
  }
  expect((await ask('/graphql/stream')).status).toBe(200);
});

test('requests that wait for a turn do not count', async () => {
  const turns = { waiting: 1 };
  const { ask, untilWaiting, answer } = await start(new Admission(turns, { inFlight: 1, delayMs: 1_000 }));
  const running = [ask()];
  await untilWaiting(1);
  running.push(ask());
  await untilWaiting(2);
  expect((await ask()).status).toBe(503);
  for (const request of running) {
    answer();
    expect((await request).status).toBe(200);
  }
});

test('an answer that waits behind another one of its connection does not count', async () => {
  const { ask, untilWaiting, answer } = await start(new Admission(new Turns(), { inFlight: 1, delayMs: 1_000 }));
  const { port } = app.server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  const request = (method: string, path: string) =>
    `${method} ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nAuthorization: Bearer token\r\n\r\n`;
  socket.write(request('POST', '/graphql') + request('GET', '/nothing').repeat(5));
  await untilWaiting(1);
  const signedIn = ask('/graphql', SIGNED_IN);
  await untilWaiting(2);
  answer();
  answer();
  expect((await signedIn).status).toBe(200);
  socket.destroy();
});

test('a late event loop refuses requests as well', async () => {
  const admission = new Admission(new Turns(), { inFlight: 100, delayMs: 1_000 });
  const { ask } = await start(admission);
  for (const [delay, anonymous, signedIn] of [
    [999, 200, 200],
    [1_000, 503, 200],
    [2_000, 503, 503],
    [10, 200, 200],
  ] as const) {
    admission.setDelay(delay);
    const statuses = [(await ask('/graphql/stream')).status, (await ask('/graphql/stream', SIGNED_IN)).status];
    expect([delay, ...statuses]).toEqual([delay, anonymous, signedIn]);
  }
});

test('a request that takes too long is answered as unavailable', async () => {
  const { ask, answer } = await start(new Admission(new Turns()), 50);
  const response = await ask();
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UNAVAILABLE' } }] });
  // The late answer does no harm.
  answer();
  expect((await ask('/health')).status).toBe(200);
});

test('an operation over an open connection is refused in the same way', async () => {
  const admission = new Admission(new Turns(), { inFlight: 1, delayMs: 1_000 });
  const work = Promise.withResolvers<string>();
  const running = executeAdmitted(admission, true, NEVER, () => work.promise);
  const refused = { refused: [{ extensions: { code: 'UNAVAILABLE' } }] };
  expect(await executeAdmitted(admission, true, NEVER, async () => 'not executed')).toMatchObject(refused);
  expect(await executeAdmitted(admission, false, NEVER, async () => 'executed')).toBe('executed');
  work.resolve('done');
  expect(await running).toBe('done');
  expect(await executeAdmitted(admission, true, NEVER, async () => 'executed')).toBe('executed');
});

test('the work for an answer that is late, or that nobody waits for, is aborted', async () => {
  const admission = new Admission(new Turns());
  const signals: AbortSignal[] = [];
  const work = (signal: AbortSignal) => {
    signals.push(signal);
    return new Promise<never>(() => {});
  };
  const leaving = new AbortController();
  void executeAdmitted(admission, true, leaving.signal, work);
  expect(signals[0]?.aborted).toBe(false);
  leaving.abort();
  expect(signals[0]?.aborted).toBe(true);
  const late = await executeAdmitted(admission, true, NEVER, work, 50);
  expect(late).toMatchObject({ refused: [{ extensions: { code: 'UNAVAILABLE' } }] });
  expect(signals[1]?.aborted).toBe(true);
});
