import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** Lowers the priority of a process, lets it use its threads, and prints the priority of each. */
const PROGRAM = `
  import { readFile } from 'node:fs/promises';
  import { readdirSync } from 'node:fs';
  import { getPriority, setPriority } from 'node:os';
  import { lowerPriority } from '${new URL('../../src/server/priority.ts', import.meta.url)}';
  const threads = () => readdirSync('/proc/self/task').map(Number);
  for (const id of threads()) setPriority(id, Number(process.argv[1]));
  lowerPriority();
  await Promise.all(Array.from({ length: 8 }, () => readFile(process.execPath)));
  console.log(JSON.stringify(threads().map((id) => getPriority(id))));`;

async function prioritiesAfter(earlier: number): Promise<Set<number>> {
  const args = ['--input-type=module', '--eval', PROGRAM, '--', String(earlier)];
  return new Set(JSON.parse((await promisify(execFile)(process.execPath, args)).stdout) as number[]);
}

// Elsewhere a process has one priority.
test.runIf(process.platform === 'linux')('every thread gives way, and none is raised', async () => {
  expect(await prioritiesAfter(0)).toEqual(new Set([10]));
  expect(await prioritiesAfter(15)).toEqual(new Set([15]));
});
