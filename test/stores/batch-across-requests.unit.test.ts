import { expect, test } from 'vitest';
import { batchAcrossRequests } from '../../src/stores/batch-across-requests.ts';

/** Reads keys as their doubles, and keeps each batch. */
function doubles() {
  const batches: { kind: object; db: unknown; keys: number[] }[] = [];
  const read = batchAcrossRequests(async ({ db }, kind: object, keys: readonly number[]) => {
    batches.push({ kind, db, keys: [...keys] });
    return keys.map((key) => 2 * key);
  });
  return { batches, read };
}

const newSources = () => ({ db: {} as never, redis: {} as never });

test('calls of one turn of the event loop are one batch, and each gets its own values', async () => {
  const { batches, read } = doubles();
  const [kind, { db, redis }] = [{}, newSources()];
  // Each request has an object of its own with the same stores.
  const values = await Promise.all([read({ db, redis }, kind, [1, 2]), read({ db, redis }, kind, [2, 3])]);
  expect(values).toEqual([
    [2, 4],
    [4, 6],
  ]);
  expect(batches).toEqual([{ kind, db, keys: [1, 2, 2, 3] }]);
});

test('kinds, and databases such as a transaction, have batches of their own', async () => {
  const { batches, read } = doubles();
  const [first, second] = [{}, {}];
  const [pool, transaction] = [newSources(), newSources()];
  await Promise.all([read(pool, first, [1]), read(pool, second, [2]), read(transaction, first, [3])]);
  expect(batches.map(({ keys }) => keys)).toEqual([[1], [2], [3]]);
  expect(batches.map(({ kind }) => kind === first)).toEqual([true, false, true]);
  expect(batches.map(({ db }) => db === pool.db)).toEqual([true, true, false]);
});

test('a later call reads again: nothing is remembered', async () => {
  const { batches, read } = doubles();
  const [kind, sources] = [{}, newSources()];
  await read(sources, kind, [1]);
  await read(sources, kind, [1]);
  expect(batches.map(({ keys }) => keys)).toEqual([[1], [1]]);
});
