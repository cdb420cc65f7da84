import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { findMentions } from '../../../src/features/activity/mentions.ts';
import { activityTasks } from '../../../src/features/activity/tasks.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { openBackstage } from '../../support/backstage.ts';
import { newPerson, type Person } from '../../support/people.ts';
import { share } from '../../support/photos.ts';
import { rowId } from '../../support/rows.ts';
import { until } from '../../support/until.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

interface SeenActivity {
  kind: string;
  actors: { username: string }[];
  actorCount: number;
  photo: { id: string } | null;
  comment: { id: string; text: string } | null;
  isUnread: boolean;
}

const FIELDS = 'kind actors { username } actorCount photo { id } comment { id text } isUnread';

interface ActivityPage {
  edges: { cursor: string; node: SeenActivity }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

async function readPage(person: Person, first = 100, after: string | null = null): Promise<ActivityPage> {
  const { data, errors } = await person.send<{ activity: ActivityPage }>(
    `query ($first: Int!, $after: String) { activity(first: $first, after: $after) {
      edges { cursor node { ${FIELDS} } } pageInfo { hasNextPage endCursor }
    } }`,
    { first, after },
  );
  expect(errors).toEqual([]);
  if (!data) throw new Error('The answer has no activity.');
  return data.activity;
}

async function read(person: Person): Promise<SeenActivity[]> {
  return (await readPage(person)).edges.map((edge) => edge.node);
}

/** Waits until the person's list has this length: likes and follows appear with the next fold of the counts. */
async function untilRead(person: Person, count: number): Promise<SeenActivity[]> {
  return until(async () => {
    const list = await read(person);
    return list.length === count && list;
  });
}

async function unread(person: Person): Promise<number> {
  const { data } = await person.send<{ me: { unreadActivityCount: number } }>('{ me { unreadActivityCount } }');
  return data?.me.unreadActivityCount ?? -1;
}

function like(person: Person, photoId: string) {
  return person.mutate('likePhoto', 'LikePhotoInput', { photoId }, 'photo { id }');
}

async function comment(person: Person, photoId: string, text: string): Promise<string> {
  const payload = await person.mutate<{ comment: { id: string } }>(
    'addComment',
    'AddCommentInput',
    { photoId, text },
    'comment { id }',
  );
  return payload.comment.id;
}

test('activities come newest first; the likes of a photo and the follows of a day are one each', async () => {
  const [owner, anna, ben, carl, dora] = await newPeople(5);
  const photo = await share(owner);
  await like(anna, photo);
  await like(owner, photo);
  const list = await untilRead(owner, 1);
  expect(list).toMatchObject([
    { kind: 'LIKE', actors: [{ username: anna.username }], actorCount: 1, photo: { id: photo } },
  ]);

  for (const person of [ben, carl, dora]) await like(person, photo);
  await until(async () => (await stores.db.photoCountDelta.count({ where: { photoId: rowId(photo) } })) === 0);
  expect((await read(owner))[0]?.actorCount).toBe(4);
  const names = (await read(owner))[0]?.actors.map((actor) => actor.username);
  expect(names).toEqual([dora, carl, ben].map((person) => person.username));

  await anna.follow(owner);
  await ben.follow(owner);
  await until(async () => (await read(owner))[0]?.actorCount === 2);
  await until(async () => (await stores.db.userCountDelta.count({ where: { userId: rowId(owner.id) } })) === 0);
  const id = await comment(carl, photo, 'Nice!');
  await comment(owner, photo, 'Thanks.');
  expect(await read(owner)).toMatchObject([
    { kind: 'COMMENT', actors: [{ username: carl.username }], comment: { id, text: 'Nice!' }, photo: { id: photo } },
    { kind: 'FOLLOW', actors: [{ username: ben.username }, { username: anna.username }], photo: null, comment: null },
    { kind: 'LIKE', actorCount: 4 },
  ]);

  // Undoing all of it empties the list.
  for (const person of [anna, ben, carl, dora]) {
    await person.mutate('unlikePhoto', 'UnlikePhotoInput', { photoId: photo }, 'photo { id }');
  }
  await carl.mutate('deleteComment', 'DeleteCommentInput', { commentId: id }, 'deletedCommentId');
  for (const person of [anna, ben]) await person.unfollow(owner);
  expect(await read(owner)).toEqual([]);
  expect(await unread(owner)).toBe(0);
});

test('follow requests and approvals are listed, a request only while it is pending', async () => {
  const [owner, anna, ben] = await newPeople(3);
  await owner.mutate('setPrivacy', 'SetPrivacyInput', { isPrivate: true }, 'user { id }');
  await anna.follow(owner);
  await ben.follow(owner);
  expect(await read(owner)).toMatchObject([
    { kind: 'FOLLOW_REQUEST', actors: [{ username: ben.username }] },
    { kind: 'FOLLOW_REQUEST', actors: [{ username: anna.username }] },
  ]);
  await owner.mutate('approveFollowRequest', 'ApproveFollowRequestInput', { userId: anna.id }, 'user { id }');
  await owner.mutate('declineFollowRequest', 'DeclineFollowRequestInput', { userId: ben.id }, 'user { id }');
  expect(await read(anna)).toMatchObject([{ kind: 'FOLLOW_APPROVED', actors: [{ username: owner.username }] }]);
  expect(await read(ben)).toEqual([]);
  expect(await untilRead(owner, 1)).toMatchObject([{ kind: 'FOLLOW', actors: [{ username: anna.username }] }]);
});

describe('mentions', () => {
  test('in captions and comments notify people who may see the photo, once', async () => {
    const [owner, anna, ben, carl] = await newPeople(4);
    const names = `@${anna.username.toUpperCase()}, @${ben.username}. And @${owner.username}`;
    const photo = await share(owner, `With ${names}!`);
    for (const person of [anna, ben]) {
      expect(await read(person)).toMatchObject([
        { kind: 'MENTION', actors: [{ username: owner.username }], photo: { id: photo }, comment: null },
      ]);
    }
    const text = `Hello @${anna.username} @${anna.username} @${owner.username} @${carl.username}`;
    const id = await comment(carl, photo, text);
    expect(await read(anna)).toMatchObject([
      { kind: 'MENTION', comment: { id } },
      { kind: 'MENTION', comment: null },
    ]);
    expect(await read(carl)).toEqual([]);
    // The owner is notified of the comment, and not of the mention in it as well.
    expect(await read(owner)).toMatchObject([{ kind: 'COMMENT', comment: { id } }]);

    await owner.mutate(
      'updatePhoto',
      'UpdatePhotoInput',
      { photoId: photo, caption: `@${carl.username}` },
      'photo { id }',
    );
    expect(await read(carl)).toMatchObject([{ kind: 'MENTION', actors: [{ username: owner.username }] }]);
    expect(await read(ben)).toEqual([]);

    await owner.mutate('deletePhoto', 'DeletePhotoInput', { photoId: photo }, 'deletedPhotoId');
    for (const person of [owner, anna, ben, carl]) expect(await read(person)).toEqual([]);
    expect(await stores.db.activity.count({ where: { photoId: rowId(photo) } })).toBe(0);
  });

  test('in a private account notify only its followers', async () => {
    const [owner, follower, stranger] = await newPeople(3);
    await follower.follow(owner);
    await owner.mutate('setPrivacy', 'SetPrivacyInput', { isPrivate: true }, 'user { id }');
    const photo = await share(owner, `@${follower.username} @${stranger.username}`);
    expect(await read(follower)).toMatchObject([{ kind: 'MENTION', photo: { id: photo } }]);
    expect(await read(stranger)).toEqual([]);
    expect(await unread(stranger)).toBe(0);
  });

  test('are found where a reader would see them', () => {
    const cases: [string, string[]][] = [
      ['@anna', ['anna']],
      ['(@Anna.b_1), @carl!', ['anna.b_1', 'carl']],
      ['@anna @ANNA', ['anna']],
      ['anna@example.org, x.@anna', []],
      ['@an', []],
      [`@${'a'.repeat(31)}`, []],
      ['@anna...', ['anna']],
      ['ä@anna', []],
      ['日本@anna', []],
      ['@@anna', []],
    ];
    for (const [text, names] of cases) expect({ text, names: findMentions(text) }).toEqual({ text, names });
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        for (const name of findMentions(text)) expect(text.toLowerCase()).toContain(`@${name}`);
      }),
    );
    expect(findMentions(Array.from({ length: 50 }, (_, index) => `@user${index}`).join(' '))).toHaveLength(20);
  });
});

