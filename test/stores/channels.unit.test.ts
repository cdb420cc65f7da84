/** How channels use Redis, with plain functions for its streams and pub/sub. No server is needed. */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { ChannelsUnavailable, openChannels } from '../../src/stores/channels.ts';
import type { ConnectionListener, PubSub } from '../../src/stores/pubsub.ts';
import type { Redis } from '../../src/stores/redis.ts';

/** A Redis with one stream, and pub/sub whose steps are in the test's hand. */
function fakeRedis() {
  const fake = {
    entries: [] as [id: string, fields: string[]][],
    /** Runs before each read of the stream. */
    beforeRead: async () => {},
    /** Runs before a subscription is confirmed. */
    beforeSubscribed: async () => {},
    subscribed: 0,
    listener: (_message: string) => {},
    connection: {} as ConnectionListener,
  };
  const redis = {
    status: 'ready',
    openStream: async () => ['a', fake.entries.at(-1)?.[0] ?? '1-0'],
    async readStream(_channel: string, _epoch: string, after: string) {
      await fake.beforeRead();
      return fake.entries.filter(([id]) => Number.parseInt(id, 10) > Number.parseInt(after, 10));
    },
  };
  const pubsub: PubSub = {
    async subscribe(_name, onMessage, connection = {}) {
      fake.listener = onMessage;
      fake.connection = connection;
      fake.subscribed++;
      await fake.beforeSubscribed();
      return () => {
        fake.subscribed--;
      };
    },
    publish: async () => {},
    close: async () => {},
  };
  const channels = openChannels(redis as unknown as Redis, pubsub, pino({ level: 'silent' }));
  const received: (string | null)[] = [];
  let unavailable = 0;
  const subscriber = {
    onMessage: ({ payload }: { payload: string | null }) => received.push(payload),
    onUnavailable: () => unavailable++,
  };
  const publish = (number: number) => {
    fake.entries.push([`${number}-0`, ['p', String(number)]]);
    fake.listener(`a ${number}-0 ${number}`);
  };
  return { fake, redis, channels, subscriber, received, unavailable: () => unavailable, publish };
}

test('a channel is subscribed to once, and released with its last subscriber', async () => {
  const { fake, channels, subscriber, received, publish } = fakeRedis();
  const [first, second] = await Promise.all([
    channels.subscribe('live:x', null, subscriber),
    channels.subscribe('live:x', null, subscriber),
  ]);
  expect(fake.subscribed).toBe(1);
  publish(2);
  expect(received).toEqual(['2', '2']);
  first.unsubscribe();
  first.unsubscribe();
  expect(fake.subscribed).toBe(1);
  second.unsubscribe();
  expect(fake.subscribed).toBe(0);
  channels.close();
});

test('what is published between opening the stream and subscribing is read from the stream', async () => {
  const { fake, channels, subscriber, received } = fakeRedis();
  fake.beforeSubscribed = async () => {
    fake.entries.push(['2-0', ['p', 'two']]);
  };
  await channels.subscribe('live:x', { epoch: 'a', id: '1-0' }, subscriber);
  expect(received).toEqual(['two']);
  channels.close();
});

test('a channel that becomes unavailable while it opens refuses its subscribers and is released', async () => {
  const { fake, channels, subscriber } = fakeRedis();
  fake.beforeSubscribed = async () => fake.connection.onUnavailable?.();
  const subscribing = channels.subscribe('live:x', null, subscriber);
  await expect(subscribing).rejects.toThrow(ChannelsUnavailable);
  expect(fake.subscribed).toBe(0);
  // The next subscriber opens the channel again.
  fake.beforeSubscribed = async () => {};
  const { unsubscribe } = await channels.subscribe('live:x', null, subscriber);
  expect(fake.subscribed).toBe(1);
  unsubscribe();
  channels.close();
});

test('a first read that fails refuses the subscriber, and releases the channel', async () => {
  const { fake, channels, subscriber, received, unavailable } = fakeRedis();
  fake.beforeRead = () => Promise.reject(new Error('away'));
  await expect(channels.subscribe('live:x', null, subscriber)).rejects.toThrow(ChannelsUnavailable);
  expect([fake.subscribed, unavailable(), received]).toEqual([0, 0, []]);
  channels.close();
});

test('a replay that fails removes its subscriber and leaves the others theirs', async () => {
  const { fake, channels, subscriber, received, unavailable, publish } = fakeRedis();
  const { unsubscribe } = await channels.subscribe('live:x', null, subscriber);
  fake.beforeRead = () => Promise.reject(new Error('away'));
  const resuming = channels.subscribe('live:x', { epoch: 'a', id: '0-0' }, subscriber);
  await expect(resuming).rejects.toThrow(ChannelsUnavailable);
  publish(2);
  expect([fake.subscribed, unavailable(), received]).toEqual([1, 0, ['2']]);
  unsubscribe();
  expect(fake.subscribed).toBe(0);
  channels.close();
});

test('a read that fails later ends all subscriptions once', async () => {
  const { fake, channels, subscriber, unavailable } = fakeRedis();
  const subscriptions = [
    await channels.subscribe('live:x', null, subscriber),
    await channels.subscribe('live:x', null, subscriber),
  ];
  fake.beforeRead = () => Promise.reject(new Error('away'));
  fake.connection.onDisconnect?.();
  fake.connection.onResume?.();
  await expect.poll(unavailable).toBe(2);
  for (const { unsubscribe } of subscriptions) unsubscribe();
  expect([fake.subscribed, unavailable()]).toEqual([0, 2]);
  channels.close();
});

test('a subscriber is refused at once while Redis is away', async () => {
  const { fake, redis, channels, subscriber } = fakeRedis();
  redis.status = 'reconnecting';
  await expect(channels.subscribe('live:x', null, subscriber)).rejects.toThrow(ChannelsUnavailable);
  expect(fake.subscribed).toBe(0);
  channels.close();
});
