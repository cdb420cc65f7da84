import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { type Stack, startStack } from '../../src/local/stack.ts';
import { type Objects, openObjects, putHeaders } from '../../src/stores/objects.ts';
import { newDataDir } from '../support/darkroom.ts';
import { until } from '../support/until.ts';
import { watchProcess } from '../support/watchdog.ts';

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

async function newFolder(): Promise<string> {
  const folder = await newDataDir();
  folders.push(folder);
  return folder;
}

const start = (dataDir: string, log: (line: string) => void = () => {}): Promise<Stack> =>
  startStack({ dataDir, external: {}, ports: 'free', log });

async function query(stack: { env: Record<string, string> }, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: stack.env.DATABASE_URL });
  await client.connect();
  const { rows } = await client.query(sql);
  await client.end();
  return rows;
}

async function pidsOf(dataDir: string): Promise<number[]> {
  const files = [join(dataDir, 'postgres', 'postmaster.pid'), join(dataDir, 'redis.pid')];
  return Promise.all(files.map(async (file) => Number.parseInt(await readFile(file, 'utf8'), 10)));
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a second start finds the data of the first, and stopping leaves no process', async () => {
  const folder = await newFolder();
  const first = await start(folder);
  const pids = await pidsOf(folder);
  expect(pids.every(lives)).toBe(true);
  await query(first, 'create table kept as select 42 as answer');
  const objects = openObjects(loadConfig(first.env));
  await objects.put('media/kept/a.jpg', Buffer.from('bytes'), 'image/jpeg');
  await first.stop();
  await first.stop();
  expect(pids.some(lives)).toBe(false);
  expect(existsSync(join(folder, 'lock'))).toBe(false);

  const second = await start(folder);
  expect(await query(second, 'select answer from kept')).toEqual([{ answer: 42 }]);
  expect(await openObjects(loadConfig(second.env)).get('media/kept/a.jpg')).toEqual(Buffer.from('bytes'));
  await second.stop();
});

test('the next start ends the servers that a killed process left running, and finds their data', async () => {
  const folder = await newFolder();
  const file = fileURLToPath(new URL('hold-stack.ts', import.meta.url));
  const holder = spawn(process.execPath, [file, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  watchProcess(holder);
  const [line] = (await once(holder.stdout, 'data')) as [Buffer];
  await query({ env: JSON.parse(line.toString()) }, 'create table kept as select 42 as answer');
  const pids = await pidsOf(folder);
  await expect(start(folder)).rejects.toThrow(`Another Darkroom (process ${holder.pid}) uses ${folder}`);

  holder.kill('SIGKILL');
  await once(holder, 'exit');
  expect(pids.every(lives)).toBe(true);
  const next = await start(folder);
  await until(async () => !pids.some(lives));
  expect(await query(next, 'select answer from kept')).toEqual([{ answer: 42 }]);
  await next.stop();
});

test('a port that is in use is replaced by another, with a message', async () => {
  const taken = createServer().listen(45_690, '127.0.0.1');
  // Another run on this machine may hold the port, which serves the test as well.
  await Promise.race([once(taken, 'listening'), once(taken, 'error')]);
  const lines: string[] = [];
  const external = { DATABASE_URL: 'postgres://elsewhere', REDIS_URL: 'redis://elsewhere' };
  const options = {
    dataDir: await newFolder(),
    external,
    ports: 'stable' as const,
    log: (line: string) => lines.push(line),
  };
  const stack = await startStack(options);
  expect(lines).toEqual([expect.stringMatching(/^Port 45690 is in use: S3 takes \d+ this time\.$/)]);
  const s3 = ['S3_ENDPOINT', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY', 'S3_BUCKET'];
  expect(Object.keys(stack.env)).toEqual([...s3, 'MAIL_URL']);
  await stack.stop();
  taken.close();
});

test.skipIf(process.getuid?.() !== 0)(
  'run as root in a folder that other users cannot enter, the database is in a folder that they can enter',
  async () => {
    const closed = await newFolder();
    const { chmod } = await import('node:fs/promises');
    await chmod(closed, 0o700);
    const lines: string[] = [];
    const stack = await start(join(closed, '.darkroom'), (line) => lines.push(line));
    expect(await query(stack, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(lines[0]).toMatch(/the database is in \/var\/lib\/darkroom\/[0-9a-f]+, linked from there/);
    await stack.stop();
    const [shared] = /\/var\/lib\/darkroom\/[0-9a-f]+/.exec(lines[0] ?? '') ?? [];
    if (shared) await rm(shared, { recursive: true });
  },
);

test('the embedded object store refuses what S3 refuses with Darkroom’s policy', async () => {
  const stack = await start(await newFolder());
  const config = loadConfig(stack.env);
  const objects: Objects = openObjects(config);
  const file = Buffer.from('the file that was declared');
  const declared = {
    contentType: 'image/jpeg',
    byteSize: file.length,
    sha256: createHash('sha256').update(file).digest(),
  };
  const put = async (key: string, body: Buffer, changed: Record<string, string> = {}) => {
    const url = await objects.presignPut(key, declared, new Date(Date.now() + 60_000));
    const headers = Object.fromEntries(putHeaders(declared).map(({ name, value }) => [name.toLowerCase(), value]));
    delete headers['content-length'];
    const response = await fetch(url, {
      method: 'PUT',
      headers: { ...headers, ...changed },
      body: new Uint8Array(body),
    });
    return [response.status, (await objects.get(key)) !== null];
  };
  const otherFile = Buffer.from('another file of same length');
  expect(await put('uploads/type', file, { 'content-type': 'image/png' })).toEqual([403, false]);
  expect(await put('uploads/longer', Buffer.concat([file, file]))).toEqual([403, false]);
  expect(await put('uploads/content', otherFile.subarray(0, file.length))).toEqual([400, false]);
  expect(await put('uploads/right', file)).toEqual([200, true]);

  await objects.put('media/a.jpg', file, 'image/jpeg');
  const anonymous = async (method: string, key: string) =>
    (await fetch(`${config.S3_ENDPOINT}/${config.S3_BUCKET}/${key}`, { method })).status;
  expect(await anonymous('GET', 'media/a.jpg')).toBe(200);
  expect(await anonymous('GET', 'uploads/right')).toBe(403);
  expect(await anonymous('GET', '')).toBe(403);
  expect(await anonymous('PUT', 'media/b.jpg')).toBe(403);
  expect(await anonymous('DELETE', 'media/a.jpg')).toBe(403);
  await stack.stop();
});
