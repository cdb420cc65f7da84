import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { expect, inject, test } from 'vitest';
import { unique } from './support/people.ts';

const DEMO = fileURLToPath(new URL('../examples/demo.ts', import.meta.url));

function runDemo(url: string, files: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const env = { PATH: process.env.PATH, DARKROOM_URL: url };
    execFile(process.execPath, [DEMO, ...files], { env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}

test('the demo shares pictures of its own, which arrive at the follower', async () => {
  const { code, output } = await runDemo(inject('url'), []);
  expect(code).toBe(0);
  expect(output.match(/1600 × 1200, arrived after \d+ ms/g)).toHaveLength(3);
  expect(output).toMatch(/median \d+ ms, worst \d+ ms/);
});

test('the demo shares the files that it is given, upright, and says which could not be', async () => {
  const good = join(tmpdir(), `darkroom-${unique()}.jpg`);
  const bad = join(tmpdir(), `darkroom-${unique()}.jpg`);
  const picture = sharp({ create: { width: 400, height: 300, channels: 3, background: 'teal' } });
  // Orientation 6: stored on its side.
  await writeFile(good, await picture.withMetadata({ orientation: 6 }).jpeg().toBuffer());
  await writeFile(bad, 'no picture at all');
  const { code, output } = await runDemo(inject('url'), [good, bad]);
  await Promise.all([rm(good), rm(bad)]);
  expect(output).toMatch(/300 × 400, arrived after \d+ ms/);
  expect(output).toContain('could not be made ready: The file is not a JPEG, PNG, WebP or AVIF image');
  expect(output).toContain('1 of 2 files could not be shared.');
  expect(code).toBe(1);
});

test('the demo says how to start a server that is not there', async () => {
  const { code, output } = await runDemo('http://127.0.0.1:9/graphql', []);
  expect([code, output]).toEqual([1, expect.stringContaining('No Darkroom answers at http://127.0.0.1:9/graphql.')]);
});
