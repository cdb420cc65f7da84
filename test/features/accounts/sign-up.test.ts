import { expect, inject, test } from 'vitest';
import { send } from '../../support/client.ts';
import { newPerson, unique } from '../../support/people.ts';

const url = inject('url');

interface SignedUp {
  signUp: {
    token: string | null;
    viewer: { email: string; user: { id: string; username: string; displayName: string; bio: string } } | null;
    userErrors: { code: string; field: string[] }[];
  };
}

/** Valid input. @param overrides fields to replace */
function account(overrides: Record<string, string> = {}) {
  const name = unique();
  return {
    username: name,
    email: `${name}@example.org`,
    password: 'a password',
    displayName: 'Somebody',
    ...overrides,
  };
}

async function signUp(input: object) {
  const { data, errors } = await send<SignedUp>(
    url,
    `mutation ($input: SignUpInput!) { signUp(input: $input) {
      token viewer { email user { id username displayName bio } } userErrors { code field }
    } }`,
    { input },
  );
  if (!data) throw new Error(`signUp failed with errors: ${JSON.stringify(errors)}`);
  return data.signUp;
}

const userErrorsOf = ({ userErrors }: SignedUp['signUp']) =>
  userErrors.map(({ code, field }) => `${code} ${field.join('.')}`).sort();

async function exists(username: string): Promise<boolean> {
  const { data } = await send(url, 'query ($username: String!) { user(username: $username) { id } }', { username });
  return data?.user !== null;
}

test('signing up creates an account and logs in to it', async () => {
  const input = account({ username: `Mixed.${unique()}`, displayName: '  Ada Lovelace\n' });
  const { token, viewer, userErrors } = await signUp({ ...input, email: ` ${input.email.toUpperCase()} ` });
  expect(userErrors).toEqual([]);
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(viewer).toMatchObject({
    email: input.email,
    user: { username: input.username.toLowerCase(), displayName: 'Ada Lovelace', bio: '' },
  });
  const me = await send(url, '{ me { user { id } } }', {}, { authorization: `Bearer ${token}` });
  expect(me.data).toEqual({ me: { user: { id: viewer?.user.id } } });
});

test('all user errors are reported at once, and no account is created', async () => {
  const username = unique();
  const invalid = account({
    username,
    email: 'nobody at example.org',
    password: 'seven..',
    displayName: ' \t ',
    device: 'd'.repeat(101),
  });
  const answer = await signUp(invalid);
  expect(answer).toMatchObject({ token: null, viewer: null });
  expect(userErrorsOf(answer)).toEqual([
    'INVALID email',
    'TOO_LONG device',
    'TOO_SHORT displayName',
    'TOO_SHORT password',
  ]);
  expect(await exists(username)).toBe(false);
});

test.for([
  ['a username of 2 characters', { username: 'ab' }, 'INVALID username'],
  ['a username of 31 characters', { username: 'a'.repeat(31) }, 'INVALID username'],
  ['a username with a hyphen', { username: 'a-b-c' }, 'INVALID username'],
  ['a username with a character other than a to z', { username: 'zoë.zoë' }, 'INVALID username'],
  ['a username with a line break at its end', { username: `${unique()}\n` }, 'INVALID username'],
  ['an e-mail address without @', { email: 'example.org' }, 'INVALID email'],
  ['an e-mail address with two @', { email: 'a@b@example.org' }, 'INVALID email'],
  ['an e-mail address of 255 characters', { email: `${'a'.repeat(243)}@example.org` }, 'TOO_LONG email'],
  ['a password of 7 characters', { password: '1234567' }, 'TOO_SHORT password'],
  ['a password of 201 characters', { password: 'p'.repeat(201) }, 'TOO_LONG password'],
  ['a display name of 61 characters', { displayName: '🐈'.repeat(61) }, 'TOO_LONG displayName'],
  ['a display name with NUL', { displayName: 'a\u0000b' }, 'INVALID displayName'],
  ['a display name with half a surrogate pair', { displayName: 'a\ud83d' }, 'INVALID displayName'],
  ['a device with NUL', { device: '\u0000' }, 'INVALID device'],
] as const)('%s is refused', async ([, overrides, userError]) => {
  const answer = await signUp(account(overrides));
  expect(userErrorsOf(answer)).toEqual([userError]);
  expect(answer).toMatchObject({ token: null, viewer: null });
});

test('values at the limits are accepted', async () => {
  const shortest = `${unique().slice(0, 2)}._`;
  const longest = unique().padEnd(30, '_');
  const answers = await Promise.all([
    signUp(account({ username: shortest, password: '12345678', displayName: 'x' })),
    signUp(
      account({ username: longest, password: 'p'.repeat(200), displayName: '🐈'.repeat(60), device: 'd'.repeat(100) }),
    ),
    signUp(account({ email: `${unique()}@localhost` })),
  ]);
  expect(answers.map(userErrorsOf)).toEqual([[], [], []]);
});

test('a username belongs to one person, in any case', async () => {
  const person = await newPerson(url);
  const input = account({ username: person.username.toUpperCase() });
  const answer = await signUp(input);
  expect(userErrorsOf(answer)).toEqual(['TAKEN username']);
  expect(answer).toMatchObject({ token: null, viewer: null });
  // The refused sign-up has not taken the e-mail address.
  expect(userErrorsOf(await signUp({ ...input, username: unique() }))).toEqual([]);
});

test('an e-mail address belongs to one person, in any case and with spaces around it', async () => {
  const person = await newPerson(url);
  const input = account({ email: ` ${person.email.toUpperCase()} ` });
  const answer = await signUp(input);
  expect(userErrorsOf(answer)).toEqual(['TAKEN email']);
  expect(await exists(input.username)).toBe(false);
});

test('of concurrent sign-ups with the same username one succeeds', async () => {
  const username = unique();
  const answers = await Promise.all(Array.from({ length: 6 }, () => signUp({ ...account(), username })));
  expect(answers.filter((answer) => answer.token !== null)).toHaveLength(1);
  expect(answers.flatMap(userErrorsOf)).toEqual(Array(5).fill('TAKEN username'));
});
