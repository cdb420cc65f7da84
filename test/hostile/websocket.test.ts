/** Clients that misuse the protocol, or send as much as they can. */
import { once } from 'node:events';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { WebSocket } from 'ws';
import { hashtagKey } from '../../src/features/records/feed-keys.ts';
import { photoChannel, timelineChannel } from '../../src/stores/channel-names.ts';
import { toGlobalId } from '../../src/stores/ids.ts';
import type { Stores } from '../../src/stores/stores.ts';
import { KEEP_MS, publishToStreams, streamKeys } from '../../src/stores/streams.ts';
import { openBackstage } from '../support/backstage.ts';
import { ownStores, startProcess } from '../support/darkroom.ts';
import { newPerson, type Person } from '../support/people.ts';
import { insertPhoto, rowId } from '../support/rows.ts';
import { newAddress } from '../support/sessions.ts';
import { until } from '../support/until.ts';
import { ask, greet, type Message, openSocket, openTcp, upgradeRequest } from '../support/wire.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores?.close());

const subscribe = (id: string, query: string) => ({ type: 'subscribe', id, payload: { query } });
const complete = (id: string) => ({ type: 'complete', id });
const follow = (id: string, photoId: bigint) =>
  subscribe(id, `subscription { photo(id: "${toGlobalId('Photo', photoId)}") { cursor photo { id caption } } }`);
const eventIn = ({ payload }: Message) => payload as { data: { photo: { cursor: string; isGap: boolean } } };

/** Some photos of one person. */
async function newPhotos(count: number): Promise<{ owner: Person; photoIds: bigint[] }> {
  const owner = await newPerson(url);
  const photos = await Promise.all(Array.from({ length: count }, () => insertPhoto(stores, rowId(owner.id))));
  return { owner, photoIds: photos.map(({ photoId }) => photoId) };
}

/** Waits until this many processes listen to a photo. */
async function untilListening(photoId: bigint, processes: number): Promise<void> {
  const channel = photoChannel(photoId);
  await until(async () => {
    const [, listeners] = (await stores.redis.call('PUBSUB', 'SHARDNUMSUB', channel)) as [string, number];
    return listeners === processes;
  });
}

test('an id that is completed and used again at once receives the new subscription’s events only', async () => {
  const { owner, photoIds } = await newPhotos(2);
  const [first, second] = photoIds as [bigint, bigint];
  const socket = await greet(url);
  for (let round = 0; round < 5; round++) socket.say(follow('1', first), complete('1'));
  socket.say(follow('1', second));
  await untilListening(second, 1);
  for (const photoId of [first, second]) {
    const { errors } = await owner.send(
      'mutation ($input: UpdatePhotoInput!) { updatePhoto(input: $input) { photo { id } } }',
      {
        input: { photoId: toGlobalId('Photo', photoId), caption: 'changed' },
      },
    );
    expect(errors).toEqual([]);
  }
  for (let isChanged = false; !isChanged; ) {
    const message = await socket.hear();
    expect(message).toMatchObject({
      type: 'next',
      id: '1',
      payload: { data: { photo: { photo: { id: toGlobalId('Photo', second) } } } },
    });
    isChanged = JSON.stringify(message).includes('changed');
  }
  socket.socket.close();
});

test('subscriptions whose id is used again end when they are completed, and the last one with its socket', async () => {
  const { photoIds } = await newPhotos(3);
  const socket = await greet(url);
  for (const photoId of photoIds) socket.say(complete('1'), follow('1', photoId));
  const [first, second, last] = photoIds as [bigint, bigint, bigint];
  await untilListening(last, 1);
  for (const photoId of [first, second]) await untilListening(photoId, 0);
  // The id belongs to the last one: it is in use, and completing it ends that one.
  socket.say(complete('1'));
  await untilListening(last, 0);
  socket.say(follow('1', first), complete('1'), follow('1', second));
  await untilListening(second, 1);
  socket.socket.close();
  await untilListening(first, 0);
  await untilListening(second, 0);
});

test('an id that was completed and used again is in use', async () => {
  const { photoIds } = await newPhotos(2);
  const [first, second] = photoIds as [bigint, bigint];
  const socket = await greet(url);
  socket.say(follow('1', first), complete('1'), follow('1', second));
  await untilListening(second, 1);
  await untilListening(first, 0);
  socket.say(follow('1', first));
  expect(await socket.closed).toBe(4409);
});

