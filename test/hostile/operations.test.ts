/** Operations that were answered wrongly, or that cost far more than their size. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { toGlobalId } from '../../src/stores/ids.ts';
import type { Stores } from '../../src/stores/stores.ts';
import { openBackstage } from '../support/backstage.ts';
import { startProcess } from '../support/darkroom.ts';
import { newPeople, newPerson, type Person, unique } from '../support/people.ts';
import { insertPhoto, insertPhotoAt, rowId } from '../support/rows.ts';
import { until } from '../support/until.ts';
import { ask, greet, post } from '../support/wire.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores?.close());

/** Often enough for the server to compile the operation. */
const OFTEN = 12;

async function photoOf(person: Person, caption = ''): Promise<string> {
  return toGlobalId('Photo', (await insertPhoto(stores, rowId(person.id), caption)).photoId);
}

async function answered<T>(person: Person, query: string, variables: object = {}): Promise<T> {
  const { data, errors } = await person.send<T>(query, variables);
  expect(errors).toEqual([]);
  return data as T;
}

test('a variable that is left out inside an input changes nothing', async () => {
  const person = await newPerson(url);
  const { photoId } = await insertPhotoAt(stores, rowId(person.id), { latitude: 52.5, longitude: 13.4 });
  const id = toGlobalId('Photo', photoId);
  const query = `mutation ($l: LocationInput) {
    updatePhoto(input: { photoId: "${id}", caption: "new", location: $l }) {
      photo { caption location { latitude } } userErrors { code }
    }
  }`;
  for (let time = 0; time < OFTEN; time++) {
    expect(await answered(person, query)).toMatchObject({
      updatePhoto: { photo: { caption: 'new', location: { latitude: 52.5 } } },
    });
  }
});

test('a fragment in two places has its fields in each, whatever the conditions', async () => {
  const person = await newPerson(url);
  const id = await photoOf(person);
  const query = `query ($id: ID!, $a: Boolean!, $b: Boolean!) {
    node(id: $id) { ... on Photo { owner { ...Name @include(if: $a) } } }
    me { user { ...Name @include(if: $b) } }
  }
  fragment Name on User { username }`;
  const name = { username: person.username };
  for (let time = 0; time < OFTEN; time++) {
    for (const [a, b] of [
      [true, false],
      [false, true],
      [true, true],
    ]) {
      expect(await answered(person, query, { id, a, b })).toEqual({
        node: { owner: a ? name : {} },
        me: { user: b ? name : {} },
      });
    }
  }
});

test.for([
  ['a non-null variable with a default', '$value: Int! = 1'],
  ['a variable that is named like a member of every object', '$constructor: Int'],
] as const)('%s may be left out, however often', async ([, definition]) => {
  const person = await newPerson(url);
  await photoOf(person);
  const name = definition.slice(0, definition.indexOf(':'));
  const query = `query (${definition}) { me { user { photos(first: ${name}) { nodes { caption } } } } }`;
  for (let time = 0; time < OFTEN; time++) {
    expect(await answered(person, query)).toEqual({ me: { user: { photos: { nodes: [{ caption: '' }] } } } });
  }
});

test('an "operationName" that names no operation runs nothing, over any transport', async () => {
  const [person, other] = (await newPeople(url, 2)) as [Person, Person];
  const follow = `mutation Follow { follow(input: { userId: "${other.id}" }) { user { viewerFollows } } }`;
  const authorization = `Bearer ${person.token}`;
  const expectRefused = (errors: unknown) =>
    expect(errors).toMatchObject([
      { message: expect.stringContaining('"Nothing"'), extensions: { code: 'BAD_USER_INPUT' } },
    ]);
  for (const [accept, expected] of [
    ['application/json', 200],
    ['application/graphql-response+json', 400],
  ] as const) {
    const body = JSON.stringify({ query: follow, operationName: 'Nothing' });
    const { status, text } = await post(url, body, { authorization, accept });
    expect(status).toBe(expected);
    expectRefused(JSON.parse(text).errors);
  }
  const parameters = new URLSearchParams({ query: '{ me { email } }', operationName: 'Nothing' });
  const response = await fetch(`${url}?${parameters}`, {
    headers: { authorization, 'apollo-require-preflight': 'true' },
  });
  expect(response.status).toBe(200);
  expectRefused(((await response.json()) as { errors: unknown }).errors);
  const socket = await greet(url, person.token);
  socket.say({ type: 'subscribe', id: '1', payload: { query: follow, operationName: 'Nothing' } });
  const { type, payload } = await socket.hear();
  expect(type).toBe('error');
  expectRefused(payload);
  socket.socket.close();
  const stream = await fetch(`${url}/stream`, {
    method: 'POST',
    headers: { authorization, accept: 'text/event-stream', 'content-type': 'application/json' },
    body: JSON.stringify({ query: follow, operationName: 'Nothing' }),
  });
  expect(await stream.text()).toContain('names no operation');
  const query = 'query ($name: String!) { user(username: $name) { viewerFollows } }';
  expect(await answered(person, query, { name: other.username })).toEqual({ user: { viewerFollows: false } });
});

