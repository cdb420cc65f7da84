import { pino } from 'pino';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { openStores, type Stores } from '../../src/stores/stores.ts';
import { type Answer, send } from '../support/client.ts';
import { asPerson, newPerson, type Person, unique } from '../support/people.ts';
import { numberOf } from '../support/rows.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openStores(loadConfig(inject('env')), pino({ level: 'silent' }));
});
afterAll(() => stores.close());

const LOG_IN = `mutation ($input: LogInInput!) {
  logIn(input: $input) { token viewer { user { id } } userErrors { code message field } }
}`;
interface LogIn {
  logIn: { token: string | null; viewer: { user: { id: string } } | null; userErrors: { code: string }[] };
}

/** Logs in from an address that no other test has, so that no other test's failures count against it. */
function logIn(login: string, password: string, address = `test-${unique()}`, device = ''): Promise<Answer<LogIn>> {
  return send(url, LOG_IN, { input: { login, password, device } }, { 'x-forwarded-for': address });
}

/** The same person, logged in once more. */
async function again(person: Person, device = ''): Promise<Person> {
  const { data } = await logIn(person.username, person.password, undefined, device);
  return asPerson(url, { ...person, token: data?.logIn.token ?? '' });
}

async function isLoggedIn(person: Person): Promise<boolean> {
  const { data } = await person.send<{ me: object | null }>('{ me { user { id } } }');
  return data?.me !== null;
}

test('sign-up tells all that is wrong at once, and makes nothing', async () => {
  const input = { username: 'no spaces', email: 'nobody', password: 'short', displayName: '  ' };
  const query = `mutation ($input: SignUpInput!) { signUp(input: $input) { token viewer { email } userErrors { code field } } }`;
  const { data } = await send<{ signUp: { userErrors: object[] } }>(url, query, { input });
  expect(data?.signUp).toMatchObject({ token: null, viewer: null });
  expect(data?.signUp.userErrors).toEqual(
    expect.arrayContaining([
      { code: 'INVALID', field: ['username'] },
      { code: 'INVALID', field: ['email'] },
      { code: 'TOO_SHORT', field: ['password'] },
      { code: 'TOO_SHORT', field: ['displayName'] },
    ]),
  );
});

test('a username and an e-mail address belong to one person, whatever their capitals', async () => {
  const person = await newPerson(url);
  const query = `mutation ($input: SignUpInput!) { signUp(input: $input) { token userErrors { code field } } }`;
  const other = {
    username: `other.${unique()}`,
    email: `${unique()}@example.org`,
    password: '12345678',
    displayName: 'O',
  };
  const same = await send(url, query, { input: { ...other, username: person.username.toUpperCase() } });
  expect(same.data).toEqual({ signUp: { token: null, userErrors: [{ code: 'TAKEN', field: ['username'] }] } });
  const mail = await send(url, query, { input: { ...other, email: person.email.toUpperCase() } });
  expect(mail.data).toEqual({ signUp: { token: null, userErrors: [{ code: 'TAKEN', field: ['email'] }] } });
});

test('people log in by username or e-mail address, in any capitals', async () => {
  const person = await newPerson(url);
  for (const login of [
    person.username,
    person.email,
    person.username.toUpperCase(),
    ` ${person.email.toUpperCase()} `,
  ]) {
    const { data } = await logIn(login, person.password);
    expect(data?.logIn.viewer?.user.id).toBe(person.id);
  }
});

test('an unknown person and a wrong password are answered with the very same', async () => {
  const person = await newPerson(url);
  const wrong = await logIn(person.username, 'not the password');
  const unknown = await logIn(`nobody.${unique()}`, 'not the password');
  expect(wrong.data?.logIn.userErrors).toMatchObject([{ code: 'WRONG_CREDENTIALS' }]);
  expect(unknown).toEqual(wrong);
});

