import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { restoreCutoff } from '../../../src/features/accounts/deactivate.ts';
import { deleteAccount, requestDeletion, sweepDeactivated } from '../../../src/features/deletion/delete-account.ts';
import type { PersonIdentifiers } from '../../../src/features/deletion/identifiers.ts';
import { findIdentifiers, isClean, trace } from '../../../src/features/deletion/trace.ts';
import { renditionKeys } from '../../../src/features/photos/media.ts';
import { authorKey, feedKey, pulledAuthorsKey } from '../../../src/features/records/feed-keys.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { readTimeline } from '../../../src/stores/timelines.ts';
import { attempt, userErrorsOf } from '../../support/backstage.ts';
import { send } from '../../support/client.ts';
import { type OwnDarkroom, ownStores, startProcess, type TestProcess } from '../../support/darkroom.ts';
import { readFeed } from '../../support/feed.ts';
import { newPerson, type Person } from '../../support/people.ts';
import { createUpload, newJpeg, publish, put, share } from '../../support/photos.ts';
import { insertFollowers, rowId } from '../../support/rows.ts';
import { until } from '../../support/until.ts';
import { act, exportOf, makeWholeAccount, type WholeAccount } from '../../support/whole-account.ts';

let darkroom: OwnDarkroom;
let stores: Stores;
let api: TestProcess;
let worker: TestProcess;

beforeAll(async () => {
  darkroom = await ownStores();
  stores = darkroom.stores;
  api = await startProcess(['api'], darkroom.env);
  await startWorker();
});
afterAll(async () => {
  await Promise.all([api.end('SIGTERM'), worker.end('SIGTERM')]);
  await darkroom.stop();
});

async function startWorker(): Promise<void> {
  worker = await startProcess(['worker'], darkroom.env);
}

function requestDeletionOf(person: Person) {
  return act<{ deletedUserId: string }>(person, 'deleteAccount', { password: person.password }, 'deletedUserId');
}

function readReport(person: Person) {
  return stores.db.accountDeletion.findUnique({ where: { userId: rowId(person.id) } });
}

/** The number of queued and running deletion jobs of an account. */
async function jobsOf(userId: bigint): Promise<number> {
  const [row] = await stores.db.$queryRaw<[{ count: number }]>`
    select count(*)::int as count from graphile_worker._private_jobs where payload::text = ${`{"userId":"${userId}"}`}`;
  return row.count;
}

/**
 * Waits until an account is deleted.
 *
 * @param waitForFinalRun wait for the final run's delay instead of rescheduling the job to run now
 * @returns the number of removed things by kind
 */
async function untilDeleted(person: Person, waitForFinalRun = false) {
  const { removed } = await until(async () => {
    if (!waitForFinalRun) {
      await stores.db.$queryRaw`
        select id from graphile_worker.reschedule_jobs(
          array(select id from graphile_worker.jobs where task_identifier = 'deleteAccount'), run_at := now()
        )`;
    }
    const [row, jobs] = await Promise.all([readReport(person), jobsOf(rowId(person.id))]);
    // The job ends a moment after its last write.
    return row?.finishedAt && jobs === 0 ? row : null;
  }, 60);
  return removed as Record<string, number>;
}

/** Everything that names a person, and orphaned files; without the deletion report. */
async function tracesOf(identifiers: PersonIdentifiers) {
  const { rows, jobs, keys, objects, orphans } = await trace(stores, identifiers);
  return { rows, jobs, keys, objects, orphans };
}
const NO_TRACES = { rows: [], jobs: [], keys: [], objects: [], orphans: [] };