test.for(['nonsense', '2026-02-31T00:00:00Z', '2026-13-01T00:00:00Z', '2026-05-01', '', 7, true])(
  'the DateTime %s is refused',
  async (from) => {
    const person = await newPerson(url);
    const query = `query ($from: DateTime) {
      photosNear(latitude: 0, longitude: 0, radiusMeters: 10, publishedFrom: $from) { nodes { id } }
    }`;
    const inText = query.replace('($from: DateTime)', '').replace('$from', JSON.stringify(from));
    for (const { errors, data } of [await person.send(query, { from }), await person.send(inText)]) {
      expect(data).toBeNull();
      expect(errors.map(({ extensions }) => extensions.code)).toEqual([
        expect.stringMatching(/^(BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED)$/),
      ]);
    }
  },
);

test('null for an argument that has a default is refused as the client’s error', async () => {
  const person = await newPerson(url);
  const query = 'query ($size: PhotoSize = SMALL, $id: ID!) { node(id: $id) { ... on Photo { url(size: $size) } } }';
  const variables = { size: null, id: await photoOf(person) };
  for (let time = 0; time < OFTEN; time++) {
    const { errors } = await person.send(query, variables);
    for (const { extensions } of errors)
      expect(['BAD_USER_INPUT', 'GRAPHQL_VALIDATION_FAILED']).toContain(extensions.code);
  }
});

/** Pairs of mutations that undo each other, and what their payloads select. */
const PAIRS = [
  ['follow', 'unfollow', 'userId', 'user { viewerFollows }', 'user'],
  ['mute', 'unmute', 'userId', 'user { isMutedByViewer }', 'user'],
  ['block', 'unblock', 'userId', 'user { isBlockedByViewer }', 'user'],
  ['likePhoto', 'unlikePhoto', 'photoId', 'photo { viewerHasLiked likers { nodes { id } } }', 'photo'],
] as const;

test.for(PAIRS)(
  '%s and %s in one operation each answer what they have changed',
  async ([on, off, field, selection, key]) => {
    const [person, other] = (await newPeople(url, 2)) as [Person, Person];
    const id = field === 'userId' ? other.id : await photoOf(other);
    const query = `mutation {
    a: ${on}(input: { ${field}: "${id}" }) { ${selection} }
    b: ${off}(input: { ${field}: "${id}" }) { ${selection} }
    c: ${on}(input: { ${field}: "${id}" }) { ${selection} }
  }`;
    for (let time = 0; time < OFTEN; time++) {
      const data = await answered<Record<string, Record<string, Record<string, unknown>>>>(person, query);
      const seen = ['a', 'b', 'c'].map((alias) => Object.values(data[alias]?.[key] ?? {})[0]);
      expect(seen).toEqual([true, false, true]);
      if (key === 'photo') {
        const likers = ['a', 'b', 'c'].map((alias) => data[alias]?.photo?.likers);
        const own = { nodes: [{ id: person.id }] };
        expect(likers).toEqual([own, { nodes: [] }, own]);
      }
    }
  },
);

