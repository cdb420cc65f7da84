import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** A server in a child process. */
export interface ServerProcess {
  pid: number;
  /** Resolves when the server ends, with how it ended and the last lines of its log. */
  ended: Promise<string>;
  /** Ends the server with a signal, or with SIGKILL after ten seconds. */
  stop(signal: NodeJS.Signals): Promise<void>;
}

const STOP_WITHIN_MS = 10_000;

/**
 * Starts a server in its own process group. So Ctrl-C in the terminal reaches only this process, which stops the
 * servers in order.
 *
 * @param logFile the server's output is appended to it
 * @param options `user`: the user that the server runs as, by default this process's; `cwd`: its working folder
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
      resolve(`ended with ${signal ?? `code ${code}`}; the last lines of ${logFile}:\n${lines.slice(-8).join('\n')}`);
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
 * @param name the server's name in errors
 * @param probe resolves when the server answers, and rejects while it does not
 * @throws Error with the end of its log when the server ends first, or when it does not answer within 30 seconds
 */
export async function untilReady(name: string, server: ServerProcess, probe: () => Promise<void>): Promise<void> {
  let ending: string | undefined;
  server.ended.then((text) => {
    ending = text;
  });
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      return await probe();
    } catch (error) {
      if (ending !== undefined) throw new Error(`${name} ${ending}`);
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
    // EPERM: the process exists and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Ends a process that an earlier run left running. Sends SIGKILL when it has not ended after ten seconds.
 *
 * @param isOurs recognises the process by its command line, because its id may belong to another process by now
 * @returns whether there was such a process
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
