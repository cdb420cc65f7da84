import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { hashPassword } from '../../src/features/accounts/passwords.ts';
import { toGlobalId } from '../../src/stores/ids.ts';
import { type Answer, type Subscription, send, subscribe } from './client.ts';

/** A person who uses Darkroom through its API. */
export interface Person {
  id: string;
  username: string;
  email: string;
  password: string;
  token: string;
  /** Sends an operation with this person's session. */
  send<T = Record<string, unknown>>(query: string, variables?: object): Promise<Answer<T>>;
  /** Sends a mutation and returns its payload; fails when there are errors of any kind. */
  mutate<T = Record<string, unknown>>(name: string, inputType: string, input: object, selection: string): Promise<T>;
  subscribe<T>(query: string, variables?: object): Promise<Subscription<T>>;
  follow(other: Person): Promise<void>;
  unfollow(other: Person): Promise<void>;
}

/** A string that no other test has. */
export function unique(): string {
  return randomBytes(6).toString('hex');
}

/** The databases of the apis that this process has started, by the apis' addresses. */
export const databaseUrls = new Map<string, string>();

/**
 * Makes a new person with a session, by SQL: hashing a password for each of thousands of people costs much CPU time.
 *
 * @param url the API's address
 */
export function newPerson(url: string, name?: string): Promise<Person> {
  const isOfRun = url === inject('url') || url === inject('otherUrl');
  const databaseUrl = isOfRun ? inject('env').DATABASE_URL : databaseUrls.get(url);
  if (databaseUrl === undefined) throw new Error(`${url} is no api of this test.`);
  return insertPerson(url, databaseUrl, name);
}

/** Signs a new person up over the API, which also sends them an email. */
export async function signUp(url: string, name?: string): Promise<Person> {
  const account = newAccount(name, `secret ${unique()}`);
  const query = `mutation ($input: SignUpInput!) {
    signUp(input: $input) { token viewer { user { id } } userErrors { message } }
  }`;
  type SignedUp = { signUp: { token: string; viewer: { user: { id: string } }; userErrors: { message: string }[] } };
  const { data, errors } = await send<SignedUp>(url, query, { input: account });
  if (!data?.signUp.token) throw new Error(`Signing up failed: ${JSON.stringify([errors, data])}`);
  const { token, viewer } = data.signUp;
  return asPerson(url, { ...account, id: viewer.user.id, token });
}

function newAccount(name = 'person', password: string) {
  const username = `${name.slice(0, 16)}.${unique()}`;
  return { username, email: `${username}@example.org`, password, displayName: name };
}

/** All people who are inserted have the same password, so that it is hashed once. */
const PASSWORD = `secret ${unique()}`;
let passwordHash: Promise<string> | undefined;
const pools = new Map<string, pg.Pool>();

async function insertPerson(url: string, databaseUrl: string, name?: string): Promise<Person> {
  passwordHash ??= hashPassword(PASSWORD);
  let pool = pools.get(databaseUrl);
  if (!pool) {
    pool = new pg.Pool({ connectionString: databaseUrl, max: 2, idleTimeoutMillis: 1_000, allowExitOnIdle: true });
    pool.on('error', () => {}); // The server stops before the pool.
    pools.set(databaseUrl, pool);
  }
  const account = newAccount(name, PASSWORD);
  const token = randomBytes(32).toString('base64url');
  const tokenHash = createHash('sha256').update(token).digest();
  const { rows } = await pool.query<{ id: string }>(
    `with person as (
       insert into users (username, email, display_name, password_hash) values (lower($1), lower($2), $3, $4)
       returning id
     )
     insert into sessions (id, user_id, token_hash, device, expires_at)
     select next_id(id), id, $5, '', now() + interval '30 days' from person returning user_id::text as id`,
    [account.username, account.email, account.displayName, await passwordHash, tokenHash],
  );
  return asPerson(url, { ...account, id: toGlobalId('User', BigInt(rows[0]?.id ?? 0)), token });
}

/** Makes several people at the same time. */
export function newPeople(url: string, count: number, name?: string): Promise<Person[]> {
  return Promise.all(Array.from({ length: count }, () => newPerson(url, name)));
}

/** The same person with another session. */
export function asPerson(
  url: string,
  account: Pick<Person, 'id' | 'username' | 'email' | 'password' | 'token'>,
): Person {
  const headers = { authorization: `Bearer ${account.token}` };
  const person: Person = {
    ...account,
    send: (query, variables) => send(url, query, variables, headers),
    async mutate<T>(name: string, inputType: string, input: object, selection: string) {
      const payloadFields = `${selection} userErrors { code message field }`;
      const query = `mutation ($input: ${inputType}!) { ${name}(input: $input) { ${payloadFields} } }`;
      const { data, errors } = await send<Record<string, T & { userErrors: unknown[] }>>(
        url,
        query,
        { input },
        headers,
      );
      const payload = data?.[name];
      if (!payload || payload.userErrors.length > 0)
        throw new Error(`${name} failed: ${JSON.stringify([errors, data])}`);
      return payload;
    },
    subscribe: (query, variables) => subscribe(url, query, variables, headers),
    async follow(other) {
      await person.mutate('follow', 'FollowInput', { userId: other.id }, 'user { id }');
    },
    async unfollow(other) {
      await person.mutate('unfollow', 'UnfollowInput', { userId: other.id }, 'user { id }');
    },
  };
  return person;
}
