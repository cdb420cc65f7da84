import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { sessionsChannel } from '../../../src/stores/channel-names.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { attempt, openBackstage, userErrorsOf } from '../../support/backstage.ts';
import type { Answer } from '../../support/client.ts';
import { ownStores, startProcess } from '../../support/darkroom.ts';
import { asPerson, newPerson, type Person, unique } from '../../support/people.ts';
import { rowId } from '../../support/rows.ts';
import { hashOf, isLoggedIn, logInAgain } from '../../support/sessions.ts';
import { until } from '../../support/until.ts';
import { ask, greet, openSocket, type RawSocket } from '../../support/wire.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

interface ListedSession {
  id: string;
  device: string;
  isCurrent: boolean;
  createdAt: string;
  lastUsedAt: string;
  expiresAt: string;
}

interface Page {
  me: { sessions: { nodes: ListedSession[]; pageInfo: { hasNextPage: boolean; endCursor: string } } };
}

/** All of a person's sessions, page by page. */
async function sessionsOf(person: Person, first = 100): Promise<ListedSession[]> {
  const sessions: ListedSession[] = [];
  let after: string | null = null;
  for (let hasMore = true; hasMore; ) {
    const { data }: Answer<Page> = await person.send<Page>(
      `query ($first: Int!, $after: String) { me { sessions(first: $first, after: $after) {
        nodes { id device isCurrent createdAt lastUsedAt expiresAt } pageInfo { hasNextPage endCursor }
      } } }`,
      { first, after },
    );
    if (!data) throw new Error('The list of sessions is missing.');
    const { nodes, pageInfo }: Page['me']['sessions'] = data.me.sessions;
    expect(nodes.length).toBeLessThanOrEqual(first);
    sessions.push(...nodes);
    hasMore = pageInfo.hasNextPage;
    after = pageInfo.endCursor;
  }
  return sessions;
}

const revoke = (person: Person, sessionId: string) =>
  attempt<{ revokedSessionId: string | null }>(person, 'revokeSession', { sessionId }, 'revokedSessionId');

/** Changes the stored session and removes it from Redis, which may happen at any time. */
async function updateStored(person: Person, data: { lastUsedAt?: Date; expiresAt?: Date }): Promise<void> {
  const tokenHash = Buffer.from(hashOf(person.token), 'hex');
  await stores.db.session.update({ where: { tokenHash }, data });
  await stores.redis.del(`session:v2:${hashOf(person.token)}`);
}

const readStored = ({ token }: Person) =>
  stores.db.session.findUnique({ where: { tokenHash: Buffer.from(hashOf(token), 'hex') } });

/** Opens an authenticated socket for a person. */
const connect = (person: Person) => greet(url, person.token);

/** The close code with which a person's new socket is refused. */
async function refusalCode(person: Person): Promise<number> {
  const raw = await openSocket(url);
  raw.say({ type: 'connection_init', payload: { authorization: `Bearer ${person.token}` } });
  return raw.closed;
}

const isOpen = ({ socket }: RawSocket) => socket.readyState === socket.OPEN;

test('a request without a valid session token is anonymous', async () => {
  for (const token of ['', 'nonsense', unique().repeat(40), 'a b']) {
    expect(await isLoggedIn(asPerson(url, { id: '', username: '', email: '', password: '', token }))).toBe(false);
  }
  const person = await newPerson(url);
  const { data } = await person.send('{ me { email user { id username } } }');
  expect(data).toEqual({ me: { email: person.email, user: { id: person.id, username: person.username } } });
});

test('the scheme Bearer is accepted in any case, and no other scheme is', async () => {
  const person = await newPerson(url);
  const me = async (authorization: string) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: '{"query":"{ me { email } }"}',
    });
    return ((await response.json()) as { data: { me: object | null } }).data.me !== null;
  };
  expect(await me(`bearer ${person.token}`)).toBe(true);
  expect(await me(person.token)).toBe(false);
  expect(await me(`Basic ${person.token}`)).toBe(false);
  expect(await me(`Bearer ${person.token}x`)).toBe(false);
});

