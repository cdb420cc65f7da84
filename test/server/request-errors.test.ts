/** The status of operations that are refused, by what the client accepts, and what clients make of it. */
import { ApolloClient, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { expect, inject, test } from 'vitest';
import { startProcess } from '../support/darkroom.ts';
import { newPerson } from '../support/people.ts';
import { post } from '../support/wire.ts';

const url = inject('url');
const JSON_TYPE = 'application/json';
const GRAPHQL_TYPE = 'application/graphql-response+json';

const variables = { input: { bio: 'changed' } };
const MUTATION = 'mutation Change($input: UpdateProfileInput!) { updateProfile(input: $input) { user { bio } } }';

/** Operations that are refused, each with a mutation that must not run. */
const REFUSED = [
  ['a document that is none', { query: `${MUTATION} {`, variables }, 'GRAPHQL_PARSE_FAILED'],
  ['an unknown field', { query: `${MUTATION.slice(0, -1)} nonsense }`, variables }, 'GRAPHQL_VALIDATION_FAILED'],
  [
    'too many levels',
    {
      query: MUTATION.replace('bio', `bio ${'photos { nodes { owner { '.repeat(9)} id ${'} } }'.repeat(9)}`),
      variables,
    },
    'GRAPHQL_VALIDATION_FAILED',
  ],
  ['an operation that it lacks', { query: MUTATION, variables, operationName: 'Nothing' }, 'BAD_USER_INPUT'],
  ['no operation that is meant', { query: `${MUTATION} query B { __typename }`, variables }, 'BAD_USER_INPUT'],
  ['a missing variable', { query: MUTATION }, 'BAD_USER_INPUT'],
  ['a wrong variable', { query: MUTATION, variables: { input: { bio: 7 } } }, 'BAD_USER_INPUT'],
] as const;

/** What clients send as `Accept`, and the type that they get. */
const ACCEPTED = [
  ['nothing', '', JSON_TYPE],
  ['anything', '*/*', JSON_TYPE],
  ['application/json', JSON_TYPE, JSON_TYPE],
  ['application/graphql-response+json', GRAPHQL_TYPE, GRAPHQL_TYPE],
  ['what Apollo Client sends', `${GRAPHQL_TYPE},${JSON_TYPE};q=0.9`, GRAPHQL_TYPE],
  ['what graphql-request sends', `${GRAPHQL_TYPE}, ${JSON_TYPE}`, GRAPHQL_TYPE],
  [
    'what urql sends',
    `${GRAPHQL_TYPE}, application/graphql+json, ${JSON_TYPE}, text/event-stream, multipart/mixed`,
    GRAPHQL_TYPE,
  ],
  ['application/json rather', `${GRAPHQL_TYPE};q=0.5, ${JSON_TYPE}`, JSON_TYPE],
] as const;

test.for(ACCEPTED)(
  'a refused operation has the status of its media type for a client that accepts %s',
  async ([, accept, type]) => {
    const person = await newPerson(url);
    const headers = { authorization: `Bearer ${person.token}`, ...(accept && { accept }) };
    for (const [reason, body, code] of REFUSED) {
      const reply = await post(url, JSON.stringify(body), headers);
      const { errors, ...rest } = JSON.parse(reply.text) as { errors: { extensions: { code: string } }[] };
      expect([reason, reply.status, reply.headers.get('content-type')]).toEqual([
        reason,
        type === JSON_TYPE ? 200 : 400,
        `${type}; charset=utf-8`,
      ]);
      expect([reason, errors[0]?.extensions.code, rest]).toEqual([reason, code, {}]);
    }
    expect((await person.send('{ me { user { bio } } }')).data).toEqual({ me: { user: { bio: '' } } });
  },
);

test('a client that accepts no JSON is refused before its operation runs', async () => {
  const person = await newPerson(url);
  const headers = { authorization: `Bearer ${person.token}`, accept: 'image/png' };
  for (const body of [{ query: MUTATION, variables }, ...REFUSED.map(([, refused]) => refused)]) {
    expect((await post(url, JSON.stringify(body), headers)).status).toBe(406);
  }
  expect((await person.send('{ me { user { bio } } }')).data).toEqual({ me: { user: { bio: '' } } });
});

test('refusals of requests that are no operations keep their status, whatever the client accepts', async () => {
  const api = await startProcess(['api'], inject('env'));
  for (const accept of [JSON_TYPE, GRAPHQL_TYPE]) {
    const status = async (body: string, headers: Record<string, string> = {}) =>
      (await post(api.url, body, { accept, ...headers })).status;
    expect(await status('{')).toBe(400);
    expect(await status('{}')).toBe(400);
    expect(await status('{"query":"{ __typename }","variables":7}')).toBe(400);
    expect(await status('{"query":"{ __typename }"}', { 'content-type': 'text/plain' })).toBeGreaterThanOrEqual(400);
    const byGet = await fetch(`${api.url}?query=${encodeURIComponent('mutation { logOut { userErrors { code } } }')}`, {
      headers: { accept, 'apollo-require-preflight': 'true' },
    });
    expect(byGet.status).toBe(405);
    const persistedQuery = { version: 1, sha256Hash: 'a'.repeat(64) };
    expect(await status(JSON.stringify({ query: '{ __typename }', extensions: { persistedQuery } }))).toBe(400);
    expect(await status(JSON.stringify({ extensions: { persistedQuery } }))).toBe(200);
  }
  expect(await api.end('SIGTERM')).toBe(0);
});

test.for([GRAPHQL_TYPE, JSON_TYPE])('Apollo Client shows the errors of a refused operation as %s', async (accept) => {
  const headers = { accept };
  const client = new ApolloClient({ link: new HttpLink({ uri: url, headers }), cache: new InMemoryCache() });
  const refused = client.query({ query: gql('{ nonsense }') });
  await expect(refused).rejects.toSatisfy(CombinedGraphQLErrors.is);
  await expect(refused).rejects.toThrow('Cannot query field "nonsense"');
  client.stop();
});

test.for([GRAPHQL_TYPE, JSON_TYPE])('Apollo Client persists queries, and reads their answers as %s', async (accept) => {
  const { createHash } = await import('node:crypto');
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const bodies: Record<string, unknown>[] = [];
  const counting: typeof fetch = (target, init) => {
    bodies.push(JSON.parse(String(init?.body)) as Record<string, unknown>);
    return fetch(target, init);
  };
  const link = new PersistedQueryLink({ sha256 }).concat(
    new HttpLink({ uri: url, headers: { accept }, fetch: counting }),
  );
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  const query = gql(`query Persisted${Date.now()}${accept.length} { __typename me { email } }`);
  for (let time = 0; time < 2; time++) {
    const { data } = await client.query({ query, fetchPolicy: 'no-cache' });
    expect(data).toEqual({ __typename: 'Query', me: null });
  }
  // The first one is sent with its hash alone, then with its text; the second one with its hash.
  expect(bodies.map((body) => 'query' in body)).toEqual([false, true, false]);
  client.stop();
});
