import { randomBytes } from 'node:crypto';
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

/** Signs a new person up. */
export async function newPerson(url: string, name = 'person'): Promise<Person> {
  const username = `${name.slice(0, 16)}.${unique()}`;
  const account = { username, email: `${username}@example.org`, password: `secret ${unique()}`, displayName: name };
  const query = `mutation ($input: SignUpInput!) {
    signUp(input: $input) { token viewer { user { id } } userErrors { message } }
  }`;
  type SignedUp = { signUp: { token: string; viewer: { user: { id: string } }; userErrors: { message: string }[] } };
  const { data, errors } = await send<SignedUp>(url, query, { input: account });
  if (!data?.signUp.token) throw new Error(`Signing up failed: ${JSON.stringify([errors, data])}`);
  const { token, viewer } = data.signUp;
  return asPerson(url, { ...account, id: viewer.user.id, token });
}

/** Signs several people up at the same time. */
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