test('ten wrong passwords shut an account for a while, right password or not, and an unknown one all the same', async () => {
  const [person, other] = await Promise.all([newPerson(url), newPerson(url)]);
  for (const login of [person.username, `nobody.${unique()}`]) {
    // All at once, so that counting only afterwards would let more through.
    const answers = await Promise.all(Array.from({ length: 15 }, () => logIn(login, 'wrong')));
    const limited = answers.filter((answer) => answer.errors[0]?.extensions.code === 'RATE_LIMITED');
    expect(limited).toHaveLength(5);
    expect(limited[0]?.errors[0]?.extensions.retryAfter).toBeGreaterThan(0);
  }
  expect((await logIn(person.email, person.password)).errors[0]?.extensions.code).toBe('RATE_LIMITED');
  expect((await logIn(other.username, other.password)).data?.logIn.viewer?.user.id).toBe(other.id);
});

test('a hundred wrong passwords from one address shut it for all accounts', async () => {
  const person = await newPerson(url);
  const address = `test-${unique()}`;
  for (let batch = 0; batch < 10; batch++) {
    await Promise.all(Array.from({ length: 10 }, () => logIn(`nobody.${unique()}`, 'wrong', address)));
  }
  expect((await logIn(person.username, person.password, address)).errors[0]?.extensions.code).toBe('RATE_LIMITED');
  expect((await logIn(person.username, person.password)).errors).toEqual([]);
});

test('log-out ends this session and its sockets at once, and no other', async () => {
  const person = await newPerson(url);
  const phone = await again(person);
  const socket = await phone.subscribe('subscription { homeFeed { cursor } }');
  await phone.send('mutation { logOut { userErrors { code } } }');
  expect(await socket.ended).toMatchObject({ code: 4403 });
  expect(await isLoggedIn(phone)).toBe(false);
  expect(await isLoggedIn(person)).toBe(true);
});

test('sessions are listed page by page, and one can be revoked from another', async () => {
  const person = await newPerson(url);
  const phone = await again(person, 'phone');
  const laptop = await again(person, 'laptop');
  const query = `query ($after: String) { me { sessions(first: 1, after: $after) {
    nodes { id device isCurrent } pageInfo { hasNextPage endCursor }
  } } }`;
  interface Listed {
    me: {
      sessions: {
        nodes: { id: string; device: string; isCurrent: boolean }[];
        pageInfo: { hasNextPage: boolean; endCursor: string };
      };
    };
  }
  const sessions: Listed['me']['sessions']['nodes'] = [];
  for (let after: string | null = null, more = true; more; ) {
    const { data }: Answer<Listed> = await laptop.send<Listed>(query, { after });
    if (!data) throw new Error('unreachable');
    sessions.push(...data.me.sessions.nodes);
    ({ hasNextPage: more, endCursor: after } = data.me.sessions.pageInfo);
  }
  expect(sessions.map(({ device, isCurrent }) => [device, isCurrent])).toEqual([
    ['laptop', true],
    ['phone', false],
    ['', false],
  ]);

  const socket = await phone.subscribe('subscription { homeFeed { cursor } }');
  const sessionId = sessions[1]?.id;
  await laptop.mutate('revokeSession', 'RevokeSessionInput', { sessionId }, 'revokedSessionId');
  expect(await socket.ended).toMatchObject({ code: 4403 });
  expect([await isLoggedIn(phone), await isLoggedIn(laptop)]).toEqual([false, true]);

  const stranger = await newPerson(url);
  const { data } = await stranger.send(
    'mutation ($input: RevokeSessionInput!) { revokeSession(input: $input) { userErrors { code } } }',
    { input: { sessionId: sessions[0]?.id } },
  );
  expect(data).toEqual({ revokeSession: { userErrors: [{ code: 'NOT_FOUND' }] } });
  expect(await isLoggedIn(laptop)).toBe(true);
});

