import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Stores } from '../../../src/stores/stores.ts';
import { attempt, openBackstage, userErrorsOf } from '../../support/backstage.ts';
import type { Answer } from '../../support/client.ts';
import { newPerson, type Person } from '../../support/people.ts';
import { insertFannedOut, insertPhotos, rowId } from '../../support/rows.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

interface Page {
  edges: { cursor: string; node: { id: string } }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** Reads a list of a person or photo to its end, in pages of `first`. @returns the ids of each page */
async function readPages(viewer: Person, subjectId: string, list: string, first: number): Promise<string[][]> {
  const pages: string[][] = [];
  for (let after: string | null = null, hasNextPage = true; hasNextPage; ) {
    const answer: Answer<{ node: Record<string, Page> }> = await viewer.send(
      `query ($id: ID!, $first: Int!, $after: String) { node(id: $id) {
        ... on User { photos(first: $first, after: $after) @include(if: ${list === 'photos'}) { ...P }
          followers(first: $first, after: $after) @include(if: ${list === 'followers'}) { ...U }
          following(first: $first, after: $after) @include(if: ${list === 'following'}) { ...U } }
        ... on Photo { likers(first: $first, after: $after) { ...U } }
      } }
      fragment U on UserConnection { edges { cursor node { id } } pageInfo { hasNextPage endCursor } }
      fragment P on PhotoConnection { edges { cursor node { id } } pageInfo { hasNextPage endCursor } }`,
      { id: subjectId, first, after },
    );
    expect(answer.errors).toEqual([]);
    const page: Page | undefined = answer.data?.node[list];
    if (!page) throw new Error(`The answer has no list "${list}".`);
    pages.push(page.edges.map((edge) => edge.node.id));
    ({ hasNextPage, endCursor: after } = page.pageInfo);
  }
  return pages;
}

test('followers, following and likers come newest first, in full pages of visible people', async () => {
  const [star, viewer, ...fans] = await Promise.all(Array.from({ length: 9 }, () => newPerson(url)));
  if (!star || !viewer) throw new Error('unreachable');
  const photo = await insertFannedOut(stores, star);
  for (const fan of fans) {
    await fan.follow(star);
    await star.follow(fan);
    await fan.mutate('likePhoto', 'LikePhotoInput', { photoId: photo }, 'photo { id }');
  }
  const ids = fans.map((fan) => fan.id).reverse();
  const lists: [string, string][] = [
    [star.id, 'followers'],
    [star.id, 'following'],
    [photo, 'likers'],
  ];
  for (const [subjectId, list] of lists) expect((await readPages(viewer, subjectId, list, 3)).flat()).toEqual(ids);

  await attempt(viewer, 'block', { userId: ids[1] }, 'user { id }');
  await attempt(fans[2] as Person, 'block', { userId: viewer.id }, 'user { id }');
  const seen = ids.filter((id) => id !== ids[1] && id !== fans[2]?.id);
  for (const [subjectId, list] of lists) {
    const pages = await readPages(viewer, subjectId, list, 2);
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
    expect(pages.flat()).toEqual(seen);
    expect((await readPages(star, subjectId, list, 2)).flat()).toEqual(ids);
  }
});

test("a profile lists all the owner's photos, newest first", async () => {
  const [owner, viewer] = await Promise.all([newPerson(url), newPerson(url)]);
  await insertPhotos(stores, [rowId(owner.id)], 25);
  const pages = await readPages(viewer, owner.id, 'photos', 10);
  expect(pages.map((page) => page.length)).toEqual([10, 10, 5]);
  const rows = await stores.db.photo.findMany({
    where: { ownerId: rowId(owner.id) },
    orderBy: { publishedId: 'desc' },
  });
  expect(pages.flat().map(rowId)).toEqual(rows.map((row) => row.id));
});

test('strangers see only the card of a private account; its followers and its owner see the contents', async () => {
  const [owner, friend, stranger] = await Promise.all([newPerson(url), newPerson(url), newPerson(url)]);
  await friend.follow(owner);
  await owner.follow(friend);
  await attempt(owner, 'setPrivacy', { isPrivate: true }, 'user { id }');
  const photo = await insertFannedOut(stores, owner);
  for (const [person, within] of [
    [owner, true],
    [friend, true],
    [stranger, false],
  ] as const) {
    for (const [list, ids] of [
      ['photos', [photo]],
      ['followers', [friend.id]],
      ['following', [friend.id]],
    ] as const) {
      expect([list, (await readPages(person, owner.id, list, 5)).flat()]).toEqual([list, within ? ids : []]);
    }
    const { data } = await person.send<{ user: { username: string; isPrivate: boolean } }>(
      'query ($name: String!) { user(username: $name) { username isPrivate } }',
      { name: owner.username },
    );
    expect(data?.user).toEqual({ username: owner.username, isPrivate: true });
  }
});

test('the viewer lists the people whom they block and mute, and can unblock and unmute them', async () => {
  const [viewer, one, two] = await Promise.all([newPerson(url), newPerson(url), newPerson(url)]);
  for (const name of ['block', 'mute'] as const) {
    const list = name === 'block' ? 'blockedUsers' : 'mutedUsers';
    const flag = name === 'block' ? 'isBlockedByViewer' : 'isMutedByViewer';
    for (const person of [one, two, one]) await attempt(viewer, name, { userId: person.id }, 'user { id }');
    const query = `{ me { ${list} { nodes { id ${flag} followerCount photos { nodes { id } } } } } }`;
    const { data } = await viewer.send<{ me: Record<string, { nodes: object[] }> }>(query);
    const rest = { [flag]: true, followerCount: 0, photos: { nodes: [] } };
    expect(data?.me[list]?.nodes).toEqual([two, one].map((person) => ({ id: person.id, ...rest })));
    for (const person of [one, two]) {
      const { user } = await attempt<{ user: object }>(viewer, `un${name}`, { userId: person.id }, `user { ${flag} }`);
      expect(user).toEqual({ [flag]: false });
    }
    expect(userErrorsOf(await attempt(viewer, name, { userId: viewer.id }, 'user { id }'))).toEqual(['SELF userId']);
  }
});

test('blocked people do not exist for each other: no lookup finds them, and every mutation is NOT_FOUND', async () => {
  const [viewer, other] = await Promise.all([newPerson(url), newPerson(url)]);
  await viewer.follow(other);
  await other.follow(viewer);
  await attempt(viewer, 'block', { userId: other.id }, 'user { id }');
  for (const [person, target] of [
    [viewer, other],
    [other, viewer],
  ] as const) {
    const { data } = await person.send(
      'query ($id: ID!, $name: String!) { node(id: $id) { id } user(username: $name) { id } }',
      {
        id: target.id,
        name: target.username,
      },
    );
    expect(data).toEqual({ node: null, user: null });
    for (const name of ['follow', 'unfollow', 'mute', 'removeFollower']) {
      expect(userErrorsOf(await attempt(person, name, { userId: target.id }, 'user { id }'))).toEqual([
        'NOT_FOUND userId',
      ]);
    }
  }
  expect(userErrorsOf(await attempt(other, 'block', { userId: viewer.id }, 'user { id }'))).toEqual([
    'NOT_FOUND userId',
  ]);
  expect(userErrorsOf(await attempt(other, 'unblock', { userId: viewer.id }, 'user { id }'))).toEqual([
    'NOT_FOUND userId',
  ]);
  await attempt(viewer, 'unblock', { userId: other.id }, 'user { id }');
  const { data } = await viewer.send(
    'query ($id: ID!) { node(id: $id) { ... on User { viewerFollows followsViewer } } }',
    {
      id: other.id,
    },
  );
  expect(data).toEqual({ node: { viewerFollows: false, followsViewer: false } });
});
