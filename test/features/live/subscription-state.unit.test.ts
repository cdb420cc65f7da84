/** The transitions of a subscription, its queue and its cursor. No server is needed. */
import { expect, test } from 'vitest';
import { parseCursor, toCursor } from '../../../src/features/live/cursor.ts';
import { ShareKey } from '../../../src/features/live/share-key.ts';
import {
  Final,
  MAX_BEHIND,
  type Outcome,
  SubscriptionState,
  type SubscriptionStateName,
} from '../../../src/features/live/subscription-state.ts';
import { type StreamPosition, UNKNOWN_POSITION } from '../../../src/stores/streams.ts';

const CHANNEL = 'live:{x}';
const at = (number: number): StreamPosition => ({ epoch: 'a', id: `${number}-0` });
const START = new Map([[CHANNEL, at(1)]]);

/** A subscription of one channel that resumes, so that its queue is empty. */
function resumed(dedupKeyOf?: (value: string) => string) {
  const state = new SubscriptionState<string>(START, [CHANNEL], false, dedupKeyOf);
  state.addChannel(CHANNEL);
  state.channelSubscribed(CHANNEL, at(1));
  return state;
}

function enqueue(
  state: SubscriptionState<string>,
  number: number,
  payload: string | null = String(number),
  channel = CHANNEL,
) {
  state.enqueue(channel, { position: at(number), payload }, payload === null);
}

/** Payloads of what is taken. */
function take(state: SubscriptionState<string>, limit = 16) {
  return state.take(limit).map((item) => (item.kind === 'opening' ? 'opening' : (item.message.payload ?? 'gap')));
}

/** The outcome that delivers a value to this subscriber alone. */
function toOutcome(value: string | Final<string> | null): Outcome<string> {
  return typeof value === 'string' ? { value, shareKey: null } : value;
}

/** Takes one batch and delivers each item with its payload as the value. */
function deliver(
  state: SubscriptionState<string>,
  outcomeOf = (payload: string | null): string | Final<string> | null => payload,
) {
  return state
    .take(16)
    .map((item) => state.deliver(item, toOutcome(outcomeOf(item.kind === 'opening' ? null : item.message.payload))));
}

const failure = new Error('away');
const PATHS: Record<SubscriptionStateName, (state: SubscriptionState<string>) => void> = {
  open: () => {},
  failed: (state) => state.fail(failure),
  finished(state) {
    enqueue(state, 2);
    deliver(state, () => new Final<string>(null));
  },
  closed: (state) => state.close(),
};
const METHODS = {
  enqueue: (state: SubscriptionState<string>) => enqueue(state, 3),
  fail: (state: SubscriptionState<string>) => state.fail(new Error('later')),
  close: (state: SubscriptionState<string>) => state.close(),
  deliverFinal: (state: SubscriptionState<string>) =>
    state.deliver({ kind: 'opening', isGap: true }, new Final<string>('last')),
  deliverValue: (state: SubscriptionState<string>) =>
    state.deliver({ kind: 'opening', isGap: true }, toOutcome('value')),
};
const TRANSITIONS: Record<SubscriptionStateName, Partial<Record<keyof typeof METHODS, SubscriptionStateName>>> = {
  open: { fail: 'failed', close: 'closed', deliverFinal: 'finished' },
  failed: { close: 'closed', deliverFinal: 'finished' },
  finished: { close: 'closed' },
  closed: {},
};

for (const from of Object.keys(TRANSITIONS) as SubscriptionStateName[]) {
  for (const method of Object.keys(METHODS) as (keyof typeof METHODS)[]) {
    const to = TRANSITIONS[from][method] ?? from;
    test(`subscription: ${method} in ${from} leads to ${to}`, () => {
      const state = resumed();
      PATHS[from](state);
      expect(state.name).toBe(from);
      METHODS[method](state);
      expect(state.name).toBe(to);
    });
  }
}

