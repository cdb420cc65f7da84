/** Large bodies of one address are parsed one after the other. */
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseBodies } from '../../src/server/bodies.ts';
import { LARGE_BODY_BYTES, MAX_BODY_BYTES } from '../../src/server/limits.ts';

let app: FastifyInstance;
let url: string;
beforeEach(async () => {
  app = Fastify({ bodyLimit: MAX_BODY_BYTES, trustProxy: true });
  parseBodies(app);
  app.post('/', async ({ body }) => JSON.stringify(body).length);
  url = await app.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(() => app.close());

/** Sends bodies at the same moment. @returns how many were answered with each status */
async function statuses(bodies: readonly string[], address: string): Promise<Record<string, number>> {
  const headers = { 'content-type': 'application/json', 'x-forwarded-for': address };
  const answers = await Promise.all(bodies.map((body) => fetch(url, { method: 'POST', headers, body })));
  await Promise.all(answers.map((answer) => answer.text()));
  const byStatus = Map.groupBy(answers, ({ status }) => status).entries();
  return Object.fromEntries(byStatus.map(([status, { length }]) => [status, length]));
}

const large = JSON.stringify(Array(100_000).fill(1));
const brackets = '['.repeat(MAX_BODY_BYTES);

test('large bodies wait for each other and are all answered', async () => {
  const bodies = Array.from({ length: 20 }, (_, index) => (index % 3 ? large : brackets));
  expect(await statuses(bodies, '192.0.2.1')).toEqual({ 200: 13, 400: 7 });
});

test('too many of one address are refused, those of others and small ones are not', async () => {
  const [many, ...others] = await Promise.all([
    statuses(Array(100).fill(brackets), '192.0.2.1'),
    statuses([large], '192.0.2.2'),
    statuses(['[]', 'x'.repeat(LARGE_BODY_BYTES - 1)], '192.0.2.1'),
  ]);
  expect(many).toEqual({ 400: expect.any(Number), 429: expect.any(Number) });
  expect(others).toEqual([{ 200: 1 }, { 200: 1, 400: 1 }]);
});
