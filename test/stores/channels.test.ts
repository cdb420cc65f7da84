/**
 * What is published on a channel reaches all its subscribers, once and in order, whatever happens to the connection.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ChannelMessage } from '../../src/stores/channel-state.ts';
import { type Channels, ChannelsUnavailable, openChannels } from '../../src/stores/channels.ts';
import type { ConnectionListener, PubSub } from '../../src/stores/pubsub.ts';
import type { Stores } from '../../src/stores/stores.ts';
import {
  KEEP_MS,
  openStream,
  publishToStreams,
  type StreamPosition,
  streamKeys,
  UNKNOWN_POSITION,
} from '../../src/stores/streams.ts';
import { openBackstage } from '../support/backstage.ts';
import { until } from '../support/until.ts';

let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores?.close());

const newChannel = () => `live:{test}:${randomUUID()}`;
const publish = (channel: string, payload: string) => publishToStreams(stores.redis, [channel], payload, payload);

/** Subscribes. @returns what is received, gaps as 'gap' */
async function subscribe(channels: Channels, channel: string, after: StreamPosition | null = null, keepMs?: number) {
  const received: string[] = [];
  const positions: StreamPosition[] = [];
  let isUnavailable = false;
  const subscriber = {
    onMessage(message: ChannelMessage) {
      received.push(message.payload ?? 'gap');
      positions.push(message.position);
    },
    onUnavailable() {
      isUnavailable = true;
    },
  };
  const { position, unsubscribe } = await channels.subscribe(channel, after, subscriber, keepMs);
  return { received, positions, position, unsubscribe, isUnavailable: () => isUnavailable };
}

/** Pub/sub whose connection the test controls: which messages arrive, and when it breaks. */
function controlledPubSub() {
  let listener = (_message: string) => {};
  let connectionListener: ConnectionListener = {};
  const held: string[] = [];
  let unsubscribe = () => {};
  const pubsub: PubSub = {
    ...stores.pubsub,
    async subscribe(name, onMessage, connection = {}) {
      listener = onMessage;
      connectionListener = connection;
      unsubscribe = await stores.pubsub.subscribe(name, (message) => held.push(message));
      return () => unsubscribe();
    },
  };
  return {
    pubsub,
    held,
    /** Lets the next message through. */
    pass: () => listener(held.shift() ?? ''),
    /** Loses the messages that have not been let through. */
    lose: () => held.splice(0),
    connection: () => connectionListener,
  };
}

test('two subscribers receive the same messages once and in order, also from a position in the past', async () => {
  const channel = newChannel();
  const first = await subscribe(stores.channels, channel);
  for (const payload of ['one', 'two', 'three']) await publish(channel, payload);
  await until(async () => first.received.length === 3);
  const second = await subscribe(stores.channels, channel, first.positions[0]);
  expect(second.received).toEqual(['two', 'three']);
  await publish(channel, 'four');
  await until(async () => second.received.includes('four') && first.received.includes('four'));
  expect([first.received, second.received]).toEqual([
    ['one', 'two', 'three', 'four'],
    ['two', 'three', 'four'],
  ]);
  first.unsubscribe();
  await publish(channel, 'five');
  await until(async () => second.received.includes('five'));
  expect(first.received).toHaveLength(4);
  second.unsubscribe();
});

test('a subscriber whose position is no longer known, or that has none, begins with a gap', async () => {
  const channel = newChannel();
  const first = await subscribe(stores.channels, channel);
  await publish(channel, 'one');
  await until(async () => first.received.length === 1);
  const unknown = await subscribe(stores.channels, channel, { epoch: 'another', id: '1-1' });
  const without = await subscribe(stores.channels, channel, UNKNOWN_POSITION);
  await publish(channel, 'two');
  await until(async () => [first, unknown, without].every(({ received }) => received.includes('two')));
  expect([unknown.received, without.received]).toEqual([
    ['gap', 'two'],
    ['gap', 'two'],
  ]);
  for (const { unsubscribe } of [first, unknown, without]) unsubscribe();
});

test('the first message of a new connection does not hide those that were published while there was none', async () => {
  const channel = newChannel();
  const { pubsub, held, pass, lose, connection } = controlledPubSub();
  const channels = openChannels(stores.redis, pubsub, stores.log);
  const { received, unsubscribe } = await subscribe(channels, channel);
  await publish(channel, 'one');
  await until(async () => held.length === 1);
  pass();
  expect(received).toEqual(['one']);

  connection().onDisconnect?.();
  await publish(channel, 'two');
  await until(async () => held.length === 1);
  lose();
  // The connection is back, but that has not been announced.
  await publish(channel, 'three');
  await until(async () => held.length === 1);
  pass();
  expect(received).toEqual(['one']);
  // It breaks once more while the missed messages are read.
  connection().onResume?.();
  connection().onDisconnect?.();
  await publish(channel, 'four');
  await until(async () => held.length === 1);
  lose();
  await publish(channel, 'five');
  await until(async () => held.length === 1);
  pass();
  connection().onResume?.();
  await until(async () => received.includes('five'));
  expect(received).toEqual(['one', 'two', 'three', 'four', 'five']);
  unsubscribe();
  channels.close();
});