test('a second change in one operation answers the second value, and a new comment is in the list', async () => {
  const person = await newPerson(url);
  const photoId = await photoOf(person, 'before');
  const update = (caption: string) =>
    `updatePhoto(input: { photoId: "${photoId}", caption: "${caption}" }) { photo { caption } }`;
  const comment = (text: string) => `addComment(input: { photoId: "${photoId}", text: "${text}" }) {
    comment { photo { comments { nodes { text } } } } }`;
  const data = await answered<Record<string, object>>(
    person,
    `mutation { a: ${update('one')} b: ${update('two')} c: ${comment('first')} d: ${comment('second')} }`,
  );
  expect([data.a, data.b]).toEqual([{ photo: { caption: 'one' } }, { photo: { caption: 'two' } }]);
  const texts = (nodes: string[]) => ({ comment: { photo: { comments: { nodes: nodes.map((text) => ({ text })) } } } });
  expect(data.c).toEqual(texts(['first']));
  expect(JSON.stringify(data.d)).toContain('"first"');
  expect(JSON.stringify(data.d)).toContain('"second"');
});

function times(count: number, write: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => write(index)).join(' ');
}

/** Fragments of which each spreads the next one twice. */
function bomb(levels: number, typeName = 'Query'): string {
  const fragments = Array.from(
    { length: levels },
    (_, level) => `fragment F${level} on ${typeName} { ...F${level + 1} ...F${level + 1} }`,
  );
  return `{ ...F0 } ${fragments.join(' ')} fragment F${levels} on ${typeName} { __typename }`;
}