test('a new client gets an opening with a gap first, a client that resumes does not', () => {
  const state = new SubscriptionState<string>(null, [CHANNEL], false);
  enqueue(state, 2);
  const [opening] = state.take(16);
  expect(opening).toEqual({ kind: 'opening', isGap: true });
  expect(opening && state.deliver(opening, null)).toMatchObject({ isGap: true, value: null });
  expect(take(state)).toEqual(['2']);
  expect(take(resumed())).toEqual([]);
});

test('a client that resumes gets the state first when the source begins with it, and then without a gap', () => {
  const state = new SubscriptionState<string>(START, [CHANNEL], true);
  const [opening] = state.take(16);
  expect(opening).toEqual({ kind: 'opening', isGap: false });
  expect(opening && state.deliver(opening, toOutcome('now'))).toMatchObject({ isGap: false, value: 'now' });
});

test('a client whose cursor has a channel that the subscription has left gets a gap first', () => {
  const cursor = new Map([...START, ['live:{left}', at(1)]]);
  expect(take(new SubscriptionState<string>(cursor, [CHANNEL, 'live:{left}'], false))).toEqual([]);
  const state = new SubscriptionState<string>(cursor, [CHANNEL], false);
  enqueue(state, 2);
  const [opening] = state.take(16);
  expect(opening).toEqual({ kind: 'opening', isGap: true });
  expect(take(state)).toEqual(['2']);
});

test.each([null, START])('an opening and the gap behind it are delivered as one', (cursor) => {
  const state = new SubscriptionState<string>(cursor, [CHANNEL], true);
  enqueue(state, 2, null);
  expect(take(state)).toEqual(['gap']);
  expect(take(state)).toEqual([]);
});

test('what was missed on several channels is delivered in the order in which it was published', () => {
  const state = resumed();
  for (const [number, channel] of [
    [12, CHANNEL],
    [104, CHANNEL],
    [9, 'live:{y}'],
    [13, 'live:{y}'],
    [100, 'live:{y}'],
  ] as const) {
    enqueue(state, number, String(number), channel);
  }
  state.sortMissed();
  expect(take(state)).toEqual(['9', '12', '13', '100', '104']);
});

test('the order of channels stays when one of them has a gap', () => {
  const state = resumed();
  enqueue(state, 12);
  enqueue(state, 9, null, 'live:{y}');
  state.sortMissed();
  expect([take(state), take(state)]).toEqual([['12'], ['gap']]);
});

test('a gap is taken alone, and what precedes it without it', () => {
  const state = resumed();
  for (const [number, payload] of [
    [2, 'a'],
    [3, 'b'],
    [4, null],
    [5, 'c'],
  ] as const)
    enqueue(state, number, payload);
  expect([take(state), take(state), take(state), take(state)]).toEqual([['a', 'b'], ['gap'], ['c'], []]);
});

test('no more messages are taken than the limit', () => {
  const state = resumed();
  for (let number = 2; number < 7; number++) enqueue(state, number);
  expect([take(state, 2), take(state, 1), take(state, 16)]).toEqual([['2', '3'], ['4'], ['5', '6']]);
});

test('equal messages of one channel in a row are delivered once, with the position of the last', () => {
  const state = resumed();
  state.addChannel('live:{y}');
  for (const number of [2, 3]) enqueue(state, number, 'same');
  enqueue(state, 4, 'same', 'live:{y}');
  enqueue(state, 5, 'same');
  const cursors = deliver(state).map((event) => parseCursor(event?.cursor ?? '', CHANNEL));
  expect(cursors).toEqual([
    new Map([[CHANNEL, at(3)]]),
    new Map([
      [CHANNEL, at(3)],
      ['live:{y}', at(4)],
    ]),
    new Map([
      [CHANNEL, at(5)],
      ['live:{y}', at(4)],
    ]),
  ]);
});

test('a client that falls too far behind gets what is queued, and then RESUME', () => {
  const state = resumed();
  for (let number = 1; number <= MAX_BEHIND; number++) enqueue(state, number);
  expect(state.name).toBe('open');
  enqueue(state, 501);
  enqueue(state, 502);
  expect(state.name).toBe('failed');
  const received: string[] = [];
  for (let batch = 0; batch < 32; batch++) received.push(...take(state));
  expect(received).toEqual(Array.from({ length: MAX_BEHIND }, (_, index) => String(index + 1)));
  expect(() => take(state)).toThrow('You fell too far behind');
  expect(() => take(state)).toThrow(expect.objectContaining({ extensions: { code: 'RESUME' } }));
});

