import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { follow } from '../../../src/features/people/follows.ts';
import { deletePhoto } from '../../../src/features/photos/edit.ts';
import { toGlobalId } from '../../../src/stores/ids.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { openBackstage } from '../../support/backstage.ts';
import { type OwnDarkroom, ownStores, startProcess, type TestProcess } from '../../support/darkroom.ts';
import { idsOf, insertPeople, type Page, readPage, setFollow, untilFannedOut } from '../../support/feed.ts';
import { newPerson } from '../../support/people.ts';
import { insertPhoto } from '../../support/rows.ts';

const AUTHORS = 3;

let shared: Stores;
let own: OwnDarkroom;
let processes: TestProcess[] = [];
beforeAll(async () => {
  shared = await openBackstage();
  own = await ownStores({ FEED_PUSH_LIMIT: '2' });
  processes = await Promise.all([startProcess(['api'], own.env), startProcess(['worker'], own.env)]);
});
afterAll(async () => {
  await Promise.all(processes.map((process) => process.end('SIGTERM')));
  await own.stop();
  await shared.close();
});

/** When a request was sent and when it was answered, on a logical clock that counts the events of this test. */
interface Span {
  start: number;
  end: number;
}
interface TestPhoto {
  id: string;
  author: number;
  publishedId: bigint;
  /** When its fan-out was known to be complete. */
  arrived: number;
  deleted?: Span;
}
interface Read extends Span {
  below: bigint | null;
  ids: string[];
  hasNextPage: boolean;
}

const author = fc.nat(AUTHORS - 1);
const plan = fc.record({
  publish: fc.array(fc.record({ author, thenDelete: fc.nat(4) }), { minLength: 5, maxLength: 14 }),
  follow: fc.array(fc.record({ name: fc.constantFrom('follow' as const, 'unfollow' as const), author }), {
    maxLength: 8,
  }),
  join: fc.array(author, { maxLength: 6 }),
  readers: fc.array(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 6, maxLength: 14 }), {
    minLength: 2,
    maxLength: 4,
  }),
});
type Plan = typeof plan extends fc.Arbitrary<infer P> ? P : never;

