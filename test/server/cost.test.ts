/** What operations cost that ask for the same thing many times: each thing is read once. */
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { authenticateToken } from '../../src/features/accounts/sessions.ts';
import { createContext } from '../../src/features/context.ts';
import { createExecutor, type Executor } from '../../src/server/executor.ts';
import { buildSchema } from '../../src/server/schema.ts';
import { openStores, type Stores } from '../../src/stores/stores.ts';
import { type OwnDarkroom, ownStores, startProcess, type TestProcess } from '../support/darkroom.ts';
import { toOperation } from '../support/operations.ts';
import { newPeople, type Person } from '../support/people.ts';
import { insertPhotos, rowId } from '../support/rows.ts';

let own: OwnDarkroom;
let api: TestProcess;
let stores: Stores;
let executor: Executor;
let people: Person[];
const statements: string[] = [];

beforeAll(async () => {
  own = await ownStores();
  api = await startProcess(['api'], own.env);
  stores = await openStores(loadConfig(own.env), pino({ level: 'silent' }), (sql) => statements.push(sql));
  executor = createExecutor(buildSchema(), stores);
  people = await newPeople(api.url, 20);
  await insertPhotos(
    stores,
    people.map(({ id }) => rowId(id)),
    100,
  );
});

afterAll(async () => {
  await stores.close();
  await api.end('SIGTERM');
  await own.stop();
});

/** Runs an operation without caches. @returns its answer, and the number of SQL statements */
async function run(query: string) {
  const [viewer] = people;
  const session = await authenticateToken(stores, viewer?.token ?? '');
  await stores.redis.flushall();
  statements.length = 0;
  const { data, errors } = await executor.execute(toOperation(query), createContext(stores, session, '127.0.0.1'));
  expect(errors).toBeUndefined();
  return { data: Object.values(data ?? {}), sql: statements.length };
}

test.for([
  'me { user { photoCount followerCount followingCount } }',
  'me { user { photos { nodes { id likeCount commentCount viewerHasLiked } } } }',
  'me { user { followers { nodes { id followerCount viewerFollows followsViewer } } } }',
  'me { email emailIsVerified avatarStatus }',
  'me { unreadActivityCount }',
  'me { isModerator }',
  'me { dataExport { url } }',
  'me { followRequests { nodes { id } } blockedUsers { nodes { id } } mutedUsers { nodes { id } } }',
  'hashtag(name: "walks") { photoCount viewerFollows }',
  'user(username: "USERNAME") { id photoCount isBlockedByViewer viewerRequested requestedViewer isMutedByViewer }',
  'node(id: "ID") { ... on User { photoCount followers { nodes { id } } } }',
])('50 aliases of %s take as many statements as one', async (field) => {
  const [, other] = people;
  const filled = field.replace('USERNAME', other?.username ?? '').replace('ID', other?.id ?? '');
  const once = await run(`{ a: ${filled} }`);
  const often = await run(`{ ${Array.from({ length: 50 }, (_, n) => `a${n}: ${filled}`).join(' ')} }`);
  expect(often).toEqual({ data: Array(50).fill(once.data[0]), sql: once.sql });
});

test('a URL is signed once, however often one query asks for it', async () => {
  const [owner] = people;
  await stores.db.user.update({ where: { id: rowId(owner?.id ?? '') }, data: { isPrivate: true } });
  await stores.db.$executeRaw`update photos set media_is_public = false where owner_id = ${rowId(owner?.id ?? '')}`;
  const images = Array.from({ length: 40 }, (_, n) => `a${n}: image(size: WIDTH_640) { url expiresAt }`).join(' ');
  const { data } = await run(`{ me { user { photos { nodes { ${images} } } } } }`);
  const [me] = data as [{ user: { photos: { nodes: Record<string, { url: string; expiresAt: Date }>[] } } }];
  expect(me.user.photos.nodes.length).toBeGreaterThan(0);
  for (const node of me.user.photos.nodes) {
    // Each signature would have an expiry of its own, in milliseconds, and an object of its own.
    const [first, ...others] = Object.values(node);
    expect(first?.url).toContain('X-Amz-Signature=');
    for (const image of others) expect(image.expiresAt).toBe(first?.expiresAt);
  }
});
