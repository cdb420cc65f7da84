import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ABANDONED } from '../../src/features/kernel/abandoned.ts';
import { LARGE_WEIGHT, MAX_REST_MS, MAX_WAITING_OPERATIONS, MAX_WEIGHT_AT_ONCE } from '../../src/server/limits.ts';
import { Turns } from '../../src/server/turns.ts';

const NEVER = new AbortController().signal;

/** Operations that run until the test ends them. */
function operations(turns: Turns) {
  const running: { client: string; weight: number; end(): void }[] = [];
  /** The numbers of those that have started, in order. */
  const started: Record<string, number[]> = {};
  const results: Promise<unknown>[] = [];
  return {
    running,
    started,
    results,
    add(client: string, weight: number, signal = NEVER): void {
      const number = results.length;
      const operation = () =>
        new Promise<void>((resolve) => {
          const entry = {
            client,
            weight,
            end() {
              running.splice(running.indexOf(entry), 1);
              resolve();
            },
          };
          running.push(entry);
          started[client] = [...(started[client] ?? []), number];
        });
      results.push(turns.run(client, weight, signal, operation));
    },
  };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test('large operations of one client run one after the other, and those of others beside them', async () => {
  const { running, results, add } = operations(new Turns());
  for (const client of ['a', 'a', 'a', 'b']) add(client, MAX_WEIGHT_AT_ONCE);
  await nextTurn();
  expect(running.map(({ client }) => client)).toEqual(['a', 'b']);
  for (let ended = 0; ended < 4; ended++) {
    await expect.poll(() => running.length).toBeGreaterThan(0);
    running[0]?.end();
  }
  await Promise.all(results);
});

test('small operations run at the same time', async () => {
  const { running, results, add } = operations(new Turns());
  for (let count = 0; count < 10; count++) add('a', MAX_WEIGHT_AT_ONCE / 10);
  add('a', 1);
  await nextTurn();
  expect(running).toHaveLength(10);
  while (running.length > 0) {
    running[0]?.end();
    await nextTurn();
  }
  await Promise.all(results);
});

test('an operation that fails gives its turn to the next one', async () => {
  const turns = new Turns();
  const failed = turns.run('a', MAX_WEIGHT_AT_ONCE, NEVER, () => Promise.reject(new Error('it failed')));
  const next = turns.run('a', MAX_WEIGHT_AT_ONCE, NEVER, async () => 'done');
  await expect(failed).rejects.toThrow('it failed');
  expect(await next).toBe('done');
});

test('an operation that nobody waits for any more does not start', async () => {
  const { running, results, add } = operations(new Turns());
  const leaving = new AbortController();
  add('a', MAX_WEIGHT_AT_ONCE);
  add('a', MAX_WEIGHT_AT_ONCE, leaving.signal);
  add('a', 1);
  leaving.abort();
  await expect(results[1]).rejects.toMatchObject({ extensions: { code: 'ABANDONED' } });
  running[0]?.end();
  await expect.poll(() => running.map(({ weight }) => weight)).toEqual([1]);
  running[0]?.end();
  await results[2];
  // It has left before it came.
  add('a', MAX_WEIGHT_AT_ONCE, leaving.signal);
  await expect(results[3]).rejects.toMatchObject({ extensions: { code: 'ABANDONED' } });
});

test('an abandoned operation keeps its place for some time, because its statements run on', async () => {
  const turns = new Turns();
  const fitting = MAX_WEIGHT_AT_ONCE / 1_000;
  const abandoned = Array.from({ length: fitting }, () =>
    turns.run('a', 1_000, NEVER, () => Promise.reject(ABANDONED)).catch(() => 'abandoned'),
  );
  let hasBegun = false;
  const next = turns.run('a', 1_000, NEVER, async () => {
    hasBegun = true;
  });
  expect(await Promise.all(abandoned)).toEqual(Array(fitting).fill('abandoned'));
  await nextTurn();
  expect(hasBegun).toBe(false);
  await next;
});

test('an abandoned operation keeps its place until what it has begun is over', async () => {
  const turns = new Turns();
  const { promise: isEnded, resolve: end } = Promise.withResolvers<void>();
  let asked = 0;
  const untilEnded = () => {
    asked++;
    return isEnded;
  };
  const abandoned = turns.run('a', MAX_WEIGHT_AT_ONCE, NEVER, () => Promise.reject(ABANDONED), true, untilEnded);
  const next = turns.run('a', MAX_WEIGHT_AT_ONCE, NEVER, async () => 'begun');
  await expect(abandoned).rejects.toBe(ABANDONED);
  const longer = new Promise((resolve) => setTimeout(resolve, 2 * MAX_REST_MS, 'waits'));
  expect(await Promise.race([next, longer])).toBe('waits');
  expect(asked).toBe(1);
  end();
  expect(await next).toBe('begun');
});

test('when too many operations of a client wait, more are refused, and others are not', async () => {
  const { running, results, add } = operations(new Turns());
  for (let count = 0; count < MAX_WAITING_OPERATIONS.ofClient + 2; count++) add('a', MAX_WEIGHT_AT_ONCE);
  await expect(results.pop()).rejects.toMatchObject({ extensions: { code: 'RATE_LIMITED', retryAfter: 1 } });
  add('b', 1);
  expect(running.map(({ client }) => client)).toEqual(['a', 'b']);
});

test('when many operations of all clients wait, each client may have few more, but events always wait', async () => {
  const turns = new Turns({ ofClient: 3, ofAll: 4, ofClientThen: 1 });
  const { running, results, add } = operations(turns);
  for (const client of ['a', 'a', 'a', 'a', 'b', 'b']) add(client, MAX_WEIGHT_AT_ONCE);
  expect(turns.waiting).toBe(4);
  for (const client of ['a', 'b']) {
    add(client, MAX_WEIGHT_AT_ONCE);
    await expect(results.pop()).rejects.toMatchObject({ extensions: { code: 'RATE_LIMITED' } });
  }
  results.push(turns.run('a', MAX_WEIGHT_AT_ONCE, NEVER, async () => 'an event', false));
  expect(turns.waiting).toBe(4);
  for (let count = 0; count < 2; count++) add('c', MAX_WEIGHT_AT_ONCE);
  expect(turns.waiting).toBe(5);
  while (running.length + turns.waiting > 0) {
    running[0]?.end();
    await nextTurn();
  }
  await Promise.all(results);
});

test('small operations do not wait for large ones', async () => {
  const { running, add } = operations(new Turns());
  for (let count = 0; count < 3; count++) add('a', MAX_WEIGHT_AT_ONCE);
  add('a', LARGE_WEIGHT - 1);
  await nextTurn();
  expect(running.map(({ weight }) => weight)).toEqual([MAX_WEIGHT_AT_ONCE, LARGE_WEIGHT - 1]);
});

test('every operation runs, in the order in which its client sent it, and never more than fit', async () => {
  const weights = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 1, max: 1_900 })), { maxLength: 40 });
  const isLarge = (weight: number) => weight >= LARGE_WEIGHT;
  await fc.assert(
    fc.asyncProperty(weights, fc.infiniteStream(fc.nat()), async (sent, choices) => {
      const { running, started, results, add } = operations(new Turns());
      const lanes = sent.map(([client, weight]) => [`${client} ${isLarge(weight * 5)}`, weight * 5] as const);
      for (const [index, [client]] of sent.entries()) add(client, lanes[index]?.[1] ?? 0);
      for (let ended = 0; ended < sent.length; ended++) {
        await expect.poll(() => running.length, { interval: 1 }).toBeGreaterThan(0);
        const lanesNow = Map.groupBy(running, ({ client, weight }) => `${client} ${isLarge(weight)}`);
        for (const own of lanesNow.values()) {
          const together = own.reduce((sum, { weight }) => sum + weight, 0);
          expect(own.length === 1 || together <= MAX_WEIGHT_AT_ONCE).toBe(true);
        }
        running[choices.next().value % running.length]?.end();
        await nextTurn();
      }
      await Promise.all(results);
      for (const [lane, numbers] of Map.groupBy(lanes.keys(), (number) => lanes[number]?.[0] ?? '')) {
        const order = started[lane.split(' ')[0] ?? ''] ?? [];
        expect(order.filter((number) => lanes[number]?.[0] === lane)).toEqual(numbers);
      }
    }),
    { numRuns: 20 },
  );
});
