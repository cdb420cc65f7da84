import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { addJob } from '../src/stores/jobs.ts';
import type { Stores } from '../src/stores/stores.ts';
import { openBackstage } from './support/backstage.ts';
import { baseEnv } from './support/darkroom.ts';
import { newPerson, type Person, unique } from './support/people.ts';
import { rowId } from './support/rows.ts';
import { until } from './support/until.ts';

const ADMIN = fileURLToPath(new URL('../src/admin.ts', import.meta.url));
const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

interface Result {
  code: number;
  out: string;
  err: string;
}

/** Runs `node src/admin.ts …`. @param env the variables, by default those of the run's stores */
function admin(args: string[], env: Record<string, string> = inject('env'), cwd?: string): Promise<Result> {
  const options = { env: { ...baseEnv(), ...env }, timeout: 60_000, ...(cwd && { cwd }) };
  return new Promise((resolve) => {
    execFile(process.execPath, [ADMIN, ...args], options, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err });
    });
  });
}

async function isModerator(person: Person): Promise<boolean | undefined> {
  const { data } = await person.send<{ me: { isModerator: boolean } }>('{ me { isModerator } }');
  return data?.me.isModerator;
}

test('an unknown command prints the commands that exist', async () => {
  for (const args of [[], ['moderator', 'add', 'anna'], ['jobs', 'retry', 'x']]) {
    const { code, out, err } = await admin(args, {});
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('Usage: npm run admin -- COMMAND');
    expect(err).toContain('moderator add USERNAME --why TEXT');
  }
});

test('moderator add and remove log their reasons', async () => {
  const person = await newPerson(url);
  expect(await isModerator(person)).toBe(false);
  const added = await admin(['moderator', 'add', person.username, '--why', 'The first one']);
  expect(added).toEqual({ code: 0, out: `${person.username} is a moderator.\n`, err: '' });
  expect(await isModerator(person)).toBe(true);
  await admin(['moderator', 'remove', person.username, '--why', 'On holiday']);
  expect(await isModerator(person)).toBe(false);
  const actions = await stores.db.moderationAction.findMany({
    where: { userId: rowId(person.id) },
    orderBy: { id: 'asc' },
  });
  expect(actions).toMatchObject([
    { kind: 'MAKE_MODERATOR', reason: 'The first one', moderatorId: null },
    { kind: 'UNMAKE_MODERATOR', reason: 'On holiday', moderatorId: null },
  ]);
  const unknown = `nobody.${unique()}`;
  const failed = await admin(['moderator', 'add', unknown, '--why', 'No reason']);
  expect(failed).toMatchObject({ code: 3, out: '', err: expect.stringContaining(unknown) });
});

test('a trace lists what names a person, by any of the person’s names, and exits with 1', async () => {
  const person = await newPerson(url);
  await person.send('{ me { user { id } } }');
  for (const names of [[person.username], [person.email, person.id, String(rowId(person.id))]]) {
    const { code, out } = await admin(['trace', ...names]);
    expect(code).toBe(1);
    expect(out).toContain(`Looked for ${rowId(person.id)}, ${person.email}, ${person.username}`);
    expect(out).toMatch(/^ {2}users\.username {2}1$/m);
    expect(out).toMatch(/^ {2}sessions\.user_id {2}1$/m);
    expect(out).toContain('No deletion of this account is known.');
  }
  const other = await newPerson(url);
  const two = await admin(['trace', person.username, other.email]);
  expect(two).toMatchObject({ code: 3, err: 'These are 2 people: trace one at a time.\n' });
});

test('a failed job is listed with its error, and can be retried', async () => {
  // The person does not exist, so the job has nothing to do.
  const userId = `${Date.now()}000001`;
  await stores.db.$transaction((tx) =>
    addJob(tx, 'approveAllRequests', { userId }, { runAt: new Date(Date.now() + 3_600_000) }),
  );
  const [job] = await stores.db.$queryRaw<[{ id: bigint }]>`
    update graphile_worker._private_jobs set attempts = 25, last_error = E'It broke.\n  at a line'
    where payload ->> 'userId' = ${userId} returning id`;
  const listed = await admin(['jobs', 'failed']);
  expect(listed.code).toBe(0);
  expect(listed.out).toContain(`${job.id}  approveAllRequests  failed 25 of 25 times: It broke.\n`);
  expect(await admin(['jobs', 'retry', String(job.id)])).toMatchObject({ code: 0, out: `Job ${job.id} runs again.\n` });
  await until(async () => {
    const rows = await stores.db.$queryRaw<object[]>`select from graphile_worker.jobs where id = ${job.id}`;
    return rows.length === 0;
  });
  expect(await admin(['jobs', 'retry', String(job.id)])).toMatchObject({ code: 1 });
});

test('without variables it uses the Darkroom of npm start in the folder, and reports a missing one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-admin-'));
  try {
    const none = await admin(['jobs', 'failed'], {}, folder);
    expect(none).toMatchObject({
      code: 3,
      out: '',
      err: expect.stringContaining('no `npm start` runs in this folder'),
    });
    await mkdir(join(folder, '.darkroom'));
    const lines = Object.entries(inject('env')).map(([name, value]) => `${name}="${value}"\n`);
    await writeFile(join(folder, '.darkroom/env'), lines.join(''));
    expect(await admin(['jobs', 'failed'], {}, folder)).toMatchObject({ code: 0, err: '' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
