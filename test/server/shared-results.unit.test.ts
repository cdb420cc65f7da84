/** Which subscribers share one execution is decided by share keys alone, never by the identity of rows. */
import type { ExecutionResult } from 'graphql';
import { expect, test } from 'vitest';
import { type Context, createContext } from '../../src/features/context.ts';
import { ShareKey } from '../../src/features/live/share-key.ts';
import { MAX_WEIGHT_AT_ONCE } from '../../src/server/limits.ts';
import { type Executions, SharedResults } from '../../src/server/shared-results.ts';
import { Turns } from '../../src/server/turns.ts';
import type { Stores } from '../../src/stores/stores.ts';
import { until } from '../support/until.ts';

const photo = { id: 1n, caption: 'the caption' };
type Event = Parameters<SharedResults['execute']>[0];

/** An event that has just been decided. */
function newEvent(changes: Partial<Event>): Event {
  const event = { cursor: 'c', isGap: false, value: photo, shareKey: null, decidedAt: performance.now(), ...changes };
  return { ...event, decideAgain: changes.decideAgain ?? (() => expect.unreachable('Nothing has waited.')) };
}

/** Answers with the caption and the cursor of each event, and counts how often it does so. */
function counting(beforeAnswer: (context: Context) => void = () => {}) {
  const results = new SharedResults((result) => JSON.stringify(result.data));
  const query = { dependsOnViewer: false };
  let executions = 0;
  const execute = async (event: unknown, context: Context): Promise<ExecutionResult> => {
    executions++;
    beforeAnswer(context);
    const { cursor, value } = event as { cursor: string; value: typeof photo };
    return { data: { cursor, caption: value.caption } };
  };
  const newContext = () => createContext({} as Stores, null, '');
  return {
    executions: () => executions,
    answers: (
      events: readonly Partial<Event>[],
      variables = '[]',
      inTurn: Executions['inTurn'] = (_, work) => work(),
    ) =>
      Promise.all(
        events.map(async (event, index) => {
          const whole = newEvent({ cursor: `c${index}`, ...event });
          return (await results.execute(whole, query, variables, { execute, inTurn }, newContext)).text;
        }),
      ),
  };
}

test('a copy of a photo does not change who shares an execution', async () => {
  const shareKey = new ShareKey();
  const { answers, executions } = counting();
  const texts = await answers([
    { value: photo, shareKey },
    { value: { ...photo }, shareKey },
    { value: structuredClone(photo), shareKey },
  ]);
  expect(texts).toEqual(['c0', 'c1', 'c2'].map((cursor) => JSON.stringify({ cursor, caption: 'the caption' })));
  expect(executions()).toBe(1);
});

test('the same photo under another key, or under none, is executed again', async () => {
  const { answers, executions } = counting();
  await answers([{ shareKey: new ShareKey() }, { shareKey: new ShareKey() }, { shareKey: null }, { shareKey: null }]);
  expect(executions()).toBe(4);
});

test('other variables are executed again', async () => {
  const shareKey = new ShareKey();
  const { answers, executions } = counting();
  await answers([{ shareKey }], '["WIDTH_320"]');
  await answers([{ shareKey }], '["SQUARE_150"]');
  expect(executions()).toBe(2);
});

test('an execution that reads the viewer is shared with nobody', async () => {
  const shareKey = new ShareKey();
  const { answers, executions } = counting((context) => context.readViewer());
  await answers([{ shareKey }, { shareKey }, { shareKey }]);
  expect(executions()).toBe(3);
});

test('the first whose turn it is executes for all, and the others do not wait for their turns', async () => {
  const results = new SharedResults((result) => JSON.stringify(result.data));
  const query = { dependsOnViewer: false };
  const shareKey = new ShareKey();
  const turns = new Turns();
  const addresses = ['busy', 'free', 'busier'];
  let isOver = false;
  const others = ['busy', 'busier'].map((client) =>
    turns.run(client, MAX_WEIGHT_AT_ONCE, new AbortController().signal, () => until(async () => isOver)),
  );
  const executedFor: string[] = [];
  const texts = await Promise.all(
    addresses.map((address, index) =>
      results.execute(
        newEvent({ cursor: `c${index}`, shareKey }),
        query,
        '[]',
        {
          execute: async (event, { address }) => {
            executedFor.push(address);
            return { data: { cursor: (event as Event).cursor } };
          },
          inTurn: (client, work, done) =>
            turns.run(client, MAX_WEIGHT_AT_ONCE, done ?? new AbortController().signal, work, false),
        },
        () => createContext({} as Stores, null, address),
      ),
    ),
  );
  expect(texts.map(({ text }) => text)).toEqual(['c0', 'c1', 'c2'].map((cursor) => JSON.stringify({ cursor })));
  expect(executedFor).toEqual(['free']);
  isOver = true;
  await Promise.all(others);
});

test('what has waited since it was decided long ago is decided again, in the same turn and alone', async () => {
  const { answers, executions } = counting();
  let turns = 0;
  const later: Executions['inTurn'] = async (_, work) => {
    turns++;
    await new Promise(setImmediate);
    return work();
  };
  const shareKey = new ShareKey();
  const longAgo = { decidedAt: performance.now() - 10_000 };
  const again = (caption: string) => async () => newEvent({ value: { ...photo, caption } });
  const texts = await answers(
    [
      { ...longAgo, shareKey, decideAgain: again('new') },
      { ...longAgo, shareKey, decideAgain: async () => null },
      { ...longAgo, decideAgain: again('newer') },
      { shareKey: new ShareKey() },
    ],
    '[]',
    later,
  );
  const text = (caption: string, cursor = 'c') => JSON.stringify({ cursor, caption });
  expect(texts).toEqual([text('new'), null, text('newer'), text('the caption', 'c3')]);
  expect([turns, executions()]).toEqual([4, 3]);
});

test('what was decided long ago and did not wait is not decided again', async () => {
  const { answers } = counting();
  const longAgo = { decidedAt: performance.now() - 10_000 };
  expect(await answers([{ ...longAgo, shareKey: new ShareKey() }, longAgo])).not.toContain(null);
});
