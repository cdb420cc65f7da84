/** Restarts both api nodes in turn while photos are shared. Every subscriber receives each photo once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OwnDarkroom, ownStores, startProcess, type TestProcess } from '../support/darkroom.ts';
import { newPerson } from '../support/people.ts';
import { insertPhoto, rowId } from '../support/rows.ts';
import { until } from '../support/until.ts';
import { LiveClient } from './live-client.ts';
import type { List } from './live-model.ts';

const VIEWERS = 5;
const CLIENTS_OF_EACH = 6;
/** Photos shared between two restarts, so that some are published while clients reconnect. */
const SHARED_BETWEEN = 30;
/** How far sharing may run ahead of the subscribers. It avoids gaps, which count as faults in this test. */
const MOST_AHEAD = 200;

let own: OwnDarkroom;
let worker: TestProcess;
const nodes: TestProcess[] = [];
beforeAll(async () => {
  own = await ownStores();
  const [one, other, last] = await Promise.all([
    startProcess(['api'], own.env),
    startProcess(['api'], own.env),
    startProcess(['worker'], own.env),
  ]);
  nodes.push(one, other);
  worker = last;
});
afterAll(async () => {
  await Promise.all([...nodes, worker].map((process) => process?.end('SIGTERM')));
  await own?.stop();
});

/** Connects a client. @returns it with the photos it received and the faults it saw */
function connect(urls: readonly string[], token: string, watchedId: string, node: number) {
  const received: Record<List, string[]> = { homeFeed: [], activity: [], userPhotos: [] };
  const faults: string[] = [];
  const client = new LiveClient(urls, token, watchedId, {
    onEvent(list, { isGap, photo }) {
      if (isGap) faults.push(`${list} may have missed something`);
      else if (photo) received[list].push(photo.id);
    },
    onEnd: (list, code) => faults.push(`${list} is over: ${code}`),
  });
  client.connect(node);
  return { client, received, faults };
}

test('a rolling restart of two nodes under load loses no event, and sends none twice', async () => {
  const urls = nodes.map((node) => node.url);
  const [author, ...viewers] = await Promise.all(Array.from({ length: VIEWERS + 1 }, () => newPerson(urls[0] ?? '')));
  if (!author) throw new Error('unreachable');
  for (const viewer of viewers) await viewer.follow(author);
  const subscribers = viewers.flatMap((viewer) =>
    Array.from({ length: CLIENTS_OF_EACH }, (_, index) => connect(urls, viewer.token, author.id, index % 2)),
  );
  await until(async () => subscribers.every(({ client }) => Object.keys(client.cursors).length === 3));

  const shared: string[] = [];
  let isOver = false;
  const share = async () => {
    const { photoId } = await insertPhoto(own.stores, rowId(author.id));
    shared.push(String(photoId));
  };
  const sharing = (async () => {
    while (!isOver) {
      await until(async () =>
        subscribers.every(({ received }) => received.homeFeed.length > shared.length - MOST_AHEAD),
      );
      await share();
    }
  })();
  for (const [index, node] of nodes.entries()) {
    const before = shared.length;
    await until(async () => shared.length > before + SHARED_BETWEEN);
    expect(await node.end('SIGTERM')).toBe(0);
    nodes[index] = await startProcess(['api'], { ...own.env, PORT: new URL(node.url).port });
  }
  const before = shared.length;
  await until(async () => shared.length > before + SHARED_BETWEEN);
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
  for (const { client } of subscribers) await client.cut();
});
