import { expect, inject, test } from 'vitest';
import { attempt, userErrorsOf } from '../../support/backstage.ts';
import { send } from '../../support/client.ts';
import { newPerson, type Person } from '../../support/people.ts';
import { isLoggedIn, logIn, logInAgain } from '../../support/sessions.ts';
import { ask, greet, type RawSocket } from '../../support/wire.ts';

const url = inject('url');

const change = (person: Person, currentPassword: string, newPassword: string) =>
  attempt<{ viewer: { email: string } | null }>(
    person,
    'changePassword',
    { currentPassword, newPassword },
    'viewer { email }',
  );

const edit = (person: Person, input: object) =>
  attempt<{ user: { displayName: string; bio: string } | null }>(
    person,
    'updateProfile',
    input,
    'user { displayName bio }',
  );

test('a new password ends all other sessions and their sockets, and the old password no longer works', async () => {
  const person = await newPerson(url);
  const [phone, laptop] = await Promise.all([logInAgain(person), logInAgain(person)]);
  const sockets = await Promise.all([phone, laptop, person].map(({ token }) => greet(url, token)));
  expect(await change(person, person.password, 'another password')).toEqual({
    viewer: { email: person.email },
    userErrors: [],
  });

  expect(await Promise.all([person, phone, laptop].map(isLoggedIn))).toEqual([true, false, false]);
  expect(await Promise.all(sockets.slice(0, 2).map((socket) => socket.closed))).toEqual([4403, 4403]);
  const own = sockets[2] as RawSocket;
  expect(await ask(own, '{ me { email } }')).toEqual({ data: { me: { email: person.email } } });
  own.socket.close();
  expect((await logIn(person.username, person.password)).data?.logIn.userErrors[0]?.code).toBe('WRONG_CREDENTIALS');
  expect((await logIn(person.username, 'another password')).data?.logIn.viewer?.user.id).toBe(person.id);
});

test('a wrong current password changes nothing', async () => {
  const person = await newPerson(url);
  const phone = await logInAgain(person);
  const refused = await change(person, 'not the password', 'another password');
  expect(userErrorsOf(refused)).toEqual(['WRONG_CREDENTIALS currentPassword']);
  expect(refused.viewer).toBeNull();
  expect(await isLoggedIn(phone)).toBe(true);
  expect((await logIn(person.username, person.password)).data?.logIn.viewer?.user.id).toBe(person.id);
});

test.for([
  ['of 7 characters', '1234567', 'TOO_SHORT newPassword'],
  ['of 201 characters', 'p'.repeat(201), 'TOO_LONG newPassword'],
  ['with NUL', 'pass\u0000word', 'INVALID newPassword'],
] as const)('a new password %s is refused and changes nothing', async ([, password, userError]) => {
  const person = await newPerson(url);
  const phone = await logInAgain(person);
  expect(userErrorsOf(await change(person, person.password, password))).toEqual([userError]);
  expect(await isLoggedIn(phone)).toBe(true);
  expect((await logIn(person.username, person.password)).data?.logIn.viewer?.user.id).toBe(person.id);
});

test('guessing the current password is rate-limited within a session, too', async () => {
  const person = await newPerson(url);
  const query = `mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { userErrors { code } } }`;
  const attempts = await Promise.all(
    Array.from({ length: 12 }, () =>
      person.send(query, { input: { currentPassword: 'wrong', newPassword: 'another password' } }),
    ),
  );
  expect(attempts.filter(({ errors }) => errors[0]?.extensions.code === 'RATE_LIMITED')).toHaveLength(2);
});

test('others see an edited profile at once, and missing fields stay unchanged', async () => {
  const [person, other] = await Promise.all([newPerson(url, 'Before'), newPerson(url)]);
  const seen = async () => {
    const { data } = await other.send(
      `query ($id: ID!, $username: String!) {
        node(id: $id) { ... on User { displayName bio } } user(username: $username) { displayName bio }
      }`,
      { id: person.id, username: person.username },
    );
    return [data?.node, data?.user];
  };
  const twice = (profile: object) => [profile, profile];
  // Read the profile before changing it, so that it is cached.
  expect(await seen()).toEqual(twice({ displayName: 'Before', bio: '' }));
  const edited = { displayName: 'After', bio: '' };
  expect(await edit(person, { displayName: ' After ' })).toEqual({ user: edited, userErrors: [] });
  expect(await seen()).toEqual(twice(edited));
  const described = { displayName: 'After', bio: 'Two\nlines 🐈' };
  expect((await edit(person, { bio: ' Two\nlines 🐈\n' })).user).toEqual(described);
  expect(await seen()).toEqual(twice(described));
  expect((await edit(person, { displayName: null, bio: null })).user).toEqual(described);
  expect((await edit(person, {})).user).toEqual(described);
  expect((await edit(person, { bio: '' })).user).toEqual({ displayName: 'After', bio: '' });
});

test('all invalid fields of a profile are reported at once, and nothing is stored', async () => {
  const person = await newPerson(url, 'Before');
  const refused = await edit(person, { displayName: ' ', bio: 'b'.repeat(501) });
  expect(userErrorsOf(refused)).toEqual(['TOO_SHORT displayName', 'TOO_LONG bio']);
  expect(refused.user).toBeNull();
  expect(userErrorsOf(await edit(person, { displayName: 'n'.repeat(61) }))).toEqual(['TOO_LONG displayName']);
  expect(userErrorsOf(await edit(person, { displayName: 'fine', bio: 'a\u0000b' }))).toEqual(['INVALID bio']);
  expect(userErrorsOf(await edit(person, { displayName: 'fine', bio: 'a\udc00' }))).toEqual(['INVALID bio']);
  expect((await edit(person, {})).user).toEqual({ displayName: 'Before', bio: '' });
  expect((await edit(person, { displayName: '🐈'.repeat(60), bio: '🐈'.repeat(500) })).userErrors).toEqual([]);
});

test.for([
  'logOut { userErrors { code } }',
  'revokeSession(input: { sessionId: "x" }) { userErrors { code } }',
  'changePassword(input: { currentPassword: "12345678", newPassword: "12345678" }) { userErrors { code } }',
  'updateProfile(input: { bio: "Hello" }) { userErrors { code } }',
])('without a session, this mutation is UNAUTHENTICATED: %s', async (mutation) => {
  const { data, errors } = await send(url, `mutation { ${mutation} }`);
  expect(data).toBeNull();
  expect(errors.map((error) => error.extensions.code)).toEqual(['UNAUTHENTICATED']);
});
