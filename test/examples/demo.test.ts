import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import exifr from 'exifr';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { distance } from '../../src/features/places/geo.ts';
import { baseEnv } from '../support/darkroom.ts';

const DEMO = fileURLToPath(new URL('../../examples/demo.ts', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'darkroom-demo-'));
});
afterAll(() => rm(folder, { recursive: true }));

function runDemo(files: string[], url = inject('url')): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const env = { ...baseEnv(), DARKROOM_URL: url };
    execFile(process.execPath, [DEMO, ...files], { env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}

test('a photo with a location arrives upright, without metadata, and is in the follower’s feed', async () => {
  const file = join(folder, 'home.jpg');
  const gps = {
    GPSLatitudeRef: 'N',
    GPSLatitude: '52/1 31/1 0/1',
    GPSLongitudeRef: 'E',
    GPSLongitude: '13/1 24/1 0/1',
  };
  await sharp({ create: { width: 400, height: 300, channels: 3, background: 'teal' } })
    .withExif({ IFD0: { Make: 'Camera' }, IFD3: gps })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toFile(file);
  expect(await exifr.orientation(await readFile(file))).toBe(6);
  expect(await exifr.gps(await readFile(file))).toMatchObject({ latitude: expect.closeTo(52.5, 1) });

  const { code, output } = await runDemo([file]);
  expect(output).toMatch(/home\.jpg by ada\.\w+, 300 × 400, arrived after \d+ ms/);
  expect(output).toContain('The uploader is offered 52.51667, 13.40000, and shows it to about a kilometre.');
  expect(output).toMatch(/caption +owner +likes +comments +where +image/);
  const [, where = '', url = ''] = /home\.jpg +ada\.\w+ +1 +1 +about (\S+, \S+) +(http\S+)/.exec(output) ?? [];
  const [latitude = 0, longitude = 0] = where.split(', ').map(Number);
  const metres = distance({ latitude, longitude }, { latitude: 52.51667, longitude: 13.4 });
  expect(metres).toBeGreaterThan(1);
  expect(metres).toBeLessThan(700);
  const arrived = Buffer.from(await (await fetch(url)).arrayBuffer());
  expect(await sharp(arrived).metadata()).toMatchObject({ format: 'jpeg', width: 300, height: 400 });
  expect(await exifr.parse(arrived, { gps: true, xmp: true, iptc: true })).toBeUndefined();
  expect(code).toBe(0);
});

test('an unreadable file or one of another type is reported before anybody signs up', async () => {
  const missing = join(folder, 'nowhere.jpg');
  const text = join(folder, 'notes.txt');
  await writeFile(text, 'notes');
  expect(await runDemo([missing])).toEqual({ code: 1, output: expect.stringContaining(`${missing} cannot be read`) });
  expect(await runDemo([text])).toEqual({ code: 1, output: expect.stringMatching(/^\S+notes\.txt: only \.jpg, /) });
});

test('an address where another server answers is reported', async () => {
  const server = createServer((_, response) => response.writeHead(404).end('Not here.'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/nothing`;
  expect(await runDemo([], url)).toEqual({ code: 1, output: expect.stringContaining(`${url} answers HTTP 404`) });
  server.close();
});

test('without files the demo shares its own pictures', async () => {
  const { code, output } = await runDemo([]);
  expect(code).toBe(0);
  expect(output.match(/1600 × 1200, arrived after \d+ ms/g)).toHaveLength(3);
  expect(output).toMatch(/median \d+ ms, worst \d+ ms/);
});

test('a file that is no image is reported with the reason, and the others arrive', async () => {
  const bad = join(folder, 'bad.jpg');
  const good = join(folder, 'good.jpg');
  await writeFile(bad, 'no picture at all');
  await sharp({ create: { width: 40, height: 30, channels: 3, background: 'teal' } })
    .jpeg()
    .toFile(good);
  const { code, output } = await runDemo([bad, good]);
  expect(output).toContain('bad.jpg could not be made ready: The file is not a JPEG, PNG, WebP or AVIF image');
  expect(output).toMatch(/good\.jpg by ben\.\w+, 40 × 30, arrived after \d+ ms/);
  expect(output).toContain('1 of 2 files could not be shared.');
  expect(code).toBe(1);
});

test('a missing server is reported, with how to start it', async () => {
  const { code, output } = await runDemo([], 'http://127.0.0.1:9/graphql');
  expect([code, output]).toEqual([1, expect.stringContaining('No Darkroom answers at http://127.0.0.1:9/graphql.')]);
});
