/** Open subscriptions when the rules change: what the viewer may no longer see does not arrive, at whichever node. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { setModerator } from '../../src/features/moderation/actions.ts';
import type { Stores } from '../../src/stores/stores.ts';
import { attempt, openBackstage } from '../support/backstage.ts';
import type { Subscription } from '../support/client.ts';
import { untilFannedOut } from '../support/feed.ts';
import { asPerson, newPeople, newPerson, type Person } from '../support/people.ts';
import { share } from '../support/photos.ts';
import { insertPhoto, rowId, untilListening } from '../support/rows.ts';
import { until } from '../support/until.ts';

const url = inject('url');
const otherUrl = inject('otherUrl');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(async () => {
  await stores?.close();
});

interface PhotoEvent {
  photo: { photo: { caption: string } | null };
}
interface FeedEvent {
  homeFeed: { photo: { caption: string } };
}
interface ActivityEvent {
  activity: { activity: { comment: { text: string } | null } };
}

const people = (count: number): Promise<Person[]> => newPeople(url, count);

/** The same person at the other node. */
function elsewhere(person: Person): Person {
  return asPerson(otherUrl, person);
}

/** Opens a subscription to a photo at the other node, and waits for its first event. */
async function watch(person: Person, photoId: string): Promise<Subscription<PhotoEvent>> {
  const subscription = await elsewhere(person).subscribe<PhotoEvent>(
    'subscription ($id: ID!) { photo(id: $id) { photo { caption } } }',
    { id: photoId },
  );
  await until(async () => subscription.events.length > 0);
  return subscription;
}

/** The last event says that the viewer may no longer see the photo, and the subscription completed. */
async function expectClosed(subscription: Subscription<PhotoEvent>): Promise<void> {
  expect(await subscription.ended).toEqual({});
  expect(subscription.events.at(-1)).toEqual({ photo: { photo: null } });
}

async function setCaption(owner: Person, photoId: string, caption: string): Promise<void> {
  await attempt(owner, 'updatePhoto', { photoId, caption }, 'photo { id }');
}

async function subscribeToFeed(person: Person): Promise<Subscription<FeedEvent>> {
  const subscription = await elsewhere(person).subscribe<FeedEvent>('subscription { homeFeed { photo { caption } } }');
  await untilListening(stores, person);
  return subscription;
}

async function captions(subscription: Subscription<FeedEvent>): Promise<string[]> {
  return subscription.events.map((event) => event.homeFeed.photo.caption);
}

test('going private ends the subscriptions of strangers, and not those of followers', async () => {
  const [owner, follower, stranger] = (await people(3)) as [Person, Person, Person];
  await follower.follow(owner);
  const photo = await share(owner, 'before');
  const [kept, closed] = await Promise.all([watch(follower, photo), watch(stranger, photo)]);
  type ProfileEvent = { userPhotos: { photo: { caption: string } | null } };
  const profile = 'subscription ($id: ID!) { userPhotos(userId: $id) { photo { caption } } }';
  const profiles = await Promise.all(
    [follower, stranger].map((person) => elsewhere(person).subscribe<ProfileEvent>(profile, { id: owner.id })),
  );
  await until(async () => {
    await insertPhoto(stores, rowId(owner.id), 'probe');
    return profiles.every((subscription) => subscription.events.length > 0);
  });
  await attempt(owner, 'setPrivacy', { isPrivate: true }, 'user { id }');
  await insertPhoto(stores, rowId(owner.id), 'forbidden');
  const [within, without] = profiles.map(
    ({ events }) =>
      () =>
        JSON.stringify(events),
  );
  await until(async () => within?.().includes('forbidden'));
  await expectClosed(closed);
  expect(await profiles[1]?.ended).toEqual({});
  expect(without?.()).not.toContain('forbidden');
  profiles[0]?.close();
  const next = kept.next((event) => event.photo.photo?.caption === 'after');
  await setCaption(owner, photo, 'after');
  await next;
  expect(JSON.stringify(closed.events)).not.toContain('after');
  const again = await elsewhere(stranger).subscribe(
    'subscription ($id: ID!) { photo(id: $id) { photo { caption } } }',
    {
      id: photo,
    },
  );
  expect((await again.ended).errors?.[0]?.extensions?.code).toBe('NOT_FOUND');
  kept.close();
});

test('a follower who unfollows, or is removed, receives nothing more from a private account', async () => {
  const [owner, leaving, removed, kept] = (await people(4)) as [Person, Person, Person, Person];
  for (const person of [leaving, removed, kept]) await person.follow(owner);
  await attempt(owner, 'setPrivacy', { isPrivate: true }, 'user { id }');
  const photo = await share(owner, 'before');
  const watching = await Promise.all([leaving, removed].map((person) => watch(person, photo)));
  const feeds = await Promise.all([leaving, removed, kept].map(subscribeToFeed));
  await leaving.unfollow(owner);
  await attempt(owner, 'removeFollower', { userId: removed.id }, 'user { id }');
  await Promise.all(watching.map(expectClosed));
  await insertPhoto(stores, rowId(owner.id), 'new');
  await until(async () => (await captions(feeds[2] as Subscription<FeedEvent>)).includes('new'));
  const fence = await newPerson(url);
  for (const person of [leaving, removed]) await person.follow(fence);
  await untilFannedOut(stores, [rowId(owner.id)]);
  await insertPhoto(stores, rowId(fence.id), 'fence');
  for (const feed of feeds.slice(0, 2)) {
    await until(async () => (await captions(feed)).includes('fence'));
    expect(await captions(feed)).toEqual(['fence']);
  }
  for (const feed of feeds) feed.close();
});

