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

/** Places `from` to `to`, both included, newest first. */
function placesFrom(from: number, to: number): FeedEntry[] {
  return Array.from({ length: to - from + 1 }, (_, index) => placeOf(BigInt(to - index)));
}

function placeOf(publishedId: bigint): FeedEntry {
  return { publishedId, photoId: publishedId + 7n };
}

async function mustRead(key: string, after: bigint | null, count: number): Promise<TimelinePage> {
  const page = await readTimeline(stores.redis, key, after, count);
  if (typeof page === 'string') throw new Error(`The list is ${page}.`);
  return page;
}

const push = (key: string, place: FeedEntry) => pushAndPublish(stores.redis, [key], place, '{}');

test('a list that holds everything says so, and one that was cut says how far down it reaches', async () => {
  const key = newKey();
  await buildTimeline(stores.redis, key, async () => placesFrom(1, 498));
  expect(await mustRead(key, null, 600)).toEqual({ entries: placesFrom(1, 498), floor: 0n });
  await push(key, placeOf(499n));
  expect(await mustRead(key, null, 600)).toEqual({ entries: placesFrom(1, 499), floor: 0n });
  // The next one takes the place of the mark at its end.
  await push(key, placeOf(500n));
  expect(await mustRead(key, null, 600)).toEqual({ entries: placesFrom(1, 500), floor: 1n });
  await push(key, placeOf(501n));
  expect(await mustRead(key, null, 600)).toEqual({ entries: placesFrom(2, 501), floor: 2n });
  // What is older than all of it does not come in, because what lies between is not there.
  await push(key, placeOf(1n));
  expect(await mustRead(key, null, 600)).toEqual({ entries: placesFrom(2, 501), floor: 2n });
  expect(await mustRead(key, 100n, 3)).toEqual({ entries: placesFrom(97, 99), floor: 2n });
  expect(await mustRead(key, 2n, 3)).toEqual({ entries: [], floor: 2n });
});

test('a list of nothing is complete, which a list that is missing is not', async () => {
  const key = newKey();
  expect(await readTimeline(stores.redis, key, null, 10)).toBe('missing');
  await push(key, placeOf(1n));
  expect(await readTimeline(stores.redis, key, null, 10)).toBe('missing');
  await buildTimeline(stores.redis, key, async () => []);
  expect(await mustRead(key, null, 10)).toEqual({ entries: [], floor: 0n });
});

test('of two who build a list at once, one does', async () => {
  const key = newKey();
  let loads = 0;
  const load = async () => {
    loads++;
    expect(await readTimeline(stores.redis, key, null, 10)).toBe('building');
    await buildTimeline(stores.redis, key, async () => {
      loads++;
      return [];
    });
    return placesFrom(1, 3);
  };
  await buildTimeline(stores.redis, key, load);
  expect(loads).toBe(1);
  expect((await mustRead(key, null, 10)).entries).toEqual(placesFrom(1, 3));
});

test('what is pushed while a list is built is in it, also what the builder has read already', async () => {
  const key = newKey();
  await buildTimeline(stores.redis, key, async () => {
    await push(key, placeOf(4n));
    await push(key, placeOf(2n));
    return [placeOf(3n), placeOf(2n), placeOf(1n)];
  });
  expect(await mustRead(key, null, 10)).toEqual({ entries: placesFrom(1, 4), floor: 0n });
});

test('a builder whose list was dropped meanwhile stores nothing', async () => {
  const key = newKey();
  await buildTimeline(stores.redis, key, async () => {
    await writeDroppingTimelines(stores.redis, [key], async () => {});
    return placesFrom(1, 3);
  });
  expect(await readTimeline(stores.redis, key, null, 10)).toBe('missing');
  // Nor when somebody else has built it since.
  await buildTimeline(stores.redis, key, async () => {
    await writeDroppingTimelines(stores.redis, [key], async () => {});
    await buildTimeline(stores.redis, key, async () => placesFrom(5, 6));
    return placesFrom(1, 3);
  });
  expect((await mustRead(key, null, 10)).entries).toEqual(placesFrom(5, 6));
});

test('a list is not read or built while a write changes what belongs to it, and dropped also when that fails', async () => {
  const key = newKey();
  await buildTimeline(stores.redis, key, async () => placesFrom(1, 3));
  const write = async () => {
    expect(await readTimeline(stores.redis, key, null, 10)).toBe('building');
    await buildTimeline(stores.redis, key, async () => placesFrom(1, 3));
    expect(await readTimeline(stores.redis, key, null, 10)).toBe('building');
    throw new Error('refused');
  };
  await expect(writeDroppingTimelines(stores.redis, [key], write)).rejects.toThrow('refused');
  expect(await readTimeline(stores.redis, key, null, 10)).toBe('missing');
});

test('a builder that dies blocks a list only for some seconds', async () => {
  const key = newKey();
  const died = buildTimeline(stores.redis, key, async () => {
    throw new Error('dead');
  });
  await expect(died).rejects.toThrow('dead');
  expect(await readTimeline(stores.redis, key, null, 10)).toBe('building');
  await until(async () => (await readTimeline(stores.redis, key, null, 10)) === 'missing', 20);
  await buildTimeline(stores.redis, key, async () => placesFrom(1, 1));
  expect((await mustRead(key, null, 10)).entries).toEqual(placesFrom(1, 1));
});

