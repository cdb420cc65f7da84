import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accountTasks } from '../../../src/features/accounts/tasks.ts';
import { feedTasks } from '../../../src/features/feed/tasks.ts';
import { deletePhoto } from '../../../src/features/photos/edit.ts';
import { renditionKeys } from '../../../src/features/photos/media.ts';
import { processPhoto } from '../../../src/features/photos/process.ts';
import { publishPhoto } from '../../../src/features/photos/publish.ts';
import { photoTasks } from '../../../src/features/photos/tasks.ts';
import { createUpload as createUploadRow } from '../../../src/features/photos/uploads.ts';
import { feedKey } from '../../../src/features/records/feed-keys.ts';
import type { Jobs } from '../../../src/stores/jobs.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { attempt, mustSee, see, userErrorsOf } from '../../support/backstage.ts';
import { type OwnDarkroom, ownStores, startProcess, type TestProcess } from '../../support/darkroom.ts';
import { asPerson, newPerson, type Person } from '../../support/people.ts';
import { createUpload, newJpeg, publish, put } from '../../support/photos.ts';
import { rowId } from '../../support/rows.ts';
import { until } from '../../support/until.ts';

// A Darkroom without a worker. Jobs wait until a test runs them, once or several times.
let own: OwnDarkroom;
let api: TestProcess;
let url: string;
let stores: Stores;
let tasks: ReturnType<typeof photoTasks> & ReturnType<typeof feedTasks> & ReturnType<typeof accountTasks>;
beforeAll(async () => {
  own = await ownStores();
  api = await startProcess(['api'], own.env);
  url = api.url;
  stores = own.stores;
  tasks = { ...photoTasks(stores), ...feedTasks(stores), ...accountTasks(stores) };
});
afterAll(async () => {
  await api?.end('SIGTERM');
  await own?.stop();
});

/** The payloads of the waiting jobs with this name that mention an id or key, oldest first. */
async function jobs<Name extends keyof Jobs>(name: Name, mention: bigint | string): Promise<Jobs[Name][]> {
  const rows = await stores.db.$queryRaw<{ payload: Jobs[Name] }[]>`
    select job.payload from graphile_worker._private_jobs job
    join graphile_worker._private_tasks task on task.id = job.task_id
    where task.identifier = ${name} and job.payload::text like ${`%"${mention}"%`} order by job.id`;
  return rows.map((row) => row.payload);
}

async function job<Name extends keyof Jobs>(name: Name, mention: bigint | string): Promise<Jobs[Name]> {
  const [first] = await jobs(name, mention);
  if (!first) throw new Error(`No job ${name} mentions ${mention}.`);
  return first;
}

/** Publishes a photo, which stays PROCESSING. */
async function publishUnprocessed(
  person: Person,
  file?: Buffer,
): Promise<{ id: string; row: bigint; payload: Jobs['processPhoto'] }> {
  const id = await publish(person, file ?? (await newJpeg()), 'hello');
  return { id, row: rowId(id), payload: await job('processPhoto', rowId(id)) };
}

/** The complete state of a photo: its row, its files, and the jobs that processing enqueues. */
async function stateOf(row: bigint, mediaKey: string) {
  const files = await Promise.all(renditionKeys(mediaKey, true).map((key) => stores.objects.get(key)));
  return {
    photo: await stores.db.photo.findUnique({ where: { id: row } }),
    upload: await stores.db.upload.findUnique({ where: { id: row } }),
    files: files.map((file) => file && createHash('sha256').update(file).digest('hex')),
    fanOuts: await jobs('fanOutPhoto', row),
    changes: await jobs('photosChanged', row),
  };
}

async function feedOf(person: Person): Promise<string[]> {
  const { data } = await person.send<{ homeFeed: { nodes: { id: string }[] } }>('{ homeFeed { nodes { id } } }');
  return (data?.homeFeed.nodes ?? []).map((node) => node.id);
}

const NO_FILES = [null, null, null, null];

