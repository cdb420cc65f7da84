import { chmod, mkdir, readdir, readlink, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startStack } from '../../src/local/stack.ts';
import { newDataDir } from '../support/darkroom.ts';

// Only when the tests run as root does PostgreSQL run as another user, which may be unable to enter a folder.
const asRoot = test.skipIf(process.getuid?.() !== 0);

let closed: string;
const databases: string[] = [];
beforeAll(async () => {
  closed = await newDataDir();
  await chmod(closed, 0o700);
});
afterAll(() => Promise.all([closed, ...databases].map((folder) => rm(folder, { recursive: true, force: true }))));

/** Runs one statement in the stack of a clone. @returns its rows */
async function run(clone: string, sql: string): Promise<unknown[]> {
  const dataDir = join(clone, '.darkroom');
  const stack = await startStack({ dataDir, external: {}, ports: 'free', log: () => {} });
  try {
    databases.push(await readlink(join(dataDir, 'postgres')));
    const client = new pg.Client({ connectionString: stack.env.DATABASE_URL });
    await client.connect();
    const { rows } = await client.query(sql);
    await client.end();
    return rows;
  } finally {
    await stack.stop();
  }
}

const tables = "select table_name from information_schema.tables where table_schema = 'public'";

asRoot(
  'a clone that PostgreSQL cannot reach has its database in /var/lib/darkroom, linked from the clone',
  async () => {
    await run(join(closed, 'linked'), 'create table kept ()');
    const [database = ''] = databases.slice(-1);
    expect(database).toMatch(/^\/var\/lib\/darkroom\/[0-9a-f]{12}$/);
    expect(await readdir(database)).toContain('PG_VERSION');
    expect(await run(join(closed, 'linked'), tables)).toEqual([{ table_name: 'kept' }]);
  },
);

asRoot('such a clone keeps its database when it is moved', async () => {
  await run(join(closed, 'before'), 'create table kept ()');
  await rename(join(closed, 'before'), join(closed, 'after'));
  expect(await run(join(closed, 'after'), tables)).toEqual([{ table_name: 'kept' }]);
});

asRoot('a new clone at the path of such a clone that was deleted starts without data', async () => {
  const clone = join(closed, 'again');
  await run(clone, 'create table gone ()');
  await rm(clone, { recursive: true });
  expect(await run(clone, tables)).toEqual([]);
});

asRoot('a database that PostgreSQL cannot reach any more is an error, not a new database', async () => {
  const postgres = join(closed, 'shut', '.darkroom', 'postgres');
  await mkdir(postgres, { recursive: true });
  await expect(run(join(closed, 'shut'), tables)).rejects.toThrow(`cannot reach ${postgres} any more`);
});
