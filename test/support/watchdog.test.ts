import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { isRunning } from '../../src/local/processes.ts';
import { newDataDir } from './darkroom.ts';
import { until } from './until.ts';

const HOLD = fileURLToPath(new URL('hold-run.ts', import.meta.url));

test.for(['SIGKILL', 'SIGTERM'] as const)('a run that %s ends leaves no server and no folder', async (signal) => {
  const folder = await newDataDir();
  const run = spawn(process.execPath, [HOLD, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(run.stdout, 'data')) as [Buffer];
  const pids = JSON.parse(line.toString()) as number[];
  expect(pids).toHaveLength(3);
  expect(pids.every(isRunning)).toBe(true);
  run.kill(signal);
  await until(async () => !pids.some(isRunning) && !existsSync(folder));
});