describe('processPhoto', () => {
  test('makes a photo READY, and a repeated run changes nothing', async () => {
    const person = await newPerson(url);
    const { id, row, payload } = await publishUnprocessed(person);
    expect(await mustSee(person, id)).toMatchObject({ status: 'PROCESSING', w320: null, publishedAt: null });
    await tasks.processPhoto(payload);
    const first = await stateOf(row, payload.mediaKey);
    expect(first.photo?.status).toBe('READY');
    expect(first.upload).toBeNull();
    expect(first.files).not.toContain(null);
    expect(first.fanOuts).toHaveLength(1);
    expect(await mustSee(person, id)).toMatchObject({ status: 'READY' });
    await tasks.processPhoto(payload);
    expect(await stateOf(row, payload.mediaKey)).toEqual(first);
    // A run after the original was deleted changes nothing either.
    await tasks.deleteObjects(await job('deleteObjects', payload.objectKey));
    await tasks.processPhoto(payload);
    expect(await stateOf(row, payload.mediaKey)).toEqual(first);
  });

  test('run by three workers at once makes a photo READY once, with one fan-out', async () => {
    const person = await newPerson(url);
    const { row, payload } = await publishUnprocessed(person);
    await Promise.all([tasks.processPhoto(payload), tasks.processPhoto(payload), tasks.processPhoto(payload)]);
    const state = await stateOf(row, payload.mediaKey);
    expect(state.photo?.status).toBe('READY');
    expect(state.files).not.toContain(null);
    expect(state.fanOuts).toHaveLength(1);
    expect(await jobs('deleteObjects', payload.objectKey)).toHaveLength(1);
  });

  test('interrupted between two files succeeds when it is run again', async () => {
    const person = await newPerson(url);
    const { row, payload } = await publishUnprocessed(person);
    let left = 2;
    const failing: Stores = {
      ...stores,
      objects: {
        ...stores.objects,
        async put(...file) {
          if (left-- <= 0) throw new Error('S3 is unavailable');
          await stores.objects.put(...file);
        },
      },
    };
    await expect(processPhoto(failing, payload)).rejects.toThrow('S3 is unavailable');
    const interrupted = await stateOf(row, payload.mediaKey);
    expect(interrupted.photo?.status).toBe('PROCESSING');
    expect(interrupted.fanOuts).toEqual([]);
    await tasks.processPhoto(payload);
    const finished = await stateOf(row, payload.mediaKey);
    expect(finished.photo?.status).toBe('READY');
    expect(finished.files).not.toContain(null);
  });

  test('makes a photo with a bad file FAILED, and a repeated run changes nothing', async () => {
    const person = await newPerson(url);
    const { id, row, payload } = await publishUnprocessed(person, Buffer.from('no photo'));
    await tasks.processPhoto(payload);
    const first = await stateOf(row, payload.mediaKey);
    expect(first.photo).toMatchObject({ status: 'FAILED', failure: 'UNSUPPORTED_TYPE', publishedId: null });
    expect(first).toMatchObject({ upload: null, files: NO_FILES, fanOuts: [] });
    await tasks.processPhoto(payload);
    expect(await stateOf(row, payload.mediaKey)).toEqual(first);
    expect((await mustSee(person, id)).failure?.code).toBe('UNSUPPORTED_TYPE');
  });

  test('makes a photo whose file has vanished FAILED instead of retrying for ever', async () => {
    const person = await newPerson(url);
    const { row, payload } = await publishUnprocessed(person);
    await stores.objects.delete([payload.objectKey]);
    await tasks.processPhoto(payload);
    expect((await stateOf(row, payload.mediaKey)).photo).toMatchObject({ status: 'FAILED', failure: 'CORRUPT' });
  });

  test('leaves no file of a photo that was deleted before, also when it is repeated', async () => {
    const person = await newPerson(url);
    const { id, row, payload } = await publishUnprocessed(person);
    await attempt(person, 'deletePhoto', { photoId: id }, 'deletedPhotoId');
    for (let time = 0; time < 2; time++) {
      await tasks.processPhoto(payload);
      const state = await stateOf(row, payload.mediaKey);
      expect(state).toMatchObject({ photo: null, upload: null, files: NO_FILES, fanOuts: [] });
      expect(await stores.objects.exists(payload.objectKey)).toBe(false);
    }
  });

  test.for([0, 2, 3])('leaves no file of a photo that is deleted when %i of its files are written', async (written) => {
    const person = await newPerson(url);
    const { row, payload } = await publishUnprocessed(person);
    let count = 0;
    const deleting: Stores = {
      ...stores,
      objects: {
        ...stores.objects,
        async put(...file) {
          if (count++ === written) {
            await deletePhoto(stores, rowId(person.id), row);
            // The deletion job runs before the other files are written.
            await tasks.deleteObjects(await job('deleteObjects', payload.objectKey));
          }
          await stores.objects.put(...file);
        },
      },
    };
    await processPhoto(deleting, payload);
    expect(await stateOf(row, payload.mediaKey)).toMatchObject({ photo: null, files: NO_FILES, fanOuts: [] });
  });
});

