import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { unique } from './people.ts';

const MIGRATE = fileURLToPath(new URL('../../prisma/migrate.ts', import.meta.url));

/** Migrates a database in a process of its own, so that no connection is left open afterwards. */
export async function migrateApart(databaseUrl: string): Promise<void> {
  await promisify(execFile)(process.execPath, [MIGRATE], { env: { ...process.env, DATABASE_URL: databaseUrl } });
}

/**
 * Creates a database on the same server as a copy of another one, which takes a tenth of the time that migrating takes.
 *
 * @param templateUrl the database to copy; PostgreSQL refuses while anything is connected to it
 * @returns the URL of the new database
 */
export async function copyDatabase(templateUrl: string): Promise<string> {
  const url = new URL(templateUrl);
  const template = url.pathname.slice(1);
  const name = `${template}_${unique()}`;
  await query(new URL('/postgres', url).href, `create database ${name} template ${template}`);
  url.pathname = `/${name}`;
  return url.href;
}

/** Lets a server skip what saves data from a crash of the machine: nobody needs the data of a test after that. */
export async function trustTheMachine(databaseUrl: string): Promise<void> {
  const statements = ['fsync', 'full_page_writes'].map((setting) => `alter system set ${setting} = off`);
  await query(databaseUrl, ...statements, 'select pg_reload_conf()');
}

/** Runs statements one after the other over a connection of their own. */
async function query(databaseUrl: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