test('activities of muted and blocked people are hidden, earlier ones too', async () => {
  const [owner, anna, ben] = await newPeople(3);
  const photo = await share(owner);
  await like(anna, photo);
  await like(ben, photo);
  await comment(anna, photo, 'one');
  await anna.follow(owner);
  await untilRead(owner, 3);

  await owner.mutate('mute', 'MuteInput', { userId: anna.id }, 'user { isMutedByViewer }');
  expect(await read(owner)).toMatchObject([{ kind: 'LIKE', actors: [{ username: ben.username }], actorCount: 1 }]);
  expect(await unread(owner)).toBe(1);
  await until(async () => (await stores.db.photoCountDelta.count({ where: { photoId: rowId(photo) } })) === 0);
  const top = (await readPage(owner)).edges[0]?.cursor;
  await anna.mutate('unlikePhoto', 'UnlikePhotoInput', { photoId: photo }, 'photo { id }');
  await like(anna, photo);
  await comment(anna, photo, 'two');
  // Another person's like, which is folded together with the muted one or after it.
  const other = await share(owner);
  await like(ben, other);
  await untilRead(owner, 2);
  expect((await readPage(owner)).edges[1]?.cursor).toBe(top);

  await owner.mutate('unmute', 'UnmuteInput', { userId: anna.id }, 'user { isMutedByViewer }');
  expect((await read(owner)).map((activity) => activity.kind).sort()).toEqual([
    'COMMENT',
    'COMMENT',
    'FOLLOW',
    'LIKE',
    'LIKE',
  ]);
  await owner.mutate('block', 'BlockInput', { userId: anna.id }, 'user { isBlockedByViewer }');
  const left = await read(owner);
  expect(left.map((activity) => [activity.kind, activity.actors, activity.actorCount])).toEqual([
    ['LIKE', [{ username: ben.username }], 1],
    ['LIKE', [{ username: ben.username }], 1],
  ]);
});

