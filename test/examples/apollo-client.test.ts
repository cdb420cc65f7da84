import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { gql } from '@apollo/client';
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
  // Only these two come from happy-dom: fetch, WebSocket and timers stay Node's. React reads them when first imported.
  const window = new Window();
  document = window.document as unknown as Document;
  Object.assign(globalThis, { window, document, fetch: countedFetch });
  ({ createRoot } = await import('react-dom/client'));
});
afterAll(async () => {
  await stores?.close();
  // React finishes its work on pages that are unmounted in later turns of the event loop, and reads `window` there.
  for (let turn = 0; turn < 10; turn++) await setImmediate();
  for (const name of ['window', 'document']) Reflect.deleteProperty(globalThis, name);
  globalThis.fetch = plainFetch;
});

const plainFetch = globalThis.fetch;
let requests = 0;
/** Counts the requests that are under way. */
async function countedFetch(...request: Parameters<typeof fetch>): Promise<Response> {
  requests++;
  try {
    const response = await plainFetch(...request);
    return new Response(await response.text(), { status: response.status, headers: response.headers });
  } finally {
    // Two turns later the client has read the response.
    void setImmediate()
      .then(() => setImmediate())
      .then(() => requests--);
  }
}

function Feed() {
  const { photos, error, loadMore } = useHomeFeed();
  const list = photos?.map(({ id, caption }) => createElement('li', { key: id }, caption));
  return [
    createElement('p', { key: 'error' }, error?.message),
    createElement('ol', { key: 'list' }, list),
    createElement('button', { key: 'more', type: 'button', onClick: loadMore }, 'More'),
  ];
}

/** Renders a person's home feed on a page. @returns functions to read and use the page */
function openPage(url: string, token: string) {
  const page = document.createElement('main');
  document.body.append(page);
  const client = createApollo(url, () => token);
  const root = createRoot(page);
  // In strict mode React mounts components twice, to find effects that do not clean up.
  const provider = { client } as ComponentProps<typeof ApolloProvider>;
  root.render(createElement(StrictMode, null, createElement(ApolloProvider, provider, createElement(Feed))));
  onTestFinished(() => {
    root.unmount();
    client.stop();
  });
  const captions = () => Array.from(page.querySelectorAll('li'), (item) => item.textContent);
  return {
    captions,
    /** Waits until the page shows exactly these captions. */
    async waitFor(...expected: string[]) {
      const isShown = async () => captions().join() === expected.join();
      await until(isShown, 60).catch(() => expect(captions()).toEqual(expected));
    },
    error: () => page.querySelector('p')?.textContent,
    more: () => page.querySelector('button')?.click(),
  };
}

async function newViewerAndAuthor(): Promise<[Person, Person]> {
  const url = inject('url');
  const [viewer, author] = await Promise.all([newPerson(url), newPerson(url)]);
  await viewer.follow(author);
  return [viewer, author];
}

test('new photos appear once, also those shared while the server is down; a gap reloads the list', async () => {
  const [viewer, author] = await newViewerAndAuthor();
  const share = async (caption: string) => {
    const entry = await insertPhoto(stores, rowId(author.id), caption);
    await untilFannedOut(stores, [rowId(author.id)]);
    return entry;
  };
  await share('old');
  let api = await startProcess(['api'], inject('env'));
  const { port } = new URL(api.url);
  const page = openPage(api.url, viewer.token);
  await untilListening(stores, viewer);
  await page.waitFor('old');
  await share('live');
  await page.waitFor('live', 'old');

  await api.end('SIGKILL');
  const { publishedId, photoId } = await share('away');
  api = await startProcess(['api'], { ...inject('env'), PORT: port });
  await page.waitFor('away', 'live', 'old');
  // Publish the same photo again. The server delivers it, because this is another connection.
  const channel = timelineChannel(feedKey(rowId(viewer.id)));
  const message = { publishedId: String(publishedId), photoId: String(photoId) };
  await publishToStreams(stores.redis, [channel], '', JSON.stringify(message));
  await share('back');
  await page.waitFor('back', 'away', 'live', 'old');

  await api.end('SIGKILL');
  await share('lost');
  await untilListening(stores, viewer, 0);
  await stores.redis.del(...streamKeys(channel));
  api = await startProcess(['api'], { ...inject('env'), PORT: port });
  await page.waitFor('lost', 'back', 'away', 'live', 'old');
  await share('last');
  await page.waitFor('last', 'lost', 'back', 'away', 'live', 'old');
  expect(page.error()).toBe('');
  await api.end('SIGTERM');
}, 240_000);

test('a page opened before the server starts loads the whole list and shows when the session ends', async () => {
  const [viewer, author] = await newViewerAndAuthor();
  const captions: string[] = [];
  for (let index = 0; index < 30; index++) {
    captions.unshift(String(index));
    await insertPhoto(stores, rowId(author.id), String(index));
  }
  await untilFannedOut(stores, [rowId(author.id)]);
  const first = await startProcess(['api'], inject('env'));
  await first.end('SIGTERM');
  const page = openPage(first.url, viewer.token);
  const api = await startProcess(['api'], { ...inject('env'), PORT: new URL(first.url).port });
  await page.waitFor(...captions.slice(0, 24));
  await untilListening(stores, viewer);
  await insertPhoto(stores, rowId(author.id), 'new');
  await until(async () => page.captions().includes('new'));
  // If the list is being reloaded, it ends after its first page, so try again. Click twice, like an impatient user.
  const loadAll = () =>
    until(async () => {
      if (requests > 0) return false;
      if (page.captions().length > 30) return true;
      page.more();
      page.more();
      return false;
    }, 60);
  await loadAll();
  expect(page.captions()).toEqual(['new', ...captions]);
  const firstPageOnly = openPage(api.url, viewer.token);
  await firstPageOnly.waitFor('new', ...captions.slice(0, 23));

  // In strict mode a second request for the list may be retried late, and reload it once more.
  await loadAll();
  await viewer.send('mutation { logOut { userErrors { message } } }');
  // The error of the next page is shown too, and affects nothing else.
  firstPageOnly.more();
  await until(async () => [page, firstPageOnly].every(({ error }) => error() === '4403: The session has ended'));
  expect(page.captions()).toEqual(['new', ...captions]);
  await api.end('SIGTERM');
}, 240_000);

test.for(['application/json', 'application/graphql-response+json'])(
  'a query that is refused for now, as %s, is sent again',
  async (contentType) => {
    let requests = 0;
    const server = createServer((_, response) => {
      const refusal = { errors: [{ message: 'Too many.', extensions: { code: 'RATE_LIMITED', retryAfter: 1 } }] };
      response.writeHead(++requests === 1 ? 429 : 200, { 'content-type': contentType });
      response.end(JSON.stringify(requests === 1 ? refusal : { data: { hello: 'you' } }));
    });
    onTestFinished(() => void server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const client = createApollo(`http://127.0.0.1:${port}/graphql`, () => undefined);
    onTestFinished(() => client.stop());
    const { data } = await client.query({ query: gql`{ hello }` });
    expect([data, requests]).toEqual([{ hello: 'you' }, 2]);
  },
);
