/** The transitions of a channel, and of a subscriber that resumes from a position. No server is needed. */
import { expect, test } from 'vitest';
import { ReplayingSubscriber } from '../../src/stores/channel-replay.ts';
import {
  type ChannelMessage,
  ChannelState,
  type ChannelStateName,
  type ChannelSubscriber,
} from '../../src/stores/channel-state.ts';
import type { StreamEntry, StreamPosition } from '../../src/stores/streams.ts';

const END: StreamPosition = { epoch: 'a', id: '1-0' };

/** An entry whose payload is its number. */
const entry = (number: number): StreamEntry => ({ id: `${number}-0`, payload: String(number) });
const published = (number: number, epoch = 'a') => ({ epoch, ...entry(number) });
const message = (number: number, epoch = 'a'): ChannelMessage => ({
  position: { epoch, id: `${number}-0` },
  payload: String(number),
});
const gap = (epoch: string): ChannelMessage => ({ position: { epoch, id: '1-0' }, payload: null });

/** A subscriber that writes down what it receives: payloads, replays with a `~`, gaps as `gap`. */
function recorder(): ChannelSubscriber & { received: string[]; unavailable: number } {
  return {
    received: [],
    unavailable: 0,
    onMessage({ payload }, isReplay) {
      this.received.push(payload === null ? 'gap' : isReplay ? `~${payload}` : payload);
    },
    onUnavailable() {
      this.unavailable++;
    },
  };
}

/** A channel whose reads are started and never end by themselves. */
function newChannel() {
  let reads = 0;
  const state = new ChannelState(() => {
    reads++;
  });
  const subscriber = recorder();
  state.add(subscriber);
  return { state, subscriber, received: subscriber.received, reads: () => reads };
}

/** How each state is reached. */
const PATHS: Record<ChannelStateName, ((state: ChannelState) => void)[]> = {
  opening: [],
  reading: [(state) => state.subscribed()],
  'reading-stale': [(state) => state.subscribed(), (state) => state.reconnected()],
  live: [(state) => state.subscribed(), (state) => state.finishRead({ end: END, entries: [] })],
  disconnected: [(state) => state.disconnected()],
  'disconnected-reading': [(state) => state.subscribed(), (state) => state.disconnected()],
  closed: [(state) => state.close()],
};

function channelIn(name: ChannelStateName) {
  const channel = newChannel();
  channel.state.opened(END);
  for (const step of PATHS[name]) step(channel.state);
  expect(channel.state.name).toBe(name);
  const before = channel.reads();
  return { ...channel, newReads: () => channel.reads() - before };
}

const METHODS = {
  subscribed: (state: ChannelState) => state.subscribed(),
  disconnected: (state: ChannelState) => state.disconnected(),
  reconnected: (state: ChannelState) => state.reconnected(),
  receive: (state: ChannelState) => state.receive(published(2)),
  receiveOtherEpoch: (state: ChannelState) => state.receive(published(2, 'b')),
  finishRead: (state: ChannelState) => state.finishRead({ end: END, entries: [] }),
  close: (state: ChannelState) => state.close(),
};

/** The next state, with a * when a read is started. A method that is missing changes no state. */
const TRANSITIONS: Record<ChannelStateName, Partial<Record<keyof typeof METHODS, string>>> = {
  opening: { subscribed: 'reading*', disconnected: 'disconnected', close: 'closed' },
  reading: { disconnected: 'disconnected-reading', reconnected: 'reading-stale', finishRead: 'live', close: 'closed' },
  'reading-stale': { disconnected: 'disconnected-reading', finishRead: 'reading*', close: 'closed' },
  live: { disconnected: 'disconnected', reconnected: 'reading*', receiveOtherEpoch: 'reading*', close: 'closed' },
  disconnected: { subscribed: 'disconnected-reading*', reconnected: 'reading*', close: 'closed' },
  'disconnected-reading': { reconnected: 'reading-stale', finishRead: 'disconnected', close: 'closed' },
  closed: {},
};

for (const from of Object.keys(TRANSITIONS) as ChannelStateName[]) {
  for (const method of Object.keys(METHODS) as (keyof typeof METHODS)[]) {
    const to = TRANSITIONS[from][method] ?? from;
    test(`channel: ${method} in ${from} leads to ${to}`, () => {
      const { state, newReads } = channelIn(from);
      METHODS[method](state);
      expect(`${state.name}${'*'.repeat(newReads())}`).toBe(to);
    });
  }
}

test('a message is delivered at once while the channel is live, and never twice', () => {
  const { state, received } = channelIn('live');
  for (const number of [2, 3, 3, 2, 4]) state.receive(published(number));
  expect(received).toEqual(['2', '3', '4']);
  expect(state.position).toEqual({ epoch: 'a', id: '4-0' });
});

test.each(['opening', 'reading', 'reading-stale', 'disconnected', 'disconnected-reading'] as const)(
  'a message that arrives while the channel is %s waits in the buffer',
  (name) => {
    const { state, received } = channelIn(name);
    state.receive(published(2));
    expect(received).toEqual([]);
    expect(state.position).toEqual(END);
  },
);

test('the result of a read comes before the buffer, and what both contain comes once', () => {
  const { state, received } = channelIn('reading');
  for (const number of [3, 4]) state.receive(published(number));
  state.finishRead({ end: { epoch: 'a', id: '3-0' }, entries: [entry(2), entry(3)] });
  expect(received).toEqual(['~2', '~3', '4']);
});

