/** Rows that requests share. */
import { expect, test, vi } from 'vitest';
import { decodeOnce } from '../../src/stores/decoded-rows.ts';

interface Row {
  name: string;
  tags: string[];
  place: { latitude: number } | null;
}

const newDecoder = () => ({ decode: vi.fn((text: string) => JSON.parse(text) as Row) });
const textOf = (row: Row) => JSON.stringify(row);

test('the same text is decoded once, another one anew', () => {
  const decoder = newDecoder();
  const text = textOf({ name: 'a name that is long enough', tags: ['a'], place: null });
  const copy = Buffer.from(text).toString();
  expect(decodeOnce(decoder, copy)).toBe(decodeOnce(decoder, text));
  expect(decodeOnce(decoder, text.replace('enough', 'indeed'))).toMatchObject({ name: 'a name that is long indeed' });
  expect(decoder.decode).toHaveBeenCalledTimes(2);
});

test('rows of two kinds with the same text are not taken for each other', () => {
  const text = textOf({ name: 'another name that is long enough', tags: [], place: null });
  const [one, other] = [newDecoder(), { decode: (json: string) => [json] }];
  expect(decodeOnce(one, text)).toEqual(JSON.parse(text));
  expect(decodeOnce(other, text)).toEqual([text]);
  expect(decodeOnce(one, text)).toEqual(JSON.parse(text));
});

test.for(['short', 'a name that is so long that its row is kept'])('nobody can change a row (%s)', (name) => {
  const decoder = newDecoder();
  const text = textOf({ name, tags: ['a'], place: { latitude: 1 } });
  const row = decodeOnce(decoder, text);
  expect(() => Object.assign(row, { name: 'changed' })).toThrow(TypeError);
  expect(() => row.tags.push('b')).toThrow(TypeError);
  expect(() => Object.assign(row.place as object, { latitude: 2 })).toThrow(TypeError);
  expect(decodeOnce(decoder, text)).toEqual(JSON.parse(text));
});