/** All counts whose stored value with its deltas differs from a recount. */
async function miscounted() {
  return stores.db.$queryRaw<object[]>`
    with stored as (
      select 'photo' as kind, id, 'likes' as what,
        like_count + (select coalesce(sum(likes), 0) from photo_count_deltas where photo_id = photos.id) as count,
        (select count(*) from likes join users on users.id = user_id
          where photo_id = photos.id and not is_hidden) as recount
      from photos
      union all
      select 'photo', id, 'comments',
        comment_count + (select coalesce(sum(comments), 0) from photo_count_deltas where photo_id = photos.id),
        (select count(*) from comments join users on users.id = author_id
          where photo_id = photos.id and not is_hidden)
      from photos
      union all
      select 'user', id, 'followers',
        coalesce((select followers from user_counts where user_id = person.id), 0)
          + (select coalesce(sum(followers), 0) from user_count_deltas where user_id = person.id),
        (select count(*) from follows join users on users.id = follower_id
          where followee_id = person.id and not is_hidden)
      from users person
      union all
      select 'user', id, 'following',
        coalesce((select following from user_counts where user_id = person.id), 0)
          + (select coalesce(sum(following), 0) from user_count_deltas where user_id = person.id),
        (select count(*) from follows join users on users.id = followee_id
          where follower_id = person.id and not is_hidden)
      from users person
    )
    select kind, id::text, what, count::int, recount::int from stored where count <> recount`;
}

/** Lets a viewer read everything about a person, so that it is in every cache. */
async function readEverything(viewer: Person, { person, photo, friendPhoto }: WholeAccount): Promise<void> {
  const { errors } = await viewer.send(
    `query ($name: String!, $ids: [ID!]!) {
      user(username: $name) {
        photoCount followerCount viewerFollows followsViewer isMutedByViewer photos { nodes { id } }
      }
      nodes(ids: $ids) {
        ... on User { followers { nodes { id } } following { nodes { id } } }
        ... on Photo {
          likeCount commentCount viewerHasLiked likers { nodes { id } } comments { nodes { author { id } } }
        }
      }
      homeFeed { nodes { owner { username } } }
      activity { nodes { actors { username } } }
    }`,
    { name: person.username, ids: [person.id, photo, friendPhoto] },
  );
  expect(errors).toEqual([]);
}