describe('a photo that is PROCESSING', () => {
  test('is visible only to its owner, who can change its caption, and nobody can like it', async () => {
    const [owner, stranger] = await Promise.all([newPerson(url), newPerson(url)]);
    const { id, payload } = await publishUnprocessed(owner);
    expect(await see(stranger, id)).toBeNull();
    for (const [name, more, selection] of [
      ['likePhoto', {}, 'photo { id }'],
      ['unlikePhoto', {}, 'photo { id }'],
      ['addComment', { text: 'hi' }, 'comment { id }'],
    ] as const) {
      expect(userErrorsOf(await attempt(stranger, name, { photoId: id, ...more }, selection))).toEqual([
        'NOT_FOUND photoId',
      ]);
      expect(userErrorsOf(await attempt(owner, name, { photoId: id, ...more }, selection))).toEqual([
        'NOT_READY photoId',
      ]);
    }
    const changed = await attempt(owner, 'updatePhoto', { photoId: id, caption: 'changed' }, 'photo { caption }');
    expect(changed).toEqual({ photo: { caption: 'changed' }, userErrors: [] });
    await tasks.processPhoto(payload);
    expect(await mustSee(stranger, id)).toMatchObject({ status: 'READY', caption: 'changed' });
  });
});

describe('an expired upload', () => {
  async function expiredUpload(person: Person) {
    const file = await newJpeg();
    const upload = await createUpload(person, file);
    await put(upload, file);
    await stores.db.upload.update({ where: { id: rowId(upload.id) }, data: { expiresAt: new Date(Date.now() - 1) } });
    return { file, upload };
  }

  test('cannot be published', async () => {
    const person = await newPerson(url);
    const { upload } = await expiredUpload(person);
    const payload = await attempt(person, 'publishPhoto', { uploadId: upload.id, caption: '' }, 'photo { id }');
    expect(userErrorsOf(payload)).toEqual(['EXPIRED uploadId']);
    expect(payload).toMatchObject({ photo: null });
    expect(await stores.db.photo.count({ where: { ownerId: rowId(person.id) } })).toBe(0);
    expect(await jobs('processPhoto', rowId(upload.id))).toEqual([]);
  });

  test('has no URL that still accepts a file', async () => {
    const person = await newPerson(url);
    const { upload } = await expiredUpload(person);
    const { data } = await person.send<{ node: { url: string; expiresAt: string } | null }>(
      'query ($id: ID!) { node(id: $id) { ... on Upload { url expiresAt } } }',
      { id: upload.id },
    );
    if (!data?.node) return;
    const query = new URL(data.node.url).searchParams;
    const signed = (query.get('X-Amz-Date') ?? '').replace(/^(....)(..)(..T..)(..)(..)/, '$1-$2-$3:$4:$5');
    const end = Date.parse(signed) + Number(query.get('X-Amz-Expires')) * 1_000;
    expect(end).toBeLessThanOrEqual(Date.parse(data.node.expiresAt));
  });
});

describe('fanOutPhoto', () => {
  test('pushes a photo into each feed once, also when it is repeated', async () => {
    const [author, follower] = await Promise.all([newPerson(url), newPerson(url)]);
    await follower.follow(author);
    // Build the timeline first: photos are pushed only into timelines that exist.
    expect(await feedOf(follower)).toEqual([]);
    const { id, row, payload } = await publishUnprocessed(author);
    await tasks.processPhoto(payload);
    const key = feedKey(rowId(follower.id));
    const members = () => stores.redis.zrangeBuffer(key, '0', '-1');
    const before = (await members()).length;
    const fanOut = await job('fanOutPhoto', row);
    await tasks.fanOutPhoto(fanOut);
    const once = await members();
    expect(once).toHaveLength(before + 1);
    await tasks.fanOutPhoto(fanOut);
    expect(await members()).toEqual(once);
    expect(await feedOf(follower)).toEqual([id]);
    // The entry of a deleted photo is not visible.
    await attempt(author, 'deletePhoto', { photoId: id }, 'deletedPhotoId');
    await tasks.fanOutPhoto(fanOut);
    expect(await feedOf(follower)).toEqual([]);
  });

  test('delivers a photo to a home-feed subscription once', async () => {
    const [author, follower] = await Promise.all([newPerson(url), newPerson(url)]);
    await follower.follow(author);
    const [one, two] = [await publishUnprocessed(author), await publishUnprocessed(author)];
    await tasks.processPhoto(one.payload);
    await tasks.processPhoto(two.payload);
    const feed = await follower.subscribe<{ homeFeed: { photo: { id: string } | null } }>(
      'subscription { homeFeed { photo { id } } }',
    );
    // Request the first event before the jobs run, so that the subscription is open.
    const arriving = feed.next();
    const fanOut = await job('fanOutPhoto', one.row);
    await untilSubscribed(feedKey(rowId(follower.id)));
    await tasks.fanOutPhoto(fanOut);
    await tasks.fanOutPhoto(fanOut);
    await tasks.followsChanged({ userId: String(rowId(follower.id)) });
    await tasks.followsChanged({ userId: String(rowId(follower.id)) });
    expect((await arriving).homeFeed.photo?.id).toBe(one.id);
    const last = feed.next((event) => event.homeFeed.photo?.id === two.id);
    await tasks.fanOutPhoto(await job('fanOutPhoto', two.row));
    await last;
    expect(feed.events.flatMap((event) => event.homeFeed.photo?.id ?? [])).toEqual([one.id, two.id]);
    feed.close();
  });
});

