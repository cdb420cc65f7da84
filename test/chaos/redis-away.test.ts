import { afterAll, beforeAll, expect, test } from 'vitest';
import { toGlobalId } from '../../src/stores/ids.ts';
import { send } from '../support/client.ts';
import { type OwnDarkroom, ownStores, startProcess, type TestProcess } from '../support/darkroom.ts';
import { newPerson } from '../support/people.ts';
import { killRedis } from '../support/redis.ts';
import { insertPhoto, jobsLeft, numberOf } from '../support/rows.ts';
import { logIn } from '../support/sessions.ts';
import { until } from '../support/until.ts';

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

test('while Redis is away all is read as before, and what is written is either done or refused; when it is back, all goes on', async () => {
  const { stores } = darkroom;
  const [author, reader] = await Promise.all([newPerson(url), newPerson(url)]);
  await reader.follow(author);
  const share = async (caption: string) =>
    toGlobalId('Photo', (await insertPhoto(stores, numberOf(author.id), caption)).photoId);
  const photos = [await share('one'), await share('two')];
  await reader.mutate('likePhoto', 'LikePhotoInput', { photoId: photos[0] }, 'photo { id }');
  await author.mutate('setPrivacy', 'SetPrivacyInput', { isPrivate: true }, 'user { id }');
  await until(async () => (await jobsLeft(stores)) === 0);
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
  // Rules hold without it.
  const stranger = await send(url, 'query ($id: ID!) { node(id: $id) { id } }', { id: photos[0] });
  expect(stranger).toMatchObject({ data: { node: null }, errors: [] });
  const input = { photoId: photos[1] };
  const like = 'mutation ($input: LikePhotoInput!) { likePhoto(input: $input) { photo { likeCount } } }';
  const { data, errors } = await reader.send<{ likePhoto: object | null }>(like, { input });
  const liked = await stores.db.like.count({
    where: { photoId: numberOf(photos[1] ?? ''), userId: numberOf(reader.id) },
  });
  // Not half: what was refused is not there.
  expect([data?.likePhoto ?? null, errors.length, liked]).toEqual([null, 1, 0]);
  const third = await share('three');

  stopRedis = (await redis.restart()).stop;
  await until(async () => (await reader.send(like, { input })).errors.length === 0);
  await until(async () => (await jobsLeft(stores)) === 0, 60);
  const { data: feed } = await reader.send<{ homeFeed: { nodes: { id: string }[] } }>('{ homeFeed { nodes { id } } }');
  expect(feed?.homeFeed.nodes.map((node) => node.id)).toEqual([third, photos[1], photos[0]]);
  expect((await logIn(reader.username, reader.password)).status).toBe(200);
});
