import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { allRenditionKeys } from '../../../src/features/photos/media.ts';
import { photoTasks } from '../../../src/features/photos/tasks.ts';
import { openObjects } from '../../../src/stores/objects.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { mustSee, openBackstage } from '../../support/backstage.ts';
import { newPerson, type Person } from '../../support/people.ts';
import { newJpeg, publish, settled, share } from '../../support/photos.ts';
import { rowId } from '../../support/rows.ts';
import { until } from '../../support/until.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

interface SeenImage {
  url: string;
  expiresAt: string | null;
}

async function readImage(person: Person, photoId: string): Promise<SeenImage> {
  const { data } = await person.send<{ node: { image: SeenImage } }>(
    'query ($id: ID!) { node(id: $id) { ... on Photo { image(size: WIDTH_320) { url expiresAt } } } }',
    { id: photoId },
  );
  if (!data?.node?.image) throw new Error('There is no image.');
  return data.node.image;
}

function setPrivacy(person: Person, isPrivate: boolean) {
  return person.mutate('setPrivacy', 'SetPrivacyInput', { isPrivate }, 'user { isPrivate }');
}

async function status(address: string): Promise<number> {
  const response = await fetch(address, { signal: AbortSignal.timeout(10_000) });
  await response.arrayBuffer();
  return response.status;
}

/** Waits until a photo's files are in one location, public or private. */
async function untilRelocated(photoId: string, isPublic: boolean): Promise<void> {
  await until(async () => {
    const photo = await stores.db.photo.findUniqueOrThrow({ where: { id: rowId(photoId) } });
    return photo.mediaIsPublic === isPublic;
  });
}

test('a private account’s photos have signed URLs that expire, and a forged URL does not work', async () => {
  const [owner, follower] = await Promise.all([newPerson(url), newPerson(url)]);
  await follower.follow(owner);
  await setPrivacy(owner, true);
  const photo = await share(owner);
  for (const person of [owner, follower]) {
    const image = await readImage(person, photo);
    const bare = new URL(image.url);
    expect(bare.pathname).toContain('/private/');
    expect(await status(image.url)).toBe(200);
    const left = new Date(image.expiresAt ?? 0).getTime() - Date.now();
    expect(left).toBeGreaterThan(29 * 60_000);
    expect(left).toBeLessThanOrEqual(60 * 60_000);
    expect(bare.searchParams.get('X-Amz-Expires')).toBe('3600');

    // Forged URLs: another signature, another file, a later expiry, no signature at all.
    const other = new URL(image.url);
    other.searchParams.set('X-Amz-Signature', '0'.repeat(64));
    const later = new URL(image.url);
    later.searchParams.set('X-Amz-Expires', '86400');
    const moved = new URL(image.url);
    moved.pathname = bare.pathname.replace('width_320', 'width_1080');
    const published = new URL(image.url);
    published.search = '';
    published.pathname = bare.pathname.replace('/private/', '/media/');
    bare.search = '';
    for (const forged of [other, later, moved, bare, published]) expect(await status(forged.href)).not.toBe(200);
  }
});

test('a signed URL expires', async () => {
  const owner = await newPerson(url);
  await setPrivacy(owner, true);
  const photo = await share(owner);
  const { url: signed } = await readImage(owner, photo);
  // Sign the same key with the same secret again, for one second.
  const config = loadConfig({ ...inject('env'), PRIVATE_URL_MINUTES: '1' });
  const objects = openObjects({ ...config, PRIVATE_URL_MINUTES: 1 / 60 });
  const key = new URL(signed).pathname.replace(/^\/darkroom\//, '');
  const brief = await objects.signedUrl(key);
  objects.close();
  await until(async () => (await status(brief.url)) !== 200, 10);
});

test('going private moves the files and public URLs stop working; going public moves them back', async () => {
  const [owner, follower] = await Promise.all([newPerson(url), newPerson(url)]);
  await follower.follow(owner);
  const [one, two] = await Promise.all([share(owner), share(owner)]);
  const before = await Promise.all([one, two].map(async (id) => (await mustSee(follower, id)).w1080?.url ?? ''));
  for (const address of before) expect(await status(address)).toBe(200);

  await setPrivacy(owner, true);
  await Promise.all([one, two].map((id) => untilRelocated(id, false)));
  for (const address of before) await until(async () => (await status(address)) !== 200);
  const between = await Promise.all([one, two].map((id) => readImage(follower, id)));
  for (const image of between) {
    expect(await status(image.url)).toBe(200);
    // The new key cannot be derived from the old one.
    for (const address of before) expect(image.url).not.toContain(address.split('/').at(-2));
  }

  await setPrivacy(owner, false);
  await Promise.all([one, two].map((id) => untilRelocated(id, true)));
  const after = await Promise.all([one, two].map((id) => readImage(follower, id)));
  for (const image of after) {
    expect(image.expiresAt).toBeNull();
    expect(await status(image.url)).toBe(200);
  }
  for (const image of between) await until(async () => (await status(image.url)) !== 200);
});

test('a photo that is being processed while its owner goes private ends up private', async () => {
  const owner = await newPerson(url);
  const ids = await Promise.all(Array.from({ length: 4 }, async () => publish(owner, await newJpeg())));
  await setPrivacy(owner, true);
  for (const id of ids) {
    expect(await settled(owner, id)).toBe('READY');
    await untilRelocated(id, false);
    const { mediaKey } = await stores.db.photo.findUniqueOrThrow({ where: { id: rowId(id) } });
    const locations = async () => {
      const exist = await Promise.all(allRenditionKeys(mediaKey).map((key) => stores.objects.exists(key)));
      return exist.map((exists) => (exists ? '1' : '0')).join('');
    };
    await until(async () => (await locations()) === '00001111');
  }
});

test('a relocation that is not needed, or whose photo is gone, leaves no file behind', async () => {
  const owner = await newPerson(url);
  const photo = await share(owner);
  const tasks = photoTasks(stores);
  const { mediaKey } = await stores.db.photo.findUniqueOrThrow({ where: { id: rowId(photo) } });
  const job = { photoId: String(rowId(photo)), mediaKey: 'f'.repeat(32) };
  await tasks.placeMedia(job);
  expect(await stores.db.photo.findUniqueOrThrow({ where: { id: rowId(photo) } })).toMatchObject({ mediaKey });
  await tasks.placeMedia({ ...job, photoId: '1' });
  const exist = await Promise.all(allRenditionKeys(job.mediaKey).map((key) => stores.objects.exists(key)));
  expect(exist).not.toContain(true);
  expect(await status((await readImage(owner, photo)).url)).toBe(200);
});
