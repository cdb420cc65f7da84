import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Stores } from '../../../src/stores/stores.ts';
import { attempt, openBackstage, userErrorsOf } from '../../support/backstage.ts';
import { send } from '../../support/client.ts';
import { newPerson, type Person, unique } from '../../support/people.ts';
import { logIn } from '../../support/sessions.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

async function change(person: Person, username: string): Promise<string[]> {
  return userErrorsOf(await attempt(person, 'changeUsername', { username }, 'user { username }'));
}

async function signUpAs(username: string): Promise<string[]> {
  type Payload = { signUp: { userErrors: { code: string; field: string[] }[] } };
  const input = { username, email: `${unique()}@example.org`, password: 'long enough', displayName: 'Somebody' };
  const { data } = await send<Payload>(
    url,
    'mutation ($input: SignUpInput!) { signUp(input: $input) { userErrors { code field } } }',
    { input },
  );
  return data?.signUp.userErrors.map(({ code, field }) => `${code} ${field.join('.')}`) ?? [];
}

async function idOf(viewer: Person, username: string): Promise<string | null> {
  const { data } = await viewer.send<{ user: { id: string } | null }>(
    'query ($name: String!) { user(username: $name) { id } }',
    { name: username },
  );
  return data?.user?.id ?? null;
}

test('a changed username finds the person at once, and logs in', async () => {
  const [person, other] = await Promise.all([newPerson(url), newPerson(url)]);
  expect(await idOf(other, person.username)).toBe(person.id);
  const name = `New.${unique()}`;
  const { user } = await attempt<{ user: object }>(person, 'changeUsername', { username: name }, 'user { username }');
  expect(user).toEqual({ username: name.toLowerCase() });
  expect(await idOf(other, name)).toBe(person.id);
  expect(await idOf(other, person.username)).toBeNull();
  const { data } = await logIn(name, person.password);
  expect(data?.logIn.viewer?.user.id).toBe(person.id);
});

test('a former username is held for its owner for 14 days, then anybody can take it', async () => {
  const [person, other, late] = await Promise.all([newPerson(url), newPerson(url), newPerson(url)]);
  const old = person.username;
  expect(await change(person, `new.${unique()}`)).toEqual([]);
  expect(await change(other, old)).toEqual(['TAKEN username']);
  expect(await signUpAs(old)).toEqual(['TAKEN username']);
  expect(await change(person, old)).toEqual([]);
  expect(await change(person, `newer.${unique()}`)).toEqual([]);
  const held = await stores.db.formerUsername.findUniqueOrThrow({ where: { username: old } });
  expect(Math.round((held.heldUntil.getTime() - Date.now()) / 3_600_000)).toBe(14 * 24);

  await stores.db.formerUsername.update({ where: { username: old }, data: { heldUntil: new Date() } });
  expect(await change(late, old)).toEqual([]);
  expect(await change(late, `gone.${unique()}`)).toEqual([]);
  expect(await change(person, old)).toEqual(['TAKEN username']);
});

test('reserved and malformed usernames are refused, also at sign-up', async () => {
  const person = await newPerson(url);
  for (const [name, userError] of [
    ['admin', 'RESERVED username'],
    ['GraphQL', 'RESERVED username'],
    ['.support_', 'RESERVED username'],
    ['ab', 'INVALID username'],
    ['a'.repeat(31), 'INVALID username'],
    ['with space', 'INVALID username'],
    ['ünïcode', 'INVALID username'],
    ['', 'INVALID username'],
  ] as const) {
    expect([name, await change(person, name)]).toEqual([name, [userError]]);
    expect([name, await signUpAs(name)]).toEqual([name, [userError]]);
  }
  const other = await newPerson(url);
  expect(await change(person, other.username.toUpperCase())).toEqual(['TAKEN username']);
  expect(await change(person, person.username)).toEqual([]);
  expect(await stores.db.formerUsername.count({ where: { username: person.username } })).toBe(0);
});

test('nobody gets a username that its owner gives up at the same moment', async () => {
  for (let turn = 0; turn < 5; turn++) {
    const [person, ...others] = await Promise.all(Array.from({ length: 4 }, () => newPerson(url)));
    if (!person) throw new Error('unreachable');
    const results = await Promise.all([
      change(person, `new.${unique()}`),
      ...others.map((other) => change(other, person.username)),
      signUpAs(person.username),
    ]);
    expect(results).toEqual([[], ...Array.from({ length: 4 }, () => ['TAKEN username'])]);
  }
});
