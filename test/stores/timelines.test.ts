import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Stores } from '../../src/stores/stores.ts';
import { parseEntry } from '../../src/stores/streams.ts';
import {
  buildTimeline,
  type FeedEntry,
  pushAndPublish,
  readTimeline,
  type TimelinePage,
  writeDroppingTimelines,
} from '../../src/stores/timelines.ts';
import { openBackstage } from '../support/backstage.ts';
import { unique } from '../support/people.ts';
import { until } from '../support/until.ts';

let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

const newKey = () => `feed:{test}:${unique()}`;
const byNewest = (a: FeedEntry, b: FeedEntry) => (a.publishedId < b.publishedId ? 1 : -1);

/** Entries `from` to `to`, both included, newest first. */
function entriesFrom(from: number, to: number): FeedEntry[] {
  return Array.from({ length: to - from + 1 }, (_, index) => entryOf(BigInt(to - index)));
}

function entryOf(publishedId: bigint): FeedEntry {
  return { publishedId, photoId: publishedId + 7n };
}

async function mustRead(key: string, after: bigint | null, count: number): Promise<TimelinePage> {
  const page = await readTimeline(stores.redis, key, after, count);
  if (typeof page === 'string') throw new Error(`The timeline is ${page}.`);
  return page;
}

const push = (key: string, entry: FeedEntry) => pushAndPublish(stores.redis, [key], entry, '{}');

test('a complete timeline has floor 0, and one that was cut has the lowest publishedId that it holds', async () => {
  const key = newKey();
  await buildTimeline(stores.redis, key, async () => entriesFrom(1, 498));
  expect(await mustRead(key, null, 600)).toEqual({ entries: entriesFrom(1, 498), floor: 0n });
  await push(key, entryOf(499n));
  expect(await mustRead(key, null, 600)).toEqual({ entries: entriesFrom(1, 499), floor: 0n });
  // The next entry pushes out END.
  await push(key, entryOf(500n));
  expect(await mustRead(key, null, 600)).toEqual({ entries: entriesFrom(1, 500), floor: 1n });
  await push(key, entryOf(501n));
  expect(await mustRead(key, null, 600)).toEqual({ entries: entriesFrom(2, 501), floor: 2n });
  // An entry that is older than the lowest one is not kept, because those between them are missing.
  await push(key, entryOf(1n));
  expect(await mustRead(key, null, 600)).toEqual({ entries: entriesFrom(2, 501), floor: 2n });
  expect(await mustRead(key, 100n, 3)).toEqual({ entries: entriesFrom(97, 99), floor: 2n });
  expect(await mustRead(key, 2n, 3)).toEqual({ entries: [], floor: 2n });
});

test('an empty timeline is complete, and differs from a missing one', async () => {
  const key = newKey();
  expect(await readTimeline(stores.redis, key, null, 10)).toBe('missing');
  await push(key, entryOf(1n));
  expect(await readTimeline(stores.redis, key, null, 10)).toBe('missing');
  await buildTimeline(stores.redis, key, async () => []);
  expect(await mustRead(key, null, 10)).toEqual({ entries: [], floor: 0n });
});

test('of two builders at the same time, one builds', async () => {
  const key = newKey();
  let loads = 0;
  const load = async () => {
    loads++;
    expect(await readTimeline(stores.redis, key, null, 10)).toBe('building');
    await buildTimeline(stores.redis, key, async () => {
      loads++;
      return [];
    });
    return entriesFrom(1, 3);
  };
  await buildTimeline(stores.redis, key, load);
  expect(loads).toBe(1);
  expect((await mustRead(key, null, 10)).entries).toEqual(entriesFrom(1, 3));
});

test('what is pushed while a timeline is built is in it once, also when the builder has read it', async () => {
  const key = newKey();
  await buildTimeline(stores.redis, key, async () => {
    await push(key, entryOf(4n));
    await push(key, entryOf(2n));
    return [entryOf(3n), entryOf(2n), entryOf(1n)];
  });
  expect(await mustRead(key, null, 10)).toEqual({ entries: entriesFrom(1, 4), floor: 0n });
});

