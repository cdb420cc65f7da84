/** The hashtagPhotos subscription. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { fanOut } from '../../../src/features/feed/fan-out.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { attempt, openBackstage } from '../../support/backstage.ts';
import { type Subscription, subscribe } from '../../support/client.ts';
import { newHashtag, photosWith } from '../../support/hashtags.ts';
import { newPerson, type Person } from '../../support/people.ts';
import { insertFannedOut, rowId } from '../../support/rows.ts';
import { until } from '../../support/until.ts';

const url = inject('url');
const otherUrl = inject('otherUrl');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(async () => {
  await stores?.close();
});

interface Event {
  hashtagPhotos: { cursor: string; isGap: boolean; photo: { id: string; hashtags: string[] } | null };
}
const QUERY = `subscription ($name: String!, $after: String) { hashtagPhotos(name: $name, after: $after) {
  cursor isGap photo { id hashtags } } }`;

async function subscribeToHashtag(person: Person | null, name: string, after: string | null = null, at = url) {
  const headers = person ? { authorization: `Bearer ${person.token}` } : {};
  const subscription = await subscribe<Event>(at, QUERY, { name, after }, headers);
  if (after === null) await subscription.begun;
  return subscription;
}

const share = (author: Person, caption: string): Promise<string> => insertFannedOut(stores, author, caption);

function received({ events }: Subscription<Event>): string[] {
  return events.map(({ hashtagPhotos }) => hashtagPhotos.photo?.id ?? 'gap');
}

test('each photo with the hashtag arrives once, also the viewer’s own, and a client can resume', async () => {
  const [viewer, author] = await Promise.all([newPerson(url), newPerson(url)]);
  const name = newHashtag();
  const [own, open] = [
    await subscribeToHashtag(viewer, `#${name.toUpperCase()}`),
    await subscribeToHashtag(null, name),
  ];
  const photos = [await share(author, `#${name} #${name}x`), await share(viewer, `#${name}`)];
  await share(author, `#${name}x`);
  const last = await share(author, `#${name}`);
  for (const subscription of [own, open]) {
    await until(async () => received(subscription).includes(last));
    expect(received(subscription)).toEqual([...photos, last]);
    subscription.close();
  }
  expect(own.events[0]?.hashtagPhotos.photo?.hashtags).toEqual([name, `${name}x`]);
  const missed = await share(author, `#${name}`);
  for (const id of [...photos, missed]) await fanOut(stores, rowId(id));
  const again = await subscribeToHashtag(viewer, name, own.events[1]?.hashtagPhotos.cursor, otherUrl);
  await until(async () => again.events.length >= 2);
  const fence = await share(author, `#${name}`);
  await until(async () => received(again).includes(fence));
  expect(received(again)).toEqual([last, missed, fence]);
  again.close();
  expect(await photosWith(url, viewer, name)).toEqual([fence, missed, last, ...photos.toReversed()]);
});

test('a photo arrives when its owner adds the hashtag, and not when the hashtag is gone before delivery', async () => {
  const [viewer, author] = await Promise.all([newPerson(url), newPerson(url)]);
  const name = newHashtag();
  const subscription = await subscribeToHashtag(viewer, name);
  const [photoId, other] = [await share(author, ''), await share(author, '')];
  await author.mutate('addComment', 'AddCommentInput', { photoId, text: `#${name}` }, 'comment { id }');
  await until(async () => received(subscription).includes(photoId));
  subscription.close();
  await author.mutate('updatePhoto', 'UpdatePhotoInput', { photoId: other, caption: `#${name}` }, 'photo { id }');
  await until(async () => {
    const [row] = await stores.db.$queryRaw<[{ count: number }]>`
      select count(*)::int as count from graphile_worker._private_jobs
      where payload ->> 'photoId' = ${String(rowId(other))}`;
    return row.count === 0;
  });
  await author.mutate('updatePhoto', 'UpdatePhotoInput', { photoId: other, caption: '' }, 'photo { id }');
  const again = await subscribeToHashtag(viewer, name, subscription.events.at(-1)?.hashtagPhotos.cursor);
  const fence = await share(author, `#${name}`);
  await until(async () => received(again).includes(fence));
  expect(received(again)).toEqual([fence]);
  again.close();
});

test('photos that the viewer may not see do not arrive', async () => {
  const [viewer, follower, closed, blocker, open] = await Promise.all(Array.from({ length: 5 }, () => newPerson(url)));
  if (!viewer || !follower || !closed || !blocker || !open) throw new Error('unreachable');
  const name = newHashtag();
  await follower.follow(closed);
  await attempt(closed, 'setPrivacy', { isPrivate: true }, 'user { id }');
  await attempt(blocker, 'block', { userId: viewer.id }, 'user { id }');
  const subscriptions = await Promise.all([
    subscribeToHashtag(viewer, name),
    subscribeToHashtag(null, name),
    subscribeToHashtag(follower, name),
  ]);
  const ofClosed = await share(closed, `#${name}`);
  const ofBlocker = await share(blocker, `#${name}`);
  const fence = await share(open, `#${name}`);
  const expected = [[fence], [ofBlocker, fence], [ofClosed, ofBlocker, fence]];
  for (const [index, subscription] of subscriptions.entries()) {
    await until(async () => received(subscription).includes(fence));
    expect(received(subscription)).toEqual(expected[index]);
    subscription.close();
  }
});