test('a subscriber that is ahead of this process receives nothing twice', async () => {
  const channel = newChannel();
  const { pubsub, held, pass } = controlledPubSub();
  const channels = openChannels(stores.redis, pubsub, stores.log);
  const first = await subscribe(channels, channel);
  await publish(channel, 'one');
  await until(async () => held.length === 1);
  // Another process has delivered it to the client already.
  const ahead = await subscribe(channels, channel, await openStream(stores.redis, channel));
  pass();
  await publish(channel, 'two');
  await until(async () => held.length === 1);
  pass();
  expect([first.received, ahead.received]).toEqual([['one', 'two'], ['two']]);
  for (const { unsubscribe } of [first, ahead]) unsubscribe();
  channels.close();
});

test('when Redis is away for too long all subscriptions end, and a later one opens the channel again', async () => {
  const channel = newChannel();
  const { pubsub, connection } = controlledPubSub();
  const channels = openChannels(stores.redis, pubsub, stores.log);
  const subscriber = await subscribe(channels, channel);
  connection().onDisconnect?.();
  connection().onUnavailable?.();
  expect(subscriber.isUnavailable()).toBe(true);
  await publish(channel, 'meanwhile');
  const again = await subscribe(channels, channel, subscriber.position);
  expect(again.received).toEqual(['meanwhile']);
  for (const { unsubscribe } of [subscriber, again]) unsubscribe();
  channels.close();

  const away = stores.redis.duplicate({ lazyConnect: true });
  const channelsAway = openChannels(away, pubsub, stores.log);
  await expect(subscribe(channelsAway, channel)).rejects.toThrow(ChannelsUnavailable);
  channelsAway.close();
  away.disconnect();
});

test('a subscriber that unsubscribes twice leaves the others theirs', async () => {
  const channel = newChannel();
  const [first, second] = [await subscribe(stores.channels, channel), await subscribe(stores.channels, channel)];
  first.unsubscribe();
  first.unsubscribe();
  await publish(channel, 'one');
  await until(async () => second.received.length === 1);
  // A later subscriber also leaves them theirs.
  const third = await subscribe(stores.channels, channel);
  await publish(channel, 'two');
  await until(async () => second.received.length === 2 && third.received.length === 1);
  expect(second.received).toEqual(['one', 'two']);
  for (const { unsubscribe } of [second, third]) unsubscribe();
});

/** For how long the keys of a channel's stream are kept, in milliseconds. */
const keptFor = (channel: string) => Promise.all(streamKeys(channel).map((key) => stores.redis.pttl(key)));

const isWithin = (value: number, from: number, to: number) => from <= value && value <= to;

test('a stream is kept for as long as the subscriber needs who may stay away longest', async () => {
  const channel = newChannel();
  const anonymous = await subscribe(stores.channels, channel, null, KEEP_MS.anonymous);
  for (const ms of (await keptFor(channel)).slice(0, 2)) expect(isWithin(ms, 1, KEEP_MS.anonymous)).toBe(true);
  const other = openChannels(stores.redis, stores.pubsub, stores.log);
  for (const channels of [stores.channels, other]) {
    const { unsubscribe } = await subscribe(channels, channel);
    unsubscribe();
  }
  anonymous.unsubscribe();
  const again = await subscribe(stores.channels, channel, null, KEEP_MS.anonymous);
  again.unsubscribe();
  for (const ms of (await keptFor(channel)).slice(0, 2))
    expect(isWithin(ms, KEEP_MS.anonymous + 1, KEEP_MS.session)).toBe(true);
});

test('a stream that is kept for a short time is opened again while it has subscribers', async () => {
  const channel = newChannel();
  const { unsubscribe, received } = await subscribe(stores.channels, channel, null, 1_500);
  const [before = 0] = await keptFor(channel);
  expect(isWithin(before, 1, 1_500)).toBe(true);
  let lowest = before;
  await until(async () => {
    const [now = 0] = await keptFor(channel);
    lowest = Math.min(lowest, now);
    return now > lowest;
  });
  await publish(channel, 'one');
  await until(async () => received.includes('one'));
  // No gap: the stream is still the same.
  expect(received).toEqual(['one']);
  unsubscribe();
  await until(async () => (await stores.redis.exists(...streamKeys(channel).slice(0, 2))) === 0);
});
