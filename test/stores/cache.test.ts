import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { type RelationKind, readRelations, writeInvalidatingRelations } from '../../src/stores/cached-relations.ts';
import { type CachedKind, readCached, writeInvalidating } from '../../src/stores/cached-rows.ts';
import { connectRedis, type Redis } from '../../src/stores/redis.ts';
import { unique } from '../support/people.ts';

let redis: Redis;
beforeAll(async () => {
  redis = connectRedis(inject('env').REDIS_URL ?? '', () => {});
  // Until it is connected, reads go past it.
  await redis.ping();
});
afterAll(() => {
  redis.disconnect();
});

/** What these tests read from needs no database. */
function at(connection: Redis) {
  return { redis: connection, db: noDatabase as never };
}
const noDatabase = {};

/** A row that is cached, with whatever it takes to look at it from both sides. */
interface Cached {
  /** What the database holds. */
  row: number;
  /** How often it was read from there. */
  loads: number;
  /** Reads through the cache. `afterLoad` runs when the row was read and is not stored yet. */
  read(redis: Redis, afterLoad?: () => Promise<void>): Promise<number>;
  write(redis: Redis, write: () => Promise<void>): Promise<void>;
  /** As if the tombstone’s time were over. */
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
      const [value] = await readCached(at(connection), kind, [key]);
      return value ?? -1;
    },
    write: (connection, write) => writeInvalidating(connection, [key], write),
    async expireTombstone() {
      if ((await redis.get(key)) === '') await redis.del(key);
    },
  };
  return cached;
}

/** The same for a fact, which is so when the row is odd. */
function cachedFact(): Cached {
  const hash = `test:${unique()}`;
  const cached: Cached = {
    row: 0,
    loads: 0,
    async read(connection, afterLoad = async () => {}) {
      const kind: RelationKind = {
        key: () => hash,
        async load(_, facts) {
          cached.loads++;
          const { row } = cached;
          await afterLoad();
          return row % 2 === 1 ? facts.map(([personId, subjectId]) => ({ personId, subjectId })) : [];
        },
      };
      const [value] = await readRelations(at(connection), kind, 1n, [2n]);
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
  ['a cached fact', cachedFact],
] as const)('%s', ([, make]) => {
  test('is read from the database once, and from the cache after that', async () => {
    const cached = make();
    cached.row = 1;
    for (let time = 0; time < 3; time++) expect(await cached.read(redis)).toBe(1);
    expect(cached.loads).toBe(1);
  });

  test('is new for whoever reads after a write, and is cached again when the tombstone’s time is over', async () => {
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

  test('is not kept by a reader that read it before the commit and stores it after', async () => {
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

  test('is not kept by a reader that read and stored it while the write was under way', async () => {
    const cached = make();
    await cached.write(redis, async () => {
      expect(await cached.read(redis)).toBe(0);
      cached.row = 1;
    });
    expect(await cached.read(redis)).toBe(1);
    await cached.expireTombstone();
    expect(await cached.read(redis)).toBe(1);
  });

  test('is not kept by a reader during a write that takes longer than the first tombstone', async () => {
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

  test('is not kept when the process that writes dies right after its commit', async () => {
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
      await new Promise(() => {}); // Dead: nothing after its commit is ever run.
    });
    await committed.opened;
    late.open();
    await reading;
    expect(await cached.read(redis)).toBe(1);
    await cached.expireTombstone();
    expect(await cached.read(redis)).toBe(1);
  });

  test('is not stored by a reader so slow that the tombstone’s time was over meanwhile', async () => {
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

  test('is as it was after a write that failed, which tells its error', async () => {
    const cached = make();
    const writing = cached.write(redis, async () => {
      throw new Error('rolled back');
    });
    await expect(writing).rejects.toThrow('rolled back');
    expect(await cached.read(redis)).toBe(0);
    await cached.expireTombstone();
    expect(await cached.read(redis)).toBe(0);
  });

  test('is never stale after any interleaving of readers and writers, of whom some die after their commit', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.constantFrom('read', 'write', 'die'), { minLength: 2, maxLength: 8 }),
        async (s, actors) => {
          const cached = make();
          if (actors.length % 2 === 0) await cached.read(redis);
          // Every command, load and commit waits for its turn.
          const turn = (what: string) => s.schedule(Promise.resolve(), what);
          const slow = new Proxy(redis, {
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
            if (actor === 'read') return void (await cached.read(slow, () => turn('loaded')));
            const committed = gate();
            const writing = cached.write(slow, async () => {
              await turn('commit');
              cached.row++;
              committed.open();
              if (actor === 'die') await new Promise(() => {});
            });
            await (actor === 'die' ? committed.opened : writing);
          });
          await s.waitFor(Promise.all(done));
          const truth = make === cachedRow ? cached.row : cached.row % 2;
          expect(await cached.read(redis)).toBe(truth);
          await cached.expireTombstone();
          expect(await cached.read(redis)).toBe(truth);
        },
      ),
      { numRuns: 150 },
    );
  });
});

/** Rows that are texts, all but "none" of which exist, and what was read of them from the database. */
function cachedTexts() {
  const prefix = `test:${unique()}:`;
  const loaded: string[][] = [];
  const kind: CachedKind<string, string> = {
    key: (id) => prefix + id,
    ttlSeconds: 60,
    encode: (value) => value,
    decode: (text) => text,
    async load(_, ids) {
      loaded.push([...ids]);
      return new Map(ids.filter((id) => id !== 'none').map((id) => [id, `value of ${id}`]));
    },
  };
  return { prefix, loaded, kind };
}

test('many rows at once come in the order that was asked for, with null for what does not exist', async () => {
  const { prefix, loaded, kind } = cachedTexts();
  expect(await readCached(at(redis), kind, ['b'])).toEqual(['value of b']);
  expect(await readCached(at(redis), kind, ['c', 'none', 'b', 'a'])).toEqual([
    'value of c',
    null,
    'value of b',
    'value of a',
  ]);
  expect(await readCached(at(redis), kind, [])).toEqual([]);
  expect(loaded).toEqual([['b'], ['c', 'none', 'a']]);
  expect(await redis.exists(`${prefix}none`)).toBe(0);
});

test('what many lack at the same moment is read once for all of them', async () => {
  const { prefix, loaded, kind } = cachedTexts();
  const rows = await Promise.all([['a'], ['a', 'b'], ['b']].map((ids) => readCached(at(redis), kind, ids)));
  expect(rows).toEqual([['value of a'], ['value of a', 'value of b'], ['value of b']]);
  expect(loaded).toEqual([['a', 'b']]);

  const asked: unknown[] = [];
  const facts: RelationKind = {
    key: (personId) => `${prefix}${personId}`,
    async load(_, pairs) {
      asked.push(pairs);
      return pairs.filter(([one, other]) => one > other).map(([personId, subjectId]) => ({ personId, subjectId }));
    },
  };
  const read = () => Promise.all([1n, 2n, 3n].map((person) => readRelations(at(redis), facts, person, [1n, 2n])));
  const answers = [
    [false, false],
    [true, false],
    [true, true],
  ];
  expect(await read()).toEqual(answers);
  expect(asked).toEqual([
    [1n, 2n, 3n].flatMap((person) => [
      [person, 1n],
      [person, 2n],
    ]),
  ]);
  // And kept for each.
  expect(await read()).toEqual(answers);
  expect(asked).toHaveLength(1);
});
