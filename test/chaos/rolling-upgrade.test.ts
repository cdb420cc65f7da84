/**
 * Replaces an api node, the worker and the other api node in turn, while photos are shared, jobs are queued and clients
 * are subscribed. Nothing is lost, and nothing arrives twice.
 *
 * `UPGRADE_FROM=/path/to/checkout npx vitest run test/chaos/rolling-upgrade.test.ts` begins with the processes of
 * another version, so that two versions run beside each other. The checkout needs its node_modules. Without it, both
 * versions are this one.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mustSee } from '../support/backstage.ts';
import { type OwnDarkroom, ownStores, startProcess, type TestProcess } from '../support/darkroom.ts';
import { asPerson, newPeople, type Person } from '../support/people.ts';
import { newJpeg, publish, settled } from '../support/photos.ts';
import { insertPhoto, rowId } from '../support/rows.ts';
import { until } from '../support/until.ts';
import { LiveClient } from './live-client.ts';
import type { List } from './live-model.ts';

const OLD_VERSION = process.env.UPGRADE_FROM;
const VIEWERS = 5;
const CLIENTS_OF_EACH = 6;
/** Photos shared between two replacements, so that some are published while clients reconnect. */
const SHARED_BETWEEN = 30;
/** How far sharing may run ahead of the subscribers. It avoids gaps, which count as faults in this test. */
const MOST_AHEAD = 200;

let own: OwnDarkroom;
let worker: TestProcess;
const nodes: TestProcess[] = [];
beforeAll(async () => {
  own = await ownStores();
  const start = (role: 'api' | 'worker') => startProcess([role], own.env, OLD_VERSION);
  const [one, other, last] = await Promise.all([start('api'), start('api'), start('worker')]);
  nodes.push(one, other);
  worker = last;
});
afterAll(async () => {
  await Promise.all([...nodes, worker].map((process) => process?.end('SIGTERM')));
  await own?.stop();
});

/** Connects a client. @returns it with what it received and the faults it saw */
function connect(urls: readonly string[], token: string, watchedId: string, node: number) {
  const received: Record<List, string[]> = { homeFeed: [], activity: [], userPhotos: [] };
  const faults: string[] = [];
  const client = new LiveClient(urls, token, watchedId, {
    onEvent(list, { isGap, photo, activity }) {
      if (isGap) faults.push(`${list} may have missed something`);
      else if (activity) received.activity.push(`${activity.kind} ${activity.photo?.id}`);
      else if (photo) received[list].push(photo.id);
    },
    onEnd: (list, code) => faults.push(`${list} is over: ${code}`),
  });
  client.connect(node);
  return { client, received, faults };
}

/** Replaces a process by one of this version, at the same port. */
async function replace(process: TestProcess, role: 'api' | 'worker', env = {}): Promise<TestProcess> {
  expect(await process.end('SIGTERM')).toBe(0);
  return startProcess([role], { ...own.env, ...env });
}

/** Uploads and publishes a photo of the person, and comments on another one: work for several kinds of jobs. */
async function act(url: string, person: Person, photoId: string): Promise<string> {
  const client = asPerson(url, person);
  await client.mutate(
    'addComment',
    'AddCommentInput',
    { photoId, text: 'Queued by the old version' },
    'comment { id }',
  );
  return publish(client, await newJpeg());
}

test('an upgrade of two nodes and the worker under load loses no event and no job, and repeats none', async () => {
  const urls = nodes.map((node) => node.url);
  const [author, fan, ...viewers] = await newPeople(urls[0] ?? '', VIEWERS + 2);
  if (!author || !fan) throw new Error('unreachable');
  for (const viewer of viewers) await viewer.follow(author);
  const subscribers = viewers.flatMap((viewer) =>
    Array.from({ length: CLIENTS_OF_EACH }, (_, index) => connect(urls, viewer.token, author.id, index % 2)),
  );
  const owner = connect(urls, author.token, author.id, 1);
  const everybody = [...subscribers, owner];
  await until(async () => everybody.every(({ client }) => Object.keys(client.cursors).length === 3));
  const commented = await publish(author, await newJpeg());
  expect(await settled(author, commented)).toBe('READY');

  const shared: string[] = [String(rowId(commented))];
  let isOver = false;
  const sharing = (async () => {
    while (!isOver) {
      await until(async () =>
        subscribers.every(({ received }) => received.homeFeed.length > shared.length - MOST_AHEAD),
      );
      const { photoId } = await insertPhoto(own.stores, rowId(author.id));
      shared.push(String(photoId));
    }
  })();
  const untilMoreAreShared = async () => {
    const before = shared.length;
    await until(async () => shared.length > before + SHARED_BETWEEN);
  };

  // The old worker publishes to the new node.
  await untilMoreAreShared();
  nodes[0] = await replace(nodes[0] as TestProcess, 'api', { PORT: new URL(urls[0] ?? '').port });
  await untilMoreAreShared();
  // Jobs of the old node wait for the new worker, which publishes to the old node.
  expect(await worker.end('SIGTERM')).toBe(0);
  const uploaded = await act(urls[1] ?? '', fan, commented);
  await untilMoreAreShared();
  expect((await mustSee(asPerson(urls[1] ?? '', fan), uploaded)).status).toBe('PROCESSING');
  worker = await startProcess(['worker'], own.env);
  expect(await settled(asPerson(urls[1] ?? '', fan), uploaded)).toBe('READY');
  await untilMoreAreShared();
  nodes[1] = await replace(nodes[1] as TestProcess, 'api', { PORT: new URL(urls[1] ?? '').port });
  await untilMoreAreShared();
  isOver = true;
  await sharing;

  const expected = [...shared].sort();
  for (const { received, faults } of subscribers) {
    for (const list of ['homeFeed', 'userPhotos'] as const) {
      await until(async () => received[list].length >= expected.length);
      expect(received[list].map((id) => String(rowId(id))).sort()).toEqual(expected);
    }
    expect(faults).toEqual([]);
  }
  await until(async () => owner.received.activity.length > 0);
  expect(owner.received.activity).toEqual([`COMMENT ${commented}`]);
  expect(owner.faults).toEqual([]);
  expect((await mustSee(author, commented)).commentCount).toBe(1);
  for (const { client } of everybody) await client.cut();
});