test('only live messages count as behind, and only while they wait', () => {
  const state = resumed();
  for (let number = 0; number < 2 * MAX_BEHIND; number++) {
    state.enqueue(CHANNEL, { position: at(number), payload: `replay ${number}` }, true);
  }
  for (let number = 0; number < MAX_BEHIND; number++) enqueue(state, number);
  for (let batch = 0; batch < 200; batch++) take(state);
  for (let number = 0; number < MAX_BEHIND; number++) enqueue(state, number);
  // An equal message costs nothing.
  enqueue(state, 1_000, String(MAX_BEHIND - 1));
  expect(state.name).toBe('open');
});

test('a failure comes after what is queued, and the first one counts', () => {
  const state = new SubscriptionState<string>(null, [CHANNEL], false);
  enqueue(state, 2);
  state.fail(failure);
  state.fail(new Error('later'));
  enqueue(state, 3);
  expect([take(state), take(state)]).toEqual([['opening'], ['2']]);
  expect(() => take(state)).toThrow(failure);
  expect(state.failure).toBe(failure);
});

test('nothing of a batch is delivered after its final value, and the cursor stays there', () => {
  const state = resumed();
  for (const number of [2, 3, 4]) enqueue(state, number);
  const events = deliver(state, (payload) => (payload === '3' ? new Final('last') : payload));
  expect(events.map((event) => event?.value)).toEqual(['2', 'last', undefined]);
  expect(parseCursor(events[1]?.cursor ?? '', CHANNEL)).toEqual(new Map([[CHANNEL, at(3)]]));
});

test('a message without a value moves the cursor, and a gap without a value is an event', () => {
  const state = resumed();
  enqueue(state, 2);
  enqueue(state, 3);
  const [nothing, event] = deliver(state, (payload) => (payload === '2' ? null : payload));
  expect(nothing).toBeNull();
  expect(parseCursor(event?.cursor ?? '', CHANNEL)).toEqual(new Map([[CHANNEL, at(3)]]));
  enqueue(state, 4, null);
  expect(deliver(state)).toMatchObject([{ isGap: true, value: null }]);
});

test('a signal is delivered, and is in no cursor', () => {
  const state = resumed();
  state.enqueue(null, { position: UNKNOWN_POSITION, payload: 'signal' }, false);
  const [event] = deliver(state);
  expect(event?.value).toBe('signal');
  expect(parseCursor(event?.cursor ?? '', CHANNEL)).toEqual(START);
});

test('a value with the dedup key of an earlier one is left out, and the latest 1,000 keys are remembered', () => {
  const state = resumed((value) => value);
  const values = (...numbers: number[]) => {
    for (const number of numbers) {
      enqueue(state, number, `v${number}`);
      enqueue(state, number, 'between');
    }
    const received: (string | undefined)[] = [];
    for (let taken = deliver(state, (payload) => (payload === 'between' ? null : payload)); taken.length > 0; ) {
      received.push(...taken.flatMap((event) => event?.value ?? []));
      taken = deliver(state, (payload) => (payload === 'between' ? null : payload));
    }
    return received;
  };
  expect(values(1, 2, 1)).toEqual(['v1', 'v2']);
  for (let number = 3; number <= 1_000; number++) expect(values(number)).toHaveLength(1);
  expect(values(1)).toEqual([]);
  // One more forgets the oldest.
  expect(values(1_001)).toEqual(['v1001']);
  expect(values(2, 1)).toEqual(['v1']);
});

test('a channel is added once, and not to a subscription that is closed', () => {
  const state = resumed();
  expect([state.addChannel(CHANNEL), state.addChannel('live:{y}')]).toEqual([false, true]);
  state.close();
  expect(state.addChannel('live:{z}')).toBe(false);
  // It was being subscribed to while the subscription closed.
  state.channelSubscribed('live:{y}', at(2));
  expect(state.addChannel('live:{y}')).toBe(false);
});

