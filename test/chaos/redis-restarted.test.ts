import { afterAll, beforeAll, expect, test } from 'vitest';
import { toGlobalId } from '../../src/stores/ids.ts';
import { type OwnDarkroom, ownStores, startProcess, type TestProcess } from '../support/darkroom.ts';
import { readFeed } from '../support/feed.ts';
import { newPerson } from '../support/people.ts';
import { killRedis } from '../support/redis.ts';
import { insertPhoto, rowId, untilIdle, untilListening } from '../support/rows.ts';
import { until } from '../support/until.ts';

let darkroom: OwnDarkroom;
let processes: TestProcess[] = [];
let url = '';
let stopSecond = async () => {};

beforeAll(async () => {
  darkroom = await ownStores();
  processes = await Promise.all([startProcess(['api'], darkroom.env), startProcess(['worker'], darkroom.env)]);
  url = processes[0]?.url ?? '';
});

afterAll(async () => {
  await Promise.all(processes.map((process) => process.end('SIGTERM')));
  await stopSecond();
  await darkroom.stop();
});

function lastLikeCount({ events }: { events: { photo: { photo: { likeCount: number } } }[] }): number {
  return events.at(-1)?.photo.photo.likeCount ?? -1;
}

test('subscriptions go on, and nobody is logged out, when Redis is killed and comes back empty', async () => {
  const { stores } = darkroom;
  const [author, listener] = await Promise.all([newPerson(url, 'author'), newPerson(url, 'listener')]);
  await listener.follow(author);
  const share = async () => toGlobalId('Photo', (await insertPhoto(stores, rowId(author.id))).photoId);
  const feed = await listener.subscribe<{ homeFeed: { photo: { id: string } | null } }>(
    'subscription { homeFeed { photo { id } } }',
  );
  await untilListening(stores, listener);
  const heard = () => feed.events.flatMap((event) => event.homeFeed.photo?.id ?? []);
  const first = await share();
  await until(async () => heard().includes(first));
  const changes = await listener.subscribe<{ photo: { photo: { likeCount: number } } }>(
    'subscription ($id: ID!) { photo(id: $id) { photo { likeCount } } }',
    { id: first },
  );
  await until(async () => lastLikeCount(changes) === 0);

  const redis = await killRedis(stores);
  // A photo that is published meanwhile: its job fails and is run again.
  const meanwhile = await share();
  stopSecond = (await redis.restart()).stop;
  await untilListening(stores, listener);

  const then = await share();
  await until(async () => heard().includes(then));
  await listener.mutate('likePhoto', 'LikePhotoInput', { photoId: first }, 'photo { id }');
  await until(async () => lastLikeCount(changes) === 1);
  await untilIdle(stores, 60);
  expect(await readFeed(listener, 10)).toEqual([then, meanwhile, first]);
  expect((await listener.send('{ me { user { username } } }')).data).toEqual({
    me: { user: { username: listener.username } },
  });
  // Each once.
  expect(heard()).toEqual([...new Set(heard())]);
  // Logging out still closes a connection that was open all the time: its channel is listened to anew, too.
  await listener.send('mutation { logOut { userErrors { code } } }');
  expect((await feed.ended).code).toBe(4403);
});
