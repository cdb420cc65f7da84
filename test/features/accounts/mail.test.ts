import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { sweepMailTokens } from '../../../src/features/accounts/mail.ts';
import { attempt, userErrorsOf } from '../../support/backstage.ts';
import { send } from '../../support/client.ts';
import { type OwnDarkroom, ownStores, startProcess, type TestProcess } from '../../support/darkroom.ts';
import { type MailServer, startMailServer, tokenIn } from '../../support/mail.ts';
import { type Person, signUp, unique } from '../../support/people.ts';
import { rowId } from '../../support/rows.ts';
import { newAddress } from '../../support/sessions.ts';
import { until } from '../../support/until.ts';

let own: OwnDarkroom;
let smtp: MailServer;
let processes: TestProcess[] = [];
let url: string;
beforeAll(async () => {
  smtp = await startMailServer();
  own = await ownStores({ MAIL_URL: smtp.url, APP_URL: 'https://app.example.org/' });
  processes = await Promise.all([startProcess(['api'], own.env), startProcess(['worker'], own.env)]);
  url = processes[0]?.url ?? '';
});
afterAll(async () => {
  await Promise.all(processes.map((process) => process.end('SIGTERM')));
  await own?.stop();
  await smtp?.stop();
});

interface UserErrors {
  userErrors: { code: string; field: string[] }[];
}

/** Sends a mutation without a session. @returns its user errors, or the codes of its GraphQL errors */
async function sendAnonymously(name: string, input: object, address = newAddress()): Promise<string[]> {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
  const { data, errors } = await send<Record<string, UserErrors>>(
    url,
    `mutation ($input: ${type}!) { ${name}(input: $input) { userErrors { code field } } }`,
    { input },
    { 'x-forwarded-for': address },
  );
  if (errors.length > 0) return errors.map((error) => String(error.extensions.code));
  return data?.[name]?.userErrors.map(({ code, field }) => `${code} ${field.join('.')}`) ?? ['no answer'];
}

async function isVerified(person: Person): Promise<boolean | undefined> {
  const { data } = await person.send<{ me: { emailIsVerified: boolean } }>('{ me { emailIsVerified } }');
  return data?.me?.emailIsVerified;
}

async function canLogIn(person: Person, password: string): Promise<boolean> {
  return (await sendAnonymously('logIn', { login: person.username, password })).length === 0;
}

/** Waits until no job's payload contains this text. */
async function untilNoJobNames(name: string | bigint): Promise<void> {
  await until(async () => {
    const [row] = await own.stores.db.$queryRaw<[{ count: number }]>`
      select count(*)::int as count from graphile_worker._private_jobs
      where position(${String(name)} in payload::text) > 0`;
    return row.count === 0;
  });
}

/** Asserts how many emails an address has received, by their SMTP recipients. */
function expectMails(address: string, count: number): void {
  expect(smtp.received.filter((mail) => mail.to.includes(address))).toHaveLength(count);
}

test('signing up sends a link that verifies the address, once', async () => {
  const person = await signUp(url);
  const mail = await smtp.next(person.email);
  expect(mail.source).toContain('https://app.example.org/verify-email?token=');
  expect(await isVerified(person)).toBe(false);
  const token = tokenIn(mail);
  expect(await sendAnonymously('verifyEmail', { token: `${token}x` })).toEqual(['INVALID token']);
  expect(await sendAnonymously('resetPassword', { token, newPassword: 'something new' })).toEqual(['INVALID token']);
  expect(await sendAnonymously('verifyEmail', { token })).toEqual([]);
  expect(await isVerified(person)).toBe(true);
  expect(await sendAnonymously('verifyEmail', { token })).toEqual(['INVALID token']);
});

test('a new link replaces the previous one, and a verified address gets none', async () => {
  const person = await signUp(url);
  const first = tokenIn(await smtp.next(person.email));
  await person.send('mutation { requestEmailVerification { userErrors { code } } }');
  const second = tokenIn(await smtp.next(person.email));
  expect(await sendAnonymously('verifyEmail', { token: first })).toEqual(['INVALID token']);
  expect(await sendAnonymously('verifyEmail', { token: second })).toEqual([]);
  const before = smtp.received.length;
  const { data } = await person.send('mutation { requestEmailVerification { userErrors { code } } }');
  expect(data).toEqual({ requestEmailVerification: { userErrors: [] } });
  expect(
    await own.stores.db.$queryRaw`
    select 1 from graphile_worker._private_jobs where payload ->> 'userId' = ${String(rowId(person.id))}`,
  ).toEqual([]);
  expect(smtp.received.slice(before).filter((mail) => mail.to.includes(person.email))).toEqual([]);
});

