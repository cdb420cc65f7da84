import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** The files of src/, except generated ones, that contain a pattern. */
async function filesWith(pattern: RegExp): Promise<string[]> {
  const names = await readdir(SRC, { recursive: true });
  const sources = names.filter((name) => name.endsWith('.ts') && !name.startsWith('generated/'));
  const texts = await Promise.all(sources.map((name) => readFile(join(SRC, name), 'utf8')));
  return sources.filter((_, index) => pattern.test(texts[index] ?? '')).sort();
}

// Nodes of two versions share these names during an upgrade, so each has one file in which it is written.
test.for([
  ['SQL of the job queue', /graphile_worker/, ['job-admin.ts', 'jobs.ts', 'worker-liveness.ts']],
  ['channel names', /['"`]live:/, ['channel-names.ts', 'timelines.ts']],
  ['the numbers of advisory locks', /77_?0\d\d\b|7_?203_?114|`place \$/, ['lock-ids.ts']],
  ['the largest id', /\*\* 63n/, ['ids.ts']],
] as const)('only src/stores contains %s', async ([, pattern, files]) => {
  const found = await filesWith(pattern);
  expect(found.filter((name) => !files.some((file) => name === `stores/${file}`))).toEqual([]);
  // Otherwise the pattern would find nothing any more.
  expect(found).not.toEqual([]);
});
