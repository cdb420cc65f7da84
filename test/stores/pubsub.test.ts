import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Stores } from '../../src/stores/stores.ts';
import { openBackstage } from '../support/backstage.ts';
import { unique } from '../support/people.ts';
import { until } from '../support/until.ts';

let stores: Stores;
let other: Stores;
beforeAll(async () => {
  [stores, other] = await Promise.all([openBackstage(), openBackstage()]);
});
afterAll(async () => {
  await stores.close();
  await other.close();
});

const newChannel = () => `live:{test}:${unique()}`;

/** How many connections Redis sends a channel's messages to. */
async function countConnections(channel: string): Promise<number> {
  const [, count] = (await stores.redis.call('PUBSUB', 'SHARDNUMSUB', channel)) as [string, number];
  return count;
}

test('two subscribers in one process are one subscription at Redis, and each receives every message once', async () => {
  const channel = newChannel();
  const received: string[][] = [[], []];
  const [unsubscribeFirst, unsubscribeSecond] = await Promise.all(
    received.map((messages) => stores.pubsub.subscribe(channel, (message) => messages.push(message))),
  );
  expect(await countConnections(channel)).toBe(1);
  await other.pubsub.publish(channel, 'one');
  await stores.pubsub.publish(channel, 'two');
  await until(async () => received.every((messages) => messages.includes('two')));
  expect(received).toEqual([
    ['one', 'two'],
    ['one', 'two'],
  ]);

  unsubscribeFirst?.();
  // Idempotent, also for the other subscriber.
  unsubscribeFirst?.();
  expect(await countConnections(channel)).toBe(1);
  await other.pubsub.publish(channel, 'three');
  await until(async () => received[1]?.includes('three'));
  expect(received[0]).toEqual(['one', 'two']);

  unsubscribeSecond?.();
  await until(async () => (await countConnections(channel)) === 0);
});

test('a subscriber that joins while the first one is being added receives what is published afterwards', async () => {
  const channel = newChannel();
  const received: string[] = [];
  const first = stores.pubsub.subscribe(channel, () => {});
  const unsubscribeSecond = await stores.pubsub.subscribe(channel, (message) => received.push(message));
  await other.pubsub.publish(channel, 'one');
  await until(async () => received.length > 0);
  expect(received).toEqual(['one']);
  unsubscribeSecond();
  (await first)();
});

test('a subscriber that unsubscribes and subscribes again at once goes on', async () => {
  const channel = newChannel();
  const received: string[] = [];
  let unsubscribe = await stores.pubsub.subscribe(channel, (message) => received.push(message));
  for (let turn = 0; turn < 20; turn++) {
    unsubscribe();
    unsubscribe = await stores.pubsub.subscribe(channel, (message) => received.push(message));
    await other.pubsub.publish(channel, String(turn));
    await until(async () => received.length > turn);
  }
  expect(received).toEqual(Array.from({ length: 20 }, (_, turn) => String(turn)));
  unsubscribe();
});

test('the same function subscribed twice is two listeners', async () => {
  const channel = newChannel();
  const received: string[] = [];
  const listener = (message: string) => {
    received.push(message);
  };
  const unsubscribes = [
    await stores.pubsub.subscribe(channel, listener),
    await stores.pubsub.subscribe(channel, listener),
  ];
  await other.pubsub.publish(channel, 'one');
  await until(async () => received.length === 2);
  unsubscribes[0]?.();
  await other.pubsub.publish(channel, 'two');
  await until(async () => received.includes('two'));
  await other.pubsub.publish(channel, 'three');
  await until(async () => received.includes('three'));
  expect(received).toEqual(['one', 'one', 'two', 'three']);
  unsubscribes[1]?.();
});

test('messages arrive in the order in which they were published, and on their own channel only', async () => {
  const [channel, neighbour] = [newChannel(), newChannel()];
  const received: string[] = [];
  const strays: string[] = [];
  const unsubscribe = await stores.pubsub.subscribe(channel, (message) => received.push(message));
  const unsubscribeNeighbour = await stores.pubsub.subscribe(neighbour, (message) => strays.push(message));
  const messages = Array.from({ length: 500 }, (_, index) => String(index));
  await Promise.all(messages.map((message) => other.pubsub.publish(channel, message)));
  await until(async () => received.length >= 500);
  expect(received).toEqual(messages);
  expect(strays).toEqual([]);
  unsubscribe();
  unsubscribeNeighbour();
});

test('a listener that throws keeps no other listener from receiving a message', async () => {
  const channel = newChannel();
  const received: string[] = [];
  const fail = () => {
    throw new Error('This listener fails.');
  };
  const unsubscribes = [
    await stores.pubsub.subscribe(channel, fail),
    await stores.pubsub.subscribe(channel, (message) => received.push(message)),
  ];
  for (const message of ['one', 'two']) await other.pubsub.publish(channel, message);
  await until(async () => received.length === 2);
  expect(received).toEqual(['one', 'two']);
  for (const unsubscribe of unsubscribes) unsubscribe();
});
