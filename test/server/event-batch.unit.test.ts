/** The events of one subscription are sent in order, each as soon as it may be. */
import { expect, test } from 'vitest';
import type { DecidedEvent } from '../../src/features/live/subscribe.ts';
import { EventBatch } from '../../src/server/event-batch.ts';
import type { Answer } from '../../src/server/shared-results.ts';

type Event = DecidedEvent<string>;

const newEvent = (value: string): Event => ({
  cursor: value,
  isGap: false,
  value,
  shareKey: null,
  decidedAt: performance.now(),
  decideAgain: async () => null,
});

/** A batch whose answers the test makes. Those that are made again say so. */
function newBatch(...values: string[]) {
  const answers = new Map(values.map((value) => [value, Promise.withResolvers<Answer>()]));
  const batch = new EventBatch<string>(values.map(newEvent), async ({ value }, mustDecideAgain) => {
    if (mustDecideAgain) return { text: `${value} again`, decidedAt: performance.now(), hasWaited: true };
    return answers.get(value ?? '')?.promise ?? expect.unreachable();
  });
  return {
    batch,
    async answer(value: string, changes: Partial<Answer> = {}): Promise<void> {
      const made = { text: value, decidedAt: performance.now(), hasWaited: false, ...changes };
      answers.get(value)?.resolve(made);
      await new Promise(setImmediate);
    },
    fail: (value: string, error: Error) => answers.get(value)?.reject(error),
  };
}

const LONG_AGO = { decidedAt: -10_000 };

test('texts are sent in order, and with those after them that are ready', async () => {
  const { batch, answer } = newBatch('a', 'b', 'c', 'd');
  await answer('b');
  await answer('d');
  const taken = batch.take();
  await answer('a');
  expect(await taken).toEqual(['a', 'b']);
  await answer('c');
  expect(await batch.take()).toEqual(['c', 'd']);
  expect(batch.isEmpty).toBe(true);
});

test('what may not be seen any more is left out', async () => {
  const { batch, answer } = newBatch('a', 'b');
  await answer('a', { text: null });
  await answer('b', { text: null });
  expect(await batch.take()).toEqual([]);
  expect(batch.isEmpty).toBe(true);
});

test('when an event fails, those before it are sent', async () => {
  const { batch, answer, fail } = newBatch('a', 'b', 'c');
  fail('c', new Error('it failed'));
  await answer('a');
  await answer('b');
  expect(await batch.take()).toEqual(['a', 'b']);
  await expect(batch.take()).rejects.toThrow('it failed');
});

test('what was ready long ago, and has waited behind others, is decided again', async () => {
  const { batch, answer } = newBatch('a', 'b', 'c');
  await answer('b', LONG_AGO);
  await answer('a', { hasWaited: true });
  expect(await batch.take()).toEqual(['a']);
  expect(await batch.take()).toEqual(['b again']);
  await answer('c');
  expect(await batch.take()).toEqual(['c']);
});

test('what was decided long ago is sent when nothing has waited but the whole process', async () => {
  const { batch, answer } = newBatch('a', 'b');
  await answer('a', LONG_AGO);
  await answer('b', LONG_AGO);
  expect(await batch.take()).toEqual(['a', 'b']);
});
