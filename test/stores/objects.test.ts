import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { type LocalS3, startS3 } from '../../src/local/s3.ts';
import { type Objects, openObjects } from '../../src/stores/objects.ts';
import { unique } from '../support/people.ts';

// An embedded store of its own, which holds only the files of these tests.
let directory: string;
let s3: LocalS3;
let objects: Objects;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'darkroom-test-'));
  s3 = await startS3(directory, 0);
  objects = openObjects(loadConfig({ ...inject('env'), S3_ENDPOINT: s3.endpoint }));
});
afterAll(async () => {
  objects?.close();
  await s3?.stop();
  await rm(directory, { recursive: true, force: true });
});

test.for(['uploads', 'media'])(
  'the embedded store keeps a file that arrives in %s/ while the last file there is deleted',
  async (folder) => {
    const newKey = () => (folder === 'media' ? `media/${unique()}/width_320.jpg` : `uploads/${unique()}`);
    let previous = newKey();
    await objects.put(previous, Buffer.from('first'), 'image/jpeg');
    for (let round = 0; round < 200; round++) {
      const next = newKey();
      const body = Buffer.from(`file ${round}`);
      await Promise.all([objects.delete([previous]), objects.put(next, body, 'image/jpeg')]);
      expect(await objects.get(next), `the file of round ${round}`).toEqual(body);
      previous = next;
    }
  },
);

test('a missing object reads as missing, and deleting it succeeds', async () => {
  const key = `uploads/${unique()}`;
  expect(await objects.exists(key)).toBe(false);
  expect(await objects.get(key)).toBeNull();
  await objects.delete([key, key]);
});

test('everybody may read a file below media/, and nowhere else', async () => {
  const [publicKey, privateKey] = [`media/${unique()}/a.jpg`, `uploads/${unique()}`];
  for (const key of [publicKey, privateKey]) await objects.put(key, Buffer.from('picture'), 'image/jpeg');
  const [read, refused] = await Promise.all([publicKey, privateKey].map((key) => fetch(objects.publicUrl(key))));
  expect(read?.status).toBe(200);
  expect(await read?.text()).toBe('picture');
  expect(refused?.status).toBe(403);
  for (const method of ['PUT', 'DELETE']) {
    expect((await fetch(objects.publicUrl(publicKey), { method })).status).toBe(403);
  }
  expect(await objects.exists(publicKey)).toBe(true);
  // Nor through a path that only begins with media/.
  const traversal = `${s3.endpoint}/darkroom/media/..%2F${privateKey}`;
  expect([400, 403, 404]).toContain((await fetch(traversal)).status);
});