test('a photo is pushed into the lists that exist, and told to all who listen, once for each list', async () => {
  const [there, missing] = [newKey(), newKey()];
  await buildTimeline(stores.redis, there, async () => []);
  const heard: string[] = [];
  const hear = (key: string) => (text: string) => heard.push(`${key} ${parseEntry(text).payload}`);
  const stops = await Promise.all([there, missing].map((key) => stores.pubsub.subscribe(`live:${key}`, hear(key))));
  for (let time = 0; time < 2; time++) {
    await pushAndPublish(stores.redis, [there, missing, newKey()], placeOf(5n), 'news');
  }
  await pushAndPublish(stores.redis, [], placeOf(5n), 'nobody');
  await until(async () => heard.length >= 2);
  expect(heard.sort()).toEqual([`${there} news`, `${missing} news`].sort());
  expect((await mustRead(there, null, 10)).entries).toEqual([placeOf(5n)]);
  expect(await readTimeline(stores.redis, missing, null, 10)).toBe('missing');
  for (const stop of stops) stop();
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

/** What PostgreSQL would hold, and a list that is kept from it. */
class Play {
  readonly key = newKey();
  /** Ids are given in order and committed in any. */
  begun: FeedEntry[] = [];
  committed: FeedEntry[] = [];
  unpushed: FeedEntry[] = [];
  taken = new Set<bigint>();
  newest = 0n;

  constructor(size: number) {
    for (let made = 0; made < size; made++) this.committed.unshift(this.#next());
  }

  #next(): FeedEntry {
    this.newest += 1_000n;
    return this.#take(this.newest);
  }

  #take(publishedId: bigint): FeedEntry {
    this.taken.add(publishedId);
    return placeOf(publishedId);
  }

  async run(step: Command): Promise<void> {
    if (step.do === 'publish') {
      const places = Array.from({ length: step.count }, () => this.#next());
      this.committed.push(...places);
      this.unpushed.push(...places);
      for (const place of places) await push(this.key, place);
      this.unpushed = this.unpushed.filter((place) => !places.includes(place));
    } else if (step.do === 'begin') {
      for (let made = 0; made < step.count; made++) this.begun.push(this.#next());
    } else if (step.do === 'commit') {
      const chosen = takeSome(this.begun, step.which, step.count);
      this.committed.push(...chosen);
      this.unpushed.push(...chosen);
    } else if (step.do === 'push') {
      // It is one that was pushed only when Redis has answered.
      const chosen = takeSome([...this.unpushed], step.which, step.count);
      await Promise.all(chosen.map((place) => push(this.key, place)));
      this.unpushed = this.unpushed.filter((place) => !chosen.includes(place));
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
        // Somebody whom one follows only now has published before.
        for (let made = 0; made < step.count; made++) {
          const publishedId = (this.newest * BigInt(made)) / BigInt(step.count) + 1n;
          if (!this.taken.has(publishedId)) this.committed.push(this.#take(publishedId));
        }
      });
    }
  }

  async read(below: number, count: number): Promise<void> {
    const after = below % 2 === 0 ? null : BigInt(below) % (this.newest + 2_000n);
    const page = await readTimeline(stores.redis, this.key, after, count);
    if (typeof page === 'string') return;
    const ids = page.entries.map((place) => place.publishedId);
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => (a < b ? 1 : -1)));
    expect(ids.length).toBeLessThanOrEqual(count);
    const committed = new Set(this.committed.map((place) => place.publishedId));
    for (const place of page.entries) {
      expect(committed.has(place.publishedId)).toBe(true);
      expect(place.photoId).toBe(place.publishedId + 7n);
      if (after !== null) expect(place.publishedId).toBeLessThan(after);
    }
    const end = ids.length === count ? (ids.at(-1) ?? 0n) : page.floor;
    const must = this.committed
      .filter((place) => !this.unpushed.includes(place))
      .map((place) => place.publishedId)
      .filter((id) => id >= end && id >= page.floor && (after === null || id < after));
    expect(must.filter((id) => !ids.includes(id))).toEqual([]);
  }
}

/** Takes up to `count` from a list, from anywhere on. */
function takeSome<T>(list: T[], which: number, count: number): T[] {
  return list.splice(list.length === 0 ? 0 : which % list.length, count);
}

test('whatever is begun, committed, pushed, built, dropped and lost in whatever order, a list has no gap', async () => {
  const size = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 470, max: 530 }));
  await fc.assert(
    fc.asyncProperty(size, fc.array(command, { minLength: 5, maxLength: 40 }), async (already, commands) => {
      const play = new Play(already);
      await play.run({ do: 'build', during: [] });
      for (const step of commands) await play.run(step);

      // When all is done the list, built anew where it is missing, is exactly the newest.
      await play.run({ do: 'commit', which: 0, count: play.begun.length });
      await play.run({ do: 'push', which: 0, count: play.unpushed.length });
      await buildTimeline(stores.redis, play.key, async (n) => play.committed.toSorted(byNewest).slice(0, n));
      const { entries, floor } = await mustRead(play.key, null, 1_000);
      const all = play.committed.toSorted(byNewest);
      expect(entries).toEqual(floor === 0n ? all : all.slice(0, 500));
      expect(await stores.redis.zcard(play.key)).toBeLessThanOrEqual(500);
      await stores.redis.del(play.key);
    }),
    { numRuns: 150 },
  );
});
