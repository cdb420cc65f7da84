/**
 * What the attacker of `bench -- hostile` sends. Each attack stopped or slowed a server once, or is a relative of one.
 */

/** What an attack may use. */
export interface Prey {
  /** The session of the attacker. */
  token: string;
  /** Global ids of the attacker's own upload and of a photo that everybody may see. */
  uploadId: string;
  photoId: string;
  /** A username that exists. */
  username: string;
}

/** A request over HTTP, in full or as the GraphQL operation that it carries. */
export interface AttackRequest {
  /** Sent as it is when it is text, otherwise as JSON. */
  body: string | object;
  headers?: Record<string, string>;
  /** Below the API's address, such as `/stream`. */
  path?: string;
  /** Hangs up as soon as the request is sent. */
  leaves?: true;
}

/**
 * An attack over 8 connections at full speed. `next` makes the request or message with this number. What goes over bare
 * connections is `first` and then `again` without end.
 */
export type Attack = { what: string; isAnonymous?: true } & (
  | { over: 'http'; next(index: number, prey: Prey): AttackRequest }
  | { over: 'websocket'; next(index: number, prey: Prey): object | 'ping' | 'pong' }
  | { over: 'tcp'; first: string; again: string }
);

function times(count: number, write: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => write(index)).join(' ');
}

/** An operation of many levels, whose text is different each time. */
function deepQuery(index: number): string {
  const inner = '{ id username displayName bio createdAt photoCount followerCount followingCount }';
  const level = (within: string) => `{ nodes { id owner { id photos(first: 1) ${within} } } }`;
  const deep = [1, 2, 3].reduce((within) => level(within), `{ nodes { owner ${inner} } }`);
  const photos = times(12, (n) => `a${n}: photos(first: 1) ${deep}`);
  return `query Q${index}($name: String!) { user(username: $name) { ${photos} } }`;
}

/** An operation whose compiled code is as long as it may be. */
function compiledQuery(index: number): string {
  const fields = '{ id ... on Photo { caption likeCount } ... on User { username } ... on Comment { text } }';
  return `query Q${index}($ids: [ID!]!) { ${times(25, (n) => `a${n}: nodes(ids: $ids) ${fields}`)} }`;
}

