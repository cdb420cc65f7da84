import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** A server that runs beside us as a process of its own. */
export interface ServerProcess {
  pid: number;
  /** Resolves when it ends, with what it said last. */
  ended: Promise<string>;
  /** Asks it to end, and after ten seconds makes it. */
  stop(signal: NodeJS.Signals): Promise<void>;
}

const STOP_WITHIN_MS = 10_000;

/**
 * Starts a server in a process group of its own: Ctrl-C in the terminal must reach only us, who then stop it in its turn.
 *
 * @param logFile gets what it prints
 * @param user whom it runs as; us by default
 */
export function startServer(
  command: string,
  args: string[],
  logFile: string,
  options: { user?: { uid: number; gid: number } | undefined; cwd?: string } = {},
): ServerProcess {
  const log = openSync(logFile, 'a');
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', log, log],
    ...options.user,
    ...(options.cwd !== undefined && { cwd: options.cwd }),
  });
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', async (code, signal) => {
      const lines = (await readFile(logFile, 'utf8').catch(() => '')).trimEnd().split('\n');
      resolve(`ended with ${signal ?? `code ${code}`}; its last words, in ${logFile}:\n${lines.slice(-8).join('\n')}`);
    });
  });
  return { pid: child.pid ?? 0, ended, stop: (signal) => stopChild(child, ended, signal) };
}

async function stopChild(child: ChildProcess, ended: Promise<unknown>, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  await ended;
  clearTimeout(timer);
}

/**
 * Waits until a server answers.
 *
 * @param probe resolves when it does, rejects while it does not
 * @throws Error with what it said when it ends instead, or does not answer within 30 seconds
 */
export async function untilReady(name: string, server: ServerProcess, probe: () => Promise<void>): Promise<void> {
  let end: string | undefined;
  server.ended.then((said) => {
    end = said;
  });
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      return await probe();
    } catch (error) {
      if (end !== undefined) throw new Error(`${name} ${end}`);
      if (Date.now() > deadline)
        throw new Error(`${name} does not answer: ${error instanceof Error ? error.message : error}`);
      await delay(50);
    }
  }
}

/** Whether a process with this id exists. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists and is somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Ends a process that an earlier run left behind, when there is one and it is the one that is meant.
 *
 * @param isOurs whether this command line is that process's
 */
export async function endLeftover(
  pid: number,
  isOurs: (commandLine: string) => boolean,
  signal: NodeJS.Signals,
): Promise<boolean> {
  if (!isRunning(pid) || !isOurs(await commandLine(pid))) return false;
  process.kill(pid, signal);
  const deadline = Date.now() + STOP_WITHIN_MS;
  while (isRunning(pid)) {
    if (Date.now() > deadline) process.kill(pid, 'SIGKILL');
    await delay(50);
  }
  return true;
}

async function commandLine(pid: number): Promise<string> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ');
  } catch {
    const { execFile } = await import('node:child_process');
    return new Promise((resolve) => {
      execFile('ps', ['-o', 'command=', '-p', String(pid)], (_, stdout) => resolve(stdout));
    });
  }
}
