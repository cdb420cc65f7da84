import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import {
  boundCharacters,
  boundText,
  type ClientText,
  hasLongRunOfMarks,
} from '../../../src/features/kernel/client-text.ts';
import type { Scalars } from '../../../src/generated/graphql.ts';

const FEATURES = fileURLToPath(new URL('../../../src/features', import.meta.url));

/** The files of src/features/ that contain a pattern. */
async function filesWith(pattern: RegExp): Promise<string[]> {
  const names = (await readdir(FEATURES, { recursive: true })).filter((name) => name.endsWith('.ts'));
  const texts = await Promise.all(names.map((name) => readFile(join(FEATURES, name), 'utf8')));
  return names.filter((_, index) => pattern.test(texts[index] ?? '')).sort();
}

test('the compiler refuses to work on a text of an argument before it is bounded', () => {
  const text: Scalars['String']['input'] = 'text';
  const id: Scalars['ID']['input'] = text;
  const unread: ClientText = id;
  const work = [
    // @ts-expect-error The text is not bounded.
    () => unread.normalize(),
    // @ts-expect-error The text is not bounded.
    () => unread.trim(),
    // @ts-expect-error The text is not bounded.
    () => unread.split(''),
    // @ts-expect-error The text is not bounded.
    () => /a/.test(unread),
    // @ts-expect-error The text is not bounded.
    () => Array.from(unread),
  ];
  expect(work).toHaveLength(5);
});

// The compiler cannot see a cast, so one file has all of them.
test('only client-text.ts makes a string of an unbounded text', async () => {
  expect(await filesWith(/\bas string\b(?!\[)|as unknown as string/)).toEqual(['kernel/client-text.ts']);
});

// Each of these has bounded the text: its own, or that of a column, which was bounded when it was written.
test('only these files normalize text', async () => {
  expect(await filesWith(/\.normalize\(/)).toEqual([
    'hashtags/parse-hashtags.ts',
    'kernel/search-text.ts',
    'places/locations.ts',
  ]);
});

test('a text is bounded by UTF-16 code units, or by four of them for each character', () => {
  expect(boundText('😀'.repeat(5), 10)).toBe('😀'.repeat(5));
  expect(boundText('😀'.repeat(5), 9)).toBe(null);
  expect(boundCharacters('a'.repeat(40), 10)).toBe('a'.repeat(40));
  expect(boundCharacters('a'.repeat(41), 10)).toBe(null);
});

test('30 combining marks in a row are accepted, wherever they are, and 31 are not', () => {
  const marks = '\u0301\u0316'.repeat(15);
  for (const text of ['', 'a', marks, `a${marks}`, `${marks}a${marks}`]) expect(hasLongRunOfMarks(text)).toBe(false);
  for (const text of [`${marks}\u0301`, `a${marks}\u0301`, `a${marks}b${marks}\u0301c`]) {
    expect(hasLongRunOfMarks(text)).toBe(true);
  }
});