test('a read that no longer knows the position is a gap, and the buffer follows it', () => {
  const { state, received } = channelIn('reading');
  state.receive(published(2, 'b'));
  state.finishRead({ end: { epoch: 'b', id: '1-0' }, entries: null });
  expect(received).toEqual(['gap', '2']);
  expect(state.name).toBe('live');
});

test('a message of another epoch is delivered after the gap that explains it', () => {
  const { state, received, newReads } = channelIn('live');
  state.receive(published(2, 'b'));
  state.receive(published(3, 'b'));
  expect(received).toEqual([]);
  expect(newReads()).toBe(1);
  state.finishRead({ end: { epoch: 'b', id: '1-0' }, entries: null });
  expect(received).toEqual(['gap', '2', '3']);
});

test('a buffer that contains another epoch is read again from there', () => {
  const { state, received, newReads } = channelIn('reading');
  for (const each of [published(2), published(3, 'b'), published(4, 'b')]) state.receive(each);
  state.finishRead({ end: END, entries: [] });
  expect([state.name, newReads(), ...received]).toEqual(['reading', 1, '2']);
  state.finishRead({ end: { epoch: 'b', id: '3-0' }, entries: null });
  expect(received).toEqual(['2', 'gap', '4']);
});

test('a message of a new connection does not hide those that were lost with the old one', () => {
  const { state, received } = channelIn('live');
  state.disconnected();
  // 2 is lost. 3 arrives before the new connection is announced.
  state.receive(published(3));
  state.reconnected();
  state.finishRead({ end: { epoch: 'a', id: '3-0' }, entries: [entry(2), entry(3)] });
  expect(received).toEqual(['~2', '~3']);
});

test('a connection that breaks and returns during a read leads to another read before the channel is live', () => {
  const { state, received, newReads } = channelIn('reading');
  state.disconnected();
  state.reconnected();
  // 2 was lost after the read began. 3 arrived over the new connection.
  state.receive(published(3));
  state.finishRead({ end: END, entries: [] });
  expect([state.name, newReads(), ...received]).toEqual(['reading', 1]);
  state.finishRead({ end: { epoch: 'a', id: '3-0' }, entries: [entry(2), entry(3)] });
  expect([state.name, ...received]).toEqual(['live', '~2', '~3']);
});

test('a read that ends while the connection is broken is delivered, and the buffer waits for the next read', () => {
  const { state, received } = channelIn('disconnected-reading');
  state.receive(published(4));
  state.finishRead({ end: { epoch: 'a', id: '2-0' }, entries: [entry(2)] });
  expect(received).toEqual(['~2']);
  state.reconnected();
  state.finishRead({ end: { epoch: 'a', id: '4-0' }, entries: [entry(3), entry(4)] });
  expect(received).toEqual(['~2', '~3', '~4']);
});

test('a channel that closes ends its subscriptions once, and delivers nothing any more', () => {
  const { state, subscriber, received } = channelIn('reading');
  state.receive(published(2));
  state.close();
  state.finishRead({ end: END, entries: [entry(2)] });
  state.receive(published(3));
  state.close();
  expect([received, subscriber.unavailable]).toEqual([[], 1]);
});

test('the same subscriber added twice is two, and each is removed alone', () => {
  const { state } = channelIn('live');
  const twice = recorder();
  const [removeFirst, removeSecond] = [state.add(twice), state.add(twice)];
  state.receive(published(2));
  removeFirst();
  removeFirst();
  state.receive(published(3));
  removeSecond();
  state.receive(published(4));
  expect(twice.received).toEqual(['2', '2', '3']);
});

test('a resuming subscriber gets the replay first, then what arrived meanwhile, each message once', () => {
  const subscriber = recorder();
  const replaying = new ReplayingSubscriber(subscriber, { epoch: 'a', id: '1-0' });
  for (const number of [3, 4]) replaying.onMessage(message(number), false);
  expect(subscriber.received).toEqual([]);
  replaying.finishReplay([entry(2), entry(3)], END);
  expect(subscriber.received).toEqual(['~2', '~3', '~4']);
  replaying.onMessage(message(5), false);
  expect(subscriber.received).toEqual(['~2', '~3', '~4', '5']);
});

test('a resuming subscriber that is ahead of this process gets nothing twice', () => {
  const subscriber = recorder();
  const replaying = new ReplayingSubscriber(subscriber, { epoch: 'a', id: '3-0' });
  replaying.finishReplay([], END);
  for (const number of [2, 3, 4]) replaying.onMessage(message(number), false);
  expect(subscriber.received).toEqual(['4']);
});

test('a resuming subscriber whose position is unknown gets a gap at the position of the channel', () => {
  const subscriber = recorder();
  const replaying = new ReplayingSubscriber(subscriber, { epoch: 'old', id: '9-0' });
  replaying.onMessage(message(2), false);
  replaying.finishReplay(null, END);
  for (const each of [message(1), message(3)]) replaying.onMessage(each, false);
  expect(subscriber.received).toEqual(['gap', '~2', '3']);
});

test('gaps and other epochs always reach a resuming subscriber', () => {
  const subscriber = recorder();
  const replaying = new ReplayingSubscriber(subscriber, { epoch: 'a', id: '5-0' });
  replaying.onMessage(gap('b'), true);
  replaying.finishReplay([], { epoch: 'a', id: '5-0' });
  replaying.onMessage(message(2, 'b'), false);
  replaying.onUnavailable();
  expect([subscriber.received, subscriber.unavailable]).toEqual([['gap', '2'], 1]);
});
