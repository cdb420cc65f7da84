import { expect, inject, test } from 'vitest';
import { attempt, userErrorsOf } from '../../support/backstage.ts';
import { newPerson, type Person } from '../../support/people.ts';
import { share } from '../../support/photos.ts';
import { until } from '../../support/until.ts';

const url = inject('url');

async function newPrivate(): Promise<Person> {
  const person = await newPerson(url);
  await person.mutate('setPrivacy', 'SetPrivacyInput', { isPrivate: true }, 'user { isPrivate }');
  return person;
}

async function relation(viewer: Person, other: Person): Promise<Record<string, boolean>> {
  const { data } = await viewer.send<{ node: Record<string, boolean> }>(
    `query ($id: ID!) {
      node(id: $id) { ... on User { viewerFollows followsViewer viewerRequested requestedViewer } }
    }`,
    { id: other.id },
  );
  return data?.node ?? {};
}

const NO_RELATION = { viewerFollows: false, followsViewer: false, viewerRequested: false, requestedViewer: false };

async function names(person: Person, list: string): Promise<string[]> {
  const { data } = await person.send<{ me: Record<string, { nodes: { username: string }[] }> }>(
    `{ me { ${list} { nodes { username } } } }`,
  );
  return data?.me[list]?.nodes.map((node) => node.username) ?? [];
}

async function photosOf(viewer: Person, owner: Person): Promise<string[]> {
  const { data } = await viewer.send<{ user: { photos: { nodes: { id: string }[] } } }>(
    'query ($name: String!) { user(username: $name) { photos { nodes { id } } } }',
    { name: owner.username },
  );
  return data?.user.photos.nodes.map((node) => node.id) ?? [];
}

async function counts(person: Person): Promise<[number, number]> {
  const { data } = await person.send<{ me: { user: { followerCount: number; followingCount: number } } }>(
    '{ me { user { followerCount followingCount } } }',
  );
  return [data?.me.user.followerCount ?? -1, data?.me.user.followingCount ?? -1];
}

test('following a private account creates a request, which reveals nothing until it is approved', async () => {
  const [owner, requester] = await Promise.all([newPrivate(), newPerson(url)]);
  const photo = await share(owner);
  for (let time = 0; time < 2; time++) {
    const { user } = await attempt<{ user: object }>(
      requester,
      'follow',
      { userId: owner.id },
      'user { viewerFollows viewerRequested followerCount photos { nodes { id } } }',
    );
    expect(user).toEqual({ viewerFollows: false, viewerRequested: true, followerCount: 0, photos: { nodes: [] } });
  }
  expect(await relation(owner, requester)).toEqual({ ...NO_RELATION, requestedViewer: true });
  expect(await names(owner, 'followRequests')).toEqual([requester.username]);
  expect(await names(requester, 'sentFollowRequests')).toEqual([owner.username]);
  expect(await photosOf(requester, owner)).toEqual([]);

  await attempt(owner, 'approveFollowRequest', { userId: requester.id }, 'user { id }');
  expect(await relation(requester, owner)).toEqual({ ...NO_RELATION, viewerFollows: true });
  expect(await names(owner, 'followRequests')).toEqual([]);
  expect(await photosOf(requester, owner)).toEqual([photo]);
  await until(async () => (await counts(owner))[0] === 1 && (await counts(requester))[1] === 1);
  const again = await attempt(owner, 'approveFollowRequest', { userId: requester.id }, 'user { id }');
  expect(userErrorsOf(again)).toEqual(['NOT_FOUND userId']);
});

test('a request can be withdrawn, declined and made again', async () => {
  const [owner, requester] = await Promise.all([newPrivate(), newPerson(url)]);
  await requester.follow(owner);
  await attempt(requester, 'withdrawFollowRequest', { userId: owner.id }, 'user { id }');
  expect(await relation(requester, owner)).toEqual(NO_RELATION);
  const gone = await attempt(owner, 'declineFollowRequest', { userId: requester.id }, 'user { id }');
  expect(userErrorsOf(gone)).toEqual(['NOT_FOUND userId']);
  await requester.follow(owner);
  expect(userErrorsOf(await attempt(owner, 'declineFollowRequest', { userId: requester.id }, 'user { id }'))).toEqual(
    [],
  );
  expect(await relation(requester, owner)).toEqual(NO_RELATION);
  await requester.follow(owner);
  expect(await names(owner, 'followRequests')).toEqual([requester.username]);
});

test('going private keeps followers; going public approves all requests', async () => {
  const [owner, follower, ...requesters] = await Promise.all(Array.from({ length: 5 }, () => newPerson(url)));
  if (!owner || !follower) throw new Error('unreachable');
  await follower.follow(owner);
  await owner.mutate('setPrivacy', 'SetPrivacyInput', { isPrivate: true }, 'user { isPrivate }');
  const photo = await share(owner);
  expect(await photosOf(follower, owner)).toEqual([photo]);
  for (const requester of requesters) {
    await requester.follow(owner);
    expect(await photosOf(requester, owner)).toEqual([]);
  }
  await owner.mutate('setPrivacy', 'SetPrivacyInput', { isPrivate: false }, 'user { isPrivate }');
  for (const requester of requesters) {
    await until(async () => (await relation(requester, owner)).viewerFollows);
    const { data } = await requester.send<{ homeFeed: { nodes: { id: string }[] } }>('{ homeFeed { nodes { id } } }');
    expect(data?.homeFeed.nodes).toEqual([{ id: photo }]);
  }
  expect(await names(owner, 'followRequests')).toEqual([]);
  await until(async () => (await counts(owner))[0] === 4);
});

test('a removed follower no longer sees a private account and must request again', async () => {
  const [owner, follower] = await Promise.all([newPerson(url), newPerson(url)]);
  await follower.follow(owner);
  await owner.mutate('setPrivacy', 'SetPrivacyInput', { isPrivate: true }, 'user { isPrivate }');
  const photo = await share(owner);
  expect(await photosOf(follower, owner)).toEqual([photo]);
  await attempt(owner, 'removeFollower', { userId: follower.id }, 'user { followsViewer }');
  expect(await photosOf(follower, owner)).toEqual([]);
  const { data } = await follower.send('query ($id: ID!) { node(id: $id) { id } homeFeed { nodes { id } } }', {
    id: photo,
  });
  expect(data).toEqual({ node: null, homeFeed: { nodes: [] } });
  await follower.follow(owner);
  expect(await relation(follower, owner)).toMatchObject({ viewerFollows: false, viewerRequested: true });
  await until(async () => (await counts(owner))[0] === 0);
});

test('concurrent approvals, withdrawals and going public leave consistent lists, relations and counts', async () => {
  const owner = await newPrivate();
  const requesters = await Promise.all(Array.from({ length: 6 }, () => newPerson(url)));
  await Promise.all(requesters.map((requester) => requester.follow(owner)));
  await Promise.all([
    ...requesters.flatMap((requester) => [
      attempt(owner, 'approveFollowRequest', { userId: requester.id }, 'user { id }'),
      attempt(requester, 'withdrawFollowRequest', { userId: owner.id }, 'user { id }'),
    ]),
    attempt(owner, 'setPrivacy', { isPrivate: false }, 'user { id }'),
  ]);
  await until(async () => (await names(owner, 'followRequests')).length === 0);
  const follows = await Promise.all(
    requesters.map(async (requester) => (await relation(requester, owner)).viewerFollows),
  );
  const followers = follows.filter((follow) => follow).length;
  await until(async () => (await counts(owner))[0] === followers);
});
