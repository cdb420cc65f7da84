import { afterAll, beforeAll, expect, test } from 'vitest';
import { feedKey } from '../../src/features/records/feed-keys.ts';
import { buildTimeline, readTimeline } from '../../src/stores/timelines.ts';
import { type OwnDarkroom, ownStores, startProcess, type TestProcess } from '../support/darkroom.ts';
import { newPerson } from '../support/people.ts';
import { newJpeg, publish, settled } from '../support/photos.ts';
import { insertFollowers, insertPhoto, rowId, untilIdle, untilListening } from '../support/rows.ts';
import { until } from '../support/until.ts';

let darkroom: OwnDarkroom;
let api: TestProcess;

beforeAll(async () => {
  darkroom = await ownStores();
  api = await startProcess(['api'], darkroom.env);
});

afterAll(async () => {
  await api.end('SIGTERM');
  await darkroom.stop();
});

const startWorker = () => startProcess(['worker'], darkroom.env);

test('when a worker is killed during processing, each photo becomes READY and is in the feed once', async () => {
  const [author, follower] = await Promise.all([newPerson(api.url, 'author'), newPerson(api.url, 'follower')]);
  await follower.follow(author);
  const feed = await follower.subscribe<{ homeFeed: { photo: { id: string } | null } }>(
    'subscription { homeFeed { photo { id } } }',
  );
  await untilListening(darkroom.stores, follower);
  let worker = await startWorker();
  // Large enough that processing takes a while.
  const files = await Promise.all(Array.from({ length: 4 }, () => newJpeg(5_000, 4_000)));
  const photos = await Promise.all(files.map((file) => publish(author, file)));
  await until(
    async () => {
      const [row] = await darkroom.stores.db.$queryRaw<[{ running: number }]>`
      select count(*)::int as running from graphile_worker.jobs
      where task_identifier = 'processPhoto' and locked_at is not null`;
      return row.running > 0;
    },
    30,
    20,
  );
  expect(await worker.end('SIGKILL')).toBe(null);
  const { data } = await author.send<{ nodes: { status: string }[] }>(
    'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Photo { status } } }',
    { ids: photos },
  );
  expect(data?.nodes.some((photo) => photo.status === 'PROCESSING')).toBe(true);

  worker = await startWorker();
  const ends = await Promise.all(photos.map((id) => settled(author, id)));
  expect(ends).toEqual(['READY', 'READY', 'READY', 'READY']);
  await untilIdle(darkroom.stores);
  await until(async () => feed.events.length === photos.length);
  expect(feed.events.flatMap((event) => event.homeFeed.photo?.id ?? []).sort()).toEqual([...photos].sort());
  const answer = await follower.send<{ homeFeed: { nodes: { id: string }[] } }>('{ homeFeed { nodes { id } } }');
  expect(answer.data?.homeFeed.nodes.map((photo) => photo.id).sort()).toEqual([...photos].sort());
  feed.close();
  await worker.end('SIGTERM');
});

test('after a worker is killed during a fan-out, every follower gets the photo once', async () => {
  const { stores } = darkroom;
  const [author, subscriber] = await Promise.all([newPerson(api.url, 'author'), newPerson(api.url, 'subscriber')]);
  await subscriber.follow(author);
  const authorId = rowId(author.id);
  const followers = await insertFollowers(stores, authorId, 5_000);
  await Promise.all(followers.map((id) => buildTimeline(stores.redis, feedKey(id), async () => [])));
  const feed = await subscriber.subscribe<{ homeFeed: { photo: { id: string } | null } }>(
    'subscription { homeFeed { photo { id } } }',
  );
  await untilListening(stores, subscriber);
  const readFeeds = async () => {
    const feeds = await Promise.all(followers.map((id) => readTimeline(stores.redis, feedKey(id), null, 10)));
    return feeds.map((page) => (typeof page === 'string' ? page : page.entries.map((entry) => entry.photoId)));
  };

  // Kill the worker between two batches: the first follower has the photo, and the last does not.
  const first = followers[0];
  const last = followers.at(-1);
  let killed = false;
  for (let attempt = 0; attempt < 20 && !killed; attempt++) {
    const worker = await startWorker();
    const { photoId } = await insertPhoto(stores, authorId);
    const has = async (id: bigint | undefined) => {
      const page = id === undefined ? 'missing' : await readTimeline(stores.redis, feedKey(id), null, 1);
      return typeof page !== 'string' && page.entries[0]?.photoId === photoId;
    };
    await until(() => has(first), 30, 10);
    await worker.end('SIGKILL');
    killed = !(await has(last));
  }
  expect(killed).toBe(true);

  const worker = await startWorker();
  await untilIdle(stores);
  const [row] = await stores.db.$queryRaw<[{ ids: bigint[] }]>`
    select array_agg(id order by published_id desc) as ids from photos where owner_id = ${authorId}`;
  const expected = row.ids.slice(0, 10);
  for (const photoIds of await readFeeds()) expect(photoIds).toEqual(expected);
  await until(async () => feed.events.length >= row.ids.length);
  expect(
    new Set(feed.events.flatMap((event) => (event.homeFeed.photo ? rowId(event.homeFeed.photo?.id) : []))),
  ).toEqual(new Set(row.ids));
  expect(feed.events.length).toBe(row.ids.length);
  feed.close();
  await worker.end('SIGTERM');
});

test('an api process that is killed has committed everything it confirmed, and the counts are exact', async () => {
  const worker = await startWorker();
  const doomed = await startProcess(['api'], darkroom.env);
  const author = await newPerson(api.url, 'author');
  const photoId = await publish(author, await newJpeg());
  await settled(author, photoId);
  const fans = await Promise.all(Array.from({ length: 8 }, () => newPerson(doomed.url, 'fan')));
  const like = 'mutation ($input: LikePhotoInput!) { likePhoto(input: $input) { photo { viewerHasLiked } } }';
  const comment = 'mutation ($input: AddCommentInput!) { addComment(input: $input) { comment { id } } }';

  const commented: string[] = [];
  const liked = new Set<string>();
  const work = Promise.allSettled(
    fans.map(async (fan) => {
      for (let turn = 0; turn < 200; turn++) {
        const text = `${fan.username} ${turn}`;
        const added = await fan.send<{ addComment: { comment: { id: string } } }>(comment, {
          input: { photoId, text },
        });
        if (added.data) commented.push(added.data.addComment.comment.id);
        const answer = await fan.send(like, { input: { photoId } });
        if (answer.data) liked.add(fan.username);
      }
    }),
  );
  await until(async () => commented.length > 20);
  await doomed.end('SIGKILL');
  await work;

  const { db } = darkroom.stores;
  const id = rowId(photoId);
  await until(async () => (await db.photoCountDelta.count({ where: { photoId: id } })) === 0);
  const stored = await db.comment.findMany({ where: { photoId: id }, select: { id: true } });
  const ids = new Set(stored.map((row) => row.id));
  expect(commented.every((comment) => ids.has(rowId(comment)))).toBe(true);
  const likes = await db.like.count({ where: { photoId: id } });
  expect(likes).toBeGreaterThanOrEqual(liked.size);
  const photo = await db.photo.findUniqueOrThrow({ where: { id } });
  expect([photo.likeCount, photo.commentCount]).toEqual([likes, stored.length]);
  await worker.end('SIGTERM');
});
