import { expect, inject, test } from 'vitest';
import { toGlobalId } from '../../src/stores/ids.ts';
import { newPerson } from '../support/people.ts';
import { ask, greet, openSocket, post } from '../support/wire.ts';

const url = inject('url');
const photo = toGlobalId('Photo', 7n);

/** The errors of a query over both transports, which must agree. */
async function refusals(query: string): Promise<string[]> {
  const person = await newPerson(url);
  const [{ status, data, errors }, socket] = await Promise.all([person.send(query), greet(url, person.token)]);
  const overSocket = await ask(socket, query);
  socket.socket.close();
  if (errors.length > 0) {
    expect(data).toBeNull();
    expect(status).toBe(200);
    expect(errors.every((error) => typeof error.extensions.code === 'string')).toBe(true);
    expect(overSocket.data ?? null).toBeNull();
  }
  const messages = errors.map((error) => error.message);
  expect(overSocket.errors?.map((error) => error.message) ?? []).toEqual(messages);
  return messages;
}

/** A chain of photos and comments under a photo: three levels a link, each list of size `first`. */
function chain(links: number, first = 1): string {
  return `${`comments(first: ${first}) { nodes { photo { `.repeat(links)} id ${'} } } '.repeat(links)}`;
}

const node = (selection: string) => `{ node(id: "${photo}") { ... on Photo { ${selection} } } }`;
const names = (count: number) => Array.from({ length: count }, (_, n) => `a${n}: __typename`).join(' ');

test('a query of more than 15 levels is rejected', async () => {
  expect(await refusals(node(chain(4)))).toEqual([]);
  const tooDeep = await refusals(node(chain(17)));
  expect(tooDeep).toEqual(['A query may be at most 15 levels deep.']);
});

test('fragments do not hide depth', async () => {
  const half = `fragment Half on Photo {
    comments(first: 1) { nodes { photo { comments(first: 1) { nodes { photo { id } } } } } }
  }`;
  const deep = `query { node(id: "${photo}") { ... on Photo { comments(first: 1) { nodes { photo {
    comments(first: 1) { nodes { photo { comments(first: 1) { nodes { photo { ...Half } } } } } } } } } } } } ${half}`;
  expect(await refusals(deep)).toEqual(['A query may be at most 15 levels deep.']);
});

test('introspection cannot be nested without limit', async () => {
  const types = `${'fields { type { '.repeat(20)} name ${'} } '.repeat(20)}`;
  expect(await refusals(`{ __schema { types { ${types} } } }`)).not.toEqual([]);
});

test('fragment cycles are rejected', async () => {
  const messages = await refusals(
    `{ node(id: "${photo}") { ...A } }
    fragment A on Photo { comments { nodes { photo { ...B } } } } fragment B on Photo { ...A }`,
  );
  expect(messages.join()).toMatch(/Cannot spread fragment "A" within itself/);
});

test('a query with more than 50 aliases is rejected', async () => {
  expect(await refusals(`{ ${names(50)} }`)).toEqual([]);
  expect(await refusals(`{ ${names(51)} }`)).toEqual(['A query may have at most 50 aliases.']);
  expect((await refusals(`{ ${names(990)} }`)).length).toBeGreaterThan(0);
  expect((await refusals(`{ ${names(1_000)} }`)).length).toBeGreaterThan(0);
});

test('a query with more than 3,000 tokens is rejected', async () => {
  const query = (ids: number) => `{ nodes(ids: [${'"x" '.repeat(ids)}]) { id } }`;
  expect((await refusals(query(3_000))).join()).toMatch(/3000 tokens/);
  // With fewer tokens it is parsed, and rejected by another limit.
  const { errors } = await (await newPerson(url)).send(query(2_900));
  expect(errors[0]?.message).toBe('"ids" may hold at most 100; it holds 2900.');
});

const TOO_MANY = /^The answer to this query could hold [\d,]+ values; 18,000 are allowed\./;

test('a query whose answer could hold more than 18,000 values is rejected', async () => {
  const lists = (outer: number, inner: number) =>
    `{ homeFeed(first: ${outer}) { nodes { comments(first: ${inner}) { nodes { id } } } } }`;
  expect(await refusals(lists(100, 45))).toEqual([]);
  expect(await refusals(node(chain(2, 55)))).toEqual([]);
  expect((await refusals(lists(100, 100))).join()).toMatch(TOO_MANY);
  expect((await refusals(node(chain(3, 50)))).join()).toMatch(TOO_MANY);
});

test('a page size in a variable counts as what it is, over HTTP and WebSocket', async () => {
  const person = await newPerson(url);
  const query = `query ($first: Int!) { node(id: "${photo}") { ... on Photo {
    comments(first: $first) { nodes { photo { comments(first: $first) { nodes { photo {
      comments(first: $first) { nodes { id } } } } } } } } } } }`;
  expect((await person.send(query, { first: 1 })).errors).toEqual([]);
  const refused = await person.send(query, { first: 50 });
  expect(refused.errors).toMatchObject([
    { message: expect.stringMatching(TOO_MANY), extensions: { code: 'BAD_USER_INPUT' } },
  ]);
  expect(refused.data).toBeNull();
  const ids = (count: number) => ({ ids: Array(count).fill(photo) });
  const nodes = `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Photo { ${chain(1, 100)} } } }`;
  const socket = await greet(url, person.token);
  expect(await ask(socket, nodes, ids(3))).toMatchObject({ data: { nodes: [{}, {}, {}] } });
  expect((await ask(socket, nodes, ids(100))).errors?.[0]?.message).toMatch(TOO_MANY);
  socket.socket.close();
});

test('fragments do not hide the size of nested lists', async () => {
  // Four levels of 100, 50, 50 and 50.
  const query = `{ homeFeed(first: 100) { nodes { ...A } } }
    fragment A on Photo { comments(first: 50) { nodes { photo { ...B } } } }
    fragment B on Photo { comments(first: 50) { nodes { photo { ...C } } } }
    fragment C on Photo { comments(first: 50) { nodes { id } } }`;
  expect((await refusals(query)).join()).toMatch(TOO_MANY);
});

test('fragments spread in small lists are allowed', async () => {
  const query = `{ homeFeed(first: 1) { nodes { ...A } } }
    fragment A on Photo { comments(first: 100) { nodes { photo { ...B } } } }
    fragment B on Photo { comments(first: 40) { nodes { id } } }`;
  expect(await refusals(query)).toEqual([]);
});

test('a list with a negative size does not offset lists that are too large', async () => {
  const query = `{ small: ${node('comments(first: -2000000) { nodes { id } }').slice(1, -1)}
    large: ${node(chain(3, 100)).slice(1, -1)} }`;
  expect((await refusals(query)).join()).toMatch(TOO_MANY);
});

test('lists below nodes(ids) count once for each id', async () => {
  const ids = JSON.stringify(Array(100).fill(photo));
  const query = `{ nodes(ids: ${ids}) { ... on Photo { ${chain(2, 100)} } } }`;
  expect((await refusals(query)).join()).toMatch(TOO_MANY);
});

test('a request body that is too large is rejected, and the server goes on', async () => {
  const query = `# ${'x'.repeat(300 * 1024)}\n{ __typename }`;
  const reply = await post(url, JSON.stringify({ query }));
  expect(reply.status).toBe(413);
  expect(reply.text).toMatch(/too large/i);
  expect(reply.text).not.toMatch(/node_modules|\.[jt]s:\d/);

  const socket = await greet(url);
  socket.say({ type: 'subscribe', id: '1', payload: { query } });
  expect(await socket.closed).toBe(1009);

  const fits = await post(
    url,
    JSON.stringify({ query: '{ __typename }', variables: { unused: 'x'.repeat(200 * 1024) } }),
  );
  expect(JSON.parse(fits.text)).toEqual({ data: { __typename: 'Query' } });
  const again = await openSocket(url);
  again.socket.close();
});