test('a link resets a forgotten password once and ends all sessions', async () => {
  const person = await signUp(url);
  await smtp.next(person.email);
  expect(await sendAnonymously('requestPasswordReset', { email: ` ${person.email.toUpperCase()} ` })).toEqual([]);
  const mail = await smtp.next(person.email);
  expect(mail.source).toContain('https://app.example.org/reset-password?token=');
  const token = tokenIn(mail);
  expect(await sendAnonymously('resetPassword', { token, newPassword: 'short' })).toEqual(['TOO_SHORT newPassword']);
  const newPassword = `new ${unique()}`;
  const answers = await Promise.all([1, 2, 3].map(() => sendAnonymously('resetPassword', { token, newPassword })));
  expect(answers.map((answer) => answer.join()).sort()).toEqual(['', 'INVALID token', 'INVALID token']);
  expect(await isVerified(person)).toBeUndefined();
  // The email has reached the address, so it is verified.
  const where = { id: rowId(person.id), emailVerifiedAt: { not: null } };
  expect(await own.stores.db.user.count({ where })).toBe(1);
  expect(await canLogIn(person, person.password)).toBe(false);
  expect(await canLogIn(person, newPassword)).toBe(true);
  expect((await smtp.next(person.email)).source).toContain('password has been changed');
});

test('an address without an account gets the same answer and no email', async () => {
  const [person, nobody] = [await signUp(url), `${unique()}@example.org`];
  await smtp.next(person.email);
  const requestReset = (email: string) =>
    send(url, 'mutation ($email: String!) { requestPasswordReset(input: { email: $email }) { userErrors { code } } }', {
      email,
    });
  const [known, unknown] = [await requestReset(person.email), await requestReset(nobody)];
  expect(unknown).toEqual(known);
  await smtp.next(person.email);
  await untilNoJobNames(nobody);
  expectMails(nobody, 0);
});

/** The tables that contain any of these texts. */
async function tablesWith(texts: string[]): Promise<string[]> {
  const tables = await own.stores.db.$queryRaw<{ name: string }[]>`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname in ('public', 'graphile_worker')`;
  const matching: string[] = [];
  for (const { name } of tables) {
    const rows = await own.stores.db.$queryRawUnsafe<object[]>(
      `select 1 from ${name} as stored where exists (
         select from unnest($1::text[]) text where position(text in stored::text) > 0
       )`,
      texts,
    );
    if (rows.length > 0) matching.push(name);
  }
  return matching;
}

test('a token is in the email and nowhere else, and expires', async () => {
  const person = await signUp(url);
  const token = tokenIn(await smtp.next(person.email));
  // As text, and as PostgreSQL prints bytes: those of the text and those that it encodes.
  const forms = [token, Buffer.from(token).toString('hex'), Buffer.from(token, 'base64url').toString('hex')];
  expect(await tablesWith(forms)).toEqual([]);
  // The search works: it finds the hash.
  expect(await tablesWith([createHash('sha256').update(token).digest('hex')])).toEqual(['public.mail_tokens']);
  const where = { userId: rowId(person.id) };
  await own.stores.db.mailToken.updateMany({ where, data: { expiresAt: new Date() } });
  expect(await sendAnonymously('verifyEmail', { token })).toEqual(['INVALID token']);
  const other = await signUp(url);
  const valid = tokenIn(await smtp.next(other.email));
  await sweepMailTokens(own.stores);
  expect(await own.stores.db.mailToken.count({ where })).toBe(0);
  expect(await sendAnonymously('verifyEmail', { token: valid })).toEqual([]);
});

test('emails are rate-limited by recipient and by network address', async () => {
  const email = `${unique()}@example.org`;
  const answers = [];
  for (let n = 0; n < 7; n++) answers.push(await sendAnonymously('requestPasswordReset', { email }));
  expect(answers).toEqual([[], [], [], [], [], ['RATE_LIMITED'], ['RATE_LIMITED']]);
  const person = await signUp(url);
  const verifications = [];
  for (let n = 0; n < 6; n++) {
    const { errors } = await person.send('mutation { requestEmailVerification { userErrors { code } } }');
    verifications.push(...errors.map(({ extensions }) => extensions));
  }
  expect(verifications).toEqual([
    expect.objectContaining({ code: 'RATE_LIMITED', retryAfter: expect.toSatisfy((s) => s > 0 && s <= 3_600) }),
  ]);
  const address = newAddress();
  const refused = [];
  for (let n = 0; n < 31; n++) {
    refused.push(...(await sendAnonymously('requestPasswordReset', { email: `${unique()}@example.org` }, address)));
  }
  expect(refused).toEqual(['RATE_LIMITED']);
});

