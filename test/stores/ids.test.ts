import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import {
  fromCursor,
  fromGlobalId,
  idShard,
  idTime,
  type NodeType,
  toCursor,
  toGlobalId,
} from '../../src/stores/ids.ts';
import { unique } from '../support/people.ts';
import { until } from '../support/until.ts';

const LARGEST = 2n ** 63n - 1n;
const row = fc.bigInt({ min: 0n, max: LARGEST });
const single = fc.constantFrom<NodeType>('User', 'Session', 'Photo', 'Upload');

describe('a global id', () => {
  test('of any type and number comes back as it was', () => {
    fc.assert(
      fc.property(single, row, (type, id) => {
        expect(fromGlobalId(toGlobalId(type, id))).toEqual({ type, parts: [id] });
      }),
    );
    fc.assert(
      fc.property(row, row, (photo, id) => {
        expect(fromGlobalId(toGlobalId('Comment', photo, id))).toEqual({ type: 'Comment', parts: [photo, id] });
      }),
    );
  });

  test('is told from any other string, without an exception', () => {
    const likely = fc
      .tuple(
        fc.constantFrom('User', 'Photo', 'Comment', 'Upload', 'Session', 'photo', 'X', ''),
        fc.array(row, { maxLength: 3 }),
      )
      .map(([type, parts]) => [type, ...parts].join(':'));
    const digits = fc
      .tuple(fc.constantFrom('Photo:0', 'Photo:', 'Photo:-', 'Comment:1:'), fc.string())
      .map((parts) => parts.join(''));
    const encoded = fc.oneof(likely, digits, fc.string()).map((text) => Buffer.from(text).toString('base64url'));
    const padded = fc
      .tuple(encoded, fc.constantFrom('', '=', '==', ' ', '!', '\n', 'A'))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(padded, fc.string({ unit: 'binary', maxLength: 200 })), (text) => {
        const id = fromGlobalId(text);
        // Null, unless it is the very string that names something: one thing has one id.
        if (id) expect(toGlobalId(id.type, ...id.parts)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  test.for([
    'Photo:9223372036854775808',
    'Photo:1:2',
    'Comment:1',
    'Comment:1:9223372036854775808',
    'Toaster:1',
    'Photo:-1',
    'Photo:1.5',
    'Photo:',
    'photo:1',
    '__proto__:1',
  ])('is not %s', (text) => {
    expect(fromGlobalId(Buffer.from(text).toString('base64url'))).toBeNull();
  });

  test.for([
    ['has padding', 'UGhvdG86MTI='],
    ['has a stray character', 'UGhv!dG86MTI'],
    ['has a line’s end', 'UGhvdG86MTI\n'],
    ['holds a number with zeros before it', Buffer.from('Photo:012').toString('base64url')],
  ])('that %s is not one: one thing has one id', ([, text = '']) => {
    expect(fromGlobalId('UGhvdG86MTI')).toEqual({ type: 'Photo', parts: [12n] });
    expect(fromGlobalId(text)).toBeNull();
  });
});

describe('a cursor', () => {
  test('comes back as the place that it was made of', () => {
    fc.assert(
      fc.property(row, (id) => {
        expect(fromCursor(toCursor(id))).toBe(id);
      }),
    );
  });

  test('is told from any other string, without an exception', () => {
    const encoded = fc
      .oneof(fc.string(), fc.bigInt().map(String))
      .map((text) => Buffer.from(text).toString('base64url'));
    fc.assert(
      fc.property(fc.oneof(encoded, fc.string({ unit: 'binary', maxLength: 100 })), (text) => {
        const id = fromCursor(text);
        if (id !== null) expect(toCursor(id)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
    for (const text of ['', '=', toCursor(LARGEST + 1n), toCursor(-1n), `${toCursor(5n)}=`]) {
      expect(fromCursor(text)).toBeNull();
    }
  });
});

describe('next_id', () => {
  // A database of their own: in that of the run, others draw ids at the same time.
  const name = `ids_${unique()}`;
  let admin: pg.Client;
  const clients: pg.Client[] = [];

  beforeAll(async () => {
    const connectionString = inject('env').DATABASE_URL ?? '';
    admin = new pg.Client({ connectionString });
    await admin.connect();
    await admin.query(`create database ${name}`);
    const own = new URL(connectionString);
    own.pathname = `/${name}`;
    for (let count = 0; count < 6; count++) {
      const client = new pg.Client({ connectionString: own.href });
      await client.connect();
      clients.push(client);
    }
    const migration = new URL('../../prisma/migrations/20261123160000_ids/migration.sql', import.meta.url);
    await clients[0]?.query(await readFile(migration, 'utf8'));
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.end()));
    await admin.query(`drop database if exists ${name} with (force)`);
    await admin.end();
  });

  async function draw(client: pg.Client | undefined, owner: bigint, count: number): Promise<bigint[]> {
    const { rows } = await (client as pg.Client).query<{ id: string }>(
      'select next_id($1) as id from generate_series(1, $2)',
      [String(owner), count],
    );
    return rows.map(({ id }) => BigInt(id));
  }

  async function clock(): Promise<number> {
    const { rows } = await (clients[0] as pg.Client).query<{ now: string }>(
      'select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now',
    );
    return Number(rows[0]?.now);
  }

  test('draws 5,000 ids in one statement that are unique and ascend', async () => {
    for (let round = 0; round < 5; round++) {
      const ids = await draw(clients[0], 5n << 10n, 5_000);
      expect(new Set(ids).size).toBe(5_000);
      expect(ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? id))).toBe(true);
    }
  });

  test('draws unique ids in transactions of one shard that run at once, each of its time', async () => {
    await fc.assert(
      fc.asyncProperty(
        row,
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 2, maxLength: 6 }),
        async (owner, sizes) => {
          const before = await clock();
          const drawn = await Promise.all(
            sizes.map(async (size, index) => {
              const client = clients[index] as pg.Client;
              await client.query('begin');
              // One at a time, as rows are written: what a bulk load draws is another test.
              const ids: bigint[] = [];
              while (ids.length < size) ids.push(...(await draw(client, owner, 1)));
              // Whether it commits or not, its ids are used up.
              await client.query(index % 2 === 0 ? 'commit' : 'rollback');
              return ids;
            }),
          );
          const after = await clock();
          const ids = drawn.flat();
          expect(new Set(ids).size).toBe(ids.length);
          for (const id of ids) {
            expect(idTime(id)).toBeGreaterThanOrEqual(before);
            expect(idTime(id)).toBeLessThanOrEqual(after);
            expect(idShard(id)).toBe(Number((owner >> 10n) & 8191n));
            expect(id).toBeGreaterThan(0n);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  test('draws ids in a later millisecond that sort after, whatever their shard and connection', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 2, maxLength: 8 }), async (owners) => {
        let last = -1n;
        for (const [index, owner] of owners.entries()) {
          if (last >= 0n) await until(async () => (await clock()) > idTime(last));
          const [id = 0n] = await draw(clients[index % clients.length], owner, 1);
          expect(id).toBeGreaterThan(last);
          last = id;
        }
      }),
      { numRuns: 10 },
    );
  });

  test('deals new people out to the shards in turn', async () => {
    const { rows } = await (clients[0] as pg.Client).query<{ id: string }>(
      'select next_user_id() as id from generate_series(1, 100)',
    );
    const shards = rows.map(({ id }) => idShard(BigInt(id)));
    expect(shards).toEqual(shards.map((_, index) => ((shards[0] ?? 0) + index) % 8_192));
  });
});
