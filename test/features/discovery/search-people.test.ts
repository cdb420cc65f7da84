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

/** Eight letters with which no other test's names begin. */
function newWord(): string {
  return Array.from(unique().slice(0, 8), (digit) => 'qzxjvkwygbfmpdch'[Number.parseInt(digit, 16)]).join('');
}

/** Signs up a person with these names. */
async function newNamedPerson(username: string, displayName: string): Promise<Person> {
  const person = await newPerson(url);
  await attempt(person, 'changeUsername', { username }, 'user { id }');
  await attempt(person, 'updateProfile', { displayName }, 'user { id }');
  return { ...person, username };
}

/** Searches people. @returns their usernames */
async function find(viewer: Person | null, text: string, first = 20): Promise<string[]> {
  const query = 'query ($text: String!, $first: Int) { searchPeople(text: $text, first: $first) { username } }';
  type Found = { searchPeople: { username: string }[] };
  const { data, errors } = await (viewer
    ? viewer.send<Found>(query, { text, first })
    : send<Found>(url, query, { text, first }));
  expect(errors).toEqual([]);
  return data?.searchPeople.map(({ username }) => username) ?? [];
}

test('people are found by a prefix of their username, their name or a word of it, in any case', async () => {
  const word = newWord();
  const [byUsername, byName, byWord] = await Promise.all([
    newNamedPerson(`${word}.one`, 'Somebody'),
    newNamedPerson(`n${unique()}`, `${word[0]?.toUpperCase()}${word.slice(1)} Smith`),
    newNamedPerson(`w${unique()}`, `Maria ${word}son`),
  ]);
  const expected = [byUsername, byName, byWord].map(({ username }) => username).sort();
  for (const text of [word, word.toUpperCase(), ` @${word}  `, word.slice(0, 6), word.slice(0, 5)]) {
    const found = await find(null, text);
    expect([text, found.sort()]).toEqual([text, expected]);
  }
  // The exact username comes first.
  const exact = await newNamedPerson(word, 'Another');
  expect((await find(null, word))[0]).toBe(exact.username);
  expect(await find(null, `${word} smith`)).toContain(byName.username);
});

test('people are found in spite of a typing error', async () => {
  const word = newWord();
  const [one, other] = await Promise.all([
    newNamedPerson(`${word}ann`, 'Somebody'),
    newNamedPerson(`t${unique()}`, `Dr ${word}ova`),
  ]);
  const mistyped = `${word.slice(0, 3)}${word.slice(4)}`;
  expect(await find(null, `${mistyped}ann`)).toContain(one.username);
  expect(await find(null, `${mistyped}ova`)).toContain(other.username);
  expect(await find(null, `${word.slice(0, 2)}${unique()}`)).not.toContain(one.username);
});

test('people whom the viewer follows come first, even if others match better', async () => {
  const word = newWord();
  const [viewer, exact, followed] = await Promise.all([
    newPerson(url),
    newNamedPerson(word, 'Exact'),
    newNamedPerson(`f${unique()}`, `Zoe ${word}er`),
  ]);
  expect(await find(viewer, word)).toEqual([exact.username, followed.username]);
  await viewer.follow(followed);
  expect(await find(viewer, word)).toEqual([followed.username, exact.username]);
  expect(await find(viewer, word, 1)).toEqual([followed.username]);
  expect(await find(null, word)).toEqual([exact.username, followed.username]);
});

test('a followed person is found among very many equal matches', async () => {
  const word = newWord();
  const [viewer, followed] = await Promise.all([newPerson(url), newNamedPerson(`z${unique()}`, `${word} the last`)]);
  await viewer.follow(followed);
  await stores.db.$executeRaw`
    insert into users (username, email, display_name, password_hash)
    select ${word} || number, ${word} || number || '@example.org', ${word}, '' from generate_series(1, 600) number`;
  const found = await find(viewer, word, 50);
  expect(found).toHaveLength(50);
  expect(found[0]).toBe(followed.username);
});

test('people with a block between them and the viewer and hidden people are not found', async () => {
  const word = newWord();
  const [viewer, blocked, gone, seen] = await Promise.all([
    newPerson(url),
    newNamedPerson(`${word}1`, 'Blocked'),
    newNamedPerson(`${word}2`, 'Gone'),
    newNamedPerson(`${word}3`, 'Seen'),
  ]);
  await attempt(viewer, 'block', { userId: blocked.id }, 'user { id }');
  await attempt(gone, 'deactivateAccount', { password: gone.password }, 'userErrors { code }');
  expect(await find(viewer, word)).toEqual([seen.username]);
  expect(await find(blocked, word)).not.toContain(viewer.username);
  // People of other tests may have similar names.
  expect(await find(blocked, viewer.username)).not.toContain(viewer.username);
  expect((await find(null, word)).sort()).toEqual([blocked.username, seen.username]);
});

test('characters with a meaning in patterns and in SQL are searched literally', async () => {
  const word = newWord();
  const odd = await newNamedPerson(`o${unique()}`, `100%_\\'${word}`);
  expect(await find(null, `100%_\\'${word}`)).toEqual([odd.username]);
  // These would match as patterns.
  for (const text of [`1__%_\\'${word}`, `%${word}`, `_00%_\\'${word}`]) {
    expect([text, await find(null, text.slice(0, 2))]).toEqual([text, expect.not.arrayContaining([odd.username])]);
  }
  for (const text of ['%', '_', "'", '\\', 'q', '"', ';--']) expect(Array.isArray(await find(null, text))).toBe(true);
});

test('any text gets either people or an error that says what is allowed', async () => {
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