test('log-out ends this session and its sockets, and no others', async () => {
  const person = await newPerson(url);
  const phone = await logInAgain(person);
  const sockets = await Promise.all([connect(phone), connect(phone), connect(person)]);
  const { data } = await phone.send('mutation { logOut { userErrors { code } } }');
  expect(data).toEqual({ logOut: { userErrors: [] } });
  expect(await isLoggedIn(phone)).toBe(false);
  expect([await sockets[0].closed, await sockets[1].closed]).toEqual([4403, 4403]);
  expect(await isLoggedIn(person)).toBe(true);
  // The event that closed the others has reached this socket too, and it still answers.
  expect(await ask(sockets[2], '{ me { email } }')).toEqual({ data: { me: { email: person.email } } });
  sockets[2].socket.close();
  // A second log-out is a request without a session.
  const again = await phone.send('mutation { logOut { userErrors { code } } }');
  expect(again.errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
});

test('sessions are listed newest first, with their devices, page by page', async () => {
  const person = await newPerson(url);
  const phone = await logInAgain(person, 'Ada’s phone');
  await logInAgain(person, 'laptop');
  const all = await sessionsOf(phone);
  expect(all.map(({ device, isCurrent }) => [device, isCurrent])).toEqual([
    ['laptop', false],
    ['Ada’s phone', true],
    ['', false],
  ]);
  for (const { createdAt, lastUsedAt, expiresAt } of all) {
    expect(Date.parse(expiresAt) - Date.parse(lastUsedAt)).toBeGreaterThan(29 * DAY_MS);
    expect(Date.parse(lastUsedAt) - Date.parse(createdAt)).toBeGreaterThan(-MINUTE_MS);
  }
  expect(await sessionsOf(phone, 1)).toEqual(all);
  expect(await sessionsOf(phone, 2)).toEqual(all);
});

test('a session is a node only for its owner', async () => {
  const [person, stranger] = await Promise.all([newPerson(url), newPerson(url)]);
  const id = (await sessionsOf(person))[0]?.id;
  const query = 'query ($id: ID!) { node(id: $id) { id ... on Session { isCurrent } } }';
  expect((await person.send(query, { id })).data).toEqual({ node: { id, isCurrent: true } });
  expect((await stranger.send(query, { id })).data).toEqual({ node: null });
  expect((await asPerson(url, { ...person, token: 'nobody' }).send(query, { id })).data).toEqual({ node: null });
});

test('revoking a session ends it at once and closes its sockets', async () => {
  const person = await newPerson(url);
  const phone = await logInAgain(person, 'phone');
  const socket = await connect(phone);
  const id = (await sessionsOf(person)).find((session) => session.device === 'phone')?.id ?? '';
  expect(await isLoggedIn(phone)).toBe(true);
  expect(await revoke(person, id)).toEqual({ revokedSessionId: id, userErrors: [] });
  expect(await isLoggedIn(phone)).toBe(false);
  expect(await socket.closed).toBe(4403);
  expect(await refusalCode(phone)).toBe(4403);
  expect((await sessionsOf(person)).map((session) => session.id)).not.toContain(id);
  expect(userErrorsOf(await revoke(person, id))).toEqual(['NOT_FOUND sessionId']);
});

test('another person’s session cannot be revoked and looks like a missing one', async () => {
  const [person, stranger] = await Promise.all([newPerson(url), newPerson(url)]);
  const id = (await sessionsOf(person))[0]?.id ?? '';
  const answer = await revoke(stranger, id);
  expect(userErrorsOf(answer)).toEqual(['NOT_FOUND sessionId']);
  expect(answer.revokedSessionId).toBeNull();
  expect(await isLoggedIn(person)).toBe(true);
  await person.send('mutation { logOut { userErrors { code } } }');
  expect(await revoke(stranger, id)).toEqual(answer);
});

test('the current session can be revoked too', async () => {
  const person = await newPerson(url);
  const id = (await sessionsOf(person))[0]?.id ?? '';
  expect((await revoke(person, id)).revokedSessionId).toBe(id);
  expect(await isLoggedIn(person)).toBe(false);
});

test('a socket whose session ended during a lost pub/sub connection is closed when the server reconnects', async () => {
  const own = await ownStores();
  const api = await startProcess(['api'], own.env);
  const person = await newPerson(api.url);
  const socket = await greet(api.url, person.token);
  const session = await own.stores.db.session.findFirstOrThrow({ where: { userId: rowId(person.id) } });
  // As if the end had been published during the outage: no subscriber receives it.
  await own.stores.db.session.delete({ where: { id: session.id } });
  await own.stores.redis.del(`session:v2:${hashOf(person.token)}`);
  await own.stores.redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  expect(await socket.closed).toBe(4403);
  await api.end('SIGTERM');
  await own.stop();
});

test('an expired session is over for requests and for sockets', async () => {
  const person = await newPerson(url);
  const phone = await logInAgain(person, 'phone');
  await updateStored(phone, { expiresAt: new Date(Date.now() - 1_000) });
  expect(await isLoggedIn(phone)).toBe(false);
  expect(await refusalCode(phone)).toBe(4403);
  // It is not listed either, and these requests did not extend it.
  expect((await sessionsOf(person)).map((session) => session.device)).toEqual(['']);
  expect(await isLoggedIn(person)).toBe(true);
});

test('a socket is closed when its session expires', async () => {
  const person = await newPerson(url);
  await updateStored(person, { expiresAt: new Date(Date.now() + 4_000) });
  const socket = await connect(person);
  expect(await socket.closed).toBe(4403);
  expect(await isLoggedIn(person)).toBe(false);
});

test('a socket outlives its session’s first expiry if the session was used elsewhere', async () => {
  const person = await newPerson(url);
  const firstExpiry = new Date(Date.now() + 4_000);
  await updateStored(person, { expiresAt: firstExpiry });
  const socket = await connect(person);
  await updateStored(person, { lastUsedAt: new Date(Date.now() - 60 * MINUTE_MS) });
  expect(await isLoggedIn(person)).toBe(true);
  // Send requests until the first expiry is past: a server that closes the socket then would do so before it answers a
  // later request.
  while (Date.now() < firstExpiry.getTime() + 1_000) await isLoggedIn(person);
  expect(isOpen(socket)).toBe(true);
  expect(await ask(socket, '{ me { email } }')).toEqual({ data: { me: { email: person.email } } });
  socket.socket.close();
});

test('using a session extends its expiry', async () => {
  const person = await newPerson(url);
  await updateStored(person, {
    lastUsedAt: new Date(Date.now() - 60 * MINUTE_MS),
    expiresAt: new Date(Date.now() + DAY_MS),
  });
  const usedAt = Date.now();
  expect(await isLoggedIn(person)).toBe(true);
  const session = await readStored(person);
  expect(session?.expiresAt.getTime()).toBeGreaterThan(usedAt + 29 * DAY_MS);
  expect(session?.lastUsedAt.getTime()).toBeGreaterThanOrEqual(usedAt - MINUTE_MS);
  expect((await sessionsOf(person))[0]?.expiresAt).toBe(session?.expiresAt.toISOString());
});

test('use within five minutes of the last one writes nothing', async () => {
  const person = await newPerson(url);
  const lastUsedAt = new Date(Date.now() - 2 * MINUTE_MS);
  await updateStored(person, { lastUsedAt });
  expect(await isLoggedIn(person)).toBe(true);
  expect((await readStored(person))?.lastUsedAt).toEqual(lastUsedAt);
});

test('a token is stored neither in the database nor in Redis', async () => {
  const person = await newPerson(url);
  await isLoggedIn(person);
  const forms = [
    person.token,
    Buffer.from(person.token).toString('hex'),
    Buffer.from(person.token, 'base64url').toString('hex'),
    Buffer.from(person.token, 'base64url').toString('base64'),
  ];
  const rows = await stores.db.$queryRaw<{ text: string }[]>`
    select sessions::text || users::text as text from sessions join users on users.id = user_id
    where user_id = ${rowId(person.id)}`;
  expect(rows).toHaveLength(1);
  const texts: string[] = rows.map((row) => row.text);
  for await (const keys of stores.redis.scanStream({ count: 500 }) as AsyncIterable<string[]>) {
    for (const key of keys) {
      texts.push(key);
      const type = await stores.redis.type(key);
      if (type === 'string') texts.push((await stores.redis.get(key)) ?? '');
      if (type === 'hash') texts.push(JSON.stringify(await stores.redis.hgetall(key)));
      if (type === 'zset') texts.push((await stores.redis.zrange(key, '0', '-1')).join(' '));
      if (type === 'set') texts.push((await stores.redis.smembers(key)).join(' '));
    }
  }
  const all = texts.join('\n');
  // The search works: it finds the hash in both.
  expect(rows[0]?.text).toContain(hashOf(person.token));
  expect(texts).toContain(`session:v2:${hashOf(person.token)}`);
  for (const form of forms) expect(all).not.toContain(form);
  expect(all).not.toContain(person.password);
});

test('a connection that closes before its acknowledgement leaves no subscription behind', async () => {
  const person = await newPerson(url);
  const channel = sessionsChannel(rowId(person.id));
  const subscriberCount = async () => {
    const [, count] = (await stores.redis.call('PUBSUB', 'SHARDNUMSUB', channel)) as [string, number];
    return count;
  };

  const connected = await connect(person);
  expect(await subscriberCount()).toBe(1);
  connected.socket.close();
  await until(async () => (await subscriberCount()) === 0);

  for (let n = 0; n < 20; n++) {
    const raw = await openSocket(url);
    raw.say({ type: 'connection_init', payload: { authorization: `Bearer ${person.token}` } });
    raw.socket.terminate();
    await raw.closed;
  }
  await until(async () => (await subscriberCount()) === 0, 10);
});
