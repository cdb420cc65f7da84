/** How a subscription uses channels and signals, with plain functions in their place. No server is needed. */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { ABANDONED, neverAbandoned } from '../../../src/features/kernel/abandoned.ts';
import { type Delivered, Final, type SubscriptionSource, subscribe } from '../../../src/features/live/subscribe.ts';
import type { ChannelSubscriber } from '../../../src/stores/channel-state.ts';
import { ChannelsUnavailable } from '../../../src/stores/channels.ts';
import type { ConnectionListener } from '../../../src/stores/pubsub.ts';
import type { StreamPosition } from '../../../src/stores/streams.ts';

const CHANNEL = 'live:{x}';

function fakeStores() {
  const subscribers = new Map<string, ChannelSubscriber>();
  const signals = new Map<string, { send: (message: string) => void; connection: ConnectionListener }>();
  const starts: (StreamPosition | null)[] = [];
  const fake = {
    subscribers,
    signals,
    starts,
    /** Runs before a channel is subscribed to. */
    beforeSubscribed: async (_name: string) => {},
    publish(name: string, id: number, payload: string | null = String(id)) {
      subscribers.get(name)?.onMessage({ position: { epoch: 'a', id: `${id}-0` }, payload }, payload === null);
    },
  };
  const stores = {
    channels: {
      async subscribe(name: string, after: StreamPosition | null, subscriber: ChannelSubscriber) {
        starts.push(after);
        await fake.beforeSubscribed(name);
        subscribers.set(name, subscriber);
        const unsubscribe = () => {
          subscribers.delete(name);
        };
        return { position: after ?? { epoch: 'a', id: '1-0' }, unsubscribe };
      },
      close() {},
    },
    pubsub: {
      async subscribe(name: string, send: (message: string) => void, connection: ConnectionListener = {}) {
        signals.set(name, { send, connection });
        return () => {
          signals.delete(name);
        };
      },
      publish: async () => {},
      close: async () => {},
    },
    log: pino({ level: 'silent' }),
  };
  const open = (source: Partial<SubscriptionSource<string>> = {}) =>
    subscribe<string>(stores, {
      channels: [CHANNEL],
      after: null,
      signal: neverAbandoned(),
      onMessage: async (payload) => deliver(payload),
      ...source,
    });
  return { fake, open };
}

/** An outcome that delivers a value to this subscriber alone. */
function deliver(value: string): Delivered<string> {
  return { value, shareKey: null };
}

/** Opens a subscription and takes its opening. */
async function openAndBegin({ open }: ReturnType<typeof fakeStores>, source: Partial<SubscriptionSource<string>> = {}) {
  const events = await open(source);
  expect((await events.next()).value).toMatchObject([{ isGap: true }]);
  return events;
}

test('an event is delivered to a client that waits, and those that wait come together', async () => {
  const stores = fakeStores();
  const events = await openAndBegin(stores);
  const waiting = events.next();
  stores.fake.publish(CHANNEL, 2);
  expect((await waiting).value).toMatchObject([{ value: '2', isGap: false }]);
  for (let id = 3; id < 23; id++) stores.fake.publish(CHANNEL, id);
  expect((await events.next()).value).toHaveLength(16);
  expect((await events.next(3)).value).toHaveLength(3);
  expect((await events.next(100)).value).toHaveLength(1);
  await events.return();
});

test('a client that leaves is released at once, also while it waits for an event', async () => {
  const stores = fakeStores();
  const events = await openAndBegin(stores, { signals: ['live:signal'] });
  const waiting = events.next();
  await events.return();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect([stores.fake.subscribers.size, stores.fake.signals.size]).toEqual([0, 0]);
});

test('a client that leaves while a message is processed gets nothing any more', async () => {
  const stores = fakeStores();
  let finish = (_outcome: Delivered<string>) => {};
  const events = await openAndBegin(stores, {
    onMessage: () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  });
  const waiting = events.next();
  stores.fake.publish(CHANNEL, 2);
  await Promise.resolve();
  await events.return();
  finish(deliver('late'));
  expect(await waiting).toEqual({ done: true, value: undefined });
});

test('a channel that is being added while the client leaves is released', async () => {
  const stores = fakeStores();
  const events = await openAndBegin(stores, {
    async onMessage(payload, { addChannel }) {
      await addChannel('live:{y}');
      return deliver(payload);
    },
  });
  let subscribed = () => {};
  stores.fake.beforeSubscribed = () =>
    new Promise((resolve) => {
      subscribed = resolve;
    });
  const waiting = events.next();
  stores.fake.publish(CHANNEL, 2);
  await expect.poll(() => stores.fake.starts.length).toBe(2);
  await events.return();
  subscribed();
  expect((await waiting).done).toBe(true);
  expect([...stores.fake.subscribers.keys()]).toEqual([]);
});

