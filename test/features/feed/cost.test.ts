import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { FEED_QUERY } from '../../../bench/feed-query.ts';
import { loadConfig } from '../../../src/config.ts';
import { authenticateToken } from '../../../src/features/accounts/sessions.ts';
import { createContext } from '../../../src/features/context.ts';
import { createExecutor, type Executor } from '../../../src/server/executor.ts';
import { buildSchema } from '../../../src/server/schema.ts';
import { openStores, type Stores } from '../../../src/stores/stores.ts';
import { type OwnDarkroom, ownStores, startProcess, type TestProcess } from '../../support/darkroom.ts';
import { toOperation } from '../../support/operations.ts';
import { newPerson, type Person } from '../../support/people.ts';
import { insertPhotos, rowId } from '../../support/rows.ts';

let own: OwnDarkroom;
let api: TestProcess;
let stores: Stores;
let viewer: Person;
const statements: string[] = [];
let executor: Executor;

beforeAll(async () => {
  own = await ownStores();
  api = await startProcess(['api'], own.env);
  stores = await openStores(loadConfig(own.env), pino({ level: 'silent' }), (sql) => statements.push(sql));
  executor = createExecutor(buildSchema(), stores);
  const [first, ...authors] = await Promise.all(Array.from({ length: 6 }, () => newPerson(api.url)));
  if (!first) throw new Error('unreachable');
  viewer = first;
  for (const author of authors) await viewer.follow(author);
  await insertPhotos(
    stores,
    authors.map((author) => rowId(author.id)),
    120,
  );
});

afterAll(async () => {
  await stores.close();
  await api.end('SIGTERM');
  await own.stop();
});

/** Runs the query as the server does, session included, and counts SQL statements and writes to Redis. */
async function cost(first: number): Promise<{ photos: number; sql: number; redis: number }> {
  statements.length = 0;
  // ioredis writes the commands of one turn of the event loop to the connection in one go, so a write is a round trip.
  const { stream } = stores.redis as unknown as { stream: { write(data: unknown): boolean } };
  const writes = vi.spyOn(stream, 'write');
  try {
    const session = await authenticateToken(stores, viewer.token);
    const operation = toOperation(FEED_QUERY.replace('first: 24', `first: ${first}`));
    const context = createContext(stores, session, '127.0.0.1');
    const { data, errors } = await executor.execute(operation, context);
    expect(errors).toBeUndefined();
    const { homeFeed } = data as { homeFeed: { edges: unknown[] } };
    return { photos: homeFeed.edges.length, sql: statements.length, redis: writes.mock.calls.length };
  } finally {
    writes.mockRestore();
  }
}

test('the home feed takes as many statements and round trips for 100 photos as for 5, cold and warm', async () => {
  for (const first of [5, 24, 100]) {
    await stores.redis.flushall();
    const cold = await cost(first);
    expect(cold).toMatchObject({ photos: first, sql: 11 });
    // Concurrent reads share a round trip or not, depending on when PostgreSQL answers.
    expect(cold.redis).toBeLessThanOrEqual(20);
    expect({ warm: await cost(first) }).toEqual({ warm: { photos: first, sql: 0, redis: 5 } });
  }
});
