import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Darkroom } from '../../examples/client.ts';
import type { Stores } from '../../src/stores/stores.ts';
import { openBackstage } from '../support/backstage.ts';
import { startProcess } from '../support/darkroom.ts';
import { untilFannedOut } from '../support/feed.ts';
import { newPerson } from '../support/people.ts';
import { insertPhoto, numberOf, untilListening } from '../support/rows.ts';
import { until } from '../support/until.ts';

let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores?.close());

test('the example client goes on by itself when its server is restarted, and when it is killed: nothing is missing, nothing comes twice', async () => {
  const url = inject('url');
  const [viewer, author] = await Promise.all([newPerson(url), newPerson(url)]);
  await viewer.follow(author);
  let api = await startProcess(['api'], inject('env'));
  const port = new URL(api.url).port;
  const client = new Darkroom(api.url);
  client.token = viewer.token;
  const captions: string[] = [];
  const stop = await client.subscribe<{ photo: { caption: string } | null }>(
    'homeFeed',
    'photo { caption }',
    ({ isGap, photo }) => captions.push(isGap ? 'gap' : (photo?.caption ?? '?')),
  );
  await untilListening(stores, viewer);
  const share = (caption: string) => insertPhoto(stores, numberOf(author.id), caption);
  await share('0');
  await until(async () => captions.length === 1);
  const expected = ['0'];
  for (const [round, signal] of (['SIGTERM', 'SIGKILL', 'SIGTERM'] as const).entries()) {
    await api.end(signal);
    const away = `${round} while away`;
    await share(away);
    await untilFannedOut(stores, [numberOf(author.id)]);
    api = await startProcess(['api'], { ...inject('env'), PORT: port });
    const back = `${round} back`;
    await share(back);
    expected.push(away, back);
    await until(async () => captions.length >= expected.length, 60);
    expect(captions).toEqual(expected);
  }
  stop();
  await api.end('SIGTERM');
}, 240_000);
