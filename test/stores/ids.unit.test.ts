import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fromCursor,
  fromGlobalId,
  idAt,
  idTime,
  MAX_ID,
  type NodeType,
  toCursor,
  toGlobalId,
} from '../../src/stores/ids.ts';

const rowId = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const single = fc.constantFrom<NodeType>('User', 'Session', 'Photo', 'Upload');

describe('a global id', () => {
  test('of any type and number is parsed to the parts that it was made of', () => {
    fc.assert(
      fc.property(single, rowId, (type, id) => {
        expect(fromGlobalId(toGlobalId(type, id))).toEqual({ type, parts: [id] });
      }),
    );
    fc.assert(
      fc.property(rowId, rowId, (photo, id) => {
        expect(fromGlobalId(toGlobalId('Comment', photo, id))).toEqual({ type: 'Comment', parts: [photo, id] });
      }),
    );
  });

  test('is distinguished from any other string without an exception', () => {
    const plausible = fc
      .tuple(
        fc.constantFrom('User', 'Photo', 'Comment', 'Upload', 'Session', 'photo', 'X', ''),
        fc.array(rowId, { maxLength: 3 }),
      )
      .map(([type, parts]) => [type, ...parts].join(':'));
    const digits = fc
      .tuple(fc.constantFrom('Photo:0', 'Photo:', 'Photo:-', 'Comment:1:'), fc.string())
      .map((parts) => parts.join(''));
    const encoded = fc.oneof(plausible, digits, fc.string()).map((text) => Buffer.from(text).toString('base64url'));
    const padded = fc
      .tuple(encoded, fc.constantFrom('', '=', '==', ' ', '!', '\n', 'A'))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(padded, fc.string({ unit: 'binary', maxLength: 200 })), (text) => {
        const id = fromGlobalId(text);
        // Null, or exactly the string that toGlobalId makes: every object has one global id.
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
    ['has a line break', 'UGhvdG86MTI\n'],
    ['holds a number with leading zeros', Buffer.from('Photo:012').toString('base64url')],
  ])('that %s is refused, because every object has one global id', ([, text = '']) => {
    expect(fromGlobalId('UGhvdG86MTI')).toEqual({ type: 'Photo', parts: [12n] });
    expect(fromGlobalId(text)).toBeNull();
  });
});

describe('a cursor', () => {
  test('is parsed to the id that it was made of', () => {
    fc.assert(
      fc.property(rowId, (id) => {
        expect(fromCursor(toCursor(id))).toBe(id);
      }),
    );
  });

  test('is distinguished from any other string without an exception', () => {
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
    for (const text of ['', '=', toCursor(MAX_ID + 1n), toCursor(-1n), `${toCursor(5n)}=`]) {
      expect(fromCursor(text)).toBeNull();
    }
  });
});

describe('the lower bound of a moment', () => {
  test('is above all ids made before it, and not above ids made at it or later', () => {
    fc.assert(
      fc.property(rowId, (id) => {
        expect(idAt(new Date(idTime(id)))).toBeLessThanOrEqual(id);
        expect(id < idAt(new Date(idTime(id) + 1)) || idAt(new Date(idTime(id) + 1)) === MAX_ID).toBe(true);
      }),
    );
  });

  test('stays within the range of ids', () => {
    expect(idAt(new Date(0))).toBe(0n);
    expect(idAt(new Date(8.64e15))).toBe(MAX_ID);
  });
});