test('after a deletion only the report names the person, and the data of others is correct', async () => {
  const world = await makeWholeAccount(api.url, stores);
  const { person, friend, fan, photo, friendPhoto, upload } = world;
  await exportOf(person);
  for (const viewer of [friend, fan, world.muter, world.blocked, world.moderator, person])
    await readEverything(viewer, world);
  // Subscriptions create streams in Redis, which name the person too.
  const [profile] = await Promise.all([
    friend.subscribe('subscription ($id: ID!) { userPhotos(userId: $id) { cursor } }', { id: person.id }),
    friend.subscribe('subscription { activity { cursor } }'),
    person.subscribe('subscription { activity { cursor } }'),
    person.subscribe('subscription { homeFeed { cursor } }'),
  ]);
  await until(async () => (await stores.redis.keys(`stream:*:${rowId(person.id)}`)).length === 3);
  const identifiers = await findIdentifiers(stores, [person.username]);
  expect(identifiers).toEqual({
    id: rowId(person.id),
    email: person.email,
    usernames: [person.username, world.formerName],
  });
  // The trace works: it finds the person before the deletion.
  const before = await trace(stores, identifiers);
  expect(before).toMatchObject({ orphans: [], report: null });
  const columns = before.rows.map(({ table, column }) => `${table}.${column}`);
  expect(columns).toEqual(
    expect.arrayContaining(['users.id', 'users.email', 'users.username', 'comments.text', 'photos.caption']),
  );
  expect(columns).toEqual(expect.arrayContaining(['mutes.muted_id', 'blocks.blocked_id', 'moderation_acts.why']));
  expect(before.keys.map(({ location }) => location)).toEqual(
    expect.arrayContaining(['its name', 'its value', `its field ${identifiers.id}`]),
  );
  // Two photos in four sizes, the upload, the avatar and the export.
  expect(before.objects).toHaveLength(11);

  const wrong = await attempt(person, 'deleteAccount', { password: 'not this' }, 'deletedUserId');
  expect(userErrorsOf(wrong)).toEqual(['WRONG_CREDENTIALS password']);
  expect(await requestDeletionOf(person)).toMatchObject({ deletedUserId: person.id });
  const { data } = await person.send<{ me: object | null }>('{ me { user { id } } }');
  expect(data?.me).toBe(null);
  expect(await profile.ended).toEqual({});
  const removed = await untilDeleted(person, true);

  const after = await trace(stores, identifiers);
  expect(await tracesOf(identifiers)).toEqual(NO_TRACES);
  expect(after.report).toMatchObject({ askedAt: expect.any(Date), finishedAt: expect.any(Date) });
  expect(removed).toEqual({
    ...{
      users: 1,
      photos: 2,
      files: 10,
      uploads: 1,
      data_exports: 1,
      former_usernames: 1,
      mail_tokens: 1,
      mentions: 2,
    },
    ...{ likes: 4, comments: 4, follows: 3, follow_requests: 2, blocks: 2, mutes: 2, reports: 3, idempotency_keys: 2 },
    ...{ activities: expect.any(Number), user_counts: 1, photo_hashtags: 1, hashtag_follows: 1 },
  });
  expect(await miscounted()).toEqual([]);

  // Texts of others stay, without the name.
  const { caption } = await stores.db.photo.findUniqueOrThrow({ where: { id: rowId(friendPhoto) } });
  expect(caption).toBe(`Look, @[deleted]: and x${person.username}`);
  expect(await stores.db.comment.findMany({ where: { photoId: rowId(friendPhoto) } })).toMatchObject([
    { text: 'Thanks, @[deleted].' },
  ]);
  for (const follower of [friend, fan]) {
    const page = await readTimeline(stores.redis, feedKey(rowId(follower.id)), null, 100);
    expect(typeof page === 'string' ? [] : page.entries).toEqual([]);
    expect(await readFeed(follower, 10)).toEqual([]);
  }
  const seen = await friend.send<Record<string, unknown>>(
    `query ($name: String!, $ids: [ID!]!) {
      user(username: $name) { id }
      nodes(ids: $ids) { id }
      photo: node(id: "${friendPhoto}") { ... on Photo { likeCount commentCount likers { nodes { id } } } }
      me { user { followerCount followingCount } }
    }`,
    { name: person.username, ids: [person.id, photo] },
  );
  expect(seen.data).toEqual({
    ...{ user: null, nodes: [null, null], photo: { likeCount: 0, commentCount: 1, likers: { nodes: [] } } },
    me: { user: { followerCount: 0, followingCount: 0 } },
  });
  // The username and the e-mail address are free.
  const account = { username: person.username, email: person.email, password: person.password, displayName: 'Anew' };
  const signedUp = await send<{ signUp: { userErrors: object[] } }>(
    api.url,
    'mutation ($input: SignUpInput!) { signUp(input: $input) { userErrors { code } } }',
    { input: account },
  );
  expect(signedUp.data?.signUp.userErrors).toEqual([]);

  // A presigned URL from before still accepts the file, but the file does not stay.
  const key = new URL(upload.url).pathname.slice('/darkroom/'.length);
  expect(await stores.objects.exists(key)).toBe(false);
  expect((await put(upload, world.file)).status).toBe(200);
  expect(await stores.objects.exists(key)).toBe(true);
  await stores.db.$queryRaw`
    select id from graphile_worker.reschedule_jobs(
      array(select id from graphile_worker._private_jobs where payload::text like ${`%${key}%`}), run_at := now()
    )`;
  await until(async () => !(await stores.objects.exists(key)));
}, 120_000);

test('jobs that run while an account is deleted leave no file behind', async () => {
  const person = await newPerson(api.url);
  await share(person);
  const large = await newJpeg(4_000, 3_000);
  const forAvatar = await createUpload(person, large);
  await put(forAvatar, large);
  const identifiers = await findIdentifiers(stores, [person.username]);
  // Each of these enqueues a job that writes files. Do not wait for them.
  await Promise.all([publish(person, large), publish(person, large)]);
  await act(person, 'setAvatar', { uploadId: forAvatar.id }, 'viewer { avatarStatus }');
  await act(person, 'requestDataExport', { password: person.password }, 'dataExport { status }');
  await act(person, 'setPrivacy', { isPrivate: true }, 'user { id }');
  await requestDeletionOf(person);
  expect(await untilDeleted(person)).toMatchObject({ users: 1, photos: 3 });
  expect(await tracesOf(identifiers)).toEqual(NO_TRACES);
}, 120_000);

