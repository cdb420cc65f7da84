import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { toGlobalId } from '../../src/stores/ids.ts';
import type { Stores } from '../../src/stores/stores.ts';
import { mustSee, openBackstage } from '../support/backstage.ts';
import { newPerson, type Person } from '../support/people.ts';
import { insertPhoto, rowId } from '../support/rows.ts';
import { ask, greet, post } from '../support/wire.ts';

const url = inject('url');
let stores: Stores;
let person: Person;
let photoId: string;
beforeAll(async () => {
  stores = await openBackstage();
  person = await newPerson(url);
  photoId = toGlobalId('Photo', (await insertPhoto(stores, rowId(person.id), 'as it was')).photoId);
});
afterAll(() => stores.close());

/** What no answer may contain: stack traces, file names, SQL and messages of libraries. */
const INTERNALS = new RegExp(
  [
    String.raw`node_modules|\.[cm]?[jt]s:\d|\bat (async )?\w+ \(`,
    String.raw`prisma|postgres|stacktrace|\b(select|insert|update|delete) .*\b(from|into|set)\b`,
    'invalid byte sequence|ioredis|ECONN',
  ].join('|'),
  'i',
);

interface Answered {
  status: number;
  text: string;
  data: Record<string, unknown> | null;
  errors: { message: string; extensions: { code: string } }[];
}

/** Sends with the person's session, and checks that the answer leaks no internals. */
async function ask1(query: unknown, variables: unknown = {}, extra: object = {}): Promise<Answered> {
  const body = JSON.stringify({ query, variables, ...extra });
  const { status, text } = await post(url, body, { authorization: `Bearer ${person.token}` });
  expect(text).not.toMatch(INTERNALS);
  const { data = null, errors = [] } = JSON.parse(text) as Partial<Answered>;
  return { status, text, data, errors };
}

const UNKNOWN = {
  Photo: toGlobalId('Photo', 2n ** 63n - 1n),
  User: toGlobalId('User', 2n ** 63n - 1n),
  Comment: toGlobalId('Comment', 2n ** 63n - 1n, 2n ** 63n - 1n),
  Upload: toGlobalId('Upload', 2n ** 63n - 1n),
  Session: toGlobalId('Session', 2n ** 63n - 1n),
};

const LISTS = [
  ['homeFeed', (page: string) => `{ homeFeed(${page}) { nodes { id } pageInfo { endCursor } } }`],
  ['sessions', (page: string) => `{ me { sessions(${page}) { nodes { id } } } }`],
  ['photos with a hashtag', (page: string) => `{ hashtag(name: "x") { photos(${page}) { nodes { id } } } }`],
  ['followed hashtags', (page: string) => `{ me { followedHashtags(${page}) { nodes { name } } } }`],
  ['comments', (page: string) => `{ node(id: "${photoId}") { ... on Photo { comments(${page}) { nodes { id } } } } }`],
] as const;

test.for(LISTS)('%s rejects a bad page size and names the allowed range', async ([, list]) => {
  for (const first of [1_000, 101, 0, -1]) {
    const { errors } = await ask1(list(`first: ${first}`));
    expect(errors).toHaveLength(1);
    expect(errors[0]?.message).toBe(`"first" must be from 1 to 100; it is ${first}.`);
    expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
  }
  expect((await ask1(list('first: 100'))).errors).toEqual([]);
  expect((await ask1(list('first: 1'))).errors).toEqual([]);
});

test.for(LISTS)('%s rejects a bad cursor and says where cursors come from', async ([, list]) => {
  const large = Buffer.from(String(2n ** 63n)).toString('base64url');
  for (const after of ['', 'nonsense', photoId, 'MTI=', ' MTI', large, 'MTI'.repeat(1_000), 'LTE', '\\u0000']) {
    const { errors } = await ask1(list(`after: "${after}"`));
    expect(errors).toHaveLength(1);
    expect(errors[0]?.message).toMatch(/^"after" is not a cursor of this list: take it from/);
    expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
  }
});

test('a cursor of another kind of list is accepted', async () => {
  const { data } = await ask1('{ me { sessions { pageInfo { endCursor } } } }');
  const { endCursor } = (data as { me: { sessions: { pageInfo: { endCursor: string } } } }).me.sessions.pageInfo;
  expect((await ask1(`{ homeFeed(after: "${endCursor}") { nodes { id } } }`)).errors).toEqual([]);
});

