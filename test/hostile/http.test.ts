/** Requests that are no GraphQL operations: each is answered with a GraphQL error that has a code. */
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, inject, test } from 'vitest';
import { send } from '../support/client.ts';
import { newPerson } from '../support/people.ts';
import { logIn, newAddress } from '../support/sessions.ts';
import { until } from '../support/until.ts';
import { openTcp } from '../support/wire.ts';

const url = inject('url');
const JSON_TYPE = { 'content-type': 'application/json' };
const QUERY = '{"query":"{ __typename }"}';

/** Sends a request. @returns its status, its code and its headers; the body must be a GraphQL error */
async function refused(path: string, init: RequestInit): Promise<{ status: number; code: string; headers: Headers }> {
  // The server answers and closes while an oversized body is still being sent, so a client may miss the answer.
  const response = await until(() => fetch(new URL(path, url), init).catch(() => null));
  expect(response.headers.get('content-type')).toMatch(/^application\/(graphql-response\+)?json/);
  const body = (await response.json()) as { errors: { message: string; extensions: { code: string } }[] };
  expect(Object.keys(body)).toEqual(['errors']);
  expect(body.errors).toHaveLength(1);
  expect(body.errors[0]?.message.length).toBeGreaterThan(10);
  expect(JSON.stringify(body)).not.toMatch(/node_modules|FST_ERR|stack/);
  return { status: response.status, code: body.errors[0]?.extensions.code ?? '', headers: response.headers };
}

const post = (body: string, headers: Record<string, string> = JSON_TYPE): RequestInit => ({
  method: 'POST',
  headers,
  body,
});

test.for([
  ['malformed JSON', '/graphql', post('{'), 400, 'BAD_USER_INPUT'],
  ['no body', '/graphql', post(''), 400, 'BAD_USER_INPUT'],
  ['a body without a query', '/graphql', post('{}'), 400, 'BAD_USER_INPUT'],
  ['a query that is no text', '/graphql', post('{"query":[]}'), 400, 'BAD_USER_INPUT'],
  ['a key that reaches for the prototype', '/graphql', post('{"__proto__":{}}'), 400, 'BAD_USER_INPUT'],
  ['another type than JSON', '/graphql', post(QUERY, { 'content-type': 'text/csv' }), 415, 'BAD_USER_INPUT'],
  ['another answer than JSON', '/graphql', post(QUERY, { ...JSON_TYPE, accept: 'image/png' }), 406, 'BAD_USER_INPUT'],
  ['a body that is too large', '/graphql', post(`"${'x'.repeat(300_000)}"`), 413, 'BAD_USER_INPUT'],
  ['another method', '/graphql', { ...post(QUERY), method: 'PUT' }, 405, 'BAD_USER_INPUT'],
  ['another method at the stream', '/graphql/stream', { method: 'DELETE' }, 405, 'BAD_USER_INPUT'],
  [
    'malformed JSON at the stream',
    '/graphql/stream',
    post('{', { ...JSON_TYPE, accept: 'text/event-stream' }),
    400,
    'BAD_USER_INPUT',
  ],
  ['another path', '/nothing', {}, 404, 'NOT_FOUND'],
  ['another path, with a body', '/nothing', post('{}'), 404, 'NOT_FOUND'],
  ['a path that cannot be decoded', '/%zz', {}, 400, 'BAD_USER_INPUT'],
] as const)('a request with %s is refused with a GraphQL error', async ([, path, init, status, code]) => {
  const answer = await refused(path, init);
  expect([answer.status, answer.code]).toEqual([status, code]);
  if (status === 405) expect(answer.headers.get('allow')).toBe('GET, POST');
});

/** Sends text over a bare connection. @returns the status and the GraphQL error of the answer */
async function refusedBare(head: string): Promise<{ status: number; code: string }> {
  const socket = await openTcp(url);
  socket.end(`${head}\r\nConnection: close\r\n\r\n`);
  const answer = await text(socket);
  const [, status] = /^HTTP\/1\.1 (\d+)/.exec(answer) ?? [];
  const { errors } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
  return { status: Number(status), code: errors[0].extensions.code };
}

test.for([
  ['no host', 'GET /graphql?query={__typename} HTTP/1.1', 400],
  ['an expectation that nobody knows', 'POST /graphql HTTP/1.1\r\nHost: x\r\nExpect: nonsense', 417],
] as const)('a request with %s is refused with a GraphQL error', async ([, head, status]) => {
  expect(await refusedBare(head)).toEqual({ status, code: 'BAD_USER_INPUT' });
});

test('an upgrade to WebSocket that lacks its key is refused with a GraphQL error', async () => {
  const socket = await openTcp(url);
  socket.write('GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))).toMatchObject({
    errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
  });
});

test('an offer to upgrade to anything but WebSocket is ignored', async () => {
  const socket = await openTcp(url);
  const head = 'POST /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c';
  socket.write(`${head}\r\nContent-Type: application/json\r\nContent-Length: ${QUERY.length}\r\n\r\n${QUERY}`);
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(answer).toContain('{"data":{"__typename":"Query"}}');
});

test('pages of other origins can read when to come again', async () => {
  const response = await fetch(url, { ...post(QUERY), headers: { ...JSON_TYPE, origin: 'http://localhost:3000' } });
  expect(response.headers.get('access-control-expose-headers')).toBe('Retry-After');
});

