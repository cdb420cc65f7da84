import { execFile } from 'node:child_process';
import { readFile, readlink, realpath, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LOOPBACK } from './ports.ts';
import { endLeftover, type ServerProcess, startServer, untilReady } from './processes.ts';

const execFileAsync = promisify(execFile);
const PROGRAMS = ['redis-server', 'valkey-server'];

/** What decides how a missing Redis is come by. */
export interface System {
  platform: NodeJS.Platform;
  isRoot: boolean;
  /** Which of `apt-get`, `dnf` and `brew` there are. */
  commands: ReadonlySet<string>;
}

/** Install it, or tell the person how they could go on. */
export type MissingRedis = { install: string[][] } | { message: string };

/** What to do on a system without a Redis server. */
export function onMissingRedis({ platform, isRoot, commands }: System): MissingRedis {
  if (platform === 'linux' && isRoot && commands.has('apt-get')) {
    const install = [
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      'apt-get',
      'install',
      // A machine that was just set up is often busy with its own updates.
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
  return { message: waysToGoOn(install) };
}

function waysToGoOn(install: string): string {
  return `Darkroom needs a Redis server (7 or newer) or Valkey, and none is installed. Three ways to go on:
  1. Install one:     ${install}
  2. Use one you have: REDIS_URL=redis://host:6379 npm start
  3. Use a container: docker run -d -p 6379:6379 redis:8, then REDIS_URL=redis://127.0.0.1:6379 npm start`;
}

/**
 * Starts the machine's Redis (or Valkey) server, as a child that keeps nothing: whatever Redis holds can be rebuilt.
 *
 * @param log hears what a person should know
 * @throws Error that tells how to go on, when there is none and it cannot be installed here
 */
export async function startRedis(
  dataDir: string,
  choosePort: () => Promise<number>,
  log: (line: string) => void,
): Promise<{ url: string; server: ServerProcess }> {
  const program = (await findProgram()) ?? (await install(log));
  const pidFile = join(dataDir, 'redis.pid');
  await endPrevious(pidFile, dataDir);
  // Chosen only now: what an earlier run left behind may have held it.
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
    const said = await execFileAsync(program, ['--version'], { timeout: 10_000 }).catch(() => null);
    if (!said) continue;
    const major = /v=(\d+)/.exec(said.stdout)?.[1];
    if (Number(major) < 7) {
      throw new Error(
        `The ${program} of this machine is version ${major}; Redis 7 or newer is needed, or Valkey. Install a newer one, or set REDIS_URL.`,
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
    throw new Error(`${(error as Error).message.trim()}\n\n${waysToGoOn('apt-get install redis-server')}`);
  }
  // Debian starts one of its own on the default port, which is not ours to use and does no harm.
  const program = await findProgram();
  if (!program) throw new Error('apt-get installed redis-server, but it cannot be run.');
  return program;
}

async function endPrevious(pidFile: string, dataDir: string): Promise<void> {
  const pid = Number.parseInt(await readFile(pidFile, 'utf8').catch(() => ''), 10);
  if (!pid) return;
  // Redis shows its address in place of its arguments, so that its folder is what tells it from another's.
  const ours = await realpath(dataDir);
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => ours);
  await endLeftover(pid, (line) => PROGRAMS.some((name) => line.includes(name)) && folder === ours, 'SIGTERM');
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
