import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Stores } from '../../../src/stores/stores.ts';
import { attempt, openBackstage } from '../../support/backstage.ts';
import { send } from '../../support/client.ts';
import { newPerson, type Person, unique } from '../../support/people.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

/** Eight letters that begin no other test's names. */
function newWord(): string {
  return Array.from(unique().slice(0, 8), (digit) => 'qzxjvkwygbfmpdch'[Number.parseInt(digit, 16)]).join('');
}

/** Signs somebody up whose names are these. */
async function named(username: string, displayName: string): Promise<Person> {
  const person = await newPerson(url);
  await attempt(person, 'changeUsername', { username }, 'user { id }');
  await attempt(person, 'updateProfile', { displayName }, 'user { id }');
  return { ...person, username };
}

/** The usernames that are found. */
async function find(viewer: Person | null, text: string, first = 20): Promise<string[]> {
  const query = 'query ($text: String!, $first: Int) { searchPeople(text: $text, first: $first) { username } }';
  type Found = { searchPeople: { username: string }[] };
  const { data, errors } = await (viewer
    ? viewer.send<Found>(query, { text, first })
    : send<Found>(url, query, { text, first }));
  expect(errors).toEqual([]);
  return data?.searchPeople.map(({ username }) => username) ?? [];
}

test('people are found by the beginning of their username, their name or a word of it, whatever the capitals', async () => {
  const word = newWord();
  const [byUsername, byName, byWord] = await Promise.all([
    named(`${word}.one`, 'Somebody'),
    named(`n${unique()}`, `${word[0]?.toUpperCase()}${word.slice(1)} Smith`),
    named(`w${unique()}`, `Maria ${word}son`),
  ]);
  const expected = [byUsername, byName, byWord].map(({ username }) => username).sort();
  for (const text of [word, word.toUpperCase(), ` @${word}  `, word.slice(0, 6), word.slice(0, 5)]) {
    const found = await find(null, text);
    expect([text, found.sort()]).toEqual([text, expected]);
  }
  // Who is called just so comes first.
  const exact = await named(word, 'Another');
  expect((await find(null, word))[0]).toBe(exact.username);
  expect(await find(null, `${word} smith`)).toContain(byName.username);
});

test('people are found although their name is not written quite so', async () => {
  const word = newWord();
  const [one, other] = await Promise.all([named(`${word}ann`, 'Somebody'), named(`t${unique()}`, `Dr ${word}ova`)]);
  const mistyped = `${word.slice(0, 3)}${word.slice(4)}`;
  expect(await find(null, `${mistyped}ann`)).toContain(one.username);
  expect(await find(null, `${mistyped}ova`)).toContain(other.username);
  expect(await find(null, `${word.slice(0, 2)}${unique()}`)).not.toContain(one.username);
});

test('those whom the viewer follows come first, although others match better', async () => {
  const word = newWord();
  const [viewer, exact, followed] = await Promise.all([
    newPerson(url),
    named(word, 'Exact'),
    named(`f${unique()}`, `Zoe ${word}er`),
  ]);
  expect(await find(viewer, word)).toEqual([exact.username, followed.username]);
  await viewer.follow(followed);
  expect(await find(viewer, word)).toEqual([followed.username, exact.username]);
  expect(await find(viewer, word, 1)).toEqual([followed.username]);
  expect(await find(null, word)).toEqual([exact.username, followed.username]);
});

test('who is followed is found among very many who match as well', async () => {
  const word = newWord();
  const [viewer, followed] = await Promise.all([newPerson(url), named(`z${unique()}`, `${word} the last`)]);
  await viewer.follow(followed);
  await stores.db.$executeRaw`
    insert into users (username, email, display_name, password_hash)
    select ${word} || number, ${word} || number || '@example.org', ${word}, '' from generate_series(1, 600) number`;
  const found = await find(viewer, word, 50);
  expect(found).toHaveLength(50);
  expect(found[0]).toBe(followed.username);
});

test('nobody is found between whom and the viewer there is a block, and nobody who is hidden', async () => {
  const word = newWord();
  const [viewer, blocked, gone, seen] = await Promise.all([
    newPerson(url),
    named(`${word}1`, 'Blocked'),
    named(`${word}2`, 'Gone'),
    named(`${word}3`, 'Seen'),
  ]);
  await attempt(viewer, 'block', { userId: blocked.id }, 'user { id }');
  await attempt(gone, 'deactivateAccount', { password: gone.password }, 'userErrors { code }');
  expect(await find(viewer, word)).toEqual([seen.username]);
  expect(await find(blocked, word)).not.toContain(viewer.username);
  // Other tests' people may be called nearly so.
  expect(await find(blocked, viewer.username)).not.toContain(viewer.username);
  expect((await find(null, word)).sort()).toEqual([blocked.username, seen.username]);
});

test('what has a meaning in patterns and in SQL is looked for as it is', async () => {
  const word = newWord();
  const odd = await named(`o${unique()}`, `100%_\\'${word}`);
  expect(await find(null, `100%_\\'${word}`)).toEqual([odd.username]);
  // As patterns these would match.
  for (const text of [`1__%_\\'${word}`, `%${word}`, `_00%_\\'${word}`]) {
    expect([text, await find(null, text.slice(0, 2))]).toEqual([text, expect.not.arrayContaining([odd.username])]);
  }
  for (const text of ['%', '_', "'", '\\', 'q', '"', ';--']) expect(Array.isArray(await find(null, text))).toBe(true);
});

test('whatever is asked for, the answer is people, or says what is allowed', async () => {
  const query = 'query ($text: String!, $first: Int) { searchPeople(text: $text, first: $first) { id } }';
  for (const text of ['', '   ', '@', 'x'.repeat(101), 'nul\0']) {
    const { errors } = await send(url, query, { text });
    expect(errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
    expect(errors[0]?.message).toContain('"text"');
  }
  for (const first of [0, -1, 51]) {
    const { errors } = await send(url, query, { text: 'a', first });
    expect(errors[0]?.message).toBe(`"first" must be from 1 to 50; it is ${first}.`);
  }
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 120 }), async (text) => {
      const { errors } = await send(url, query, { text });
      for (const { extensions } of errors) expect(extensions.code).toBe('BAD_USER_INPUT');
    }),
    { numRuns: 40 },
  );
});