test('blocking ends all subscriptions between the two, both ways', async () => {
  const [blocker, blocked, fence] = (await people(3)) as [Person, Person, Person];
  for (const [follower, followee] of [
    [blocker, blocked],
    [blocked, blocker],
  ] as const) {
    await follower.follow(followee);
    await follower.follow(fence);
  }
  const photos = { blocker: await share(blocker, 'mine'), blocked: await share(blocked, 'theirs') };
  const watching = await Promise.all([watch(blocked, photos.blocker), watch(blocker, photos.blocked)]);
  const feeds = await Promise.all([subscribeToFeed(blocked), subscribeToFeed(blocker)]);
  const comment = (author: Person, photoId: string, text: string) =>
    attempt(author, 'addComment', { photoId, text }, 'comment { id }');
  const activities = await Promise.all(
    [blocked, blocker].map((person) =>
      elsewhere(person).subscribe<ActivityEvent>('subscription { activity { activity { comment { text } } } }'),
    ),
  );
  await until(async () => {
    await comment(fence, photos.blocker, 'probe');
    await comment(fence, photos.blocked, 'probe');
    return activities.every((activity) => activity.events.length > 0);
  });

  await attempt(blocker, 'block', { userId: blocked.id }, 'user { id }');
  await Promise.all(watching.map(expectClosed));
  const [mine, theirs] = await Promise.all(
    [blocker, blocked].map((author) => insertPhoto(stores, rowId(author.id), 'forbidden')),
  );
  expect(mine && theirs).toBeTruthy();
  // Neither can comment on the other's photo. On a third person's photo both can, and mention each other.
  const open = await share(fence, 'open');
  await comment(blocker, open, `forbidden @${blocked.username}`);
  await comment(blocked, open, `forbidden @${blocker.username}`);
  await untilFannedOut(
    stores,
    [blocker, blocked].map((author) => rowId(author.id)),
  );
  await insertPhoto(stores, rowId(fence.id), 'fence');
  for (const feed of feeds) {
    await until(async () => (await captions(feed)).includes('fence'));
    expect(await captions(feed)).not.toContain('forbidden');
  }
  await comment(fence, photos.blocker, 'fence');
  await comment(fence, photos.blocked, 'fence');
  for (const activity of activities) {
    await until(async () => JSON.stringify(activity.events).includes('fence'));
    expect(JSON.stringify(activity.events)).not.toContain('forbidden');
  }
  for (const subscription of [...feeds, ...activities]) subscription.close();
});

test('muting stops the feed and the activity, and the muted person sees no difference', async () => {
  const [muter, muted, fence] = (await people(3)) as [Person, Person, Person];
  await muter.follow(muted);
  await muter.follow(fence);
  await muted.follow(muter);
  const photo = await share(muter, 'mine');
  const [feed, theirs] = await Promise.all([subscribeToFeed(muter), subscribeToFeed(muted)]);
  const watching = await watch(muted, photo);
  await attempt(muter, 'mute', { userId: muted.id }, 'user { id }');
  await insertPhoto(stores, rowId(muted.id), 'forbidden');
  await untilFannedOut(stores, [rowId(muted.id)]);
  await insertPhoto(stores, rowId(fence.id), 'fence');
  await until(async () => (await captions(feed)).includes('fence'));
  expect(await captions(feed)).toEqual(['fence']);
  await insertPhoto(stores, rowId(muter.id), 'allowed');
  await until(async () => (await captions(theirs)).includes('allowed'));
  const next = watching.next((event) => event.photo.photo?.caption === 'changed');
  await setCaption(muter, photo, 'changed');
  await next;
  for (const subscription of [feed, theirs, watching]) subscription.close();
});

test('hiding a photo, deactivating, deleting and suspending end the subscriptions of others', async () => {
  const moderator = await newPerson(url);
  await setModerator(stores, moderator.username, true, 'for a test');
  const ends: ((owner: Person, photoId: string) => Promise<unknown>)[] = [
    (_, photoId) => attempt(moderator, 'hidePhoto', { photoId, why: 'test' }, 'photo { id }'),
    (owner) => attempt(owner, 'deactivateAccount', { password: owner.password }, 'deletedAfter'),
    (owner) => attempt(owner, 'deleteAccount', { password: owner.password }, 'deletedUserId'),
    (owner) => attempt(moderator, 'suspendUser', { userId: owner.id, why: 'test' }, 'user { id }'),
  ];
  for (const [index, end] of ends.entries()) {
    const [owner, viewer] = (await people(2)) as [Person, Person];
    await viewer.follow(owner);
    const photo = await share(owner, 'before');
    const [watching, own] = await Promise.all([watch(viewer, photo), watch(owner, photo)]);
    await end(owner, photo);
    await expectClosed(watching);
    // The owner still sees a hidden photo. An account that is hidden is logged out, at every node.
    if (index > 0) expect(await own.ended).toMatchObject({ code: 4403 });
    else own.close();
  }
});
