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

test('subscriptions continue and sessions stay valid when Redis is killed and restarts empty', async () => {
  const { stores } = darkroom;
  const [author, subscriber] = await Promise.all([newPerson(url, 'author'), newPerson(url, 'subscriber')]);
  await subscriber.follow(author);
  const share = async () => toGlobalId('Photo', (await insertPhoto(stores, rowId(author.id))).photoId);
  const feed = await subscriber.subscribe<{ homeFeed: { photo: { id: string } | null } }>(
    'subscription { homeFeed { photo { id } } }',
  );
  await untilListening(stores, subscriber);
  const received = () => feed.events.flatMap((event) => event.homeFeed.photo?.id ?? []);
  const first = await share();
  await until(async () => received().includes(first));
  const changes = await subscriber.subscribe<{ photo: { photo: { likeCount: number } } }>(
    'subscription ($id: ID!) { photo(id: $id) { photo { likeCount } } }',
    { id: first },
  );
  await until(async () => lastLikeCount(changes) === 0);

  const redis = await killRedis(stores);
  // The fan-out job of this photo fails and is retried.
  const meanwhile = await share();
  stopSecond = (await redis.restart()).stop;
  await untilListening(stores, subscriber);

  const then = await share();
  await until(async () => received().includes(then));
  await subscriber.mutate('likePhoto', 'LikePhotoInput', { photoId: first }, 'photo { id }');
  await until(async () => lastLikeCount(changes) === 1);
  await untilIdle(stores, 60);
  expect(await readFeed(subscriber, 10)).toEqual([then, meanwhile, first]);
  expect((await subscriber.send('{ me { user { username } } }')).data).toEqual({
    me: { user: { username: subscriber.username } },
  });
  // No photo arrives twice.
  expect(received()).toEqual([...new Set(received())]);
  // Logging out still closes a connection that was open throughout, because its channel was subscribed to again.
  await subscriber.send('mutation { logOut { userErrors { code } } }');
  expect((await feed.ended).code).toBe(4403);
});