test.for([
  ['fragments that double 25 times', bomb(25), 'this document has more than a million fields; 2,000 are allowed.'],
  [
    'fragments that double in different fields',
    `{ me { ...F0 } } ${Array.from(
      { length: 25 },
      (_, n) => `fragment F${n} on Viewer { a: user { id } ...F${n + 1}
      b: user { id } ...F${n + 1} }`,
    ).join(' ')} fragment F25 on Viewer { email }`,
    'this document has more than a million fields',
  ],
  [
    'a fragment whose name another one has',
    `{ ...A } fragment A on Query { ${'me { email } '.repeat(700)} } fragment A on Query { me { email } }`,
    'There can be only one fragment named "A".',
  ],
  ['a fragment that nothing uses', `{ me { email } } fragment A on User { ${'id '.repeat(500)} }`, 'is never used.'],
  ['a field that is repeated 740 times', `{ ${'me { email } '.repeat(740)} }`, 'more than 50 times in one place'],
  [
    'a field that is repeated within repeated ones',
    `{ ${`me { ${'email '.repeat(20)} } `.repeat(40)} }`,
    'The field "email" is more than 50 times in one place.',
  ],
  ['a fragment that spreads itself', '{ ...A } fragment A on Query { me { user { id } } ...A }', 'within itself'],
  [
    'a fragment that spreads itself further down',
    '{ me { user { ...A } } } fragment A on User { photos { nodes { owner { ...A } a: owner { ...A } } } }',
    'within itself',
  ],
  [
    'files that are read again and again',
    `query ($ids: [ID!]!) { ${times(49, (n) => `a${n}: nodes(ids: $ids) { ...Suggested }`)} }
      fragment Suggested on Upload { suggestedLocation { latitude } }`,
    '100 is allowed',
  ],
  [
    'an alias that is very long',
    `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on User { ${'a'.repeat(101)}: id } } }`,
    'An alias may have at most 100 characters.',
  ],
  [
    'a subscription with many fields',
    `subscription { photosNear(latitude: 1, longitude: 1, radiusMeters: 100) {
      ${times(50, () => 'cursor isGap photo { id caption }')} } }`,
    'a subscription may have at most 200 fields',
  ],
  ...['@skip(if: true)', '@include(if: false)', '@skip(if: false)'].flatMap((condition) =>
    [
      `subscription { photosNear(latitude: 1, longitude: 1, radiusMeters: 100) ${condition} { cursor } }`,
      `subscription { ...A ${condition} }
        fragment A on Subscription { photosNear(latitude: 1, longitude: 1, radiusMeters: 100) { cursor } }`,
      `subscription { ...A } fragment A on Subscription {
        ... ${condition} { photosNear(latitude: 1, longitude: 1, radiusMeters: 100) { cursor } } }`,
    ].map((query) => ['a subscription that may have no field', query, 'The field of a subscription must not'] as const),
  ),
  [
    'many searches',
    `{ ${times(20, (n) => `a${n}: searchPeople(text: "${n}") { id }`)} }`,
    'This operation costs 200; 100 is allowed.',
  ],
] as const)('%s: refused over HTTP and WebSocket', async ([, query, message]) => {
  const person = await newPerson(url);
  const { status, data, errors } = await person.send(query, { ids: [] });
  expect([status, data]).toEqual([200, null]);
  expect(errors[0]?.message).toContain(message);
  expect(errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
  const socket = await greet(url, person.token);
  const overSocket = await ask(socket, query);
  socket.socket.close();
  expect(overSocket.errors?.[0]?.message).toContain(message);
});

test('a document that is long although it has few tokens is refused before it is parsed', async () => {
  const person = await newPerson(url);
  const query = `{ me { email } } ${'#\n'.repeat(40_000)}`;
  const { data, errors } = await person.send(query);
  expect(data).toBeNull();
  expect(errors).toMatchObject([
    { message: 'A document may have at most 65,536 characters.', extensions: { code: 'GRAPHQL_PARSE_FAILED' } },
  ]);
});

test('an answer whose texts are too long is refused, whichever way it is executed', async () => {
  const person = await newPerson(url);
  const photo = await photoOf(person, 'x'.repeat(2_200));
  const query = `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Photo { ${times(49, (n) => `c${n}: caption`)} } } }`;
  const ids = (count: number) => ({ ids: Array(count).fill(photo) });
  const refusal = [
    { message: expect.stringMatching(/^The texts of this answer have/), extensions: { code: 'BAD_USER_INPUT' } },
  ];
  for (let time = 0; time < OFTEN; time++) {
    expect(await answered<{ nodes: unknown[] }>(person, query, ids(5))).toMatchObject({ nodes: Array(5).fill({}) });
    const { data, errors } = await person.send(query, ids(100));
    expect(data).toBeNull();
    expect(errors).toMatchObject(refusal);
  }
  const socket = await greet(url, person.token);
  expect((await ask(socket, query, ids(100))).errors).toMatchObject(refusal);
  socket.socket.close();
});

test('an answer has at most 1,000 errors, and none repeats a long value', async () => {
  const person = await newPerson(url);
  const query = `query ($ids: [ID!]!) { ${times(
    20,
    (n) => `a${n}: nodes(ids: $ids) {
    ... on User { followers(first: 1, after: "zzz") { nodes { id } } } }`,
  )} }`;
  expect((await person.send(query, { ids: Array(100).fill(person.id) })).errors).toHaveLength(1_000);
  const [error] = (
    await person.send('query ($first: Int) { homeFeed(first: $first) { nodes { id } } }', {
      first: 'x'.repeat(100_000),
    })
  ).errors;
  expect(error?.message).toMatch(/^Variable "\$first" got invalid value "x+…$/);
  expect(error?.message).toHaveLength(2_001);
});

test('a client that sends ever new operations is told when it may go on, and others are served', async () => {
  const api = await startProcess(['api'], inject('env'));
  const person = await newPerson(api.url);
  const from = (address: string) => ({ 'x-forwarded-for': address });
  const refused = await until(async () => {
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => {
        // Much to validate, and nothing to run: the operation that is meant is not named.
        const fields = times(45, () => 'me { user { id username bio displayName } }');
        const query = `query A${unique()} { ${fields} } query B { ${fields} }`;
        return post(api.url, JSON.stringify({ query }), from('192.0.2.1'));
      }),
    );
    return replies.find(({ status }) => status !== 200);
  }, 50);
  expect([refused.status, JSON.parse(refused.text)]).toMatchObject([
    429,
    { errors: [{ extensions: { code: 'RATE_LIMITED', retryAfter: expect.any(Number) } }] },
  ]);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  const other = { ...from('192.0.2.2'), authorization: `Bearer ${person.token}` };
  const { status, text } = await post(api.url, JSON.stringify({ query: '{ me { user { id } } }' }), other);
  expect([status, JSON.parse(text)]).toEqual([200, { data: { me: { user: { id: person.id } } } }]);
  await api.end('SIGTERM');
});
