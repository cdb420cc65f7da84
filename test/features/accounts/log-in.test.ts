import { expect, inject, test } from 'vitest';
import { newPerson, unique } from '../../support/people.ts';
import { isLoggedIn, logIn, logInAgain, newAddress } from '../../support/sessions.ts';

const url = inject('url');

const codeOf = (answer: Awaited<ReturnType<typeof logIn>>) =>
  answer.errors[0]?.extensions.code ?? answer.data?.logIn.userErrors[0]?.code ?? 'in';

test('people log in by username and by e-mail address, in any capitals and with spaces around them', async () => {
  const person = await newPerson(url);
  const logins = [person.username, person.email, person.username.toUpperCase(), person.email.toUpperCase()];
  for (const login of [...logins, ` ${person.username}\n`]) {
    const { data, errors } = await logIn(login, person.password);
    expect(errors).toEqual([]);
    expect(data?.logIn).toMatchObject({ viewer: { user: { id: person.id } }, userErrors: [] });
    expect(data?.logIn.token).toMatch(/^[\w-]{43}$/);
  }
});

test('each log-in is a session of its own', async () => {
  const person = await newPerson(url);
  const [phone, laptop] = await Promise.all([logInAgain(person), logInAgain(person)]);
  expect(new Set([person.token, phone.token, laptop.token]).size).toBe(3);
  await phone.send('mutation { logOut { userErrors { code } } }');
  expect(await Promise.all([person, phone, laptop].map(isLoggedIn))).toEqual([true, false, true]);
});

test('a wrong password, an unknown username and an unknown e-mail address are answered with the very same', async () => {
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
  ['in other capitals', (password: string) => password.toUpperCase()],
  ['with a space behind it', (password: string) => `${password} `],
  ['without its end', (password: string) => password.slice(0, -1)],
  ['followed by NUL', (password: string) => `${password}\u0000`],
  ['that is empty', () => ''],
  ['that is longer than any can be', () => 'p'.repeat(100_000)],
] as const)('a password %s is a wrong one', async ([, change]) => {
  const person = await newPerson(url);
  expect(codeOf(await logIn(person.username, change(person.password)))).toBe('WRONG_CREDENTIALS');
});

test('a login and a name of a device that cannot be are told at once', async () => {
  const tooLong = await logIn('l'.repeat(255), 'password', { device: 'd'.repeat(101) });
  expect(tooLong.data?.logIn.userErrors).toMatchObject([
    { code: 'TOO_LONG', field: ['login'] },
    { code: 'TOO_LONG', field: ['device'] },
  ]);
  const noText = await logIn('a\u0000b', 'password');
  expect(noText.data?.logIn.userErrors).toMatchObject([{ code: 'INVALID', field: ['login'] }]);
});

test.for(['somebody', 'nobody'])(
  'ten wrong passwords shut the account of %s for a while, from wherever',
  async (who) => {
    const person = await newPerson(url);
    const login = who === 'somebody' ? person.username : unique();
    // All at once, each from elsewhere: counting only afterwards would let all of them try.
    const codes = (await Promise.all(Array.from({ length: 14 }, () => logIn(login, 'wrong password')))).map(codeOf);
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

test('an account that is shut is shut under its other name too, and no other account with it', async () => {
  const [person, other] = await Promise.all([newPerson(url), newPerson(url)]);
  const address = newAddress();
  await Promise.all(Array.from({ length: 10 }, () => logIn(person.username, 'wrong password', { address })));
  expect(codeOf(await logIn(person.email, person.password))).toBe('RATE_LIMITED');
  expect(codeOf(await logIn(other.username, other.password, { address }))).toBe('in');
  // Whoever is logged in already stays so.
  expect(await isLoggedIn(person)).toBe(true);
});

test('the right password forgives the wrong ones before it', async () => {
  const person = await newPerson(url);
  for (let round = 0; round < 2; round++) {
    const answers = await Promise.all(Array.from({ length: 9 }, () => logIn(person.username, 'wrong password')));
    expect(new Set(answers.map(codeOf))).toEqual(new Set(['WRONG_CREDENTIALS']));
    expect(codeOf(await logIn(person.username, person.password))).toBe('in');
  }
});

test('nobody shuts an account by trying a login that is only its number', async () => {
  const person = await newPerson(url);
  const number = Buffer.from(person.id, 'base64url').toString().split(':')[1] ?? '';
  await Promise.all(Array.from({ length: 11 }, () => logIn(number, 'wrong password')));
  expect(codeOf(await logIn(person.username, person.password))).toBe('in');
});

test('a hundred wrong passwords from one address shut it, for all accounts and for nobody elsewhere', async () => {
  const person = await newPerson(url);
  const address = newAddress();
  // Right ones do not count.
  for (let n = 0; n < 3; n++) expect(codeOf(await logIn(person.username, person.password, { address }))).toBe('in');
  for (let tried = 0; tried < 100; tried += 10) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => logIn(unique(), 'wrong password', { address })));
    expect(new Set(answers.map(codeOf))).toEqual(new Set(['WRONG_CREDENTIALS']));
  }
  const shut = await logIn(person.username, person.password, { address });
  expect(codeOf(shut)).toBe('RATE_LIMITED');
  expect(shut.errors[0]?.extensions.retryAfter).toBeGreaterThan(0);
  expect(codeOf(await logIn(person.username, person.password))).toBe('in');
});