/** Creates a person with many photos, each with files, and many followers. */
async function makeBigAccount(
  photos: number,
  followers: number,
): Promise<{ person: Person; identifiers: PersonIdentifiers }> {
  const person = await newPerson(api.url);
  const identifiers = await findIdentifiers(stores, [person.username]);
  const ownerId = rowId(person.id);
  await insertFollowers(stores, ownerId, followers);
  await stores.db.$executeRaw`
    insert into user_count_deltas (user_id, following)
    select follower_id, 1 from follows where followee_id = ${ownerId}`;
  for (let n = 0; n < photos; n++) {
    const mediaKey = randomBytes(16).toString('hex');
    await stores.db.$executeRaw`
      insert into photos (id, owner_id, caption, status, media_key, published_id, width, height)
      values (next_id(${ownerId}), ${ownerId}, '', 'READY', ${mediaKey}, next_id(${ownerId}), 4, 3)`;
    for (const key of renditionKeys(mediaKey, true)) await stores.objects.put(key, Buffer.from('x'), 'image/jpeg');
  }
  await stores.db.$executeRaw`
    insert into likes (photo_id, user_id, id)
    select photos.id, follower_id, next_id(follower_id) from photos join follows on followee_id = owner_id
    where owner_id = ${ownerId}`;
  return { person, identifiers };
}

test('when a worker is killed during a deletion, another one completes it', async () => {
  const { person, identifiers } = await makeBigAccount(60, 150);
  await requestDeletionOf(person);
  await until(async () => {
    const { photos = 0, users } = ((await readReport(person))?.removed ?? {}) as Record<string, number>;
    if (users) throw new Error('The deletion was complete before the worker could be killed.');
    return photos > 0;
  });
  await worker.end('SIGKILL');
  expect(await readReport(person)).toMatchObject({ finishedAt: null });
  expect((await stores.db.photo.count({ where: { ownerId: identifiers.id ?? 0n } })) > 0).toBe(true);
  await startWorker();
  const removed = await untilDeleted(person);
  // The report counts each thing once.
  expect(removed).toMatchObject({ users: 1, photos: 60, files: 240, follows: 150, likes: 60 * 150 });
  expect(await tracesOf(identifiers)).toEqual(NO_TRACES);
  expect(await miscounted()).toEqual([]);
}, 180_000);

/**
 * The stores, with one write that fails.
 *
 * @param count the number of the write, from 1
 * @param isWritten whether the write takes effect, so that only its answer is lost
 */
function failingAt(count: number, isWritten: boolean): Stores {
  let calls = 0;
  const fail = async <T>(work: () => Promise<T>) => {
    calls++;
    if (calls !== count) return work();
    if (isWritten) await work();
    throw new Error('broken on purpose');
  };
  const db = new Proxy(stores.db, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (name !== '$transaction') return typeof value === 'function' ? value.bind(target) : value;
      return (...args: [never]) => fail(() => target.$transaction(...args));
    },
  });
  const objects = { ...stores.objects, delete: (keys: string[]) => fail(() => stores.objects.delete(keys)) };
  return { ...stores, db, objects };
}

test('the next run completes a deletion that failed at any write, and the report counts each thing once', async () => {
  const world = await makeWholeAccount(api.url, stores);
  await exportOf(world.person);
  await Promise.all([readEverything(world.friend, world), readEverything(world.fan, world)]);
  const identifiers = await findIdentifiers(stores, [world.person.username]);
  const userId = rowId(world.person.id);
  await worker.end('SIGTERM');
  await requestDeletion(stores, userId);
  let failures = 0;
  // Each run fails at its `at`-th write: first before the write takes effect, then after it.
  for (let at = 1; await stores.db.user.findUnique({ where: { id: userId } }); at++) {
    for (const isWritten of [false, true]) {
      const error = await deleteAccount(failingAt(at, isWritten), userId).catch((reason: Error) => reason);
      if (error?.message === 'broken on purpose') failures++;
      else if (error) throw error;
    }
  }
  expect(failures).toBeGreaterThan(5);
  await startWorker();
  expect(await untilDeleted(world.person)).toMatchObject({
    ...{ users: 1, photos: 2, files: 10, uploads: 1, data_exports: 1, likes: 4, comments: 4, follows: 3, mentions: 2 },
  });
  expect(await tracesOf(identifiers)).toEqual(NO_TRACES);
  expect(await miscounted()).toEqual([]);
}, 180_000);

