import { once } from 'node:events';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { toGlobalId } from '../../src/stores/ids.ts';
import type { Stores } from '../../src/stores/stores.ts';
import { openBackstage } from '../support/backstage.ts';
import { subscribe } from '../support/client.ts';
import { newPerson } from '../support/people.ts';
import { insertPhoto, rowId } from '../support/rows.ts';
import { ask, greet, openTcp, upgradeRequest } from '../support/wire.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

test('queries and mutations run over WebSocket as over HTTP, with the connection’s session', async () => {
  const person = await newPerson(url);
  const socket = await greet(url, person.token);
  expect(await ask(socket, '{ me { user { id } } }')).toEqual({ data: { me: { user: { id: person.id } } } });
  const query = 'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { user { bio } } }';
  expect(await ask(socket, query, { input: { bio: 'over a socket' } })).toEqual({
    data: { updateProfile: { user: { bio: 'over a socket' } } },
  });
  // Each operation reads again.
  await person.mutate('updateProfile', 'UpdateProfileInput', { bio: 'over HTTP' }, 'user { id }');
  expect(await ask(socket, '{ me { user { bio } } }')).toEqual({ data: { me: { user: { bio: 'over HTTP' } } } });
  socket.socket.close();
});

test('a connection without a session reads only public data', async () => {
  const person = await newPerson(url);
  const { photoId } = await insertPhoto(stores, rowId(person.id));
  const socket = await greet(url);
  expect(await ask(socket, `{ me { email } node(id: "${toGlobalId('Photo', photoId)}") { id } }`)).toEqual({
    data: { me: null, node: { id: toGlobalId('Photo', photoId) } },
  });
  const { errors } = await ask(socket, '{ homeFeed { nodes { id } } }');
  expect(errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  // The connection stays open after an error.
  expect(await ask(socket, '{ __typename }')).toEqual({ data: { __typename: 'Query' } });
  socket.socket.close();
});

test('a subscription that needs a session is rejected without one, and the connection stays open', async () => {
  const socket = await greet(url);
  socket.say({ type: 'subscribe', id: '1', payload: { query: 'subscription { homeFeed { cursor } }' } });
  const answer = await socket.hear();
  const text = JSON.stringify(answer);
  expect(answer.id).toBe('1');
  expect(text).toContain('Log in first');
  expect(text).toContain('"UNAUTHENTICATED"');
  if (answer.type === 'next') expect(await socket.hear()).toMatchObject({ type: 'complete', id: '1' });
  expect(await ask(socket, '{ __typename }')).toEqual({ data: { __typename: 'Query' } });
  socket.socket.close();
});

test('a subscription to a missing photo is NOT_FOUND, and to a malformed id BAD_USER_INPUT', async () => {
  const person = await newPerson(url);
  const codeOf = async (photoId: string) => {
    const { ended } = await person.subscribe('subscription ($photoId: ID!) { photo(id: $photoId) { photo { id } } }', {
      photoId,
    });
    return (await ended).errors?.[0]?.extensions?.code;
  };
  expect(await codeOf(toGlobalId('Photo', 7n))).toBe('NOT_FOUND');
  expect(await codeOf(toGlobalId('User', 7n))).toBe('BAD_USER_INPUT');
  expect(await codeOf('nonsense')).toBe('BAD_USER_INPUT');
});

test('the authorization parameter of a connection may begin with a capital letter', async () => {
  const person = await newPerson(url);
  const socket = await subscribe<{ me: object }>(
    url,
    '{ me { email } }',
    {},
    { Authorization: `Bearer ${person.token}` },
  );
  expect(await socket.next()).toEqual({ me: { email: person.email } });
  socket.close();
});

test('the operationName of a message must match the document', async () => {
  const socket = await greet(url);
  const query = 'query A { __typename } query B { __typename }';
  for (const operationName of [undefined, 'C']) {
    socket.say({ type: 'subscribe', id: '1', payload: { query, operationName } });
    const answer = await socket.hear();
    expect(answer.type).toBe('error');
  }
  socket.say({ type: 'subscribe', id: '2', payload: { query, operationName: 'B' } });
  expect(await socket.hear()).toMatchObject({ type: 'next', payload: { data: { __typename: 'Query' } } });
  socket.socket.close();
});

test.for(['/', '/graphql/', '/graphqlx', '/health'])('there is no WebSocket at %s', async (path) => {
  const socket = await openTcp(url);
  socket.write(upgradeRequest(path));
  const [head] = (await once(socket, 'data')) as [Buffer];
  expect(String(head)).toMatch(/^HTTP\/1\.1 404 /);
  socket.destroy();
});

test('there is a WebSocket at the API’s path, with and without a query string', async () => {
  for (const path of ['/graphql', '/graphql?client=phone']) {
    const socket = await openTcp(url);
    socket.write(upgradeRequest(path));
    const [head] = (await once(socket, 'data')) as [Buffer];
    expect(String(head)).toMatch(/^HTTP\/1\.1 101 /);
    socket.destroy();
  }
});
