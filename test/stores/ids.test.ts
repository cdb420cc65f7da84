import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { idShard, idTime, MAX_ID } from '../../src/stores/ids.ts';
import { unique } from '../support/people.ts';
import { until } from '../support/until.ts';

const anyOwnerId = fc.bigInt({ min: 0n, max: MAX_ID });

describe('next_id', () => {
  // A database of its own: in the run's database, other tests draw ids at the same time.
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

  test('draws 5,000 unique, ascending ids in one statement', async () => {
    for (let round = 0; round < 5; round++) {
      const ids = await draw(clients[0], 5n << 10n, 5_000);
      expect(new Set(ids).size).toBe(5_000);
      expect(ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? id))).toBe(true);
    }
  });

  test('draws unique ids in concurrent transactions of one shard, and each id holds its time', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyOwnerId,
        fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 2, maxLength: 6 }),
        async (owner, sizes) => {
          const before = await clock();
          const drawn = await Promise.all(
            sizes.map(async (size, index) => {
              const client = clients[index] as pg.Client;
              await client.query('begin');
              // One at a time, as rows are written. Another test draws many at once.
              const ids: bigint[] = [];
              while (ids.length < size) ids.push(...(await draw(client, owner, 1)));
              // The ids are used up whether the transaction commits or not.
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

  test('draws ids that sort after those of earlier milliseconds, on any shard and connection', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyOwnerId, { minLength: 2, maxLength: 8 }), async (owners) => {
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

  test('assigns new people to the shards in turn', async () => {
    const { rows } = await (clients[0] as pg.Client).query<{ id: string }>(
      'select next_user_id() as id from generate_series(1, 100)',
    );
    const shards = rows.map(({ id }) => idShard(BigInt(id)));
    expect(shards).toEqual(shards.map((_, index) => ((shards[0] ?? 0) + index) % 8_192));
  });
});