test.for([
  ['a hash that does not match its query', { version: 1, sha256Hash: 'a'.repeat(64) }],
  ['a hash that is no text', { version: 1, sha256Hash: { $ne: '' } }],
  ['another version', { version: 2, sha256Hash: 'a'.repeat(64) }],
  ['no version', 'nonsense'],
] as const)('a persisted query with %s is refused as bad input', async ([, persistedQuery]) => {
  const body = JSON.stringify({ query: '{ __typename }', extensions: { persistedQuery } });
  const { status, code } = await refused('/graphql', post(body));
  expect([status, code]).toEqual([400, 'BAD_USER_INPUT']);
});

test('a persisted query that the server does not know is reported as clients expect it', async () => {
  const persistedQuery = { version: 1, sha256Hash: 'b'.repeat(64) };
  const { code } = await refused('/graphql', post(JSON.stringify({ extensions: { persistedQuery } })));
  expect(code).toBe('PERSISTED_QUERY_NOT_FOUND');
});

test.for([
  [
    'a host that is none',
    `POST /graphql HTTP/1.1\r\nHost: [\r\nContent-Type: application/json\r\nContent-Length: 26\r\n\r\n${QUERY}`,
    400,
  ],
  ['no HTTP', 'nonsense\r\n\r\n', 400],
  ['headers that are too large', `GET /graphql HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
] as const)('a client that sends %s is answered', async ([, request, status]) => {
  const socket = await openTcp(url);
  socket.write(request.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
  const answer = await text(socket);
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({
    errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
  });
  socket.destroy();
});

test('who is limited reads in a header when to come back', async () => {
  const person = await newPerson(url);
  const address = newAddress();
  await until(async () => {
    const { errors } = await logIn(person.username, 'a wrong password', { address });
    return errors[0]?.extensions.code === 'RATE_LIMITED';
  });
  const query = 'mutation ($input: LogInInput!) { logIn(input: $input) { token } }';
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...JSON_TYPE, 'x-forwarded-for': address },
    body: JSON.stringify({ query, variables: { input: { login: person.username, password: 'wrong again' } } }),
  });
  const { errors } = (await response.json()) as Awaited<ReturnType<typeof send>>;
  const [error] = errors;
  expect(error?.extensions).toEqual({ code: 'RATE_LIMITED', retryAfter: expect.any(Number) });
  expect(response.headers.get('retry-after')).toBe(String(error?.extensions.retryAfter));
});

test('a client that is gone before it is answered does no harm', async () => {
  for (let n = 0; n < 20; n++) {
    const socket = await openTcp(url);
    socket.write('nonsense\r\n\r\n', () => socket.resetAndDestroy());
    await once(socket, 'close');
  }
  expect((await send(url, '{ __typename }')).data).toEqual({ __typename: 'Query' });
});

/** One request with a body in pieces of a byte, as many as there are. */
const inPieces = (head: string, pieces: number) =>
  `${head} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n` +
  '1\r\n \r\n'.repeat(pieces);

const WITH_BODY = 'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}';

test('ten requests at once over one connection are answered in their order', async () => {
  const socket = await openTcp(url);
  const ask = (index: number) => {
    const body = JSON.stringify({ query: `{ a${index}: __typename }` });
    return `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n${
      index === 9 ? 'Connection: close\r\n' : ''
    }\r\n${body}`;
  };
  socket.write(Array.from({ length: 10 }, (_, index) => ask(index)).join(''));
  const answers = (await text(socket)).matchAll(/{"data":{"a(\d)":"Query"}}/g);
  expect(Array.from(answers, ([, index]) => Number(index))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test.for([
  ['requests at once', 'GET /graphql HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1_000)],
  ['requests at once for its health', 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1_000)],
  ['requests at once for paths that cannot be decoded', 'GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(1_000)],
  ['requests with a body at once', WITH_BODY.repeat(1_000)],
  ['requests that expect nonsense at once', 'GET / HTTP/1.1\r\nHost: x\r\nExpect: x\r\n\r\n'.repeat(1_000)],
  ['bytes after its answer', `GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000000\r\n\r\n`],
  ['pieces of a body', inPieces('POST /graphql', 10_000)],
  ['pieces of a body that nobody reads', inPieces('GET /health', 100)],
  ['pieces of a body that is refused', inPieces('PUT /graphql', 10_000)],
] as const)('a connection with too many %s is closed', async ([, sent]) => {
  const socket = await openTcp(url);
  socket.once('end', () => socket.end());
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(sent);
  socket.resume();
  await closed;
  expect((await send(url, '{ __typename }')).data).toEqual({ __typename: 'Query' });
});

test('who sends a body in too many pieces is told so', async () => {
  const socket = await openTcp(url);
  socket.write(inPieces('POST /graphql', 1_001));
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  expect(answer).toContain('1,000 pieces');
});

test('parsers that were stopped are used again', async () => {
  for (let round = 0; round < 20; round++) {
    const sockets = await Promise.all([1, 2, 3].map(() => openTcp(url)));
    for (const socket of sockets) socket.write(inPieces('POST /graphql', 2_000));
    await Promise.all(sockets.map((socket) => text(socket).catch(() => {})));
    const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(() => send(url, '{ __typename }')));
    for (const { data } of answers) expect(data).toEqual({ __typename: 'Query' });
  }
});

test('a body in some pieces is accepted', async () => {
  const pieces = [...QUERY].map((piece) => `1\r\n${piece}\r\n`).join('');
  const socket = await openTcp(url);
  const head = 'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close';
  socket.write(`${head}\r\nTransfer-Encoding: chunked\r\n\r\n${pieces}0\r\n\r\n`);
  expect(await text(socket)).toContain('{"data":{"__typename":"Query"}}');
});