test('a changed password ends all other sessions, and the old one is of no more use', async () => {
  const person = await newPerson(url);
  const phone = await again(person);
  const socket = await phone.subscribe('subscription { homeFeed { cursor } }');
  const change = (currentPassword: string, newPassword: string) =>
    person.send<{ changePassword: { userErrors: object[] } }>(
      'mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { userErrors { code field } } }',
      { input: { currentPassword, newPassword } },
    );
  expect((await change('wrong', 'a new password')).data?.changePassword.userErrors).toEqual([
    { code: 'WRONG_CREDENTIALS', field: ['currentPassword'] },
  ]);
  expect((await change(person.password, 'short')).data?.changePassword.userErrors).toEqual([
    { code: 'TOO_SHORT', field: ['newPassword'] },
  ]);
  expect(await isLoggedIn(phone)).toBe(true);

  expect((await change(person.password, 'a new password')).data?.changePassword.userErrors).toEqual([]);
  expect(await socket.ended).toMatchObject({ code: 4403 });
  expect([await isLoggedIn(person), await isLoggedIn(phone)]).toEqual([true, false]);
  expect((await logIn(person.username, person.password)).data?.logIn.userErrors).toMatchObject([
    { code: 'WRONG_CREDENTIALS' },
  ]);
  expect((await logIn(person.username, 'a new password')).data?.logIn.viewer?.user.id).toBe(person.id);
});

test('an edited profile is seen by others at once, and what is left out stays', async () => {
  const [person, other] = await Promise.all([newPerson(url, 'before'), newPerson(url)]);
  const seen = () =>
    other.send('query ($id: ID!) { node(id: $id) { ... on User { displayName bio } } }', { id: person.id });
  expect((await seen()).data).toEqual({ node: { displayName: 'before', bio: '' } });
  await person.mutate('updateProfile', 'UpdateProfileInput', { displayName: ' after ' }, 'user { id }');
  expect((await seen()).data).toEqual({ node: { displayName: 'after', bio: '' } });
  await person.mutate('updateProfile', 'UpdateProfileInput', { bio: 'Hello' }, 'user { id }');
  expect((await seen()).data).toEqual({ node: { displayName: 'after', bio: 'Hello' } });
  const { data } = await person.send<{ updateProfile: { userErrors: object[] } }>(
    'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { userErrors { code field } } }',
    { input: { displayName: '', bio: 'a\u0000b' } },
  );
  expect(data?.updateProfile.userErrors).toEqual([
    { code: 'TOO_SHORT', field: ['displayName'] },
    { code: 'INVALID', field: ['bio'] },
  ]);
});

/** Makes Redis forget a person's sessions, as it may at any time. */
async function forgetSessions(person: Person): Promise<void> {
  const sessions = await stores.db.session.findMany({ where: { userId: numberOf(person.id) } });
  await stores.redis.del(sessions.map((session) => `session:${Buffer.from(session.tokenHash).toString('hex')}`));
}

test('a session that is unused for long is over, and use moves its end', async () => {
  const [person, idle] = await Promise.all([newPerson(url), newPerson(url)]);
  const hourAgo = new Date(Date.now() - 3_600_000);
  const end = new Date(Date.now() + 60_000);
  await stores.db.session.updateMany({
    where: { userId: numberOf(person.id) },
    data: { lastUsedAt: hourAgo, expiresAt: end },
  });
  await stores.db.session.updateMany({ where: { userId: numberOf(idle.id) }, data: { expiresAt: hourAgo } });
  await Promise.all([forgetSessions(person), forgetSessions(idle)]);

  expect(await isLoggedIn(idle)).toBe(false);
  expect(await isLoggedIn(person)).toBe(true);
  const session = await stores.db.session.findFirstOrThrow({ where: { userId: numberOf(person.id) } });
  expect(session.lastUsedAt.getTime()).toBeGreaterThan(hourAgo.getTime());
  expect(session.expiresAt.getTime()).toBeGreaterThan(end.getTime() + 3_600_000);
});

test('tokens and passwords are stored nowhere', async () => {
  const person = await newPerson(url);
  await isLoggedIn(person);
  const [row] = await stores.db.$queryRaw<[{ text: string }]>`
    select string_agg(users::text || sessions::text, ' ') as text
    from users join sessions on user_id = users.id where users.id = ${numberOf(person.id)}`;
  expect(row.text).toContain('$argon2id$v=19$m=19456,t=2,p=1$');
  expect(row.text).not.toContain(person.token);
  expect(row.text).not.toContain(person.password);
  const keys = await stores.redis.keys('session:*');
  const values = (await stores.redis.mget(keys)).join(' ');
  expect(keys.length).toBeGreaterThan(0);
  expect(keys.join(' ') + values).not.toContain(person.token);
});