test('is marked as read up to a position, which never moves back', async () => {
  const [owner, anna] = await newPeople(2);
  const photo = await share(owner);
  for (const text of ['one', 'two', 'three']) await comment(anna, photo, text);
  expect(await unread(owner)).toBe(3);
  const { edges } = await readPage(owner);
  const mark = (upTo: string) =>
    owner.mutate<{ viewer: { unreadActivityCount: number } }>(
      'markActivityRead',
      'MarkActivityReadInput',
      { upTo },
      'viewer { unreadActivityCount }',
    );
  expect((await mark(edges[1]?.cursor ?? '')).viewer.unreadActivityCount).toBe(1);
  expect((await mark(edges[2]?.cursor ?? '')).viewer.unreadActivityCount).toBe(1);
  expect((await read(owner)).map((activity) => activity.isUnread)).toEqual([true, false, false]);
  await comment(anna, photo, 'four');
  expect(await unread(owner)).toBe(2);
  expect((await mark((await readPage(owner)).edges[0]?.cursor ?? '')).viewer.unreadActivityCount).toBe(0);
  const { errors } = await owner.send('mutation { markActivityRead(input: { upTo: "x" }) { userErrors { code } } }');
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
});

test('pages have no gap and no repetition while new activities arrive', async () => {
  const [owner, anna] = await newPeople(2);
  const photo = await share(owner);
  const texts = Array.from({ length: 11 }, (_, index) => `number ${index}`);
  for (const text of texts) await comment(anna, photo, text);
  const readTexts: (string | undefined)[] = [];
  for (let after: string | null = null, hasNextPage = true; hasNextPage; ) {
    const page: ActivityPage = await readPage(owner, 3, after);
    readTexts.push(...page.edges.map((edge) => edge.node.comment?.text));
    ({ hasNextPage, endCursor: after } = page.pageInfo);
    await comment(anna, photo, 'later');
  }
  expect(readTexts).toEqual(texts.reverse());
});

test('reaches a subscriber with the unread count, once even when the job runs again', async () => {
  const [owner, anna] = await newPeople(2);
  const photo = await share(owner);
  type Event = { activity: { cursor: string; unreadCount: number; activity: SeenActivity } };
  const subscription = await owner.subscribe<Event>(
    `subscription { activity { cursor unreadCount activity { ${FIELDS} } } }`,
  );
  // The protocol does not say when the server has subscribed, and the subscription misses earlier comments. So the test
  // repeats a comment until one arrives.
  let count = 0;
  await until(async () => {
    await comment(anna, photo, `probe ${count++}`);
    return subscription.events.length > 0;
  });
  await until(async () => subscription.events.at(-1)?.activity.activity.comment?.text === `probe ${count - 1}`);
  const next = subscription.next((event) => event.activity.activity.comment?.text === 'Hello');
  const id = await comment(anna, photo, 'Hello');
  const { activity } = await next;
  expect(activity.unreadCount).toBe(count + 1);

  const { sortId } = await stores.db.activity.findFirstOrThrow({ where: { commentId: rowId(id) } });
  const repeated = { recipientId: String(rowId(owner.id)), place: String(sortId) };
  await activityTasks(stores).activityChanged({ activities: [repeated, repeated] });
  const liked = subscription.next((event) => event.activity.activity.kind === 'LIKE');
  await like(anna, photo);
  await liked;
  expect(subscription.events.filter((event) => event.activity.activity.comment?.id === id)).toHaveLength(1);
  subscription.close();
});

async function newPeople<const N extends number>(count: N): Promise<Person[] & Record<0 | 1 | 2 | 3 | 4, Person>> {
  return (await Promise.all(Array.from({ length: count }, () => newPerson(url)))) as never;
}
