/** Large bodies of one address are parsed one after the other. */
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, expect, test } from 'vitest';
import { parseBodies } from '../../src/server/bodies.ts';
import { LARGE_BODY_LENGTH, MAX_BODY_BYTES, MAX_BODY_VALUES, MAX_WEIGHT_AT_ONCE } from '../../src/server/limits.ts';
import { Turns } from '../../src/server/turns.ts';

let app: FastifyInstance;
let url: string;
async function start(turns?: Turns): Promise<void> {
  app = Fastify({ bodyLimit: MAX_BODY_BYTES, trustProxy: true });
  parseBodies(app, turns);
  app.post('/', async ({ body }) => JSON.stringify(body).length);
  url = await app.listen({ port: 0, host: '127.0.0.1' });
}
afterEach(() => app.close());

/** Sends bodies at the same moment. @returns how many were answered with each status */
async function statuses(bodies: readonly string[], address: string): Promise<Record<string, number>> {
  const headers = { 'content-type': 'application/json', 'x-forwarded-for': address };
  const answers = await Promise.all(bodies.map((body) => fetch(url, { method: 'POST', headers, body })));
  await Promise.all(answers.map((answer) => answer.text()));
  const byStatus = Map.groupBy(answers, ({ status }) => status).entries();
  return Object.fromEntries(byStatus.map(([status, { length }]) => [status, length]));
}

/** It takes long to parse, with so many values. */
const large = (values: number) => JSON.stringify(Array(values).fill('\u0001",[{'.repeat(Math.floor(20_000 / values))));

test('large bodies wait for each other and are all answered', async () => {
  await start();
  const bodies = Array.from({ length: 20 }, (_, index) => (index % 3 ? large(10) : `${large(10)}]`));
  expect(await statuses(bodies, '192.0.2.1')).toEqual({ 200: 13, 400: 7 });
});

test('too many of one address are refused, those of others and small ones are not', async () => {
  const turns = new Turns({ ofClient: 1, ofAll: 100, ofClientThen: 1 });
  await start(turns);
  const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
  const running = turns.run('192.0.2.1', MAX_WEIGHT_AT_ONCE, new AbortController().signal, () => isOver);
  const waiting = statuses([large(10)], '192.0.2.1');
  await expect.poll(() => turns.waiting).toBe(1);
  expect(await statuses([large(10)], '192.0.2.1')).toEqual({ 429: 1 });
  expect(await statuses([large(10)], '192.0.2.2')).toEqual({ 200: 1 });
  expect(await statuses(['[]', 'x'.repeat(LARGE_BODY_LENGTH - 1)], '192.0.2.1')).toEqual({ 200: 1, 400: 1 });
  end();
  expect(await waiting).toEqual({ 200: 1 });
  await running;
});

test('a body that waits when its client leaves gives up its place', async () => {
  const turns = new Turns();
  await start(turns);
  const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
  const running = turns.run('192.0.2.1', MAX_WEIGHT_AT_ONCE, new AbortController().signal, () => isOver);
  const leaving = new AbortController();
  const headers = { 'content-type': 'application/json', 'x-forwarded-for': '192.0.2.1' };
  const left = fetch(url, { method: 'POST', headers, body: large(10), signal: leaving.signal }).catch(() => 'left');
  await expect.poll(() => turns.waiting).toBe(1);
  leaving.abort();
  expect(await left).toBe('left');
  await expect.poll(() => turns.waiting).toBe(0);
  end();
  await running;
});

test.for([
  ['as many values as may be', large(MAX_BODY_VALUES - 1), 200],
  ['one more', large(MAX_BODY_VALUES + 1), 400],
  ['brackets alone', '['.repeat(MAX_BODY_BYTES), 400],
  ['objects', JSON.stringify(Array(2 * MAX_BODY_VALUES).fill({})), 400],
  ['a text that does not end', `["${'x'.repeat(LARGE_BODY_LENGTH)}\\"`, 400],
] as const)('a large body of %s', async ([, body, status]) => {
  await start();
  expect(await statuses([body], '192.0.2.1')).toEqual({ [status]: 1 });
});