test('a deleted pulled author leaves no traces in the caches of followers', async () => {
  const [author, follower] = await Promise.all([newPerson(api.url), newPerson(api.url)]);
  await stores.db.user.update({ where: { id: rowId(author.id) }, data: { isPulled: true } });
  await follower.follow(author);
  const photo = await share(author);
  await until(async () => (await readFeed(follower, 10)).includes(photo));
  // A tombstone from the follow keeps the list from being cached: remove it.
  await stores.redis.del(pulledAuthorsKey(rowId(follower.id)));
  expect(await readFeed(follower, 10)).toEqual([photo]);
  const identifiers = await findIdentifiers(stores, [author.username]);
  const { keys } = await trace(stores, identifiers);
  const pulledAuthors = { key: pulledAuthorsKey(rowId(follower.id)), location: 'its value' };
  const timeline = { key: authorKey(rowId(author.id)), location: 'its name' };
  expect(keys).toEqual(
    expect.arrayContaining([expect.objectContaining(pulledAuthors), expect.objectContaining(timeline)]),
  );
  await requestDeletionOf(author);
  await untilDeleted(author);
  expect(await readFeed(follower, 10)).toEqual([]);
  expect(await tracesOf(identifiers)).toEqual(NO_TRACES);
}, 120_000);

test('a deactivated account is deleted after 30 days, and not before', async () => {
  const [due, restorable] = await Promise.all([newPerson(api.url), newPerson(api.url)]);
  for (const person of [due, restorable]) {
    await act(person, 'deactivateAccount', { password: person.password }, 'deletedAfter');
  }
  const deactivatedAt = new Date(restoreCutoff().getTime() - 1_000);
  await stores.db.user.update({ where: { id: rowId(due.id) }, data: { deactivatedAt } });
  const identifiers = await findIdentifiers(stores, [due.username]);
  await sweepDeactivated(stores);
  await untilDeleted(due);
  expect(await tracesOf(identifiers)).toEqual(NO_TRACES);
  expect(await readReport(restorable)).toBe(null);
  const { data } = await send<{ logIn: { token: string | null } }>(
    api.url,
    'mutation ($input: LogInInput!) { logIn(input: $input) { token } }',
    { input: { login: restorable.username, password: restorable.password } },
  );
  expect(data?.logIn.token).toBeTruthy();
}, 120_000);

test('a trace finds the identifiers of a person everywhere, and no other words', async () => {
  const person = await newPerson(api.url);
  const identifiers = await findIdentifiers(stores, [person.email]);
  const id = String(identifiers.id);
  const { redis } = stores;
  const name = person.username;
  await Promise.all([
    redis.set(`trace:${id}`, ''),
    redis.set('trace:string', JSON.stringify({ of: name })),
    redis.hset('trace:hash', 'field', person.email),
    redis.sadd('trace:set', id),
    redis.rpush('trace:list', person.id),
    redis.zadd('trace:zset', 1, name.toUpperCase()),
    redis.set('trace:others', `${id}0 x${name} ${name}.b ${name}@elsewhere.org 1${id}`),
  ]);
  await stores.objects.put('media/nobody/square.jpg', Buffer.from('x'), 'image/jpeg');
  const result = await trace(stores, identifiers);
  expect(isClean(result)).toBe(false);
  const keys = result.keys.map(({ key }) => key).filter((key) => key.startsWith('trace:'));
  expect(keys.sort()).toEqual(['hash', 'list', 'set', 'string', 'zset', id].map((key) => `trace:${key}`).sort());
  expect(result.orphans).toEqual(['media/nobody/square.jpg']);
  await redis.del(...keys, 'trace:others');
  await stores.objects.delete(result.orphans);
  await expect(findIdentifiers(stores, ['no name'])).rejects.toThrow('"no name" is no username');
});
