import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldHashtag, parseHashtags } from '../../../src/features/hashtags/parse-hashtags.ts';

test.for([
  ['#Sunset at the #plage', ['sunset', 'plage']],
  ['#one,#two;#three.#four!', ['one', 'two', 'three', 'four']],
  ['#日本語 #ไทย #हिन्दी #العربية #한국어 #русский', ['日本語', 'ไทย', 'हिन्दी', 'العربية', '한국어', 'русский']],
  ['＃全角 ﹟small', ['全角', 'small']],
  ['#2026 #_ #snake_case_2 #٢٠٢٦', ['2026', '_', 'snake_case_2', '٢٠٢٦']],
  ['#same #SAME #Same #ｓａｍｅ', ['same']],
  ['#Straße #STRASSE #STRAẞE', ['strasse']],
  ['#ΟΔΟΣ #οδος #οδός', ['οδοσ', 'οδόσ']],
  ['#café #cafe\u0301', ['café']],
])('%j holds %j', ([text, names]) => {
  expect(parseHashtags(text as string)).toEqual(names);
});

test.for([
  ['an emoji is not part of a hashtag', '#sun🌅set #🌅 #❤️ #1️⃣ #️⃣ #*️⃣ #🇩🇪', ['sun']],
  ['a hashtag may follow an emoji', '❤️#love 🌅#dawn', ['love', 'dawn']],
  ['emoji with a skin tone or joiners end a hashtag', '#wave👋🏽 #we👨‍👩‍👧', ['wave', 'we']],
  ['punctuation ends a hashtag', "#rock'n'roll #a-b #d’or #c++ #x.y", ['rock', 'a', 'd', 'c', 'x']],
  ['a "#" within a word begins no hashtag', 'a#b 1#c _#d é#e', []],
  ['a URL or a character reference contains no hashtag', 'https://example.org/#top and &#39; and &#x27;', []],
  ['a "#" without a word is not a hashtag', '# #  ## #! \u0301 #\u0301', []],
  ['a hashtag may follow another "#"', '##twice', ['twice']],
  ['invisible characters are not part of a hashtag', '#in\u200Bvisible #\u3164 #\u115F', ['in']],
])('%s', ([, text, names]) => {
  expect(parseHashtags(text as string)).toEqual(names);
});

test('a hashtag has at most 100 characters, and a longer word is not a hashtag', () => {
  expect(parseHashtags(`#${'a'.repeat(100)} #${'b'.repeat(101)} #${'𝒳'.repeat(100)}`)).toEqual([
    'a'.repeat(100),
    'x'.repeat(100),
  ]);
  // Folding turns each ß into two letters.
  expect(parseHashtags(`#${'ß'.repeat(51)}`)).toEqual([]);
});

test('a megabyte of hostile text is parsed quickly', () => {
  for (const part of ['#', '#a', 'a#', '#\u0301', '#1\uFE0F', `#${'a'.repeat(99)}`]) {
    expect(parseHashtags(part.repeat(1e6 / part.length)).length).toBeLessThan(2);
  }
  expect(parseHashtags(`#${'a'.repeat(1e6)}`)).toEqual([]);
});

const text = fc.string({ unit: 'binary', maxLength: 200 });

test('folding is idempotent, and a folded name parses to itself', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        text,
        text.map((rest) => `#${rest}`),
      ),
      (any) => {
        expect(foldHashtag(foldHashtag(any))).toBe(foldHashtag(any));
        for (const name of parseHashtags(any)) {
          expect(parseHashtags(`#${name}`)).toEqual([name]);
          expect(name).toMatch(/^[\p{L}\p{N}_][\p{L}\p{M}\p{N}_]*$/u);
          expect(name).not.toMatch(/\p{Extended_Pictographic}/u);
        }
      },
    ),
    { numRuns: 2_000 },
  );
});

const letter = fc
  .integer({ min: 0x30, max: 0x2ffff })
  .map((code) => (code >= 0xd800 && code < 0xe000 ? 'x' : String.fromCodePoint(code)));
const word = fc
  .array(
    letter.filter(
      (one) =>
        /^[\p{L}\p{Nd}_][\p{L}\p{M}\p{Nd}_]*$/u.test(one.normalize('NFKC')) &&
        !/\p{Default_Ignorable_Code_Point}/u.test(one.normalize('NFKC')),
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((letters) => letters.join(''));

test('hashtags between separators are found, each once, in any case and normalization form', () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), fc.constantFrom(' ', ', ', '\n', ' 🌅 ', '. '), (words, between) => {
      const names = [...new Set(words.map(foldHashtag))];
      for (const change of [
        (one: string) => one,
        (one: string) => one.toUpperCase(),
        (one: string) => one.normalize('NFD'),
      ]) {
        expect(parseHashtags(words.map((one) => `#${change(one)}`).join(between))).toEqual(names);
      }
    }),
    { numRuns: 1_000 },
  );
});
