import { ApolloProvider } from '@apollo/client/react';
import { Window } from 'happy-dom';
import { type ComponentProps, createElement, StrictMode } from 'react';
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { createApollo, useHomeFeed } from '../../examples/apollo-client.ts';
import { feedKey } from '../../src/features/records/feed-keys.ts';
import { timelineChannel } from '../../src/stores/channel-names.ts';
import type { Stores } from '../../src/stores/stores.ts';
import { publishToStreams, streamKeys } from '../../src/stores/streams.ts';
import { openBackstage } from '../support/backstage.ts';
import { startProcess } from '../support/darkroom.ts';
import { untilFannedOut } from '../support/feed.ts';
import { newPerson, type Person } from '../support/people.ts';
import { insertPhoto, rowId, untilListening } from '../support/rows.ts';
import { until } from '../support/until.ts';

let stores: Stores;
let createRoot: typeof import('react-dom/client')['createRoot'];
let document: Document;
beforeAll(async () => {
  stores = await openBackstage();
  // Only these two are the page's: fetch, WebSocket and timers stay Node's. React looks for them when it is first imported.
  const window = new Window();
  document = window.document as unknown as Document;
  Object.assign(globalThis, { window, document });
  ({ createRoot } = await import('react-dom/client'));
});
afterAll(async () => {
  await stores?.close();
  for (const name of ['window', 'document']) Reflect.deleteProperty(globalThis, name);
});

function Feed() {
  const { photos, error, loadMore } = useHomeFeed();
  const list = photos?.map(({ id, caption }) => createElement('li', { key: id }, caption));
  return [
    createElement('p', { key: 'error' }, error?.message),
    createElement('ol', { key: 'list' }, list),
    createElement('button', { key: 'more', type: 'button', onClick: loadMore }, 'More'),
  ];
}

/** Shows a person's home feed on a page. @returns the captions that stand there, and its parts */
function open(url: string, token: string) {
  const page = document.createElement('main');
  document.body.append(page);
  const client = createApollo(url, () => token);
  const root = createRoot(page);
  // In strict mode React mounts twice, as it may whenever it likes.
  const provider = { client } as ComponentProps<typeof ApolloProvider>;
  root.render(createElement(StrictMode, null, createElement(ApolloProvider, provider, createElement(Feed))));
  onTestFinished(() => {
    root.unmount();
    client.stop();
  });
  const captions = () => Array.from(page.querySelectorAll('li'), (item) => item.textContent);
  return {
    captions,
    /** Waits until exactly these stand there. */
    async shows(...expected: string[]) {
      const isSo = async () => captions().join() === expected.join();
      await until(isSo, 60).catch(() => expect(captions()).toEqual(expected));
    },
    error: () => page.querySelector('p')?.textContent,
    more: () => page.querySelector('button')?.click(),
  };
}

async function viewerAndAuthor(): Promise<[Person, Person]> {
  const url = inject('url');
  const [viewer, author] = await Promise.all([newPerson(url), newPerson(url)]);
  await viewer.follow(author);
  return [viewer, author];
}

test('new photos come on top of the list; those that are shared while the server is dead too, once; a gap has the list read anew', async () => {
  const [viewer, author] = await viewerAndAuthor();
  const share = async (caption: string) => {
    const place = await insertPhoto(stores, rowId(author.id), caption);
    await untilFannedOut(stores, [rowId(author.id)]);
    return place;
  };
  await share('old');
  let api = await startProcess(['api'], inject('env'));
  const { port } = new URL(api.url);
  const page = open(api.url, viewer.token);
  await untilListening(stores, viewer);
  await page.shows('old');
  await share('live');
  await page.shows('live', 'old');

  await api.end('SIGKILL');
  const { publishedId, photoId } = await share('away');
  api = await startProcess(['api'], { ...inject('env'), PORT: port });
  await page.shows('away', 'live', 'old');
  // The server tells each photo once to a connection, and this one is another.
  const channel = timelineChannel(feedKey(rowId(viewer.id)));
  const again = { publishedId: String(publishedId), photoId: String(photoId) };
  await publishToStreams(stores.redis, [channel], '', JSON.stringify(again));
  await share('back');
  await page.shows('back', 'away', 'live', 'old');

  await api.end('SIGKILL');
  await share('lost');
  await untilListening(stores, viewer, 0);
  await stores.redis.del(...streamKeys(channel));
  api = await startProcess(['api'], { ...inject('env'), PORT: port });
  await page.shows('lost', 'back', 'away', 'live', 'old');
  await share('last');
  await page.shows('last', 'lost', 'back', 'away', 'live', 'old');
  expect(page.error()).toBe('');
  await api.end('SIGTERM');
}, 240_000);

test('a page that is opened before the server is there fills, and goes on to the end of the list; it tells when the session is over', async () => {
  const [viewer, author] = await viewerAndAuthor();
  const captions: string[] = [];
  for (let index = 0; index < 30; index++) {
    captions.unshift(String(index));
    await insertPhoto(stores, rowId(author.id), String(index));
  }
  await untilFannedOut(stores, [rowId(author.id)]);
  const first = await startProcess(['api'], inject('env'));
  await first.end('SIGTERM');
  const page = open(first.url, viewer.token);
  const api = await startProcess(['api'], { ...inject('env'), PORT: new URL(first.url).port });
  await page.shows(...captions.slice(0, 24));
  await untilListening(stores, viewer);
  await insertPhoto(stores, rowId(author.id), 'new');
  await until(async () => page.captions().includes('new'));
  // The list may just be being read anew, and then ends after its first page. Twice, as an impatient thumb does.
  await until(async () => {
    page.more();
    page.more();
    return page.captions().length > 30;
  }, 60);
  expect(page.captions()).toEqual(['new', ...captions]);
  const short = open(api.url, viewer.token);
  await short.shows('new', ...captions.slice(0, 23));

  await viewer.send('mutation { logOut { userErrors { message } } }');
  // A page that cannot be read is told too, and fails nothing else.
  short.more();
  await until(async () => [page, short].every(({ error }) => error() === '4403: The session has ended'));
  expect(page.captions()).toEqual(['new', ...captions]);
  await api.end('SIGTERM');
}, 240_000);
