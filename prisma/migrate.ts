/**
 * Applies the migrations of prisma/migrations, then those of the job queue. It does what `prisma migrate deploy` does,
 * with the same records in `_prisma_migrations`. `node prisma/migrate.ts new NAME` instead writes a new migration, from
 * the schema.prisma of the last commit to the one in the working folder.
 *
 * Prisma's own command downloads a native engine. The same engine is on npm as WebAssembly, and this file drives it.
 */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { MigrationList, SchemaContainer, SchemaEngine } from '@prisma/schema-engine-wasm';
import { runMigrations } from 'graphile-worker';
import pg from 'pg';
import { MIGRATION_LOCK } from '../src/stores/lock-ids.ts';

const FOLDER = fileURLToPath(new URL('migrations', import.meta.url));
const SCHEMA = fileURLToPath(new URL('schema.prisma', import.meta.url));
const NOTHING_EXTERNAL = { externalTables: [], externalEnums: [] };

/**
 * Migrates a database. Several processes may call it at the same time: one after the other gets the lock, and each
 * migration is applied once.
 *
 * @param databaseUrl the PostgreSQL database
 * @returns the names of the migrations that this call applied
 * @throws Error of the database when a migration fails; those before it stay applied
 */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const lock = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  await lock.connect();
  try {
    await lock.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const database = new Database({ connectionString: databaseUrl, allowExitOnIdle: true });
    const engine = await startEngine(database);
    const { appliedMigrationNames } = await engine.applyMigrations({
      migrationsList: await readMigrations(),
      filters: NOTHING_EXTERNAL,
    });
    await runMigrations({ connectionString: databaseUrl });
    return appliedMigrationNames;
  } finally {
    await lock.end();
  }
}

/** The SQL from the schema.prisma of the last commit, or from an empty schema, to the one in the working folder. */
async function pendingSql(databaseUrl: string): Promise<string> {
  const database = new Database({ connectionString: databaseUrl, allowExitOnIdle: true });
  const engine = await startEngine(database);
  const committed = await promisify(execFile)('git', ['show', 'HEAD:./schema.prisma'], { cwd: dirname(SCHEMA) }).then(
    ({ stdout }) => stdout,
    () => null,
  );
  const { stdout } = await engine.diff({
    from:
      committed === null ? { tag: 'empty' } : { tag: 'schemaDatamodel', files: [{ path: SCHEMA, content: committed }] },
    to: { tag: 'schemaDatamodel', files: await readSchema() },
    script: true,
    exitCode: null,
    filters: NOTHING_EXTERNAL,
  });
  return stdout ?? '';
}

/**
 * Sends each script as one statement. Prisma's adapter cuts a script at every semicolon, also within the body of a
 * function. One statement is also one transaction, so a failing migration is rolled back completely.
 */
class Database extends PrismaPg {
  override async connect() {
    const adapter = await super.connect();
    adapter.executeScript = async (script) => {
      await adapter.underlyingDriver().query(script);
    };
    return adapter;
  }
}

async function startEngine(database: Database): Promise<SchemaEngine> {
  engineModule ??= loadEngineModule();
  return (await engineModule).SchemaEngine.new(
    { datamodels: (await readSchema()).map(({ path, content }) => [path, content]) },
    () => {},
    bindMigrationAwareSqlAdapterFactory(database),
  );
}

/** Loaded once: the bindings hold one global instance, and a second one would read the memory of the first. */
let engineModule: ReturnType<typeof loadEngineModule> | undefined;

async function loadEngineModule() {
  const bindings = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const script = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const wasm = await readFile(script.replace(/\.js$/, '.wasm'));
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': bindings as never });
  const { __wbg_set_wasm } = bindings as unknown as { __wbg_set_wasm(exports: WebAssembly.Exports): void };
  __wbg_set_wasm(instance.exports);
  (instance.exports as { __wbindgen_start(): void }).__wbindgen_start();
  return bindings;
}

async function readSchema(): Promise<SchemaContainer[]> {
  return [{ path: SCHEMA, content: await readFile(SCHEMA, 'utf8') }];
}

async function readMigrations(): Promise<MigrationList> {
  const names = (await readdir(FOLDER, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const migrationDirectories = await Promise.all(
    names
      .map((entry) => entry.name)
      .sort()
      .map(async (path) => ({
        path,
        migrationFile: {
          path: 'migration.sql',
          content: { tag: 'ok' as const, value: await readFile(`${FOLDER}/${path}/migration.sql`, 'utf8') },
        },
      })),
  );
  const lockfile = { path: 'migration_lock.toml', content: await readFile(`${FOLDER}/migration_lock.toml`, 'utf8') };
  return { baseDir: FOLDER, lockfile, shadowDbInitScript: '', migrationDirectories };
}

if (import.meta.main) {
  const databaseUrl = process.env.DATABASE_URL;
  if (!databaseUrl) throw new Error('DATABASE_URL is not set. It names the database to migrate.');
  const [command, name] = process.argv.slice(2);
  if (command === 'new' && name) {
    const folder = `${FOLDER}/${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}_${name}`;
    await mkdir(folder);
    await writeFile(`${folder}/migration.sql`, await pendingSql(databaseUrl));
    console.log(`Wrote ${folder}/migration.sql. Read it before you apply it.`);
  } else if (command === undefined) {
    const applied = await migrate(databaseUrl);
    console.log(applied.length > 0 ? `Applied ${applied.join(', ')}.` : 'The database is up to date.');
  } else {
    throw new Error('Usage: node prisma/migrate.ts, or node prisma/migrate.ts new NAME');
  }
  // The timer of the engine's lock is still running, and would keep the process alive for ten more seconds.
  process.exit();
}
