import { afterAll, beforeAll, expect, test } from 'vitest';
import { Darkroom } from '../../examples/client.ts';
import { toGlobalId } from '../../src/stores/ids.ts';
import { send } from '../support/client.ts';
import { type OwnDarkroom, ownStores, startProcess, type TestProcess } from '../support/darkroom.ts';
import { asPerson, newPerson } from '../support/people.ts';
import { killRedis } from '../support/redis.ts';
import { insertPhoto, rowId, untilIdle, untilListening } from '../support/rows.ts';
import { logIn } from '../support/sessions.ts';
import { until } from '../support/until.ts';
import { ask, greet } from '../support/wire.ts';

let darkroom: OwnDarkroom;
let processes: TestProcess[] = [];
let url = '';
beforeAll(async () => {
  darkroom = await ownStores();
  processes = await Promise.all([startProcess(['api'], darkroom.env), startProcess(['worker'], darkroom.env)]);
  url = processes[0]?.url ?? '';
});
let stopRedis: () => Promise<void> = async () => {};
afterAll(async () => {
  await Promise.all(processes.map((process) => process.end('SIGTERM')));
  await stopRedis();
  await darkroom.stop();
});

test('while Redis is down, reads work and writes are done or refused; afterwards everything works', async () => {
  const { stores } = darkroom;
  const [author, reader] = await Promise.all([newPerson(url), newPerson(url)]);
  await reader.follow(author);
  const share = async (caption: string) =>
    toGlobalId('Photo', (await insertPhoto(stores, rowId(author.id), caption)).photoId);
  const photos = [await share('one'), await share('two')];
  await reader.mutate('likePhoto', 'LikePhotoInput', { photoId: photos[0] }, 'photo { id }');
  await author.mutate('setPrivacy', 'SetPrivacyInput', { isPrivate: true }, 'user { id }');
  await untilIdle(stores);
  const query = `query ($id: ID!, $name: String!) {
    me { user { username } } homeFeed { nodes { id caption likeCount viewerHasLiked owner { username } } }
    node(id: $id) { ... on Photo { likers { nodes { username } } } } activity { nodes { kind } }
    user(username: $name) { followerCount photoCount viewerFollows photos { nodes { id } } }
  }`;
  const read = () => reader.send(query, { id: photos[0], name: author.username });
  const before = await read();
  expect(before.errors).toEqual([]);

  const redis = await killRedis(stores);
  expect(await read()).toEqual(before);
  // Visibility rules hold without Redis.
  const stranger = await send(url, 'query ($id: ID!) { node(id: $id) { id } }', { id: photos[0] });
  expect(stranger).toMatchObject({ data: { node: null }, errors: [] });
  const input = { photoId: photos[1] };
  const like = 'mutation ($input: LikePhotoInput!) { likePhoto(input: $input) { photo { likeCount } } }';
  const { data, errors } = await reader.send<{ likePhoto: object | null }>(like, { input });
  const liked = await stores.db.like.count({
    where: { photoId: rowId(photos[1] ?? ''), userId: rowId(reader.id) },
  });
  // A refused write leaves nothing behind.
  expect([data?.likePhoto ?? null, errors.length, liked]).toEqual([null, 1, 0]);
  const third = await share('three');

  stopRedis = (await redis.restart()).stop;
  await until(async () => (await reader.send(like, { input })).errors.length === 0);
  await untilIdle(stores, 60);
  const { data: feed } = await reader.send<{ homeFeed: { nodes: { id: string }[] } }>('{ homeFeed { nodes { id } } }');
  expect(feed?.homeFeed.nodes.map((node) => node.id)).toEqual([third, photos[1], photos[0]]);
  expect((await logIn(reader.username, reader.password)).status).toBe(200);
});

test('while Redis is down, subscribers are disconnected; they resume, and a loss is reported as a gap', async () => {
  const own = await ownStores();
  const { stores: backstage } = own;
  const [api, worker] = await Promise.all([startProcess(['api'], own.env), startProcess(['worker'], own.env)]);
  const [author, reader] = await Promise.all([newPerson(api.url), newPerson(api.url)]);
  await reader.follow(author);
  const client = new Darkroom(api.url);
  client.token = reader.token;
  const received: string[] = [];
  const stop = await client.subscribe<{ photo: { caption: string } }>(
    'homeFeed',
    'photo { caption }',
    ({ photo }) => received.push(photo.caption),
    () => received.push('gap'),
  );
  expect(received.splice(0)).toEqual(['gap']);
  const feed = 'subscription { homeFeed { cursor } }';
  const [subscribed, idle] = [await reader.subscribe(feed), await greet(api.url, reader.token)];
  await untilListening(backstage, reader);
  await insertPhoto(backstage, rowId(author.id), 'before');
  await until(async () => received.length === 1);

  // A Redis connection that is lost for a moment is replaced. Clients do not notice: missed events are replayed from
  // the stream, and subscriptions of sessions that have ended are closed.
  const again = asPerson(api.url, reader);
  await backstage.redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await insertPhoto(backstage, rowId(author.id), 'meanwhile');
  await until(async () => received.length === 2);

  const redis = await killRedis(backstage);
  expect((await subscribed.ended).code).toBe(1013);
  // A WebSocket without subscriptions stays open and gets answers.
  expect(await ask(idle, '{ homeFeed { nodes { caption } } }')).toEqual({
    data: { homeFeed: { nodes: [{ caption: 'meanwhile' }, { caption: 'before' }] } },
  });
  expect((await (await again.subscribe(feed)).ended).code).toBe(1013);
  const events = await fetch(`${api.url}/stream`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      authorization: `Bearer ${reader.token}`,
    },
    body: JSON.stringify({ query: feed }),
  });
  expect([events.status, events.headers.get('retry-after')]).toEqual([503, '5']);
  await insertPhoto(backstage, rowId(author.id), 'while it was away');

  const restarted = await redis.restart();
  await until(async () => received.includes('gap'), 60);
  await untilIdle(backstage, 60);
  await insertPhoto(backstage, rowId(author.id), 'after');
  await until(async () => received.includes('after'));
  const away = received.filter((caption) => caption !== 'while it was away');
  expect(away).toEqual(['before', 'meanwhile', 'gap', 'after']);
  stop();
  idle.socket.close();
  await Promise.all([api.end('SIGTERM'), worker.end('SIGTERM')]);
  await restarted.stop();
  await own.stop();
});