test('subscriptions that are completed while they are set up leave nothing, however many', async () => {
  const { photoIds } = await newPhotos(1);
  const socket = await greet(url);
  const messages = Array.from({ length: 300 }, (_, id) => [
    follow(String(id), photoIds[0] ?? 0n),
    complete(String(id)),
  ]);
  socket.say(...messages.flat());
  // Some may have been set up, and answered, before they were completed.
  socket.say(subscribe('query', '{ __typename }'));
  for (let message = await socket.hear(); message.id !== 'query'; message = await socket.hear()) {
    expect(message.type).toBe('next');
  }
  await untilListening(photoIds[0] ?? 0n, 0);
  socket.socket.close();
});

test('what a client sends after it has violated the protocol is not executed', async () => {
  const person = await newPerson(url);
  const socket = await greet(url, person.token);
  socket.say('{', subscribe('1', 'mutation { updateProfile(input: { bio: "too late" }) { userErrors { code } } }'));
  expect(await socket.closed).toBe(4400);
  expect((await person.send('{ me { user { bio } } }')).data).toEqual({ me: { user: { bio: '' } } });
});

test.for([
  ['pongs', (socket: WebSocket) => socket.pong(), [1008]],
  // The library cuts off a client when very many of its pings have arrived and could not be answered yet.
  ['pings', (socket: WebSocket) => socket.ping(), [1006, 1008]],
  ['pongs of the protocol', (socket: WebSocket) => socket.send('{"type":"pong"}'), [1008]],
] as const)('a client that floods with %s is disconnected', async ([, send, codes]) => {
  const socket = await greet(url);
  for (let sent = 0; sent < 3_000; sent++) send(socket.socket);
  expect(codes).toContain(await socket.closed);
});

test('a client that floods with large messages is disconnected', async () => {
  const socket = await greet(url);
  const message = JSON.stringify({ type: 'pong', payload: { x: 'x'.repeat(240_000) } });
  for (let sent = 0; sent < 20; sent++) socket.say(message);
  expect(await socket.closed).toBe(1008);
});

test('a client that sends a message in very many pieces is disconnected', async () => {
  const socket = await openSocket(url);
  for (let sent = 0; sent < 1_000; sent++) socket.socket.send(' ', { fin: false });
  expect(await socket.closed).toBe(1008);
});

test('a client that goes on sending after it was disconnected is cut off', async () => {
  const socket = await openTcp(url);
  socket.write(upgradeRequest('/graphql'));
  await once(socket, 'data');
  // Empty pongs with a mask. This client neither reads nor answers a close frame.
  const pongs = Buffer.from('8a8000000000'.repeat(10_000), 'hex');
  const write = () => socket.write(pongs, (error) => (error ? undefined : setImmediate(write)));
  const closed = new Promise((resolve) => socket.on('close', resolve));
  write();
  await closed;
  expect(await ask(await greet(url), '{ __typename }')).toEqual({ data: { __typename: 'Query' } });
});

test('what an address sends is limited over all its connections', async () => {
  const api = await startProcess(['api'], { ...inject('env'), CONNECTIONS_PER_ADDRESS: '20' });
  const connect = async (address: string) => {
    const socket = new WebSocket(api.url.replace(/^http/, 'ws'), 'graphql-transport-ws', {
      headers: { 'x-forwarded-for': address },
    });
    const closed = once(socket, 'close').then(([code]) => code as number);
    socket.on('error', () => {});
    await once(socket, 'open');
    const echoed = async () => {
      socket.ping();
      await once(socket, 'pong');
    };
    return { socket, closed, echoed };
  };
  const address = newAddress();
  for (let n = 0; n < 2; n++) {
    const { socket, echoed } = await connect(address);
    for (let sent = 0; sent < 700; sent++) socket.pong();
    if (n === 0) await echoed();
    // Also when the connections come one after the other.
    socket.close();
  }
  const last = await connect(address);
  for (let sent = 0; sent < 800; sent++) last.socket.pong();
  expect(await last.closed).toBe(1008);
  const other = await connect(newAddress());
  await other.echoed();
  other.socket.close();
  expect(await api.end('SIGTERM')).toBe(0);
});

test('who reconnects when too much was sent cannot go on, and others from the same address can', async () => {
  const api = await startProcess(['api'], { ...inject('env'), CONNECTIONS_PER_VIEWER: '10' });
  const [person, other] = await Promise.all([newPerson(url), newPerson(url)]);
  let served = 0;
  // No connection exceeds its own limit. What a person may send grows by 100 a second, which is less.
  for (let isServed = true; isServed && served < 20; ) {
    const socket = await greet(api.url, person.token).catch(() => null);
    for (let sent = 0; sent < 800; sent++) socket?.say({ type: 'pong' });
    const answer = socket && ask(socket, '{ __typename }').catch(() => null);
    isServed = (await answer) !== null;
    if (isServed) served++;
    else if (socket) expect(await socket.closed).toBe(1008);
    socket?.socket.close();
  }
  expect(served).toBeGreaterThanOrEqual(1);
  expect(served).toBeLessThan(20);
  expect(await ask(await greet(api.url, other.token), '{ me { unreadActivityCount } }')).toEqual({
    data: { me: { unreadActivityCount: 0 } },
  });
  expect(await api.end('SIGTERM')).toBe(0);
});

