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
async function connections(channel: string): Promise<number> {
  const [, count] = (await stores.redis.call('PUBSUB', 'SHARDNUMSUB', channel)) as [string, number];
  return count;
}

test('two who listen in one process are one connection to Redis, and each hears every message once', async () => {
  const channel = newChannel();
  const heard: string[][] = [[], []];
  const [stopFirst, stopSecond] = await Promise.all(
    heard.map((messages) => stores.pubsub.subscribe(channel, (message) => messages.push(message))),
  );
  expect(await connections(channel)).toBe(1);
  await other.pubsub.publish(channel, 'one');
  await stores.pubsub.publish(channel, 'two');
  await until(async () => heard.every((messages) => messages.includes('two')));
  expect(heard).toEqual([
    ['one', 'two'],
    ['one', 'two'],
  ]);

  stopFirst?.();
  // Again changes nothing, also for the other.
  stopFirst?.();
  expect(await connections(channel)).toBe(1);
  await other.pubsub.publish(channel, 'three');
  await until(async () => heard[1]?.includes('three'));
  expect(heard[0]).toEqual(['one', 'two']);

  stopSecond?.();
  await until(async () => (await connections(channel)) === 0);
});

test('who starts to listen while another’s beginning is under way hears what comes after', async () => {
  const channel = newChannel();
  const heard: string[] = [];
  const first = stores.pubsub.subscribe(channel, () => {});
  const stopSecond = await stores.pubsub.subscribe(channel, (message) => heard.push(message));
  await other.pubsub.publish(channel, 'one');
  await until(async () => heard.length > 0);
  expect(heard).toEqual(['one']);
  stopSecond();
  (await first)();
});

test('who stops and listens again at once goes on', async () => {
  const channel = newChannel();
  const heard: string[] = [];
  let stop = await stores.pubsub.subscribe(channel, (message) => heard.push(message));
  for (let turn = 0; turn < 20; turn++) {
    stop();
    stop = await stores.pubsub.subscribe(channel, (message) => heard.push(message));
    await other.pubsub.publish(channel, String(turn));
    await until(async () => heard.length > turn);
  }
  expect(heard).toEqual(Array.from({ length: 20 }, (_, turn) => String(turn)));
  stop();
});

test('the same function that listens twice is two listeners', async () => {
  const channel = newChannel();
  const heard: string[] = [];
  const listener = (message: string) => {
    heard.push(message);
  };
  const stops = [await stores.pubsub.subscribe(channel, listener), await stores.pubsub.subscribe(channel, listener)];
  await other.pubsub.publish(channel, 'one');
  await until(async () => heard.length === 2);
  stops[0]?.();
  await other.pubsub.publish(channel, 'two');
  await until(async () => heard.includes('two'));
  await other.pubsub.publish(channel, 'three');
  await until(async () => heard.includes('three'));
  expect(heard).toEqual(['one', 'one', 'two', 'three']);
  stops[1]?.();
});

test('messages come in the order in which they were published, and on their own channel only', async () => {
  const [channel, neighbour] = [newChannel(), newChannel()];
  const heard: string[] = [];
  const strays: string[] = [];
  const stop = await stores.pubsub.subscribe(channel, (message) => heard.push(message));
  const stopNeighbour = await stores.pubsub.subscribe(neighbour, (message) => strays.push(message));
  const messages = Array.from({ length: 500 }, (_, index) => String(index));
  await Promise.all(messages.map((message) => other.pubsub.publish(channel, message)));
  await until(async () => heard.length >= 500);
  expect(heard).toEqual(messages);
  expect(strays).toEqual([]);
  stop();
  stopNeighbour();
});