/** Runs publishers, a viewer who follows and unfollows, and readers concurrently. Then checks every read. */
async function play(url: string, stores: Stores, { publish, follow: changes, join, readers }: Plan): Promise<void> {
  const viewer = await newPerson(url, 'viewer');
  const authors = await insertPeople(stores, AUTHORS);
  const bystanders = await insertPeople(stores, join.length);
  let now = 0;
  const timed = async (work: () => Promise<unknown>): Promise<Span> => {
    const start = ++now;
    await work();
    return { start, end: ++now };
  };
  const photos = new Map<string, TestPhoto>();
  const follows: (Span & { name: 'follow' | 'unfollow'; author: number })[] = [];
  const reads: Read[] = [];
  for (const which of authors.keys()) {
    const span = await timed(() => setFollow(viewer, 'follow', authors[which] ?? 0n));
    follows.push({ ...span, name: 'follow', author: which });
  }

  const arrivals: Promise<void>[] = [];
  const publishing = async () => {
    for (const step of publish) {
      const authorId = authors[step.author] ?? 0n;
      const { photoId, publishedId } = await insertPhoto(stores, authorId);
      const id = toGlobalId('Photo', photoId);
      const photo: TestPhoto = { id, author: step.author, publishedId, arrived: Number.POSITIVE_INFINITY };
      photos.set(id, photo);
      arrivals.push(
        untilFannedOut(stores, [authorId]).then(() => {
          photo.arrived = ++now;
        }),
      );
      if (step.thenDelete > 0) continue;
      // Set before the deletion, so that a concurrent read may omit the photo.
      photo.deleted = { start: ++now, end: Number.POSITIVE_INFINITY };
      await deletePhoto(stores, authorId, photoId);
      photo.deleted.end = ++now;
    }
  };
  const following = async () => {
    for (const step of changes) {
      const change = { ...step, start: ++now, end: Number.POSITIVE_INFINITY };
      follows.push(change);
      await setFollow(viewer, step.name, authors[step.author] ?? 0n);
      change.end = ++now;
    }
  };
  const joining = async () => {
    for (const [index, which] of join.entries()) await follow(stores, bystanders[index] ?? 0n, authors[which] ?? 0n);
  };
  const reading = async (sizes: number[]) => {
    let cursor: string | null = null;
    let below: bigint | null = null;
    for (const first of sizes) {
      const start = ++now;
      const page: Page = await readPage(viewer, first, cursor);
      const ids = idsOf(page);
      const { hasNextPage, endCursor } = page.pageInfo;
      reads.push({ start, end: ++now, below, ids, hasNextPage });
      cursor = hasNextPage ? endCursor : null;
      // A reader may see a photo before the publisher knows that its transaction has committed.
      const last = ids.at(-1);
      below = cursor === null || last === undefined ? null : await publishedIdOf(last);
    }
  };
  const publishedIdOf = async (id: string): Promise<bigint> => {
    for (;;) {
      const photo = photos.get(id);
      if (photo) return photo.publishedId;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  await Promise.all([publishing(), following(), joining(), ...readers.map(reading)]);
  await Promise.all(arrivals);
  await reading([100]);

  for (const read of reads) {
    const publishedIds = read.ids.map((id) => photos.get(id)?.publishedId ?? -1n);
    expect(publishedIds).toEqual([...new Set(publishedIds)].sort((a, b) => (a < b ? 1 : -1)));
    if (read.below !== null) for (const publishedId of publishedIds) expect(publishedId).toBeLessThan(read.below);
    const floor = read.hasNextPage ? (publishedIds.at(-1) ?? 0n) : 0n;
    for (const photo of photos.values()) {
      const followed = followedIn(follows, photo.author, read);
      const isThere = read.ids.includes(photo.id);
      if (isThere) {
        expect({ followed, deleted: (photo.deleted?.end ?? read.end) < read.start }).toEqual({
          followed: expect.stringMatching(/^(always|sometimes)$/),
          deleted: false,
        });
      } else {
        const inRange = photo.publishedId > floor && (read.below === null || photo.publishedId < read.below);
        const exists = (photo.deleted?.start ?? read.end) >= read.end;
        expect({ missing: photo.arrived < read.start && followed === 'always' && inRange && exists }).toEqual({
          missing: false,
        });
      }
    }
  }
  // After all writes and jobs have finished, the feed is exact.
  const settled = [...photos.values()]
    .filter((photo) => !photo.deleted && followedIn(follows, photo.author, { start: now, end: now }) === 'always')
    .sort((a, b) => (a.publishedId < b.publishedId ? 1 : -1));
  expect(reads.at(-1)?.ids).toEqual(settled.map((photo) => photo.id));
}

/** Whether an author was followed during a span. The changes are sequential. */
function followedIn(
  changes: readonly (Span & { name: 'follow' | 'unfollow'; author: number })[],
  author: number,
  { start, end }: Span,
): 'always' | 'sometimes' | 'never' {
  const about = changes.filter((change) => change.author === author);
  const before = about.filter((change) => change.end < start).at(-1)?.name ?? 'unfollow';
  const meanwhile = about.filter((change) => change.end >= start && change.start <= end).map((change) => change.name);
  const names = new Set([before, ...meanwhile]);
  if (!names.has('follow')) return 'never';
  return names.has('unfollow') ? 'sometimes' : 'always';
}

test('concurrent with publishing, deleting and following, a read contains what was there before it', async () => {
  await fc.assert(
    fc.asyncProperty(plan, (steps) => play(inject('url'), shared, steps)),
    { numRuns: 20 },
  );
});

test('the same while authors become pulled authors', async () => {
  await fc.assert(
    fc.asyncProperty(plan, (steps) => play(processes[0]?.url ?? '', own.stores, steps)),
    { numRuns: 20 },
  );
});