/** Waits until the channel of a list has a subscriber. */
async function untilSubscribed(key: string): Promise<void> {
  await until(async () => {
    const answer = (await stores.redis.call('PUBSUB', 'SHARDNUMSUB', `live:${key}`)) as [string, number];
    return Number(answer[1]) > 0;
  });
}

test('photosChanged, run twice, caches counts that match the rows', async () => {
  const [owner, fan] = await Promise.all([newPerson(url), newPerson(url)]);
  const { id, row, payload } = await publishUnprocessed(owner);
  await tasks.processPhoto(payload);
  expect((await mustSee(fan, id)).likeCount).toBe(0);
  await attempt(fan, 'likePhoto', { photoId: id }, 'photo { id }');
  for (let time = 0; time < 2; time++) {
    await tasks.photosChanged({ photoIds: [String(row)] });
    expect(await stores.redis.get(`counts:${row}`)).toBe('1 0');
    expect((await mustSee(owner, id)).likeCount).toBe(1);
  }
});

test('photosChanged of a photo that is gone does nothing', async () => {
  await tasks.photosChanged({ photoIds: ['42'] });
  expect(await stores.redis.exists('counts:42')).toBe(0);
});

test('deleteObjects, run twice, deletes those files and no others', async () => {
  const person = await newPerson(url);
  const [one, two] = [await publishUnprocessed(person), await publishUnprocessed(person)];
  await tasks.processPhoto(one.payload);
  await tasks.processPhoto(two.payload);
  await attempt(person, 'deletePhoto', { photoId: one.id }, 'deletedPhotoId');
  const payload = await job('deleteObjects', renditionKeys(one.payload.mediaKey, true)[0] ?? '');
  for (let time = 0; time < 2; time++) {
    await tasks.deleteObjects(payload);
    expect((await stateOf(one.row, one.payload.mediaKey)).files).toEqual(NO_FILES);
    expect((await stateOf(two.row, two.payload.mediaKey)).files).not.toContain(null);
  }
});

test('sessionsEnded, run twice, closes the subscriptions of the ended session and of no other', async () => {
  const person = await newPerson(url);
  const { token } = await person.mutate<{ token: string }>(
    'logIn',
    'LogInInput',
    { login: person.username, password: person.password },
    'token',
  );
  const other = asPerson(url, { ...person, token });
  const query = 'subscription { homeFeed { cursor } }';
  const [ending, staying] = [await person.subscribe(query), await other.subscribe(query)];
  const [session] = await stores.db.session.findMany({ where: { userId: rowId(person.id) }, orderBy: { id: 'asc' } });
  if (!session) throw new Error('There is no session.');
  // As if the process was killed right after its commit.
  await stores.db.session.delete({ where: { id: session.id } });
  const tokenHash = Buffer.from(session.tokenHash).toString('hex');
  const payload = { userId: String(rowId(person.id)), sessions: [{ id: String(session.id), tokenHash }] };
  for (let time = 0; time < 2; time++) {
    await tasks.sessionsEnded(payload);
    expect((await person.send('{ me { user { id } } }')).data).not.toMatchObject({ me: { user: { id: person.id } } });
    expect((await other.send('{ me { user { id } } }')).data).toEqual({ me: { user: { id: person.id } } });
  }
  await ending.ended;
  await untilSubscribed(feedKey(rowId(person.id)));
  let ended = false;
  void staying.ended.then(() => {
    ended = true;
  });
  await other.send('{ me { user { id } } }');
  expect(ended).toBe(false);
  staying.close();
});

