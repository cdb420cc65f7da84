import { expect, test } from 'vitest';
import { type ListSteps, readList, ruledByPage } from '../../../src/features/kernel/read-list.ts';
import { fromCursor } from '../../../src/stores/ids.ts';

/** The steps of a list of the numbers from `length` down to 1, of which `isShown` says what the viewer may see. */
function countdown(length: number, isShown: (id: bigint) => boolean, requested: number[] = []) {
  const steps: ListSteps<bigint, { id: bigint }, bigint> = {
    async page(after, count) {
      requested.push(count);
      const from = after === null ? length : Number(after) - 1;
      return Array.from({ length: Math.min(count, from) }, (_, index) => BigInt(from - index));
    },
    sortId: (id) => id,
    load: async (ids) => ids.map((id) => ({ id })),
    rules: async (rows) => rows.map(({ id }) => isShown(id)),
    answer: ({ id }) => id,
  };
  return steps;
}

test('a list is read in full pages to its end, without a gap or a repetition', async () => {
  const nodes: bigint[] = [];
  for (let after: bigint | null = null, hasNextPage = true; hasNextPage; ) {
    const page = await readList(
      { first: 7, after },
      countdown(500, (id) => id % 3n === 0n),
    );
    nodes.push(...page.nodes);
    hasNextPage = page.pageInfo.hasNextPage;
    expect(page.nodes).toHaveLength(hasNextPage ? 7 : nodes.length % 7);
    expect(page.edges.map((edge) => fromCursor(edge.cursor))).toEqual(page.nodes);
    after = fromCursor(page.pageInfo.endCursor ?? '');
  }
  expect(nodes).toEqual(Array.from({ length: 166 }, (_, index) => BigInt(498 - 3 * index)));
});

test('a page that no rule thins out is read at once, with one entry more than requested', async () => {
  const requested: number[] = [];
  const steps = { ...countdown(10, () => true, requested), rules: ruledByPage };
  expect((await readList({ first: 10, after: null }, steps)).pageInfo.hasNextPage).toBe(false);
  expect((await readList({ first: 9, after: null }, steps)).pageInfo.hasNextPage).toBe(true);
  expect(requested).toEqual([11, 10]);
});

test('after ten pages the answer is short, and its cursor is below what was read', async () => {
  const requested: number[] = [];
  const steps = countdown(5_000, (id) => id === 4_990n || id === 1n, requested);
  const page = await readList({ first: 24, after: null }, steps);
  expect(requested).toEqual([25, ...Array.from({ length: 9 }, () => 100)]);
  expect(page.nodes).toEqual([4_990n]);
  expect(page.pageInfo.hasNextPage).toBe(true);
  expect(fromCursor(page.pageInfo.endCursor ?? '')).toBe(5_000n - 925n + 1n);
});

test('a row that no longer exists is left out, and the page is filled', async () => {
  const steps = countdown(30, () => true);
  const withoutTen: typeof steps = {
    ...steps,
    load: async (ids) => ids.map((id) => (id % 10n === 0n ? null : { id })),
  };
  const page = await readList({ first: 4, after: 12n }, withoutTen);
  expect(page.nodes).toEqual([11n, 9n, 8n, 7n]);
  expect(page.pageInfo.hasNextPage).toBe(true);
});