test('a channel is added once, however many messages ask for it', async () => {
  const stores = fakeStores();
  const events = await openAndBegin(stores, {
    async onMessage(payload, { addChannel }) {
      for (const name of [CHANNEL, 'live:{y}']) await addChannel(name);
      return deliver(payload);
    },
  });
  for (const id of [2, 3]) stores.fake.publish(CHANNEL, id);
  await events.next();
  // The new client began now. What it may have missed of the other channel is a gap.
  expect(stores.fake.starts).toEqual([null, { epoch: '', id: '0-0' }]);
  await events.return();
});

test('when a channel cannot be subscribed to, the others are released and the client gets UNAVAILABLE', async () => {
  const { fake, open } = fakeStores();
  fake.beforeSubscribed = async (name) => {
    if (name === 'live:{y}') throw new ChannelsUnavailable('away');
  };
  await expect(open({ channels: [CHANNEL, 'live:{y}'], signals: ['live:signal'] })).rejects.toMatchObject({
    extensions: { code: 'UNAVAILABLE' },
  });
  expect([fake.subscribers.size, fake.signals.size]).toEqual([0, 0]);
});

test('a channel that becomes unavailable ends the subscription after what is queued', async () => {
  const stores = fakeStores();
  const events = await openAndBegin(stores);
  stores.fake.publish(CHANNEL, 2);
  stores.fake.subscribers.get(CHANNEL)?.onUnavailable();
  stores.fake.publish(CHANNEL, 3);
  expect((await events.next()).value).toMatchObject([{ value: '2' }]);
  await expect(events.next()).rejects.toMatchObject({ extensions: { code: 'UNAVAILABLE' } });
  expect(stores.fake.subscribers.size).toBe(0);
});

test('a message that cannot be processed ends the subscription with UNAVAILABLE', async () => {
  const stores = fakeStores();
  const events = await openAndBegin(stores, { onMessage: () => Promise.reject(new Error('a secret')) });
  stores.fake.publish(CHANNEL, 2);
  await expect(events.next()).rejects.toMatchObject({ extensions: { code: 'UNAVAILABLE' } });
  expect(stores.fake.subscribers.size).toBe(0);
});

test('a final value is delivered, then the subscription completes and is released', async () => {
  const stores = fakeStores();
  const events = await openAndBegin(stores, { onMessage: async (payload) => new Final(payload) });
  for (const id of [2, 3]) stores.fake.publish(CHANNEL, id);
  expect((await events.next()).value).toMatchObject([{ value: '2' }]);
  expect((await events.next()).done).toBe(true);
  expect(stores.fake.subscribers.size).toBe(0);
});

test('a gap is resynchronized, and so is a signal that may have been missed', async () => {
  const stores = fakeStores();
  const payloads: string[] = [];
  const events = await stores.open({
    signals: ['live:signal'],
    resync: async () => deliver('state'),
    async onMessage(payload) {
      payloads.push(payload);
      return deliver(payload);
    },
  });
  expect((await events.next()).value).toMatchObject([{ isGap: true, value: 'state' }]);
  stores.fake.publish(CHANNEL, 2, null);
  expect((await events.next()).value).toMatchObject([{ isGap: true, value: 'state' }]);
  stores.fake.signals.get('live:signal')?.send('changed');
  stores.fake.signals.get('live:signal')?.connection.onResume?.();
  expect((await events.next()).value).toMatchObject([{ value: 'changed' }, { value: '' }]);
  expect(payloads).toEqual(['changed', '']);
  await events.return();
});

test('a client that leaves while its subscription is opened ends that, and nothing of it stays', async () => {
  const { fake, open } = fakeStores();
  const abandon = new AbortController();
  fake.beforeSubscribed = async (name) => {
    if (name === 'live:{2}') abandon.abort();
  };
  const channels = [CHANNEL, 'live:{2}', 'live:{3}', 'live:{4}'] as const;
  await expect(open({ channels, signals: ['access'], signal: abandon.signal })).rejects.toBe(ABANDONED);
  expect(fake.starts).toHaveLength(2);
  expect([fake.subscribers.size, fake.signals.size]).toEqual([0, 0]);
});
