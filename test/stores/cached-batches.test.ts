import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type RelationKind, readRelations } from '../../src/stores/cached-relations.ts';
import { type CachedKind, readCached } from '../../src/stores/cached-rows.ts';
import { connectRedis, type Redis } from '../../src/stores/redis.ts';
import { unique } from '../support/people.ts';

let redis: Redis;
/** The `load` functions of these tests use no database. */
let sources: Parameters<typeof readCached>[0];
beforeAll(async () => {
  redis = connectRedis(inject('env').REDIS_URL ?? '', () => {});
  // Reads do not use Redis until it is connected.
  await redis.ping();
  sources = { redis, db: {} as never };
});
afterAll(() => {
  redis.disconnect();
});

/** A kind of rows in which every id but "none" has a row, and the ids that were loaded from the database. */
function cachedTexts() {
  const prefix = `test:${unique()}:`;
  const loaded: string[][] = [];
  const kind: CachedKind<string, string> = {
    key: (id) => prefix + id,
    ttlSeconds: 60,
    encode: (value) => value,
    decode: (text) => text,
    async load(_, ids) {
      loaded.push([...ids]);
      return new Map(ids.filter((id) => id !== 'none').map((id) => [id, `value of ${id}`]));
    },
  };
  return { prefix, loaded, kind };
}

test('rows come in the order of the ids, with null for an id without a row', async () => {
  const { prefix, loaded, kind } = cachedTexts();
  expect(await readCached(sources, kind, ['b'])).toEqual(['value of b']);
  expect(await readCached(sources, kind, ['c', 'none', 'b', 'a'])).toEqual([
    'value of c',
    null,
    'value of b',
    'value of a',
  ]);
  expect(await readCached(sources, kind, [])).toEqual([]);
  expect(loaded).toEqual([['b'], ['c', 'none', 'a']]);
  expect(await redis.exists(`${prefix}none`)).toBe(0);
});

test('simultaneous cache misses of many readers are loaded as one batch: rows', async () => {
  const { loaded, kind } = cachedTexts();
  const rows = await Promise.all([['a'], ['a', 'b'], ['b']].map((ids) => readCached(sources, kind, ids)));
  expect(rows).toEqual([['value of a'], ['value of a', 'value of b'], ['value of b']]);
  expect(loaded).toEqual([['a', 'b']]);
});

test('simultaneous cache misses of many readers are loaded as one batch: relations', async () => {
  const prefix = `test:${unique()}:`;
  const loaded: unknown[] = [];
  const kind: RelationKind = {
    key: (personId) => `${prefix}${personId}`,
    async load(_, keys) {
      loaded.push(keys);
      return keys
        .filter(([personId, subjectId]) => personId > subjectId)
        .map(([personId, subjectId]) => ({ personId, subjectId }));
    },
  };
  const read = () => Promise.all([1n, 2n, 3n].map((person) => readRelations(sources, kind, person, [1n, 2n])));
  const expected = [
    [false, false],
    [true, false],
    [true, true],
  ];
  expect(await read()).toEqual(expected);
  expect(loaded).toEqual([
    [1n, 2n, 3n].flatMap((person) => [
      [person, 1n],
      [person, 2n],
    ]),
  ]);
  // Every person's relations are cached now.
  expect(await read()).toEqual(expected);
  expect(loaded).toHaveLength(1);
});