test('a builder whose timeline was dropped meanwhile stores nothing', async () => {
  const key = newKey();
  await buildTimeline(stores.redis, key, async () => {
    await writeDroppingTimelines(stores.redis, [key], async () => {});
    return entriesFrom(1, 3);
  });
  expect(await readTimeline(stores.redis, key, null, 10)).toBe('missing');
  // Also when another builder has built it since.
  await buildTimeline(stores.redis, key, async () => {
    await writeDroppingTimelines(stores.redis, [key], async () => {});
    await buildTimeline(stores.redis, key, async () => entriesFrom(5, 6));
    return entriesFrom(1, 3);
  });
  expect((await mustRead(key, null, 10)).entries).toEqual(entriesFrom(5, 6));
});

test('a timeline is not read or built during a write that changes it, and dropped also when that fails', async () => {
  const key = newKey();
  await buildTimeline(stores.redis, key, async () => entriesFrom(1, 3));
  const write = async () => {
    expect(await readTimeline(stores.redis, key, null, 10)).toBe('building');
    await buildTimeline(stores.redis, key, async () => entriesFrom(1, 3));
    expect(await readTimeline(stores.redis, key, null, 10)).toBe('building');
    throw new Error('refused');
  };
  await expect(writeDroppingTimelines(stores.redis, [key], write)).rejects.toThrow('refused');
  expect(await readTimeline(stores.redis, key, null, 10)).toBe('missing');
});

test('a builder that dies blocks a timeline only for some seconds', async () => {
  const key = newKey();
  const died = buildTimeline(stores.redis, key, async () => {
    throw new Error('dead');
  });
  await expect(died).rejects.toThrow('dead');
  expect(await readTimeline(stores.redis, key, null, 10)).toBe('building');
  await until(async () => (await readTimeline(stores.redis, key, null, 10)) === 'missing', 20);
  await buildTimeline(stores.redis, key, async () => entriesFrom(1, 1));
  expect((await mustRead(key, null, 10)).entries).toEqual(entriesFrom(1, 1));
});

test('a photo is pushed into the timelines that exist, and published once on the channel of each', async () => {
  const [existing, missing] = [newKey(), newKey()];
  await buildTimeline(stores.redis, existing, async () => []);
  const received: string[] = [];
  const listener = (key: string) => (text: string) => received.push(`${key} ${parseEntry(text).payload}`);
  const unsubscribes = await Promise.all(
    [existing, missing].map((key) => stores.pubsub.subscribe(`live:${key}`, listener(key))),
  );
  for (let time = 0; time < 2; time++) {
    await pushAndPublish(stores.redis, [existing, missing, newKey()], entryOf(5n), 'news');
  }
  await pushAndPublish(stores.redis, [], entryOf(5n), 'to nobody');
  await until(async () => received.length >= 2);
  expect(received.sort()).toEqual([`${existing} news`, `${missing} news`].sort());
  expect((await mustRead(existing, null, 10)).entries).toEqual([entryOf(5n)]);
  expect(await readTimeline(stores.redis, missing, null, 10)).toBe('missing');
  for (const unsubscribe of unsubscribes) unsubscribe();
});

const flat = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('begin' as const), count: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('commit' as const), which: fc.nat(), count: fc.nat(12) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('push' as const), which: fc.nat(), count: fc.nat(12) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      below: fc.nat(),
      count: fc.integer({ min: 1, max: 600 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const) }) },
);
const during = fc.array(flat, { maxLength: 8 });
const command = fc.oneof(
  { weight: 6, arbitrary: flat },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('build' as const), during }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('follow' as const), during, count: fc.integer({ min: 0, max: 40 }) }),
  },
);
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never;

/** What PostgreSQL would hold, and a timeline that is built from it. */
class Simulation {
  readonly key = newKey();
  /** Photos get their ids in order, and are committed in any order. */
  begun: FeedEntry[] = [];
  committed: FeedEntry[] = [];
  unpushed: FeedEntry[] = [];
  taken = new Set<bigint>();
  newest = 0n;

  constructor(size: number) {
    for (let count = 0; count < size; count++) this.committed.unshift(this.#next());
  }

  #next(): FeedEntry {
    this.newest += 1_000n;
    return this.#newEntry(this.newest);
  }

