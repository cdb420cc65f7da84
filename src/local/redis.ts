import { execFile } from 'node:child_process';
import { readFile, readlink, realpath, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LOOPBACK } from './ports.ts';
import { endLeftover, type ServerProcess, startServer, untilReady } from './processes.ts';

const execFileAsync = promisify(execFile);
const PROGRAMS = ['redis-server', 'valkey-server'];

/** What the way to get a Redis server depends on. */
export interface System {
  platform: NodeJS.Platform;
  isRoot: boolean;
  /** Those of `apt-get`, `dnf` and `brew` that exist. */
  commands: ReadonlySet<string>;
}

/** Commands that install Redis, or a message that says how to continue. */
export type MissingRedis = { install: string[][] } | { message: string };

/** Decides what to do on a system without a Redis server. */
export function onMissingRedis({ platform, isRoot, commands }: System): MissingRedis {
  if (platform === 'linux' && isRoot && commands.has('apt-get')) {
    const install = [
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      'apt-get',
      'install',
      // A new machine is often busy with its own updates.
      '-o',
      'DPkg::Lock::Timeout=120',
      '-y',
      '-q',
      '--no-install-recommends',
      'redis-server',
    ];
    return { install: [['apt-get', 'update', '-q'], install] };
  }
  const install = commands.has('brew')
    ? 'brew install redis'
    : commands.has('apt-get')
      ? 'sudo apt-get install redis-server'
      : commands.has('dnf')
        ? 'sudo dnf install redis   # or: sudo dnf install valkey'
        : platform === 'darwin'
          ? 'brew install redis   # with Homebrew, https://brew.sh'
          : 'your package manager, for the package "redis" or "valkey"';
  return { message: waysToContinue(install) };
}

function waysToContinue(install: string): string {
  return `Darkroom needs a Redis server (7 or newer) or Valkey, and none is installed. There are three ways to continue:
  1. Install one:     ${install}
  2. Use one you have: REDIS_URL=redis://host:6379 npm start
  3. Use a container: docker run -d -p 6379:6379 redis:8, then REDIS_URL=redis://127.0.0.1:6379 npm start`;
}

/**
 * Starts the machine's Redis (or Valkey) server as a child process. It stores nothing on disk, because everything that
 * Redis holds can be rebuilt.
 *
 * @param choosePort is called once, when the port of an earlier run is free again
 * @param log prints a line for the developer
 * @throws Error that says how to continue, when no server is installed and this process cannot install one
 */
export async function startRedis(
  dataDir: string,
  choosePort: () => Promise<number>,
  log: (line: string) => void,
): Promise<{ url: string; server: ServerProcess }> {
  const program = (await findProgram()) ?? (await install(log));
  const pidFile = join(dataDir, 'redis.pid');
  await endPrevious(pidFile, dataDir);
  // Not earlier: a server that an earlier run left running may have held the port.
  const port = await choosePort();
  const args = [
    ...['--port', String(port), '--bind', LOOPBACK, '--protected-mode', 'yes', '--daemonize', 'no', '--dir', dataDir],
    ...['--save', '', '--appendonly', 'no', '--zset-max-listpack-entries', '512'],
  ];
  const server = startServer(program, args, join(dataDir, 'redis.log'));
  await writeFile(pidFile, String(server.pid));
  try {
    await untilReady('Redis', server, () => ping(port));
  } catch (error) {
    await server.stop('SIGKILL');
    throw error;
  }
  return { url: `redis://${LOOPBACK}:${port}`, server };
}

async function findProgram(): Promise<string | null> {
  for (const program of PROGRAMS) {
    const version = await execFileAsync(program, ['--version'], { timeout: 10_000 }).catch(() => null);
    if (!version) continue;
    const major = /v=(\d+)/.exec(version.stdout)?.[1];
    if (Number(major) < 7) {
      throw new Error(
        `This machine's ${program} is version ${major}. Darkroom needs Redis 7 or newer, or Valkey. ` +
          'Install a newer one, or set REDIS_URL.',
      );
    }
    return program;
  }
  return null;
}

async function install(log: (line: string) => void): Promise<string> {
  const commands = new Set<string>();
  for (const command of ['apt-get', 'dnf', 'brew']) {
    if (await execFileAsync('which', [command]).catch(() => null)) commands.add(command);
  }
  const decision = onMissingRedis({ platform: process.platform, isRoot: process.getuid?.() === 0, commands });
  if ('message' in decision) throw new Error(decision.message);
  log('No Redis server is installed: installing redis-server with apt-get.');
  try {
    for (const [command = '', ...args] of decision.install) await execFileAsync(command, args, { timeout: 300_000 });
  } catch (error) {
    throw new Error(`${(error as Error).message.trim()}\n\n${waysToContinue('apt-get install redis-server')}`);
  }
  // Debian also starts a server on the default port. Darkroom does not use it, and it does no harm.
  const program = await findProgram();
  if (!program) throw new Error('apt-get installed redis-server, but it does not run.');
  return program;
}

async function endPrevious(pidFile: string, dataDir: string): Promise<void> {
  const pid = Number.parseInt(await readFile(pidFile, 'utf8').catch(() => ''), 10);
  if (!pid) return;
  // Redis replaces its command line by its address, so its working folder shows whose it is. Without /proc, its name
  // must do.
  const ownFolder = await realpath(dataDir);
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => ownFolder);
  await endLeftover(pid, (line) => PROGRAMS.some((name) => line.includes(name)) && folder === ownFolder, 'SIGTERM');
}

function ping(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: LOOPBACK, port, timeout: 1_000 });
    socket.once('error', reject);
    socket.once('timeout', () => socket.destroy(new Error('no answer')));
    socket.once('data', (data) => {
      socket.destroy();
      if (data.toString().startsWith('+PONG')) resolve();
      else reject(new Error(`it answers ${data}`));
    });
    socket.write('PING\r\n');
  });
}
