import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Stores } from '../../../src/stores/stores.ts';
import { attempt, openBackstage, userErrorsOf } from '../../support/backstage.ts';
import { newPerson, type Person } from '../../support/people.ts';
import { share } from '../../support/photos.ts';
import { rowId } from '../../support/rows.ts';
import { isLoggedIn, logIn, logInAgain } from '../../support/sessions.ts';
import { until } from '../../support/until.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

/** What one person sees of another, and of a photo that the other liked and commented on. */
async function view(viewer: Person, other: Person, photoId: string) {
  const { data, errors } = await viewer.send(
    `query ($id: ID!, $name: String!, $photo: ID!) {
      user(username: $name) { displayName photoCount followerCount photos { nodes { id } } }
      node(id: $id) { id }
      photo: node(id: $photo) {
        ... on Photo { likeCount commentCount likers { nodes { id } } comments { nodes { text } } }
      }
      me { user { followerCount followingCount followers { nodes { id } } following { nodes { id } } } }
      homeFeed { nodes { owner { id } } }
    }`,
    { id: other.id, name: other.username, photo: photoId },
  );
  expect(errors).toEqual([]);
  return data;
}

test('a deactivated account is hidden with all its content, and logging in restores it', async () => {
  const [person, friend] = await Promise.all([newPerson(url), newPerson(url)]);
  await person.follow(friend);
  await friend.follow(person);
  const photo = await share(friend);
  await share(person);
  await person.mutate('likePhoto', 'LikePhotoInput', { photoId: photo }, 'photo { id }');
  await person.mutate('addComment', 'AddCommentInput', { photoId: photo, text: 'Hello' }, 'comment { id }');
  const visible = {
    user: { displayName: 'person', photoCount: 1, followerCount: 1, photos: { nodes: [{ id: expect.any(String) }] } },
    node: { id: person.id },
    photo: {
      likeCount: 1,
      commentCount: 1,
      likers: { nodes: [{ id: person.id }] },
      comments: { nodes: [{ text: 'Hello' }] },
    },
    me: {
      user: {
        followerCount: 1,
        followingCount: 1,
        followers: { nodes: [{ id: person.id }] },
        following: { nodes: [{ id: person.id }] },
      },
    },
    homeFeed: { nodes: [{ owner: { id: person.id } }] },
  };
  const none = { nodes: [] };
  const hidden = {
    user: null,
    node: null,
    photo: { likeCount: 0, commentCount: 0, likers: none, comments: none },
    me: { user: { followerCount: 0, followingCount: 0, followers: none, following: none } },
    homeFeed: none,
  };
  const untilSeen = (expected: object) =>
    until(
      async () =>
        JSON.stringify(await view(friend, person, photo)).length > 0 &&
        matches(await view(friend, person, photo), expected),
    );
  await untilSeen(visible);

  const { deletedAfter } = await attempt<{ deletedAfter: string }>(
    person,
    'deactivateAccount',
    { password: person.password },
    'deletedAfter',
  );
  expect(Math.round((new Date(deletedAfter).getTime() - Date.now()) / 86_400_000)).toBe(30);
  expect(await isLoggedIn(person)).toBe(false);
  await untilSeen(hidden);
  expect(await view(friend, person, photo)).toEqual(hidden);

  const restored = await logInAgain(person);
  expect(await isLoggedIn(restored)).toBe(true);
  await untilSeen(visible);
  expect(await view(friend, person, photo)).toEqual(visible);
});

test('deactivating needs the password, and after 30 days nobody can log in', async () => {
  const person = await newPerson(url);
  const wrong = await attempt(person, 'deactivateAccount', { password: 'something else' }, 'deletedAfter');
  expect(userErrorsOf(wrong)).toEqual(['WRONG_CREDENTIALS password']);
  expect(await isLoggedIn(person)).toBe(true);
  await attempt(person, 'deactivateAccount', { password: person.password }, 'deletedAfter');
  const deactivatedAt = new Date(Date.now() - 30 * 86_400_000 - 1_000);
  await stores.db.user.update({ where: { id: rowId(person.id) }, data: { deactivatedAt } });
  const { data } = await logIn(person.username, person.password);
  expect(data?.logIn).toMatchObject({ token: null, userErrors: [{ code: 'WRONG_CREDENTIALS' }] });
});

function matches(seen: unknown, expected: object): boolean {
  try {
    expect(seen).toEqual(expected);
    return true;
  } catch {
    return false;
  }
}