test('an address opens only so many connections in a short time', async () => {
  const api = await startProcess(['api'], { ...inject('env'), CONNECTIONS_PER_ADDRESS: '1' });
  const address = newAddress();
  const statuses = new Set<number>();
  // 50 at once: FRAMES_OF_SOCKET / FRAMES_OF_OPENING.
  for (let connection = 0; connection < 200 && !statuses.has(429); connection++) {
    const response = await fetch(`${api.url}/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', 'x-forwarded-for': address },
      body: JSON.stringify({ query: '{ __typename }' }),
    });
    statuses.add(response.status);
    await response.text();
  }
  expect([...statuses]).toEqual([200, 429]);
  expect(await api.end('SIGTERM')).toBe(0);
});

test('a web page of a foreign origin can neither open a connection nor a stream', async () => {
  const api = await startProcess(['api'], {
    ...inject('env'),
    CORS_ORIGIN: 'https://app.example.org, https://www.example.org',
  });
  const { host } = new URL(api.url);
  const connect = async (origin: string | undefined) => {
    const socket = await openTcp(api.url);
    const header = origin === undefined ? '' : `Origin: ${origin}\r\n`;
    socket.write(upgradeRequest('/graphql').replace('Host: localhost\r\n', `Host: ${host}\r\n${header}`));
    const [head] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return Number(/^HTTP\/1\.1 (\d+)/.exec(String(head))?.[1]);
  };
  const stream = async (origin: string | undefined) => {
    const response = await fetch(`${api.url}/stream?query={__typename}`, {
      headers: { accept: 'text/event-stream', ...(origin !== undefined && { origin }) },
    });
    const text = await response.text();
    if (response.status === 403) expect(text).toContain('"FORBIDDEN"');
    return response.status;
  };
  for (const origin of ['https://evil.example.org', 'null', 'nonsense', 'http://app.example.org', `http://x${host}`]) {
    expect([origin, await connect(origin), await stream(origin)]).toEqual([origin, 403, 403]);
  }
  // Native apps send none, and a page of the API's own host needs no permission.
  for (const origin of [undefined, 'https://app.example.org', 'https://www.example.org', `http://${host}`]) {
    expect([origin, await connect(origin), await stream(origin)]).toEqual([origin, 101, 200]);
  }
  expect(await api.end('SIGTERM')).toBe(0);
});

test('1,000 subscriptions without a session leave nothing in Redis when they end', async () => {
  const own = await ownStores();
  const api = await startProcess(['api'], own.env);
  const { redis } = own.stores;
  const before = await redis.dbsize();
  const tag = (index: number) => `left${index}`;
  const byTag = (index: number) => ({
    query: 'subscription ($name: String!) { hashtagPhotos(name: $name) { cursor isGap } }',
    variables: { name: tag(index) },
  });
  const byCircle = (index: number) => ({
    query: `subscription ($latitude: Float!, $longitude: Float!) {
      photosNear(latitude: $latitude, longitude: $longitude, radiusMeters: 50) { cursor isGap } }`,
    variables: { latitude: index / 20, longitude: index / 10 },
  });
  const follow = (index: number, payload: object) => ({ type: 'subscribe', id: String(index), payload });
  const open = async (payload: (index: number) => object, from: number, count: number) => {
    const socket = await greet(api.url);
    socket.say(...Array.from({ length: count }, (_, index) => follow(index, payload(from + index))));
    for (let heard = 0; heard < count; heard++) expect(await socket.hear()).toMatchObject({ type: 'next' });
    return socket;
  };
  const sockets = await Promise.all([
    ...Array.from({ length: 5 }, (_, index) => open(byTag, index * 85, 85)),
    ...Array.from({ length: 5 }, (_, index) => open(byCircle, index * 85, 85)),
  ]);
  const streams = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      const response = await fetch(`${api.url}/stream`, {
        method: 'POST',
        headers: { accept: 'text/event-stream', 'content-type': 'application/json' },
        body: JSON.stringify(byTag(1_000 + index)),
      });
      const reader = response.body?.getReader();
      await reader?.read();
      return reader;
    }),
  );
  expect((await redis.dbsize()) - before).toBeGreaterThan(2_000);
  // What has been published is remembered beside a stream, so that it is published once.
  const channels = [0, 100, 1_000].map((index) => timelineChannel(hashtagKey(tag(index))));
  for (const channel of channels) await publishToStreams(redis, [channel], 'once', '{"photoId":"1"}');
  expect(await redis.exists(...channels.flatMap(streamKeys))).toBe(9);
  const [completing, closing, ...others] = sockets;
  completing?.say(...Array.from({ length: 85 }, (_, index) => complete(String(index))));
  const hasty = await greet(api.url);
  // Completed while it is being set up.
  const pairs = Array.from({ length: 90 }, (_, index) => [
    follow(index, byTag(2_000 + index)),
    complete(String(index)),
  ]);
  hasty.say(...pairs.flat());
  closing?.socket.close();
  for (const { socket } of others) socket.terminate();
  for (const reader of streams) await reader?.cancel();
  // Long before their TTL.
  await until(async () => (await redis.dbsize()) === before, KEEP_MS.anonymous / 3_000);
  for (const socket of [completing, hasty]) socket?.socket.close();
  expect(await api.end('SIGTERM')).toBe(0);
  await own.stop();
});

