import { afterAll, beforeAll, expect, test } from 'vitest';
import { foldPhotoCounts } from '../../../src/features/photos/counts.ts';
import { photoTasks } from '../../../src/features/photos/tasks.ts';
import { toGlobalId } from '../../../src/stores/ids.ts';
import type { Jobs } from '../../../src/stores/jobs.ts';
import { attempt } from '../../support/backstage.ts';
import { send, subscribe } from '../../support/client.ts';
import { type OwnDarkroom, ownStores, startProcess, type TestProcess } from '../../support/darkroom.ts';
import { newPerson, type Person } from '../../support/people.ts';
import { newJpeg, publish } from '../../support/photos.ts';
import { rowId } from '../../support/rows.ts';
import { until } from '../../support/until.ts';

// A Darkroom without a worker, so that a photo stays PROCESSING until a test processes it.
let own: OwnDarkroom;
let api: TestProcess;
let url: string;
beforeAll(async () => {
  own = await ownStores();
  api = await startProcess(['api'], own.env);
  url = api.url;
});
afterAll(async () => {
  await api?.end('SIGTERM');
  await own?.stop();
});

const QUERY = `subscription ($id: ID!) { photo(id: $id) { photo {
  status failure { code message } caption likeCount commentCount width } } }`;

type Event = {
  photo: {
    photo: {
      status: string;
      failure: { code: string; message: string } | null;
      caption: string;
      likeCount: number;
      commentCount: number;
      width: number | null;
    } | null;
  };
};

const TASKS = ['processPhoto', 'photosChanged', 'commentAdded'] as const;

/** Runs the queued jobs of a photo as a worker would, oldest first. */
async function runJobs(photoId: string): Promise<void> {
  const tasks = photoTasks(own.stores);
  await foldPhotoCounts(own.stores);
  const id = String(rowId(photoId));
  for (;;) {
    const rows = await own.stores.db.$queryRaw<{ id: bigint; name: keyof Jobs; payload: never }[]>`
      select job.id, task.identifier as name, job.payload from graphile_worker._private_jobs job
      join graphile_worker._private_tasks task on task.id = job.task_id
      where job.payload::text like ${`%"${id}"%`} and task.identifier = any(${TASKS as unknown as string[]})
      order by job.id`;
    if (rows.length === 0) return;
    for (const row of rows) {
      const name = TASKS.find((known) => known === row.name);
      if (name) await tasks[name](row.payload);
      await own.stores.db.$executeRaw`delete from graphile_worker._private_jobs where id = ${row.id}`;
    }
  }
}

async function watch(person: Person, photoId: string) {
  const watching = await person.subscribe<Event>(QUERY, { id: photoId });
  await first(watching);
  return watching;
}

/** The first event. Waits for it. */
async function first(watching: { events: Event[]; next(): Promise<Event> }): Promise<Event> {
  return watching.events[0] ?? watching.next();
}

async function ready(person: Person): Promise<string> {
  const id = await publish(person, await newJpeg(), 'hello');
  await runJobs(id);
  return id;
}

test('the photo subscription shows its owner that a photo is PROCESSING, and then READY', async () => {
  const owner = await newPerson(url);
  const id = await publish(owner, await newJpeg(64, 48), 'hello');
  const watching = await watch(owner, id);
  expect(watching.events).toMatchObject([{ photo: { photo: { status: 'PROCESSING', width: null } } }]);
  const processed = watching.next((event) => event.photo.photo?.status === 'READY');
  await runJobs(id);
  expect(await processed).toMatchObject({ photo: { photo: { caption: 'hello', width: 64, failure: null } } });
  watching.close();
});

test('the photo subscription says why a photo has FAILED', async () => {
  const owner = await newPerson(url);
  const id = await publish(owner, Buffer.from('no photo'));
  const watching = await watch(owner, id);
  const failed = watching.next((event) => event.photo.photo?.status === 'FAILED');
  await runJobs(id);
  const { failure } = (await failed).photo.photo ?? {};
  expect(failure?.code).toBe('UNSUPPORTED_TYPE');
  expect(failure?.message).toMatch(/not a JPEG, PNG, WebP or AVIF/);
  watching.close();
});

test('the photo subscription delivers changed captions and counts, also without a session', async () => {
  const [owner, fan] = await Promise.all([newPerson(url), newPerson(url)]);
  const id = await ready(owner);
  const watching = await subscribe<Event>(url, QUERY, { id });
  expect(await first(watching)).toMatchObject({ photo: { photo: { likeCount: 0, commentCount: 0 } } });
  const deliversAfter = async (
    change: Promise<unknown>,
    matches: (photo: NonNullable<Event['photo']['photo']>) => boolean,
  ) => {
    const event = watching.next((event) => event.photo.photo !== null && matches(event.photo.photo));
    await change;
    await runJobs(id);
    await event;
  };
  await deliversAfter(attempt(fan, 'likePhoto', { photoId: id }, 'photo { id }'), (photo) => photo.likeCount === 1);
  await deliversAfter(
    attempt(fan, 'addComment', { photoId: id, text: 'nice' }, 'comment { id }'),
    (photo) => photo.likeCount === 1 && photo.commentCount === 1,
  );
  await deliversAfter(attempt(fan, 'unlikePhoto', { photoId: id }, 'photo { id }'), (photo) => photo.likeCount === 0);
  await deliversAfter(
    attempt(owner, 'updatePhoto', { photoId: id, caption: 'new' }, 'photo { id }'),
    (photo) => photo.caption === 'new' && photo.commentCount === 1,
  );
  watching.close();
});