test('a suspended person gets no link; a deactivated one can restore the account with it', async () => {
  const [suspended, deactivated] = await Promise.all([signUp(url), signUp(url)]);
  for (const person of [suspended, deactivated]) await smtp.next(person.email);
  await own.stores.db.user.update({ where: { id: rowId(suspended.id) }, data: { suspendedAt: new Date() } });
  await attempt(deactivated, 'deactivateAccount', { password: deactivated.password }, 'deletedAfter');
  for (const { email } of [suspended, deactivated]) await sendAnonymously('requestPasswordReset', { email });
  const token = tokenIn(await smtp.next(deactivated.email));
  const newPassword = `new ${unique()}`;
  expect(await sendAnonymously('resetPassword', { token, newPassword })).toEqual([]);
  expect(await canLogIn(deactivated, newPassword)).toBe(true);
  // The job that looks up the address enqueues, in its own transaction, the job that would send.
  await untilNoJobNames(suspended.email);
  await untilNoJobNames(rowId(suspended.id));
  const mails = await own.stores.db.mailToken.count({
    where: { userId: rowId(suspended.id), purpose: 'RESET_PASSWORD' },
  });
  expect(mails).toBe(0);
  expectMails(suspended.email, 1);
});

/** The names of an email's headers, in order. */
function headersOf({ source }: { source: string }): string[] {
  const [head = ''] = source.split(/\r?\n\r?\n/);
  return [...head.matchAll(/^([\w-]+):/gm)].map(([, name = '']) => name.toLowerCase());
}

test('no input adds a header or a recipient to an email', async () => {
  const plain = await signUp(url);
  const expected = headersOf(await smtp.next(plain.email));
  const [username, attacker] = [`u${unique()}`.slice(0, 30), `${unique()}@example.org`];
  const account = { username, email: `${username}@example.org`, password: 'correct horse', displayName: 'Ada' };
  const injected = `\r\nBcc: ${attacker}\r\n\r\nBuy this`;
  expect(await sendAnonymously('signUp', { ...account, email: account.email + injected })).toEqual(['INVALID email']);
  await sendAnonymously('signUp', { ...account, displayName: `Ada${injected}` });
  const mail = await smtp.next(account.email);
  expect(mail.to).toEqual([account.email]);
  expect(headersOf(mail)).toEqual(expected);
  expect(mail.source).not.toContain(attacker);
});

test.for(['$,x', 'x<$>', '$;x', 'x:$;', '$(x)'])(
  'an account whose address is %s, with another’s address as $, does not reach the other',
  async (form) => {
    const victim = `${unique()}@example.org`;
    const email = form.replace('$', victim);
    const username = `u${unique()}`.slice(0, 30);
    // Sign-up may refuse the address; the email must not reach the other person in either case.
    await sendAnonymously('signUp', { username, email, password: 'correct horse', displayName: 'Ada' });
    await until(async () => {
      const [row] = await own.stores.db.$queryRaw<[{ count: number }]>`
        select count(*)::int as count
        from graphile_worker._private_jobs job join users on payload ->> 'userId' = users.id::text
        where username = ${username} and last_error is null`;
      return row.count === 0;
    });
    expectMails(victim, 0);
  },
);

test('an email that could not be sent is retried when the mail server is back', async () => {
  const port = Number(new URL(smtp.url).port);
  await smtp.stop();
  const person = await signUp(url);
  const job = await until(async () => {
    const [row] = await own.stores.db.$queryRaw<{ id: bigint; error: string | null }[]>`
      select id, last_error as error from graphile_worker._private_jobs
      where payload ->> 'userId' = ${String(rowId(person.id))}`;
    return row?.error && row;
  });
  smtp = await startMailServer(port);
  await own.stores.db.$executeRaw`select graphile_worker.reschedule_jobs(${[job.id]}::bigint[], run_at := now())`;
  expect(tokenIn(await smtp.next(person.email))).not.toBe('');
});

test('without a mail server, emails are written to files', async () => {
  const shared = inject('env');
  const folder = fileURLToPath(shared.MAIL_URL ?? '');
  const person = await signUp(inject('url'));
  const file = await until(async () => {
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.eml'));
    const files = await Promise.all(
      names.map(async (name) => ({ name, text: await readFile(join(folder, name), 'utf8') })),
    );
    return files.find(({ text }) => text.includes(`To: ${person.email}`));
  });
  // Its link could set a password, so no other user of the machine may read it.
  expect((await stat(join(folder, file.name))).mode & 0o777).toBe(0o600);
  const mail = file.text;
  expect(mail).toMatch(/^Subject: Is this your address\?\r?$/m);
  const token = tokenIn({ to: [], source: mail.replace(/=\r?\n/g, '').replace(/=3D/g, '=') });
  const answer = await attempt(person, 'verifyEmail', { token }, 'verified');
  expect(userErrorsOf(answer)).toEqual([]);
});
