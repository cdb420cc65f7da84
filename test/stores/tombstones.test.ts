import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { type RelationKind, readRelations, writeInvalidatingRelations } from '../../src/stores/cached-relations.ts';
import { type CachedKind, readCached, writeInvalidating } from '../../src/stores/cached-rows.ts';
import { connectRedis, type Redis } from '../../src/stores/redis.ts';
import { unique } from '../support/people.ts';

let redis: Redis;
beforeAll(async () => {
  redis = connectRedis(inject('env').REDIS_URL ?? '', () => {});
  // Reads do not use Redis until it is connected.
  await redis.ping();
});
afterAll(() => {
  redis.disconnect();
});

/** The `load` functions of these tests use no database. */
function sourcesWith(connection: Redis) {
  return { redis: connection, db: noDatabase as never };
}
const noDatabase = {};

/** A cached value, and the row in the database that it depends on. */
interface Cached {
  /** The row in the database: a number. */
  row: number;
  /** How often the row was read from the database. */
  loads: number;
  /** Reads through the cache. `afterLoad` runs when the row has been read and is not stored yet. */
  read(redis: Redis, afterLoad?: () => Promise<void>): Promise<number>;
  write(redis: Redis, write: () => Promise<void>): Promise<void>;
  /** Makes a tombstone expire now. */
  expireTombstone(): Promise<void>;
}

function cachedRow(): Cached {
  const key = `test:${unique()}`;
  const cached: Cached = {
    row: 0,
    loads: 0,
    async read(connection, afterLoad = async () => {}) {
      const kind: CachedKind<string, number> = {
        key: (id) => id,
        ttlSeconds: 60,
        encode: String,
        decode: Number,
        async load() {
          cached.loads++;
          const { row } = cached;
          await afterLoad();
          return new Map([[key, row]]);
        },
      };
      const [value] = await readCached(sourcesWith(connection), kind, [key]);
      return value ?? -1;
    },
    write: (connection, write) => writeInvalidating(connection, [key], write),
    async expireTombstone() {
      if ((await redis.get(key)) === '') await redis.del(key);
    },
  };
  return cached;
}

/** The same for a relation, which exists when the row is odd. */
function cachedRelation(): Cached {
  const hash = `test:${unique()}`;
  const cached: Cached = {
    row: 0,
    loads: 0,
    async read(connection, afterLoad = async () => {}) {
      const kind: RelationKind = {
        key: () => hash,
        async load(_, keys) {
          cached.loads++;
          const { row } = cached;
          await afterLoad();
          return row % 2 === 1 ? keys.map(([personId, subjectId]) => ({ personId, subjectId })) : [];
        },
      };
      const [value] = await readRelations(sourcesWith(connection), kind, 1n, [2n]);
      return value ? 1 : 0;
    },
    write: (connection, write) =>
      writeInvalidatingRelations(connection, { key: () => hash, load: async () => [] }, [[1n, 2n]], write),
    async expireTombstone() {
      if (((await redis.hget(hash, '2'))?.length ?? 0) > 1) await redis.hset(hash, '2', '1000000000000');
    },
  };
  return cached;
}

function gate(): { open(): void; opened: Promise<void> } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

