import { createHash, randomInt } from 'node:crypto';
import { inject } from 'vitest';
import { type Answer, send } from './client.ts';
import { asPerson, type Person } from './people.ts';

/** The answer to `logIn`. */
export interface LoggedIn {
  logIn: {
    token: string | null;
    viewer: { user: { id: string } } | null;
    userErrors: { code: string; message: string; field: string[] }[];
  };
}

/** An address that no other test has, so that no other test's wrong passwords count against it. */
export function newAddress(): string {
  return `10.${randomInt(256)}.${randomInt(256)}.${randomInt(1, 255)}`;
}

/** Tries to log in. @param address where the client says it is */
export function logIn(
  login: string,
  password: string,
  { address = newAddress(), device }: { address?: string; device?: string | undefined } = {},
): Promise<Answer<LoggedIn>> {
  return send(
    inject('url'),
    `mutation ($input: LogInInput!) {
      logIn(input: $input) { token viewer { user { id } } userErrors { code message field } }
    }`,
    { input: { login, password, ...(device !== undefined && { device }) } },
    { 'x-forwarded-for': address },
  );
}

/** The same person on one more device. */
export async function logInAgain(person: Person, device?: string): Promise<Person> {
  const { data, errors } = await logIn(person.username, person.password, { device });
  if (!data?.logIn.token) throw new Error(`Logging in failed: ${JSON.stringify([errors, data])}`);
  return asPerson(inject('url'), { ...person, token: data.logIn.token });
}

/** Whether a person's session still holds. */
export async function isLoggedIn(person: Person): Promise<boolean> {
  const { data, errors } = await person.send<{ me: object | null }>('{ me { user { id } } }');
  if (errors.length > 0) throw new Error(`Asking who is logged in failed: ${JSON.stringify(errors)}`);
  return data?.me !== null;
}

/** What is stored of a token: its SHA-256, in hexadecimal. */
export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
