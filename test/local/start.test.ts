import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, inject, test } from 'vitest';
import { isRunning } from '../../src/local/processes.ts';
import { baseEnv, newDataDir } from '../support/darkroom.ts';
import { until } from '../support/until.ts';
import { watchProcess } from '../support/watchdog.ts';

const START = fileURLToPath(new URL('../../src/local/start.ts', import.meta.url));

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

async function newFolder(): Promise<string> {
  const folder = await newDataDir();
  folders.push(folder);
  return folder;
}

interface Start {
  child: ChildProcess;
  /** Everything that it has printed so far. */
  output(): string;
  /** Resolves with the exit code when it ends. */
  ended: Promise<number | null>;
}

/** Runs `npm start` in a folder. It uses the run's S3, because its own would take the port that stack.test.ts needs. */
function start(cwd: string, port = 0): Start {
  const s3 = Object.entries(inject('env')).filter(([name]) => name.startsWith('S3_'));
  const env = { ...baseEnv(), PORT: String(port), ...Object.fromEntries(s3) };
  const child = spawn(process.execPath, [START], { cwd, env });
  watchProcess(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      output += data;
    });
  }
  return { child, output: () => output, ended: once(child, 'close').then(([code]) => code as number | null) };
}

const pidFile = (cwd: string): string => join(cwd, '.darkroom/postgres/postmaster.pid');

async function pidsOf(cwd: string): Promise<number[]> {
  const files = [pidFile(cwd), join(cwd, '.darkroom/redis.pid')];
  return Promise.all(files.map(async (file) => Number.parseInt(await readFile(file, 'utf8'), 10)));
}

/** Both files exist from early in the start until the servers have ended. */
function expectNothingLocked(cwd: string): void {
  expect([pidFile(cwd), join(cwd, '.darkroom/lock')].filter(existsSync)).toEqual([]);
}

test('npm start prints its addresses, ends at Ctrl-C with all of its servers, and starts again', async () => {
  const cwd = await newFolder();
  for (const round of ['first', 'second']) {
    const { child, output, ended } = start(cwd);
    const url = await until(async () => /Sandbox +(\S+)/.exec(output())?.[1]);
    expect((await fetch(new URL('/health', url))).status).toBe(200);
    expect(output()).toContain(`Data     ${join(cwd, '.darkroom')}`);
    expect(output().includes('brought up to date')).toBe(round === 'first');
    const pids = await pidsOf(cwd);
    expect(pids.every(isRunning)).toBe(true);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(pids.filter(isRunning)).toEqual([]);
    expectNothingLocked(cwd);
  }
});

test('Ctrl-C during the start stops the servers without an error', async () => {
  const cwd = await newFolder();
  const { child, output, ended } = start(cwd);
  await until(async () => existsSync(pidFile(cwd)));
  child.kill('SIGINT');
  expect(await ended).toBe(0);
  expect(output()).not.toContain('rror');
  expectNothingLocked(cwd);
});

test('an API port that is in use is reported with another one to try, and no server keeps running', async () => {
  const cwd = await newFolder();
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const { output, ended } = start(cwd, port);
  expect(await ended).toBe(1);
  taken.close();
  expect(output()).toContain(
    `Port ${port} is in use by another program. Choose another one: PORT=${port + 1} npm start`,
  );
  expectNothingLocked(cwd);
});