  #newEntry(publishedId: bigint): FeedEntry {
    this.taken.add(publishedId);
    return entryOf(publishedId);
  }

  async run(step: Command): Promise<void> {
    if (step.do === 'publish') {
      const entries = Array.from({ length: step.count }, () => this.#next());
      this.committed.push(...entries);
      this.unpushed.push(...entries);
      for (const entry of entries) await push(this.key, entry);
      this.unpushed = this.unpushed.filter((entry) => !entries.includes(entry));
    } else if (step.do === 'begin') {
      for (let count = 0; count < step.count; count++) this.begun.push(this.#next());
    } else if (step.do === 'commit') {
      const chosen = takeSome(this.begun, step.which, step.count);
      this.committed.push(...chosen);
      this.unpushed.push(...chosen);
    } else if (step.do === 'push') {
      // An entry counts as pushed once Redis has answered.
      const chosen = takeSome([...this.unpushed], step.which, step.count);
      await Promise.all(chosen.map((entry) => push(this.key, entry)));
      this.unpushed = this.unpushed.filter((entry) => !chosen.includes(entry));
    } else if (step.do === 'lose') {
      await stores.redis.del(this.key);
    } else if (step.do === 'read') {
      await this.read(step.below, step.count);
    } else if (step.do === 'build') {
      await buildTimeline(stores.redis, this.key, async (count) => {
        const rows = this.committed.toSorted(byNewest).slice(0, count);
        for (const inner of step.during) await this.run(inner);
        return rows;
      });
    } else {
      await writeDroppingTimelines(stores.redis, [this.key], async () => {
        for (const inner of step.during) await this.run(inner);
        // An author who is followed only now has published before.
        for (let index = 0; index < step.count; index++) {
          const publishedId = (this.newest * BigInt(index)) / BigInt(step.count) + 1n;
          if (!this.taken.has(publishedId)) this.committed.push(this.#newEntry(publishedId));
        }
      });
    }
  }

  async read(below: number, count: number): Promise<void> {
    const after = below % 2 === 0 ? null : BigInt(below) % (this.newest + 2_000n);
    const page = await readTimeline(stores.redis, this.key, after, count);
    if (typeof page === 'string') return;
    const ids = page.entries.map((entry) => entry.publishedId);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => (a < b ? 1 : -1)));
    expect(ids.length).toBeLessThanOrEqual(count);
    const committed = new Set(this.committed.map((entry) => entry.publishedId));
    for (const entry of page.entries) {
      expect(committed.has(entry.publishedId)).toBe(true);
      expect(entry.photoId).toBe(entry.publishedId + 7n);
      if (after !== null) expect(entry.publishedId).toBeLessThan(after);
    }
    const end = ids.length === count ? (ids.at(-1) ?? 0n) : page.floor;
    const expected = this.committed
      .filter((entry) => !this.unpushed.includes(entry))
      .map((entry) => entry.publishedId)
      .filter((id) => id >= end && id >= page.floor && (after === null || id < after));
    expect(expected.filter((id) => !ids.includes(id))).toEqual([]);
  }
}

/** Removes up to `count` elements from an array, from an index that depends on `which`. */
function takeSome<T>(list: T[], which: number, count: number): T[] {
  return list.splice(list.length === 0 ? 0 : which % list.length, count);
}

test('a timeline has no gap, in whatever order photos are committed and pushed and it is built or lost', async () => {
  const size = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 470, max: 530 }));
  await fc.assert(
    fc.asyncProperty(size, fc.array(command, { minLength: 5, maxLength: 40 }), async (initialSize, commands) => {
      const simulation = new Simulation(initialSize);
      await simulation.run({ do: 'build', during: [] });
      for (const step of commands) await simulation.run(step);

      // In the end the timeline, rebuilt if it is missing, holds exactly the newest photos.
      await simulation.run({ do: 'commit', which: 0, count: simulation.begun.length });
      await simulation.run({ do: 'push', which: 0, count: simulation.unpushed.length });
      await buildTimeline(stores.redis, simulation.key, async (n) =>
        simulation.committed.toSorted(byNewest).slice(0, n),
      );
      const { entries, floor } = await mustRead(simulation.key, null, 1_000);
      const all = simulation.committed.toSorted(byNewest);
      expect(entries).toEqual(floor === 0n ? all : all.slice(0, 500));
      expect(await stores.redis.zcard(simulation.key)).toBeLessThanOrEqual(500);
      await stores.redis.del(simulation.key);
    }),
    { numRuns: 150 },
  );
});