/** Fragments of which each spreads the next one twice. */
function doublingFragments(index: number): string {
  const fragments = times(25, (n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`);
  return `query Q${index} { ...F0 } ${fragments} fragment F25 on Query { __typename }`;
}

/** The beginning of a request, to which further headers can be added. */
function head(target: string): string {
  return `${target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
}
/** The rest of a request. */
function withBody(body: string): string {
  return `Content-Length: ${body.length}\r\n\r\n${body}`;
}
const EMPTY_REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
const STREAM = JSON.stringify({ query: 'subscription { hashtagPhotos(name: "sunset") { cursor } }' });

const MANY_MARKS = `a${'\u0301\u0327'.repeat(10_000)}`;
/** As large as a request may be. */
const LARGE = 250_000;
const subscribe = (id: string, query: string, variables: object = {}) => ({
  type: 'subscribe',
  id,
  payload: { query, variables },
});
/** The most that an operation of this shape may ask for. */
const LARGEST_PAGE = `query ($name: String!) { user(username: $name) { photos(first: 100) { nodes {
  id caption likeCount commentCount viewerHasLiked thumbhash
  owner { id username displayName bio photoCount followerCount followingCount viewerFollows }
  image(size: WIDTH_640) { url width height }
  likers(first: 10) { nodes { id username displayName viewerFollows } }
  comments(first: 10) { nodes { id text createdAt author { username } } }
} } } }`;

export const ATTACKS: Attack[] = [
  {
    what: 'fragments that double 25 times',
    over: 'http',
    next: (index) => ({ body: { query: doublingFragments(index) } }),
  },
  {
    what: 'deep operations, each with a new name',
    over: 'http',
    next: (index, { username }) => ({ body: { query: deepQuery(index), variables: { name: username } } }),
  },
  {
    what: 'deep operations, each with a new name, from 1,000 addresses',
    over: 'http',
    next: (index, { username }) => ({
      body: { query: deepQuery(index), variables: { name: username } },
      headers: { 'x-forwarded-for': `198.51.${index % 4}.${(index >> 2) % 250}` },
    }),
  },
  {
    what: 'small operations, each with a new name, from 1,000 addresses',
    over: 'http',
    next: (index) => ({
      body: { query: `query Q${index} { me { user { id username } email } }` },
      headers: { 'x-forwarded-for': `198.51.${index % 4}.${(index >> 2) % 250}` },
    }),
  },
  {
    what: 'operations that are compiled, each 10 times',
    over: 'http',
    next: (index, { photoId }) => ({
      body: { query: compiledQuery(Math.floor(index / 10)), variables: { ids: [photoId] } },
    }),
  },
  {
    what: '740 times the same field',
    over: 'http',
    next: (index) => ({ body: { query: `query Q${index} { ${'me{email}'.repeat(740)} }` } }),
  },
  {
    what: '740 times the same field',
    over: 'websocket',
    next: (index) => subscribe(`${index}`, `query Q${index} { ${'me{email}'.repeat(740)} }`),
  },
  {
    what: '50 times the same field in each of 20 places',
    over: 'http',
    next: (index) => ({
      body: { query: `query Q${index} { ${times(20, (n) => `a${n}: me { ${'email '.repeat(50)} }`)} }` },
    }),
  },
  {
    what: 'fields that do not exist, with similar names',
    over: 'http',
    next: (index) => ({ body: { query: `query Q${index} { ${times(900, (n) => `serchPeople${n}`)} }` } }),
  },
  {
    what: 'a text of 20,000 combining marks',
    over: 'http',
    next: () => ({
      body: { query: 'query ($t: String!) { search(text: $t) { __typename } }', variables: { t: MANY_MARKS } },
    }),
  },
  {
    what: 'variables of 250 KB, wrong in each item',
    over: 'http',
    next: () => ({
      body: { query: 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', variables: { ids: Array(60_000).fill([]) } },
    }),
  },
  {
    what: 'the location of one upload, 20 times in one operation',
    over: 'http',
    next: (_, { uploadId }) => ({
      body: {
        query: `{ ${times(20, (n) => `a${n}: node(id: "${uploadId}") { ...Suggested }`)} }
          fragment Suggested on Upload { suggestedLocation { latitude } }`,
      },
    }),
  },
  {
    what: '100 ids of one photo, in each of 49 aliases',
    over: 'http',
    next: (_, { photoId }) => ({
      body: {
        query: `query ($ids: [ID!]!) { ${times(49, (n) => `a${n}: nodes(ids: $ids) { id }`)} }`,
        variables: { ids: Array(100).fill(photoId) },
      },
    }),
  },
  {
    what: 'the largest page',
    over: 'http',
    next: (_, { username }) => ({ body: { query: LARGEST_PAGE, variables: { name: username } } }),
  },
  {
    what: 'the largest page, hung up on at once',
    over: 'http',
    next: (_, { username }) => ({ body: { query: LARGEST_PAGE, variables: { name: username } }, leaves: true }),
  },
  {
    what: 'the largest page',
    over: 'websocket',
    next: (index, { username }) => subscribe(`${index}`, LARGEST_PAGE, { name: username }),
  },
  {
    what: '10 searches in one operation',
    over: 'http',
    next: (index) => ({
      body: {
        query: `query ($t: String!) { ${times(10, (n) => `a${n}: search(text: $t, first: 50) { ...Found }`)} }
          fragment Found on User { id username }`,
        variables: { t: `vie${String.fromCharCode(97 + (index % 26))}` },
      },
    }),
  },
  {
    what: 'wrong passwords',
    over: 'http',
    isAnonymous: true,
    next: (index, { username }) => ({
      body: {
        query: 'mutation ($input: LogInInput!) { logIn(input: $input) { token } }',
        variables: { input: { login: username, password: `wrong ${index}` } },
      },
    }),
  },
  {
    what: 'bodies of 250 KB that are not JSON',
    over: 'http',
    next: () => ({ body: '['.repeat(LARGE) }),
  },
  {
    what: 'bodies that are too large',
    over: 'http',
    next: () => ({ body: 'x'.repeat(400_000) }),
  },
  {
    what: 'persisted queries whose hash is wrong',
    over: 'http',
    next: (index) => ({
      body: {
        query: `{ me { email } } # ${'x'.repeat(1_000)}`,
        extensions: { persistedQuery: { version: 1, sha256Hash: index.toString(16).padStart(64, '0') } },
      },
    }),
  },
  { what: 'requests without waiting for their answers', over: 'tcp', first: '', again: EMPTY_REQUEST.repeat(2_000) },
  {
    what: 'requests with a body without waiting for their answers',
    over: 'tcp',
    first: '',
    again: `${head('POST /graphql')}${withBody('{}')}`.repeat(700),
  },
  {
    what: 'requests that expect nonsense',
    over: 'tcp',
    first: '',
    again: `${head('GET /')}Expect: x\r\n\r\n`.repeat(700),
  },
  {
    what: 'a body without end after its answer',
    over: 'tcp',
    first: `${head('GET /health')}Content-Length: 100000000000\r\n\r\n`,
    again: 'x'.repeat(1_000_000),
  },
  {
    what: 'requests for its health without waiting for their answers',
    over: 'tcp',
    first: '',
    again: EMPTY_REQUEST.replace('/', '/health').repeat(2_000),
  },
  {
    what: 'requests behind a stream of server-sent events',
    over: 'tcp',
    first: `${head('POST /graphql/stream')}Accept: text/event-stream\r\n${withBody(STREAM)}`,
    again: EMPTY_REQUEST,
  },
  {
    what: 'a body in pieces of one byte',
    over: 'tcp',
    first: `${head('POST /graphql')}Transfer-Encoding: chunked\r\n\r\n`,
    again: '1\r\n \r\n'.repeat(10_000),
  },
  {
    what: 'a body in pieces of one byte, where none is read',
    over: 'tcp',
    first: `${head('GET /health')}Transfer-Encoding: chunked\r\n\r\n`,
    again: '1\r\n \r\n'.repeat(10_000),
  },
  { what: 'pongs', over: 'websocket', next: () => 'pong' },
  { what: 'pings', over: 'websocket', next: () => 'ping' },
  {
    what: 'messages of 240 KB',
    over: 'websocket',
    next: (index) => subscribe(`${index}`, `{ me { email } } # ${'x'.repeat(240_000)}`),
  },
  {
    what: 'subscriptions without a session, begun and completed',
    over: 'websocket',
    isAnonymous: true,
    next: (index, { photoId }) =>
      index % 2 === 0
        ? subscribe('1', `subscription { photo(id: "${photoId}") { photo { id } } }`)
        : { type: 'complete', id: '1' },
  },
  {
    what: 'subscriptions with a session, begun and completed',
    over: 'websocket',
    next: (index) =>
      index % 2 === 0 ? subscribe('1', 'subscription { homeFeed { photo { id } } }') : { type: 'complete', id: '1' },
  },
  {
    what: 'streams of server-sent events, hung up on at once',
    over: 'http',
    next: () => ({
      body: { query: 'subscription { homeFeed { photo { id } } }' },
      path: '/stream',
      headers: { accept: 'text/event-stream' },
      leaves: true,
    }),
  },
];