test('an absent variable for the page size means the default', async () => {
  const query = 'query ($first: Int) { homeFeed(first: $first) { nodes { id } } }';
  expect((await ask1(query)).data).toEqual({ homeFeed: { nodes: [] } });
  const none = await ask1(query, { first: null });
  expect(none.data).toBeNull();
  expect(none.errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
});

const MALFORMED = [
  '',
  'nonsense',
  'UGhvdG86',
  Buffer.from('Photo:-1').toString('base64url'),
  Buffer.from('Photo:1:2').toString('base64url'),
  Buffer.from('Comment:1').toString('base64url'),
  Buffer.from('Nothing:1').toString('base64url'),
  Buffer.from('constructor:1').toString('base64url'),
  Buffer.from(`Photo:${2n ** 63n}`).toString('base64url'),
  'x'.repeat(10_000),
  '\u0000',
];

test('node and nodes reject a malformed id and say so', async () => {
  for (const id of MALFORMED) {
    const one = await ask1('query ($id: ID!) { node(id: $id) { id } }', { id });
    expect(one.errors).toHaveLength(1);
    expect(one.errors[0]?.message).toMatch(/is not an id\.$/);
    expect(one.errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
    // However long the id was.
    expect(one.errors[0]?.message.length).toBeLessThan(200);
    const many = await ask1('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: [person.id, id] });
    expect(many.errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
  }
});

test('node and nodes return null for ids that do not exist', async () => {
  for (const id of Object.values(UNKNOWN)) {
    const { data, errors } = await ask1('query ($id: ID!) { node(id: $id) { id } }', { id });
    expect([data, errors]).toEqual([{ node: null }, []]);
  }
  const ids = [UNKNOWN.Photo, person.id, UNKNOWN.Comment, photoId, person.id];
  const { data } = await ask1('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids });
  expect(data).toEqual({ nodes: [null, { id: person.id }, null, { id: photoId }, { id: person.id }] });
});

test('nodes accepts up to 100 ids', async () => {
  const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }';
  expect((await ask1(query, { ids: Array(100).fill(person.id) })).data?.nodes).toHaveLength(100);
  expect((await ask1(query, { ids: [] })).data).toEqual({ nodes: [] });
  const { errors, data } = await ask1(query, { ids: Array(101).fill(person.id) });
  expect(data).toBeNull();
  expect(errors[0]?.message).toBe('"ids" may hold at most 100; it holds 101.');
  expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
});

/** Every mutation that takes an id: its input with a given id. */
const MUTATIONS = [
  ['follow', 'User', (id: string) => ({ userId: id }), 'userId'],
  ['unfollow', 'User', (id: string) => ({ userId: id }), 'userId'],
  ['publishPhoto', 'Upload', (id: string) => ({ uploadId: id }), 'uploadId'],
  ['updatePhoto', 'Photo', (id: string) => ({ photoId: id, caption: 'as it is not' }), 'photoId'],
  ['deletePhoto', 'Photo', (id: string) => ({ photoId: id }), 'photoId'],
  ['likePhoto', 'Photo', (id: string) => ({ photoId: id }), 'photoId'],
  ['unlikePhoto', 'Photo', (id: string) => ({ photoId: id }), 'photoId'],
  ['addComment', 'Photo', (id: string) => ({ photoId: id, text: 'Hello' }), 'photoId'],
  ['deleteComment', 'Comment', (id: string) => ({ commentId: id }), 'commentId'],
  ['revokeSession', 'Session', (id: string) => ({ sessionId: id }), 'sessionId'],
] as const;

const mutation = (name: string) => `mutation ($input: ${name[0]?.toUpperCase()}${name.slice(1)}Input!) {
  ${name}(input: $input) { userErrors { code field } }
}`;

test.for(MUTATIONS)(
  '%s rejects a malformed id of a %s, and reports one that does not exist',
  async ([name, type, input, field]) => {
    const others = Object.entries(UNKNOWN).filter(([other]) => other !== type);
    for (const id of [...MALFORMED, ...others.map(([, other]) => other)]) {
      const { data, errors } = await ask1(mutation(name), { input: input(id) });
      expect(data).toBeNull();
      expect(errors).toHaveLength(1);
      expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
      expect(errors[0]?.message).toMatch(new RegExp(`is not the id of an? ${type}\\.$`));
    }
    const { data, errors } = await ask1(mutation(name), { input: input(UNKNOWN[type]) });
    expect(errors).toEqual([]);
    expect(data).toEqual({ [name]: { userErrors: [{ code: 'NOT_FOUND', field: [field] }] } });
  },
);

test('text with NUL is a user error, and nothing is written', async () => {
  const text = 'a\u0000b';
  const sent = [
    ['updatePhoto', { photoId, caption: text }, 'caption'],
    ['addComment', { photoId, text }, 'text'],
    ['updateProfile', { bio: text }, 'bio'],
    ['updateProfile', { displayName: text }, 'displayName'],
    ['addComment', { photoId, text: 'Hello', idempotencyKey: text }, 'idempotencyKey'],
    ['publishPhoto', { uploadId: UNKNOWN.Upload, caption: text }, 'caption'],
  ] as const;
  for (const [name, input, field] of sent) {
    const { data } = await ask1(mutation(name), { input });
    expect(data).toEqual({ [name]: { userErrors: [{ code: 'INVALID', field: [field] }] } });
  }
  expect(await mustSee(person, photoId)).toMatchObject({ caption: 'as it was', commentCount: 0 });
});

test('a username with characters that cannot be stored matches nobody', async () => {
  for (const username of ['a\u0000b', 'a\ud800b', '', ' ', 'x'.repeat(100_000)]) {
    const { data, errors } = await ask1('query ($username: String!) { user(username: $username) { id } }', {
      username,
    });
    expect([data, errors]).toEqual([{ user: null }, []]);
  }
});

test('arbitrary text and numbers never cause an INTERNAL error', async () => {
  const awkward = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom('\u0000', '\ud800', 'a\u0000', '"', '\\', "'; drop table users; --", '%', '👩‍👩‍👧', '__proto__'),
    fc.constantFrom(...Object.values(UNKNOWN)),
    fc.bigInt({ min: 0n, max: 2n ** 64n }).map((n) => Buffer.from(`Photo:${n}`).toString('base64url')),
    fc.bigInt({ min: 0n, max: 2n ** 64n }).map((n) => Buffer.from(`${n}`).toString('base64url')),
  );
  const number = fc.oneof(fc.integer(), fc.constantFrom(2 ** 31 - 1, -(2 ** 31), 2 ** 31, 0.5, 1e300));
  const stranger = await newPerson(url);
  const send = async (query: string, variables: object) => {
    const body = JSON.stringify({ query, variables });
    const { text } = await post(url, body, { authorization: `Bearer ${stranger.token}` });
    expect(text).not.toMatch(/"INTERNAL"|"INTERNAL_SERVER_ERROR"/);
    expect(JSON.parse(text)).toSatisfy((answer: object) => 'data' in answer || 'errors' in answer);
  };
  await fc.assert(
    fc.asyncProperty(awkward, awkward, number, async (text, other, size) => {
      await Promise.all([
        send('query ($id: ID!) { node(id: $id) { id } }', { id: text }),
        send('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: [text, other] }),
        send('query ($username: String!) { user(username: $username) { id } }', { username: text }),
        send('query ($after: String, $first: Int!) { homeFeed(after: $after, first: $first) { nodes { id } } }', {
          after: text,
          first: size,
        }),
        send('query ($name: String!) { hashtag(name: $name) { photoCount viewerFollows related { name } } }', {
          name: text,
        }),
        send('query ($text: String!, $first: Int!) { searchHashtags(text: $text, first: $first) { name } }', {
          text: `#${text}`,
          first: size,
        }),
        send(mutation('followHashtag'), { input: { name: text } }),
        send(mutation('addComment'), { input: { photoId, text, idempotencyKey: other } }),
        send(mutation('updateProfile'), { input: { displayName: text, bio: other } }),
        send(mutation('createUpload'), {
          input: { contentType: text, byteSize: size, sha256: other, idempotencyKey: text },
        }),
        send(mutation('createUpload'), {
          input: { contentType: 'image/png', byteSize: size, sha256: 'a'.repeat(64), idempotencyKey: text },
        }),
        send(mutation('publishPhoto'), { input: { uploadId: UNKNOWN.Upload, caption: text, idempotencyKey: other } }),
        send(mutation('updatePhoto'), { input: { photoId: other, caption: text } }),
        send(mutation('deleteComment'), { input: { commentId: text } }),
      ]);
    }),
    { numRuns: 40 },
  );
});

test.for([
  ['a syntax error', '{ me { ', {}, 'GRAPHQL_PARSE_FAILED', /Syntax Error/],
  ['no operation', 'fragment A on User { id }', {}, null, /./],
  ['an unknown field', '{ me { nonsense } }', {}, 'GRAPHQL_VALIDATION_FAILED', /Cannot query field "nonsense"/],
  ['an unknown argument', '{ homeFeed(last: 1) { nodes { id } } }', {}, 'GRAPHQL_VALIDATION_FAILED', /"last"/],
  ['a field without its selection', '{ me }', {}, 'GRAPHQL_VALIDATION_FAILED', /"me"/],
  ['a literal of another type', '{ homeFeed(first: "3") { nodes { id } } }', {}, 'GRAPHQL_VALIDATION_FAILED', /Int/],
  [
    'a variable of another type',
    'query ($first: Int!) { homeFeed(first: $first) { nodes { id } } }',
    { first: 'three' },
    'BAD_USER_INPUT',
    /\$first/,
  ],
  [
    'a variable that is too large',
    'query ($first: Int!) { homeFeed(first: $first) { nodes { id } } }',
    { first: 2 ** 31 },
    'BAD_USER_INPUT',
    /\$first/,
  ],
  [
    'a variable that is missing',
    'query ($first: Int!) { homeFeed(first: $first) { nodes { id } } }',
    {},
    'BAD_USER_INPUT',
    /\$first/,
  ],
  [
    'an input field that does not exist',
    'mutation ($input: LikePhotoInput!) { likePhoto(input: $input) { userErrors { code } } }',
    { input: { photoId: 'x', nonsense: 1 } },
    'BAD_USER_INPUT',
    /nonsense/,
  ],
  [
    'an input field that is missing',
    'mutation ($input: LikePhotoInput!) { likePhoto(input: $input) { userErrors { code } } }',
    { input: {} },
    'BAD_USER_INPUT',
    /photoId/,
  ],
  [
    'an enum value that does not exist',
    'query ($id: ID!, $size: ImageSize!) { node(id: $id) { ... on Photo { image(size: $size) { url } } } }',
    { id: UNKNOWN.Photo, size: 'HUGE' },
    'BAD_USER_INPUT',
    /HUGE|size/,
  ],
] as const)('%s is reported, over HTTP and over WebSocket', async ([, query, variables, code, message]) => {
  const { status, data, errors } = await ask1(query, variables);
  // The tests' client accepts anything: it gets application/json.
  expect(status).toBe(200);
  const sent = JSON.stringify({ query, variables });
  const typed = await post(url, sent, { accept: 'application/graphql-response+json' });
  expect([typed.status, Object.keys(JSON.parse(typed.text))]).toEqual([400, ['errors']]);
  expect(data).toBeNull();
  expect(errors[0]?.message).toMatch(message);
  if (code !== null) expect(errors[0]?.extensions.code).toBe(code);

  const socket = await greet(url, person.token);
  const answer = await ask(socket, query, variables);
  socket.socket.close();
  expect(answer.data ?? null).toBeNull();
  expect(answer.errors?.[0]?.message).toMatch(message);
  if (code !== null) expect(answer.errors?.[0]?.extensions.code).toBe(code);
  expect(JSON.stringify(answer)).not.toMatch(INTERNALS);
});

test('an operationName that the document lacks is rejected', async () => {
  const query = 'query A { __typename } query B { __typename }';
  for (const extra of [{}, { operationName: 'C' }]) {
    const { status, errors } = await ask1(query, {}, extra);
    expect(status).toBe(200);
    expect(errors).toHaveLength(1);
  }
  expect((await ask1(query, {}, { operationName: 'B' })).data).toEqual({ __typename: 'Query' });
});

test.for([
  ['no JSON', '{"query":'],
  ['a list of operations', '[{"query":"{ __typename }"},{"query":"{ __typename }"}]'],
  ['no object', '"{ __typename }"'],
  ['a query that is no text', '{"query":{}}'],
  ['no query', '{}'],
  ['variables that are none', '{"query":"{ __typename }","variables":"x"}'],
  ['nothing', ''],
] as const)('a body that is %s is refused', async ([, body]) => {
  const { status, text } = await post(url, body);
  expect(status).toBe(400);
  expect(text.length).toBeGreaterThan(10);
  expect(text).not.toMatch(INTERNALS);
  expect(text).not.toContain('"data":{');
});

test('a subscription over HTTP is rejected with the right address', async () => {
  const { data, errors } = await ask1(`subscription { photo(id: "${photoId}") { photo { id } } }`);
  expect(data).toBeNull();
  expect(errors[0]?.extensions.code).not.toBe('INTERNAL');
  expect(errors[0]?.message).toMatch(/subscription/i);
});

test('a mutation sent with GET is rejected', async () => {
  const before = await newPerson(url);
  const query = 'mutation { updateProfile(input: { bio: "by GET" }) { userErrors { code } } }';
  const response = await fetch(`${url}?query=${encodeURIComponent(query)}`, {
    headers: { authorization: `Bearer ${before.token}`, 'apollo-require-preflight': 'true' },
  });
  expect(response.status).toBe(405);
  const { data } = await before.send('{ me { user { bio } } }');
  expect(data).toEqual({ me: { user: { bio: '' } } });
});
