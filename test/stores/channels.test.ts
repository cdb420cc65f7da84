/** What is told on a channel reaches all who listen, once and in order, whatever happens to the connection on which it is heard. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type ChannelMessage,
  type Channels,
  ChannelsUnavailable,
  openChannels,
  UNKNOWN_POSITION,
} from '../../src/stores/channels.ts';
import type { ConnectionListener, PubSub } from '../../src/stores/pubsub.ts';
import type { Stores } from '../../src/stores/stores.ts';
import { openStream, publishToStreams } from '../../src/stores/streams.ts';
import { openBackstage } from '../support/backstage.ts';
import { until } from '../support/until.ts';

let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores?.close());

const newChannel = () => `live:{test}:${randomUUID()}`;
const tell = (channel: string, payload: string) => publishToStreams(stores.redis, [channel], payload, payload);

/** Listens. @returns what is heard, gaps as 'gap' */
async function hear(channels: Channels, channel: string, after: ChannelMessage['position'] | null = null) {
  const heard: string[] = [];
  const places: ChannelMessage['position'][] = [];
  let isLost = false;
  const { place, stop } = await channels.subscribe(channel, after, {
    onMessage(told) {
      heard.push(told.payload ?? 'gap');
      places.push(told.position);
    },
    onUnavailable() {
      isLost = true;
    },
  });
  return { heard, places, place, stop, isLost: () => isLost };
}

/** Pub/sub whose connection is in the test's hand: what comes through, and when it breaks. */
function heldPubSub() {
  let listener = (_message: string) => {};
  let hears: ConnectionListener = {};
  const held: string[] = [];
  let stopReal = () => {};
  const pubsub: PubSub = {
    ...stores.pubsub,
    async subscribe(name, onMessage, connection = {}) {
      listener = onMessage;
      hears = connection;
      stopReal = await stores.pubsub.subscribe(name, (message) => held.push(message));
      return () => stopReal();
    },
  };
  return {
    pubsub,
    held,
    /** Lets the next message through. */
    pass: () => listener(held.shift() ?? ''),
    /** Loses what is on its way. */
    lose: () => held.splice(0),
    connection: () => hears,
  };
}

test('two who listen hear the same, each once and in order, also from a place in the past', async () => {
  const channel = newChannel();
  const first = await hear(stores.channels, channel);
  for (const payload of ['one', 'two', 'three']) await tell(channel, payload);
  await until(async () => first.heard.length === 3);
  const second = await hear(stores.channels, channel, first.places[0]);
  expect(second.heard).toEqual(['two', 'three']);
  await tell(channel, 'four');
  await until(async () => second.heard.includes('four') && first.heard.includes('four'));
  expect([first.heard, second.heard]).toEqual([
    ['one', 'two', 'three', 'four'],
    ['two', 'three', 'four'],
  ]);
  first.stop();
  await tell(channel, 'five');
  await until(async () => second.heard.includes('five'));
  expect(first.heard).toHaveLength(4);
  second.stop();
});

test('who comes from a place that is not known any more, or from nowhere, begins with a gap', async () => {
  const channel = newChannel();
  const first = await hear(stores.channels, channel);
  await tell(channel, 'one');
  await until(async () => first.heard.length === 1);
  const lost = await hear(stores.channels, channel, { epoch: 'another', id: '1-1' });
  const nowhere = await hear(stores.channels, channel, UNKNOWN_POSITION);
  await tell(channel, 'two');
  await until(async () => [first, lost, nowhere].every(({ heard }) => heard.includes('two')));
  expect([lost.heard, nowhere.heard]).toEqual([
    ['gap', 'two'],
    ['gap', 'two'],
  ]);
  for (const { stop } of [first, lost, nowhere]) stop();
});

test('what comes first over a new connection does not hide what was told while there was none', async () => {
  const channel = newChannel();
  const { pubsub, held, pass, lose, connection } = heldPubSub();
  const channels = openChannels(stores.redis, pubsub, stores.log);
  const { heard, stop } = await hear(channels, channel);
  await tell(channel, 'one');
  await until(async () => held.length === 1);
  pass();
  expect(heard).toEqual(['one']);

  connection().onBreak?.();
  await tell(channel, 'two');
  await until(async () => held.length === 1);
  lose();
  // The connection is back, which is not said yet.
  await tell(channel, 'three');
  await until(async () => held.length === 1);
  pass();
  expect(heard).toEqual(['one']);
  // And breaks once more while what was missed is read.
  connection().onResume?.();
  connection().onBreak?.();
  await tell(channel, 'four');
  await until(async () => held.length === 1);
  lose();
  await tell(channel, 'five');
  await until(async () => held.length === 1);
  pass();
  connection().onResume?.();
  await until(async () => heard.includes('five'));
  expect(heard).toEqual(['one', 'two', 'three', 'four', 'five']);
  stop();
  channels.close();
});

test('who comes from a place of which this process has not heard yet is told nothing twice', async () => {
  const channel = newChannel();
  const { pubsub, held, pass } = heldPubSub();
  const channels = openChannels(stores.redis, pubsub, stores.log);
  const first = await hear(channels, channel);
  await tell(channel, 'one');
  await until(async () => held.length === 1);
  // Another process told the client of it already.
  const ahead = await hear(channels, channel, await openStream(stores.redis, channel));
  pass();
  await tell(channel, 'two');
  await until(async () => held.length === 1);
  pass();
  expect([first.heard, ahead.heard]).toEqual([['one', 'two'], ['two']]);
  for (const { stop } of [first, ahead]) stop();
  channels.close();
});

test('when Redis is away for too long all who listen hear that it is lost, and who comes later begins anew', async () => {
  const channel = newChannel();
  const { pubsub, connection } = heldPubSub();
  const channels = openChannels(stores.redis, pubsub, stores.log);
  const listening = await hear(channels, channel);
  connection().onBreak?.();
  connection().onLoss?.();
  expect(listening.isLost()).toBe(true);
  await tell(channel, 'meanwhile');
  const again = await hear(channels, channel, listening.place);
  expect(again.heard).toEqual(['meanwhile']);
  for (const { stop } of [listening, again]) stop();
  channels.close();

  const away = stores.redis.duplicate({ lazyConnect: true });
  const without = openChannels(away, pubsub, stores.log);
  await expect(hear(without, channel)).rejects.toThrow(ChannelsUnavailable);
  without.close();
  away.disconnect();
});

test('who stops twice takes the channel from nobody else', async () => {
  const channel = newChannel();
  const [first, second] = [await hear(stores.channels, channel), await hear(stores.channels, channel)];
  first.stop();
  first.stop();
  await tell(channel, 'one');
  await until(async () => second.heard.length === 1);
  // Nor does somebody who comes after that.
  const third = await hear(stores.channels, channel);
  await tell(channel, 'two');
  await until(async () => second.heard.length === 2 && third.heard.length === 1);
  expect(second.heard).toEqual(['one', 'two']);
  for (const { stop } of [second, third]) stop();
});
