/**
 * Ends the servers of a test run, however the run itself ends: also when SIGKILL keeps vitest from stopping them.
 *
 * `node watchdog.ts FOLDER` holds a pipe from vitest's main process, which closes when that process ends. Then it kills
 * the processes that have a file with their pid below the run's folder, and removes the folder. Without the folder no
 * test can start another server.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { endLeftover } from '../../src/local/processes.ts';

/** What the command line of a server contains; a pid in an old file may by now be that of another process. */
const SERVERS = /postgres|redis-server|valkey-server|src\/main\.ts|src\/local\/start\.ts|hold-stack\.ts/;
/** For how long servers are looked for: one that was just being started writes its pid a little later. */
const ROUNDS = 10;
const BETWEEN_ROUNDS_MS = 200;

/**
 * Starts the watchdog of this process.
 *
 * @param folder the folder of the run
 * @returns ends what still runs, removes the folder, and resolves when that is done
 */
export function startWatchdog(folder: string): () => Promise<void> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), folder], {
    // Not in our process group, where Ctrl-C would end it.
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  return async () => {
    // A word through the pipe: there is nothing to look for later.
    child.stdin.end('stopped');
    await ended;
  };
}

/** Makes the watchdog know a process, until it ends. */
export function watchProcess(child: ChildProcess): void {
  const file = join(tmpdir(), `${child.pid}.pid`);
  writeFileSync(file, String(child.pid));
  child.once('exit', () => rm(file, { force: true }));
}

/** Kills all servers that have a file with their pid below a folder. */
async function killServers(folder: string): Promise<void> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  // PostgreSQL's data may be a link to a folder elsewhere, which `readdir` does not enter.
  const links = names.filter((name) => /(^|\/)postgres$/.test(name)).map((name) => `${name}/postmaster.pid`);
  const files = new Set([...names.filter((name) => name.endsWith('.pid')), ...links]);
  const kill = async (name: string) => {
    const pid = Number.parseInt(await readFile(join(folder, name), 'utf8').catch(() => ''), 10);
    // PostgreSQL ends its own children only at a signal that it can handle.
    const signal = name.endsWith('postmaster.pid') ? 'SIGQUIT' : 'SIGKILL';
    if (pid > 0) await endLeftover(pid, (line) => SERVERS.test(line), signal);
  };
  await Promise.all([...files].map(kill));
}

if (import.meta.main) {
  const [folder = ''] = process.argv.slice(2);
  let wasStopped = false;
  process.stdin.on('data', () => {
    wasStopped = true;
  });
  await once(process.stdin, 'close');
  for (let round = 0; round < (wasStopped ? 1 : ROUNDS); round++) {
    if (round > 0) await delay(BETWEEN_ROUNDS_MS);
    await killServers(folder);
    await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}