test('each new comment arrives once, also after a client was away, if the viewer may see its author', async () => {
  const [owner, viewer, one, blocked] = await Promise.all(Array.from({ length: 4 }, () => newPerson(url)));
  if (!owner || !viewer || !one || !blocked) throw new Error('unreachable');
  const id = await ready(owner);
  type CommentEvent = {
    photo: {
      cursor: string;
      isGap: boolean;
      photo: { commentCount: number } | null;
      comment: { text: string; author: { username: string } } | null;
    };
  };
  const query = `subscription ($id: ID!, $after: String) { photo(id: $id, after: $after) {
    cursor isGap photo { commentCount } comment { text author { username } } } }`;
  const open = async (after: string | null) => {
    const watching = await viewer.subscribe<CommentEvent>(query, { id, after });
    if (watching.events.length === 0) await watching.next();
    return watching;
  };
  const texts = (watching: { events: CommentEvent[] }) =>
    watching.events.slice(1).flatMap(({ photo }) => photo.comment?.text ?? (photo.isGap ? 'gap' : []));
  const say = async (author: Person, text: string) => {
    await attempt(author, 'addComment', { photoId: id, text }, 'comment { id }');
    await runJobs(id);
  };
  const first = await open(null);
  // The state before any change.
  expect(first.events[0]?.photo).toMatchObject({ isGap: true, photo: { commentCount: 0 }, comment: null });
  await say(one, 'one');
  await say(owner, 'two');
  await until(async () => texts(first).length === 2);
  const { cursor } = first.events.find((event) => event.photo.comment?.text === 'one')?.photo ?? { cursor: '' };
  first.close();
  expect(first.events.find((event) => event.photo.comment)?.photo.comment?.author.username).toBe(one.username);

  await attempt(blocked, 'block', { userId: viewer.id }, 'user { id }');
  await say(blocked, 'not for the viewer');
  await say(one, 'three');
  const again = await open(cursor);
  expect(again.events[0]?.photo).toMatchObject({ isGap: false, photo: { commentCount: 3 }, comment: null });
  await until(async () => texts(again).includes('three'));
  // A job that runs again.
  const [comment] = await own.stores.db.comment.findMany({ where: { photoId: rowId(id), text: 'three' } });
  await photoTasks(own.stores).commentAdded({ photoId: String(rowId(id)), commentId: String(comment?.id) });
  await say(one, 'four');
  await until(async () => texts(again).includes('four'));
  expect(texts(again)).toEqual(['two', 'three', 'four']);
  again.close();

  // A client that may have missed comments gets a gap with the state of the photo.
  await own.stores.redis.flushall();
  const late = await open(again.events.at(-1)?.photo.cursor ?? '');
  expect(late.events[0]?.photo).toMatchObject({ isGap: true, photo: { commentCount: 4 }, comment: null });
  late.close();
});

test('the photo subscription ends with null when the photo is deleted', async () => {
  const [owner, fan] = await Promise.all([newPerson(url), newPerson(url)]);
  const id = await ready(owner);
  const watchings = [await watch(owner, id), await watch(fan, id)];
  await attempt(owner, 'deletePhoto', { photoId: id }, 'deletedPhotoId');
  await runJobs(id);
  for (const watching of watchings) {
    // It completed without an error.
    expect(await watching.ended).toEqual({});
    expect(watching.events.at(-1)).toEqual({ photo: { photo: null } });
    expect(watching.events.filter((event) => event.photo.photo === null)).toHaveLength(1);
    watching.close();
  }
});

test('the subscription of a photo that is missing or hidden from the viewer is NOT_FOUND', async () => {
  const [owner, stranger] = await Promise.all([newPerson(url), newPerson(url)]);
  const hidden = await publish(owner, await newJpeg());
  for (const id of [toGlobalId('Photo', 42n), hidden]) {
    const watching = await stranger.subscribe<Event>(QUERY, { id });
    const { errors } = await watching.ended;
    expect(errors).toMatchObject([{ message: 'There is no such photo.', extensions: { code: 'NOT_FOUND' } }]);
    expect(watching.events).toEqual([]);
    watching.close();
  }
});

test('the photo subscription refuses an id that is not a photo’s as BAD_USER_INPUT', async () => {
  const person = await newPerson(url);
  for (const id of [person.id, 'nonsense', '']) {
    const watching = await person.subscribe<Event>(QUERY, { id });
    expect((await watching.ended).errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    watching.close();
  }
});

test('a photo that is PROCESSING does not exist for clients without a session', async () => {
  const owner = await newPerson(url);
  const id = await publish(owner, await newJpeg());
  const query = 'query ($id: ID!) { node(id: $id) { id } }';
  expect((await send(url, query, { id })).data).toEqual({ node: null });
  await runJobs(id);
  expect((await send(url, query, { id })).data).toEqual({ node: { id } });
});
