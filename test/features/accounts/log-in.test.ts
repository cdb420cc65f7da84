import { expect, inject, test } from 'vitest';
import { newPerson, unique } from '../../support/people.ts';
import { isLoggedIn, logIn, logInAgain, newAddress } from '../../support/sessions.ts';

const url = inject('url');

const resultOf = (answer: Awaited<ReturnType<typeof logIn>>) =>
  answer.errors[0]?.extensions.code ?? answer.data?.logIn.userErrors[0]?.code ?? 'logged in';

test('people log in by username or e-mail address, in any case and with spaces around it', async () => {
  const person = await newPerson(url);
  const logins = [person.username, person.email, person.username.toUpperCase(), person.email.toUpperCase()];
  for (const login of [...logins, ` ${person.username}\n`]) {
    const { data, errors } = await logIn(login, person.password);
    expect(errors).toEqual([]);
    expect(data?.logIn).toMatchObject({ viewer: { user: { id: person.id } }, userErrors: [] });
    expect(data?.logIn.token).toMatch(/^[\w-]{43}$/);
  }
});

test('each log-in creates its own session', async () => {
  const person = await newPerson(url);
  const [phone, laptop] = await Promise.all([logInAgain(person), logInAgain(person)]);
  expect(new Set([person.token, phone.token, laptop.token]).size).toBe(3);
  await phone.send('mutation { logOut { userErrors { code } } }');
  expect(await Promise.all([person, phone, laptop].map(isLoggedIn))).toEqual([true, false, true]);
});

test('a wrong password, an unknown username and an unknown e-mail address get the same answer', async () => {
  const person = await newPerson(url);
  const wrong = await logIn(person.username, 'not the password');
  expect(wrong.data?.logIn).toMatchObject({
    token: null,
    viewer: null,
    userErrors: [{ code: 'WRONG_CREDENTIALS', field: [] }],
  });
  for (const login of [person.email, unique(), `${unique()}@example.org`]) {
    expect(await logIn(login, 'not the password')).toEqual(wrong);
  }
});

test.for([
  ['in another case', (password: string) => password.toUpperCase()],
  ['with a space at its end', (password: string) => `${password} `],
  ['without its last character', (password: string) => password.slice(0, -1)],
  ['followed by NUL', (password: string) => `${password}\u0000`],
  ['that is empty', () => ''],
  ['that is longer than allowed', () => 'p'.repeat(100_000)],
] as const)('a password %s is wrong', async ([, change]) => {
  const person = await newPerson(url);
  expect(resultOf(await logIn(person.username, change(person.password)))).toBe('WRONG_CREDENTIALS');
});

test('an invalid login and device name are reported together', async () => {
  const tooLong = await logIn('l'.repeat(255), 'password', { device: 'd'.repeat(101) });
  expect(tooLong.data?.logIn.userErrors).toMatchObject([
    { code: 'TOO_LONG', field: ['login'] },
    { code: 'TOO_LONG', field: ['device'] },
  ]);
  const notText = await logIn('a\u0000b', 'password');
  expect(notText.data?.logIn.userErrors).toMatchObject([{ code: 'INVALID', field: ['login'] }]);
});

test.for(['somebody', 'nobody'])(
  'ten wrong passwords lock the account of %s for a while, from any address',
  async (who) => {
    const person = await newPerson(url);
    const login = who === 'somebody' ? person.username : unique();
    // Concurrent, each from another address: counting after checking would allow all of them.
    const codes = (await Promise.all(Array.from({ length: 14 }, () => logIn(login, 'wrong password')))).map(resultOf);
    expect(codes.filter((code) => code === 'WRONG_CREDENTIALS')).toHaveLength(10);
    expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(4);

    const { data, errors } = await logIn(login, person.password);
    expect(data).toBeNull();
    expect(errors).toHaveLength(1);
    expect(errors[0]?.extensions.code).toBe('RATE_LIMITED');
    expect(errors[0]?.extensions.retryAfter).toSatisfy((s: number) => Number.isInteger(s) && s > 0 && s <= 900);
    expect(errors[0]?.message).toContain(`${errors[0]?.extensions.retryAfter} seconds`);
  },
);

test('a locked account is locked under its other login too, and no other account is', async () => {
  const [person, other] = await Promise.all([newPerson(url), newPerson(url)]);
  const address = newAddress();
  await Promise.all(Array.from({ length: 10 }, () => logIn(person.username, 'wrong password', { address })));
  expect(resultOf(await logIn(person.email, person.password))).toBe('RATE_LIMITED');
  expect(resultOf(await logIn(other.username, other.password, { address }))).toBe('logged in');
  // Existing sessions continue.
  expect(await isLoggedIn(person)).toBe(true);
});

test('a correct password resets the count of wrong ones', async () => {
  const person = await newPerson(url);
  for (let round = 0; round < 2; round++) {
    const answers = await Promise.all(Array.from({ length: 9 }, () => logIn(person.username, 'wrong password')));
    expect(new Set(answers.map(resultOf))).toEqual(new Set(['WRONG_CREDENTIALS']));
    expect(resultOf(await logIn(person.username, person.password))).toBe('logged in');
  }
});

test('wrong passwords for a login that equals an account’s id do not lock that account', async () => {
  const person = await newPerson(url);
  const number = Buffer.from(person.id, 'base64url').toString().split(':')[1] ?? '';
  await Promise.all(Array.from({ length: 11 }, () => logIn(number, 'wrong password')));
  expect(resultOf(await logIn(person.username, person.password))).toBe('logged in');
});

test('a hundred wrong passwords lock an address for all accounts, and no other address', async () => {
  const person = await newPerson(url);
  const address = newAddress();
  // Correct passwords do not count.
  for (let n = 0; n < 3; n++)
    expect(resultOf(await logIn(person.username, person.password, { address }))).toBe('logged in');
  for (let tried = 0; tried < 100; tried += 10) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => logIn(unique(), 'wrong password', { address })));
    expect(new Set(answers.map(resultOf))).toEqual(new Set(['WRONG_CREDENTIALS']));
  }
  const locked = await logIn(person.username, person.password, { address });
  expect(resultOf(locked)).toBe('RATE_LIMITED');
  expect(locked.errors[0]?.extensions.retryAfter).toBeGreaterThan(0);
  expect(resultOf(await logIn(person.username, person.password))).toBe('logged in');
});
