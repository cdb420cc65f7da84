import { expect, inject, test } from 'vitest';
import { toGlobalId } from '../../../src/stores/ids.ts';
import { attempt, userErrorsOf } from '../../support/backstage.ts';
import { send } from '../../support/client.ts';
import { newPerson, type Person } from '../../support/people.ts';

const url = inject('url');

async function relations(person: Person, others: readonly Person[]): Promise<string[]> {
  const { data } = await person.send<{ nodes: { viewerFollows: boolean; followsViewer: boolean }[] }>(
    'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on User { viewerFollows followsViewer } } }',
    { ids: others.map((other) => other.id) },
  );
  return (data?.nodes ?? []).map(({ viewerFollows, followsViewer }) => `${viewerFollows} ${followsViewer}`);
}

test('a batch of people reports for each whether the viewer follows them and they follow the viewer', async () => {
  const [viewer, followed, follower, friend, stranger] = await Promise.all(
    Array.from({ length: 5 }, () => newPerson(url)),
  );
  if (!viewer || !followed || !follower || !friend || !stranger) throw new Error('unreachable');
  await Promise.all([viewer.follow(followed), follower.follow(viewer), viewer.follow(friend), friend.follow(viewer)]);
  const others = [followed, follower, friend, stranger, viewer];
  expect(await relations(viewer, others)).toEqual([
    'true false',
    'false true',
    'true true',
    'false false',
    'false false',
  ]);
  await viewer.unfollow(friend);
  expect(await relations(viewer, [friend])).toEqual(['false true']);
  expect(await relations(friend, [viewer])).toEqual(['true false']);
});

test('unfollowing a stranger or oneself changes nothing; an unknown id is NOT_FOUND', async () => {
  const [viewer, stranger] = await Promise.all([newPerson(url), newPerson(url)]);
  for (const other of [stranger, viewer]) {
    const answer = await attempt(viewer, 'unfollow', { userId: other.id }, 'user { id viewerFollows }');
    expect(answer).toEqual({ user: { id: other.id, viewerFollows: false }, userErrors: [] });
  }
  const unknown = await attempt(viewer, 'unfollow', { userId: toGlobalId('User', 1n) }, 'user { id }');
  expect(userErrorsOf(unknown)).toEqual(['NOT_FOUND userId']);
});

test('concurrent follows and unfollows end in one state, the same for both people', async () => {
  const [viewer, author] = await Promise.all([newPerson(url), newPerson(url)]);
  for (let turn = 0; turn < 10; turn++) {
    await Promise.all([viewer.follow(author), viewer.unfollow(author), viewer.follow(author), viewer.unfollow(author)]);
    const [seenByViewer] = await relations(viewer, [author]);
    const [seenByAuthor] = await relations(author, [viewer]);
    expect([seenByViewer, seenByAuthor]).toEqual(
      seenByViewer === 'true false' ? ['true false', 'false true'] : ['false false', 'false false'],
    );
  }
});

test('following without a session is UNAUTHENTICATED', async () => {
  const author = await newPerson(url);
  for (const name of ['follow', 'unfollow']) {
    const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
    const { data, errors } = await send(
      url,
      `mutation ($input: ${type}!) { ${name}(input: $input) { user { id } userErrors { code } } }`,
      { input: { userId: author.id } },
    );
    expect(data).toBe(null);
    expect(errors.map((error) => error.extensions.code)).toEqual(['UNAUTHENTICATED']);
  }
});