test('a channel begins at the cursor, or now for a new client, or else with a gap', () => {
  const client = resumed();
  expect([client.startOf(CHANNEL, true), client.startOf('live:{y}', true)]).toEqual([at(1), UNKNOWN_POSITION]);
  const newClient = new SubscriptionState<string>(null, [CHANNEL], false);
  expect([newClient.startOf(CHANNEL, true), newClient.startOf(CHANNEL, false)]).toEqual([null, UNKNOWN_POSITION]);
});

test('a channel that was added is in the cursor only from its first gap on', () => {
  const state = resumed();
  state.addChannel('live:{y}');
  state.channelSubscribed('live:{y}', UNKNOWN_POSITION);
  enqueue(state, 2);
  enqueue(state, 7, null, 'live:{y}');
  const cursors = [...deliver(state), ...deliver(state)].map((event) => parseCursor(event?.cursor ?? '', CHANNEL));
  expect(cursors).toEqual([
    new Map([[CHANNEL, at(2)]]),
    new Map([
      [CHANNEL, at(2)],
      ['live:{y}', at(7)],
    ]),
  ]);
});

test('a subscription that is closed delivers nothing that was being processed', () => {
  const state = resumed();
  enqueue(state, 2);
  const [item] = state.take(16);
  state.close();
  expect(item && state.deliver(item, toOutcome('late'))).toBeNull();
});

test('a cursor keeps its format, which other versions read', () => {
  const cursor = toCursor(
    new Map([
      [CHANNEL, at(1)],
      ['live:{y}', { epoch: 'b', id: '1790000000000-3' }],
    ]),
  );
  expect(JSON.parse(Buffer.from(cursor, 'base64url').toString())).toEqual([
    [CHANNEL, 'a', '1-0'],
    ['live:{y}', 'b', '1790000000000-3'],
  ]);
});

test('what is not a cursor of the subscription is refused', () => {
  const encode = (content: unknown) => Buffer.from(JSON.stringify(content)).toString('base64url');
  const position = [CHANNEL, 'a', '1-0'];
  for (const cursor of [
    '',
    'nonsense',
    encode(1),
    encode([]),
    encode([['live:{y}', 'a', '1-0']]),
    encode([position, [CHANNEL, '', '1-0']]),
    encode([position, [CHANNEL, 'a', 'x']]),
    encode([position, ['stream:{x}', 'a', '1-0']]),
    // Lists that read like texts where they are joined.
    encode([[CHANNEL, 'a', ['1-0']]]),
    encode([[CHANNEL, ['a'], '1-0']]),
    encode([[[CHANNEL], 'a', '1-0']]),
    encode([{ 0: CHANNEL, 1: 'a', 2: '1-0' }]),
    encode([[CHANNEL, 'a', '18446744073709551616-0']]),
    encode([[CHANNEL, 'a', `1-${'9'.repeat(30)}`]]),
    encode(Array.from({ length: 10_000 }, () => position)),
  ]) {
    expect(() => parseCursor(cursor, CHANNEL)).toThrow('"after" is not a cursor of this subscription');
  }
  expect(parseCursor(encode([position]), CHANNEL)).toEqual(START);
  const largest = [CHANNEL, 'a', '18446744073709551615-18446744073709551615'];
  expect(parseCursor(encode([largest]), CHANNEL).size).toBe(1);
});

test('an event carries the share key of its outcome, but a gap and the last event are for one subscriber alone', () => {
  const state = resumed();
  const shareKey = new ShareKey();
  enqueue(state, 2);
  enqueue(state, 3, null);
  enqueue(state, 4);
  const outcomes: Outcome<string>[] = [{ value: 'a', shareKey }, { value: 'b', shareKey }, new Final('c')];
  const keys = outcomes.map((outcome) => {
    const [item] = state.take(1);
    return item && state.deliver(item, outcome)?.shareKey;
  });
  expect(keys).toEqual([shareKey, null, null]);
});
