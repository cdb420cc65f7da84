import assert from 'node:assert/strict';
import autocannon from 'autocannon';
import { pino } from 'pino';
import { loadConfig } from '../src/config.ts';
import { compile, isCompilable } from '../src/server/compile.ts';
import { createDocuments } from '../src/server/documents.ts';
import { buildSchema } from '../src/server/schema.ts';
import { Turns } from '../src/server/turns.ts';
import { fromGlobalId } from '../src/stores/ids.ts';
import { openStores } from '../src/stores/stores.ts';
import { FEED_QUERY } from './feed-query.ts';
import { atLeast, type Contestant, printTable, takeTurns, type Verdict } from './measure.ts';
import { startServer } from './processes.ts';

const AUTHORS = 20;
const PHOTOS = 600;
const CONNECTIONS = 32;
const ROUND_SECONDS = 5;
const ROUNDS = 5;

/**
 * Requests per second for a screen of the home feed, with a warm Redis. Compares Darkroom with a hand-written Fastify
 * handler that makes the same Redis reads and sends the same JSON, and with the same schema on a plain Apollo Server
 * with Prisma behind DataLoader.
 */
export async function benchFeed(env: Record<string, string>): Promise<Verdict[]> {
  const darkroom = await startServer('../src/main.ts', ['api'], env);
  const byHand = await startServer('feed-by-hand.ts', [], env);
  const plain = await startServer('feed-plain-apollo.ts', [], env);
  const servers = [darkroom, byHand, plain];
  try {
    const headers = {
      authorization: `Bearer ${await newViewer(darkroom.url, env)}`,
      'content-type': 'application/json',
    };
    const body = JSON.stringify({ query: FEED_QUERY });
    // The first requests run on graphql-js. What is measured is the compiled operation.
    assert.ok(await isFeedCompiled(env), 'it is compiled');
    const responses = [];
    for (const { url } of servers) responses.push(await (await fetch(url, { method: 'POST', headers, body })).json());
    assert.equal((responses[0] as { data: { homeFeed: { edges: [] } } }).data.homeFeed.edges.length, 24);
    assert.deepEqual(responses[1], responses[0], 'the handler answers the same');
    assert.deepEqual(responses[2], responses[0], 'plain Apollo answers the same');

    const contestant = (name: string, url: string): Contestant => ({
      name,
      async round() {
        const options = {
          url,
          method: 'POST' as const,
          headers,
          body,
          connections: CONNECTIONS,
          duration: ROUND_SECONDS,
        };
        const result = await autocannon(options);
        assert.equal(result.non2xx + result.errors, 0, `${name} answers every request`);
        return result.requests.total / result.duration;
      },
    });
    const contestants = [
      contestant('Darkroom', darkroom.url),
      contestant('hand-written Fastify handler', byHand.url),
      contestant('Apollo Server and Prisma as they come', plain.url),
    ];
    const medians = await takeTurns(contestants, ROUNDS);
    printTable('requests/s', contestants, medians);
    const [ours = 0, hand = 0, apollo = 0] = medians;
    return [atLeast(0.4, ours, hand, 'the hand-written handler'), atLeast(3, ours, apollo, 'plain Apollo and Prisma')];
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** Whether the operation is compiled, of a document that the server has checked. */
async function isFeedCompiled(env: Record<string, string>): Promise<boolean> {
  const schema = buildSchema();
  const documents = createDocuments(schema, loadConfig(env), new Turns());
  const prepared = await documents.prepare({ query: FEED_QUERY }, '', new AbortController().signal);
  if (!('operation' in prepared)) return false;
  const { document, operation } = prepared.operation;
  return isCompilable(schema, document, operation) && compile(schema, document, operation) !== null;
}

/** Creates a viewer who follows 20 authors with 600 photos. @returns their session's token */
export async function newViewer(url: string, env: Record<string, string>): Promise<string> {
  const account = { username: 'viewer', email: 'viewer@example.org', password: 'correct horse', displayName: 'Viewer' };
  const query = `mutation ($input: SignUpInput!) { signUp(input: $input) { token viewer { user { id } } } }`;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { input: account } }),
  });
  const { data } = (await response.json()) as { data: { signUp: { token: string; viewer: { user: { id: string } } } } };
  const viewerId = fromGlobalId(data.signUp.viewer.user.id)?.parts[0] ?? 0n;
  const stores = await openStores(loadConfig(env), pino({ level: 'warn' }));
  await stores.db.$executeRaw`
    insert into users (username, email, display_name, password_hash)
    select 'author' || number, 'author' || number || '@example.org', 'Author ' || number, ''
    from generate_series(1, ${AUTHORS}) number`;
  await stores.db.$executeRaw`
    insert into follows (follower_id, followee_id, id)
    select ${viewerId}, id, next_id(${viewerId}) from users where username like 'author%'`;
  await stores.db.$executeRaw`
    insert into photos (
      id, owner_id, caption, status, media_key, published_id, width, height, thumbhash, like_count, comment_count
    )
    select
      next_id(id), id, 'The light at ' || number || ' in the morning', 'READY', md5(random()::text), next_id(id),
      1600, 1200,
      decode('93090b0a8a7b77a8b87b78a5f0', 'hex'), (random() * 1000)::int, (random() * 50)::int
    from generate_series(1, ${PHOTOS / AUTHORS}) number cross join users where username like 'author%'
    order by number, random()`;
  await stores.db.$executeRaw`
    insert into likes (photo_id, user_id, id)
    select id, ${viewerId}, next_id(${viewerId}) from photos where random() < 0.3`;
  await stores.close();
  return data.signUp.token;
}