describe.for([
  ['a cached row', cachedRow],
  ['a cached relation', cachedRelation],
] as const)('%s', ([, make]) => {
  test('is read from the database once, and then from the cache', async () => {
    const cached = make();
    cached.row = 1;
    for (let time = 0; time < 3; time++) expect(await cached.read(redis)).toBe(1);
    expect(cached.loads).toBe(1);
  });

  test('is new for every read after a write, and is cached again when the tombstone has expired', async () => {
    const cached = make();
    expect(await cached.read(redis)).toBe(0);
    await cached.write(redis, async () => {
      cached.row = 1;
    });
    expect(await cached.read(redis)).toBe(1);
    await cached.expireTombstone();
    expect(await cached.read(redis)).toBe(1);
    const { loads } = cached;
    expect(await cached.read(redis)).toBe(1);
    expect(cached.loads).toBe(loads);
  });

  test('is not filled by a reader that read before the commit and stores after it', async () => {
    const cached = make();
    const [loaded, written] = [gate(), gate()];
    const reading = cached.read(redis, () => {
      loaded.open();
      return written.opened;
    });
    await loaded.opened;
    await cached.write(redis, async () => {
      cached.row = 1;
    });
    written.open();
    expect(await reading).toBe(0);
    expect(await cached.read(redis)).toBe(1);
    await cached.expireTombstone();
    expect(await cached.read(redis)).toBe(1);
  });

  test('is not filled by a reader that read and stored during the write', async () => {
    const cached = make();
    await cached.write(redis, async () => {
      expect(await cached.read(redis)).toBe(0);
      cached.row = 1;
    });
    expect(await cached.read(redis)).toBe(1);
    await cached.expireTombstone();
    expect(await cached.read(redis)).toBe(1);
  });

  test('is not filled by a reader during a write that outlives its first tombstone', async () => {
    const cached = make();
    await cached.write(redis, async () => {
      await cached.expireTombstone();
      expect(await cached.read(redis)).toBe(0);
      cached.row = 1;
    });
    expect(await cached.read(redis)).toBe(1);
    await cached.expireTombstone();
    expect(await cached.read(redis)).toBe(1);
  });

  test('is not stale when the writing process dies right after its commit', async () => {
    const cached = make();
    expect(await cached.read(redis)).toBe(0);
    const [committed, loaded, late] = [gate(), gate(), gate()];
    const reading = (async () => {
      await cached.expireTombstone();
      return cached.read(redis, () => {
        loaded.open();
        return late.opened;
      });
    })();
    void cached.write(redis, async () => {
      cached.row = 1;
      committed.open();
      await new Promise(() => {}); // Dead: nothing runs after the commit.
    });
    await committed.opened;
    late.open();
    await reading;
    expect(await cached.read(redis)).toBe(1);
    await cached.expireTombstone();
    expect(await cached.read(redis)).toBe(1);
  });

  test('is not filled by a reader so slow that the tombstone expired meanwhile', async () => {
    const cached = make();
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      await cached.read(redis, async () => {
        await cached.write(redis, async () => {
          cached.row = 1;
        });
        await cached.expireTombstone();
        vi.advanceTimersByTime(1_001);
      });
    } finally {
      vi.useRealTimers();
    }
    expect(await cached.read(redis)).toBe(1);
  });

  test('is as before after a failed write, whose error is thrown', async () => {
    const cached = make();
    const writing = cached.write(redis, async () => {
      throw new Error('rolled back');
    });
    await expect(writing).rejects.toThrow('rolled back');
    expect(await cached.read(redis)).toBe(0);
    await cached.expireTombstone();
    expect(await cached.read(redis)).toBe(0);
  });

  test('is never stale, however readers, writers and writers that die after their commit interleave', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.constantFrom('read', 'write', 'die'), { minLength: 2, maxLength: 8 }),
        async (scheduler, actors) => {
          const cached = make();
          if (actors.length % 2 === 0) await cached.read(redis);
          // The scheduler decides when each command, load and commit runs.
          const turn = (label: string) => scheduler.schedule(Promise.resolve(), label);
          const scheduledRedis = new Proxy(redis, {
            get(target, name) {
              const member = Reflect.get(target, name) as unknown;
              if (typeof member !== 'function') return member;
              return async (...rest: unknown[]) => {
                await turn(String(name));
                return Reflect.apply(member, target, rest);
              };
            },
          });
          const done = actors.map(async (actor) => {
            if (actor === 'read') return void (await cached.read(scheduledRedis, () => turn('loaded')));
            const committed = gate();
            const writing = cached.write(scheduledRedis, async () => {
              await turn('commit');
              cached.row++;
              committed.open();
              if (actor === 'die') await new Promise(() => {});
            });
            await (actor === 'die' ? committed.opened : writing);
          });
          await scheduler.waitFor(Promise.all(done));
          const current = make === cachedRow ? cached.row : cached.row % 2;
          expect(await cached.read(redis)).toBe(current);
          await cached.expireTombstone();
          expect(await cached.read(redis)).toBe(current);
        },
      ),
      { numRuns: 150 },
    );
  });
});
