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

// A Darkroom without a worker, so that a photo is PROCESSING for as long as a test likes.
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

const WORK = ['processPhoto', 'photosChanged', 'commentAdded'] as const;

/** Does all the work that waits for a photo, as a worker would: what mentions it, oldest first. */
async function work(photoId: string): Promise<void> {
  const tasks = photoTasks(own.stores);
  await foldPhotoCounts(own.stores);
  const id = String(rowId(photoId));
  for (;;) {
    const rows = await own.stores.db.$queryRaw<{ id: bigint; name: keyof Jobs; payload: never }[]>`
      select job.id, task.identifier as name, job.payload from graphile_worker._private_jobs job
      join graphile_worker._private_tasks task on task.id = job.task_id
      where job.payload::text like ${`%"${id}"%`} and task.identifier = any(${WORK as unknown as string[]}) order by job.id`;
    if (rows.length === 0) return;
    for (const row of rows) {
      const name = WORK.find((known) => known === row.name);
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

/** The first event, whether it has come already or not. */
async function first(watching: { events: Event[]; next(): Promise<Event> }): Promise<Event> {
  return watching.events[0] ?? watching.next();
}

async function ready(person: Person): Promise<string> {
  const id = await publish(person, await newJpeg(), 'hello');
  await work(id);
  return id;
}

test('the photo subscription tells its owner that a photo is PROCESSING, and then READY', async () => {
  const owner = await newPerson(url);
  const id = await publish(owner, await newJpeg(64, 48), 'hello');
  const watching = await watch(owner, id);
  expect(watching.events).toMatchObject([{ photo: { photo: { status: 'PROCESSING', width: null } } }]);
  const made = watching.next((event) => event.photo.photo?.status === 'READY');
  await work(id);
  expect(await made).toMatchObject({ photo: { photo: { caption: 'hello', width: 64, failure: null } } });
  watching.close();
});

test('the photo subscription tells why a photo has FAILED', async () => {
  const owner = await newPerson(url);
  const id = await publish(owner, Buffer.from('no photo'));
  const watching = await watch(owner, id);
  const failed = watching.next((event) => event.photo.photo?.status === 'FAILED');
  await work(id);
  const { failure } = (await failed).photo.photo ?? {};
  expect(failure?.code).toBe('UNSUPPORTED_TYPE');
  expect(failure?.message).toMatch(/not a JPEG, PNG, WebP or AVIF/);
  watching.close();
});

test('the photo subscription tells of captions and counts as they change, also those who have no session', async () => {
  const [owner, fan] = await Promise.all([newPerson(url), newPerson(url)]);
  const id = await ready(owner);
  const watching = await subscribe<Event>(url, QUERY, { id });
  expect(await first(watching)).toMatchObject({ photo: { photo: { likeCount: 0, commentCount: 0 } } });
  const tells = async (change: Promise<unknown>, like: (photo: NonNullable<Event['photo']['photo']>) => boolean) => {
    const event = watching.next((event) => event.photo.photo !== null && like(event.photo.photo));
    await change;
    await work(id);
    await event;
  };
  await tells(attempt(fan, 'likePhoto', { photoId: id }, 'photo { id }'), (photo) => photo.likeCount === 1);
  await tells(
    attempt(fan, 'addComment', { photoId: id, text: 'nice' }, 'comment { id }'),
    (photo) => photo.likeCount === 1 && photo.commentCount === 1,
  );
  await tells(attempt(fan, 'unlikePhoto', { photoId: id }, 'photo { id }'), (photo) => photo.likeCount === 0);
  await tells(
    attempt(owner, 'updatePhoto', { photoId: id, caption: 'new' }, 'photo { id }'),
    (photo) => photo.caption === 'new' && photo.commentCount === 1,
  );
  watching.close();
});

test('each new comment is told once, also what came while a client was away, to those who may see who wrote it', async () => {
  const [owner, viewer, one, blocked] = await Promise.all(Array.from({ length: 4 }, () => newPerson(url)));
  if (!owner || !viewer || !one || !blocked) throw new Error('Nobody is there.');
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
  const listen = async (after: string | null) => {
    const watching = await viewer.subscribe<CommentEvent>(query, { id, after });
    if (watching.events.length === 0) await watching.next();
    return watching;
  };
  const texts = (watching: { events: CommentEvent[] }) =>
    watching.events.slice(1).flatMap(({ photo }) => photo.comment?.text ?? (photo.isGap ? 'gap' : []));
  const say = async (author: Person, text: string) => {
    await attempt(author, 'addComment', { photoId: id, text }, 'comment { id }');
    await work(id);
  };
  const first = await listen(null);
  // How it is, before anything happens.
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
  const again = await listen(cursor);
  expect(again.events[0]?.photo).toMatchObject({ isGap: false, photo: { commentCount: 3 }, comment: null });
  await until(async () => texts(again).includes('three'));
  // A job that is repeated.
  const [comment] = await own.stores.db.comment.findMany({ where: { photoId: rowId(id), text: 'three' } });
  await photoTasks(own.stores).commentAdded({ photoId: String(rowId(id)), commentId: String(comment?.id) });
  await say(one, 'four');
  await until(async () => texts(again).includes('four'));
  expect(texts(again)).toEqual(['two', 'three', 'four']);
  again.close();

  // Where comments may have been missed, it says so, and how the photo is.
  await own.stores.redis.flushall();
  const late = await listen(again.events.at(-1)?.photo.cursor ?? '');
  expect(late.events[0]?.photo).toMatchObject({ isGap: true, photo: { commentCount: 4 }, comment: null });
  late.close();
});

test('the photo subscription ends with null when the photo is deleted', async () => {
  const [owner, fan] = await Promise.all([newPerson(url), newPerson(url)]);
  const id = await ready(owner);
  const watchings = [await watch(owner, id), await watch(fan, id)];
  await attempt(owner, 'deletePhoto', { photoId: id }, 'deletedPhotoId');
  await work(id);
  for (const watching of watchings) {
    // It completed, and was not closed for an error.
    expect(await watching.ended).toEqual({});
    expect(watching.events.at(-1)).toEqual({ photo: { photo: null } });
    expect(watching.events.filter((event) => event.photo.photo === null)).toHaveLength(1);
    watching.close();
  }
});

test('the photo subscription of a photo that does not exist, or may not be seen, is NOT_FOUND', async () => {
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

test('the photo subscription of what is no photo’s id is bad input', async () => {
  const person = await newPerson(url);
  for (const id of [person.id, 'nonsense', '']) {
    const watching = await person.subscribe<Event>(QUERY, { id });
    expect((await watching.ended).errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    watching.close();
  }
});

test('a photo that is PROCESSING is not there for those without a session', async () => {
  const owner = await newPerson(url);
  const id = await publish(owner, await newJpeg());
  const query = 'query ($id: ID!) { node(id: $id) { id } }';
  expect((await send(url, query, { id })).data).toEqual({ node: null });
  await work(id);
  expect((await send(url, query, { id })).data).toEqual({ node: { id } });
});
