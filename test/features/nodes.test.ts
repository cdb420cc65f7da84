import { execute, parse } from 'graphql';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { authenticateToken } from '../../src/features/accounts/sessions.ts';
import { createContext } from '../../src/features/context.ts';
import { setModerator } from '../../src/features/moderation/actions.ts';
import { setLocation } from '../../src/features/places/locations.ts';
import { buildSchema } from '../../src/server/schema.ts';
import { type NodeType, toGlobalId } from '../../src/stores/ids.ts';
import { openStores, type Stores } from '../../src/stores/stores.ts';
import { type OwnDarkroom, ownStores, startProcess, type TestProcess } from '../support/darkroom.ts';
import { newPerson, type Person } from '../support/people.ts';
import { somewhere } from '../support/places.ts';
import { insertFollowers, insertPhotos, rowId } from '../support/rows.ts';

/** As many as `nodes` takes. */
const COUNT = 100;

let own: OwnDarkroom;
let api: TestProcess;
let stores: Stores;
let viewer: Person;
const statements: string[] = [];
const schema = buildSchema();
let ids: Record<NodeType, string[]>;

beforeAll(async () => {
  own = await ownStores();
  api = await startProcess(['api'], own.env);
  stores = await openStores(loadConfig(own.env), pino({ level: 'silent' }), (sql) => statements.push(sql));
  viewer = await newPerson(api.url);
  await setModerator(stores, viewer.username, true, 'for a test');
  ids = await insertNodes(rowId(viewer.id));
});

afterAll(async () => {
  await stores.close();
  await api.end('SIGTERM');
  await own.stop();
});

/** Inserts 100 rows of each type that the viewer may see. @returns their global ids */
async function insertNodes(viewerId: bigint): Promise<Record<NodeType, string[]>> {
  const { db } = stores;
  const userIds = await insertFollowers(stores, viewerId, COUNT);
  const photos = await insertPhotos(stores, userIds, COUNT);
  const photoIds = photos.map((entry) => entry.photoId);
  const placeIds = await db.$transaction(
    async (tx) => {
      for (const [index, { photoId, publishedId }] of photos.entries()) {
        const point = { ...somewhere(), precision: 'EXACT' as const, name: `Place ${index}` };
        await setLocation(tx, { id: photoId, ownerId: userIds[index] ?? 0n, publishedId }, point);
      }
      return (await tx.place.findMany({ select: { id: true } })).map((place) => place.id);
    },
    { timeout: 30_000 },
  );
  const series = (sql: Promise<{ id: bigint }[]>) => sql.then((rows) => rows.map((row) => row.id));
  // By the photos' owners: each comment names no further person to read.
  const comments = await db.$queryRaw<{ id: bigint; photoId: bigint }[]>`
    insert into comments (photo_id, id, author_id, text)
    select id, next_id(owner_id), owner_id, 'a comment' from photos where id = any(${photoIds}::bigint[])
    returning id, photo_id as "photoId"`;
  const uploadIds = await series(db.$queryRaw`
    insert into uploads (id, owner_id, object_key, content_type, byte_size, sha256, expires_at)
    select next_id(${viewerId}), ${viewerId}, 'uploads/' || n, 'image/jpeg', 1, sha256('x'), now() + interval '1 hour'
    from generate_series(1, ${COUNT}::int) n returning id`);
  const sessionIds = await series(db.$queryRaw`
    insert into sessions (id, user_id, token_hash, device, expires_at)
    select next_id(${viewerId}), ${viewerId}, sha256(n::text::bytea), '', now() + interval '1 hour'
    from generate_series(1, ${COUNT}::int) n returning id`);
  const reportIds = await series(db.$queryRaw`
    insert into reports (id, reporter_id, user_id, reason, details)
    select next_id(${viewerId}), ${viewerId}, user_id, 'SPAM', '' from unnest(${userIds}::bigint[]) user_id
    returning id`);
  const global = (type: NodeType, rowIds: readonly bigint[]) => rowIds.map((id) => toGlobalId(type, id));
  return {
    User: global('User', userIds),
    Photo: global('Photo', photoIds),
    Comment: comments.map(({ id, photoId }) => toGlobalId('Comment', photoId, id)),
    Place: global('Place', placeIds),
    Upload: global('Upload', uploadIds),
    Session: global('Session', sessionIds),
    Report: global('Report', reportIds),
  };
}

/** Runs `nodes` without caches. @returns the ids that it answers with, and the number of SQL statements */
async function read(nodeIds: readonly string[], aliases = 1): Promise<{ ids: (string | undefined)[]; sql: number }> {
  const session = await authenticateToken(stores, viewer.token);
  await stores.redis.flushall();
  statements.length = 0;
  const fields = Array.from({ length: aliases }, (_, n) => `n${n}: nodes(ids: $ids) { id }`);
  const { data, errors } = await execute({
    schema,
    document: parse(`query ($ids: [ID!]!) { ${fields.join(' ')} }`),
    variableValues: { ids: nodeIds },
    contextValue: createContext(stores, session, '127.0.0.1'),
  });
  expect(errors).toBeUndefined();
  const lists = Object.values(data as Record<string, ({ id: string } | null)[]>);
  return { ids: lists.flatMap((nodes) => nodes.map((node) => node?.id)), sql: statements.length };
}

test.for(['User', 'Photo', 'Comment', 'Place', 'Upload', 'Session', 'Report'] as const)(
  'nodes reads 100 of type %s with as many statements as two, and equal ids once',
  async (type) => {
    const all = ids[type];
    expect(all).toHaveLength(COUNT);
    const { sql } = await read(all.slice(0, 2));
    expect(await read(all)).toEqual({ ids: all, sql });
    const equal = all.map(() => all[0] ?? '');
    expect((await read(equal, 10)).sql).toBe(sql);
  },
);
