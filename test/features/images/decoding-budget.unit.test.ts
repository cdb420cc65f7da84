import { expect, test } from 'vitest';
import { Budget } from '../../../src/features/images/decoding-budget.ts';

/** Work that ends when the test says so. */
function work() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const state = { hasBegun: false };
  const run = () => {
    state.hasBegun = true;
    return promise;
  };
  return { state, run, end: resolve };
}

/** Lets everything that can begin do so. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('work begins in order, while the budget has room for it', async () => {
  const budget = new Budget(10);
  const [first, second, large, small] = [work(), work(), work(), work()];
  const runs = [
    budget.run(4, first.run),
    budget.run(5, second.run),
    budget.run(10, large.run),
    budget.run(1, small.run),
  ];
  await turn();
  const begun = () => [first, second, large, small].map(({ state }) => state.hasBegun);
  // The last one would fit, but then others like it could keep the large one waiting for ever.
  expect(begun()).toEqual([true, true, false, false]);
  first.end();
  await turn();
  expect(begun()).toEqual([true, true, false, false]);
  second.end();
  await turn();
  expect(begun()).toEqual([true, true, true, false]);
  large.end();
  await turn();
  expect(begun()).toEqual([true, true, true, true]);
  small.end();
  await Promise.all(runs);
});

test('work that fails gives back its part of the budget', async () => {
  const budget = new Budget(1);
  const failing = () => Promise.reject(new Error('no picture'));
  await expect(budget.run(1, failing)).rejects.toThrow('no picture');
  expect(await budget.run(1, async () => 'done')).toBe('done');
});