test('a subscription without a session resumes while the channel has others, and finds a gap otherwise', async () => {
  const { photoIds } = await newPhotos(1);
  const [photoId] = photoIds as [bigint];
  const [first, second] = [await greet(url), await greet(url)];
  const begin = async (socket: typeof first, id: string) => {
    socket.say(follow(id, photoId));
    return eventIn(await socket.hear()).data.photo.cursor;
  };
  const resume = async (socket: typeof first, id: string, after: string) => {
    const query = `subscription { photo(id: "${toGlobalId('Photo', photoId)}", after: "${after}") { cursor isGap } }`;
    socket.say(subscribe(id, query));
    return eventIn(await socket.hear()).data.photo.isGap;
  };
  const cursor = await begin(first, '1');
  await begin(second, '1');
  first.say(complete('1'));
  expect(await resume(first, '2', cursor)).toBe(false);
  first.say(complete('2'));
  second.socket.close();
  await untilListening(photoId, 0);
  await until(async () => (await stores.redis.exists(...streamKeys(photoChannel(photoId)))) === 0);
  expect(await resume(first, '3', cursor)).toBe(true);
  first.socket.close();
});

test('subscriptions with a session leave their streams when others without one end', async () => {
  const { owner, photoIds } = await newPhotos(1);
  const [photoId] = photoIds as [bigint];
  const [signedIn, anonymous] = [await greet(url, owner.token), await greet(url)];
  for (const socket of [anonymous, signedIn]) {
    socket.say(follow('1', photoId));
    expect(await socket.hear()).toMatchObject({ type: 'next' });
  }
  for (const { socket } of [signedIn, anonymous]) socket.close();
  await untilListening(photoId, 0);
  const again = await greet(url);
  again.say(follow('1', photoId));
  await again.hear();
  again.socket.close();
  await untilListening(photoId, 0);
  expect(await stores.redis.pttl(streamKeys(photoChannel(photoId))[0] ?? '')).toBeGreaterThan(KEEP_MS.anonymous);
});

test('an address begins only so many subscriptions without a session', async () => {
  const api = await startProcess(['api'], { ...inject('env'), CONNECTIONS_PER_ADDRESS: '100' });
  const { photoIds } = await newPhotos(1);
  const [photoId] = photoIds as [bigint];
  const stream = () =>
    fetch(`${api.url}/stream?query=${encodeURIComponent(follow('', photoId).payload.query)}`, {
      headers: { accept: 'text/event-stream' },
    });
  const ask = async () => {
    const { status, headers, body } = await stream();
    await body?.cancel();
    return status === 429 ? `429 ${headers.get('retry-after')}` : status;
  };
  const statuses: (string | number)[] = [];
  for (let round = 0; round < 3; round++) statuses.push(...(await Promise.all(Array.from({ length: 60 }, ask))));
  expect(new Set(statuses)).toEqual(new Set([200, '429 5']));
  const limited = await greet(api.url);
  limited.say(...Array.from({ length: 90 }, (_, id) => follow(String(id), photoId)));
  const isLimited = async () => JSON.stringify(await limited.hear()).includes('"RATE_LIMITED"');
  while (!(await isLimited()));
  limited.socket.close();
  expect(await api.end('SIGTERM')).toBe(0);
});