describe('sweepUploads', () => {
  const longAgo = () => new Date(Date.now() - 2 * 24 * 3_600_000);

  test('run twice, deletes expired uploads with their files, and nothing else', async () => {
    const person = await newPerson(url);
    const uploads = await Promise.all(
      ['fresh', 'old', 'old and empty', 'old and published'].map(async (kind) => {
        const file = await newJpeg();
        const upload = await createUpload(person, file);
        if (kind !== 'old and empty') await put(upload, file);
        if (kind === 'old and published') {
          await attempt(person, 'publishPhoto', { uploadId: upload.id, caption: '' }, 'photo { id }');
        }
        const id = rowId(upload.id);
        if (kind !== 'fresh') await stores.db.upload.update({ where: { id }, data: { expiresAt: longAgo() } });
        const { objectKey } = await stores.db.upload.findUniqueOrThrow({ where: { id } });
        return { id, objectKey };
      }),
    );
    for (let time = 0; time < 2; time++) {
      await tasks.sweepUploads({});
      const rows = await Promise.all(uploads.map(({ id }) => stores.db.upload.count({ where: { id } })));
      const files = await Promise.all(uploads.map(({ objectKey }) => stores.objects.exists(objectKey)));
      expect(rows).toEqual([1, 0, 0, 1]);
      expect(files).toEqual([true, false, false, true]);
    }
    // The published one still becomes a photo.
    const row = uploads[3]?.id ?? 0n;
    await tasks.processPhoto(await job('processPhoto', row));
    expect(await stores.db.photo.findUnique({ where: { id: row } })).toMatchObject({ status: 'READY' });
  });

  test('deletes more uploads than fit in one batch', async () => {
    const person = await newPerson(url);
    await stores.db.$executeRaw`
      insert into uploads (id, owner_id, object_key, content_type, byte_size, sha256, expires_at)
      select next_id(${rowId(person.id)}), ${rowId(person.id)}, 'uploads/none-' || number, 'image/jpeg', 1,
        decode('00', 'hex'), now() - interval '2 days'
      from generate_series(1, 501) number`;
    await tasks.sweepUploads({});
    expect(await stores.db.upload.count({ where: { ownerId: rowId(person.id) } })).toBe(0);
  });

  test('concurrent with publishing leaves no photo PROCESSING for ever', async () => {
    const person = await newPerson(url);
    const ownerId = rowId(person.id);
    const file = await newJpeg();
    const sha256 = createHash('sha256').update(file).digest('hex');
    const upload = await createUploadRow(stores, ownerId, { contentType: 'image/jpeg', byteSize: file.length, sha256 });
    await stores.objects.put(upload.objectKey, file, 'image/jpeg');
    // The clock of this process, which still accepts the upload, is a second behind that of PostgreSQL, which the sweep
    // uses.
    const sweeping: Stores = {
      ...stores,
      objects: {
        ...stores.objects,
        async exists(key) {
          const exists = await stores.objects.exists(key);
          await stores.db.upload.update({
            where: { id: upload.id },
            data: { expiresAt: new Date(Date.now() - 1_000) },
          });
          await tasks.sweepUploads({});
          return exists;
        },
      },
    };
    const refused = await publishPhoto(sweeping, ownerId, upload.id, { caption: '' }).then(
      () => false,
      () => true,
    );
    if (refused) return expect(await stores.db.photo.count({ where: { ownerId } })).toBe(0);
    await tasks.processPhoto(await job('processPhoto', upload.id));
    const photo = await stores.db.photo.findUniqueOrThrow({ where: { id: upload.id } });
    expect(photo.status).not.toBe('PROCESSING');
  });
});

test('sweepAccounts, run twice, deletes expired sessions and idempotency keys, and keeps the others', async () => {
  const [person, gone] = await Promise.all([newPerson(url), newPerson(url)]);
  const [userId, goneId] = [rowId(person.id), rowId(gone.id)];
  const days = (count: number) => new Date(Date.now() - count * 24 * 3_600_000);
  await stores.db.session.updateMany({ where: { userId: goneId }, data: { expiresAt: days(0.001) } });
  const keys = { fresh: days(6.9), old: days(7.1) };
  for (const [key, createdAt] of Object.entries(keys)) {
    await stores.db.idempotencyKey.create({
      data: { userId, key, inputHash: randomBytes(32), resultId: 1n, createdAt },
    });
  }
  for (let time = 0; time < 2; time++) {
    await tasks.sweepAccounts({});
    expect(await stores.db.session.count({ where: { userId: goneId } })).toBe(0);
    expect(await stores.db.session.count({ where: { userId } })).toBe(1);
    const left = await stores.db.idempotencyKey.findMany({ where: { userId }, select: { key: true } });
    expect(left).toEqual([{ key: 'fresh' }]);
  }
  expect((await person.send('{ me { user { id } } }')).data).toEqual({ me: { user: { id: person.id } } });
});
