import sharp from 'sharp';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Stores } from '../../../src/stores/stores.ts';
import { attempt, openBackstage, userErrorsOf } from '../../support/backstage.ts';
import { withExtendedXmp, withXmpLocation, XMP_LOCATION } from '../../support/images.ts';
import { newPerson, type Person } from '../../support/people.ts';
import { createUpload, newJpeg, put } from '../../support/photos.ts';
import { rowId } from '../../support/rows.ts';
import { until } from '../../support/until.ts';

const url = inject('url');
let stores: Stores;
beforeAll(async () => {
  stores = await openBackstage();
});
afterAll(() => stores.close());

interface AvatarState {
  avatarStatus: string | null;
  avatarFailure: { code: string } | null;
  user: { avatar: { url: string; width: number; height: number } | null };
}

async function readAvatar(person: Person): Promise<AvatarState> {
  const { data } = await person.send<{ me: AvatarState }>(
    '{ me { avatarStatus avatarFailure { code } user { avatar { url width height } } } }',
  );
  if (!data) throw new Error('Nobody is logged in.');
  return data.me;
}

async function upload(person: Person, file: Buffer): Promise<string> {
  const created = await createUpload(person, file);
  expect((await put(created, file)).ok).toBe(true);
  return created.id;
}

/** Sets a file as the person's avatar and waits until it is READY or FAILED. */
async function setAvatar(person: Person, file: Buffer): Promise<AvatarState> {
  const uploadId = await upload(person, file);
  expect(userErrorsOf(await attempt(person, 'setAvatar', { uploadId }, 'viewer { avatarStatus }'))).toEqual([]);
  return until(async () => {
    const avatar = await readAvatar(person);
    return avatar.avatarStatus !== 'PROCESSING' && avatar;
  });
}

async function download(address: string): Promise<Buffer | null> {
  const response = await fetch(address, { signal: AbortSignal.timeout(10_000) });
  const body = Buffer.from(await response.arrayBuffer());
  return response.ok ? body : null;
}

test('an upload becomes a square public avatar; a new one replaces it and the old file is deleted', async () => {
  const [person, stranger] = await Promise.all([newPerson(url), newPerson(url)]);
  expect(await readAvatar(person)).toEqual({ avatarStatus: null, avatarFailure: null, user: { avatar: null } });
  const gps = { IFD0: { Copyright: 'somebody' }, IFD3: { GPSLatitude: '48/1 0/1 0/1' } };
  const first = await setAvatar(
    person,
    await sharp(await newJpeg(700, 400))
      .withExif(gps)
      .jpeg()
      .toBuffer(),
  );
  const avatar = first.user.avatar;
  expect(first).toMatchObject({
    avatarStatus: 'READY',
    avatarFailure: null,
    user: { avatar: { width: 320, height: 320 } },
  });
  const { data } = await stranger.send('query ($id: ID!) { node(id: $id) { ... on User { avatar { url } } } }', {
    id: person.id,
  });
  expect(data).toEqual({ node: { avatar: { url: avatar?.url } } });
  const metadata = await sharp((await download(avatar?.url ?? '')) ?? undefined).metadata();
  expect(metadata).toMatchObject({ format: 'jpeg', width: 320, height: 320 });
  expect(metadata.exif).toBeUndefined();

  const second = await setAvatar(person, await newJpeg(64, 64));
  expect(second.user.avatar?.url).not.toBe(avatar?.url);
  await until(async () => (await download(avatar?.url ?? '')) === null);
  expect(await download(second.user.avatar?.url ?? '')).not.toBeNull();

  await person.send('mutation { removeAvatar { user { id } } }');
  expect(await readAvatar(person)).toEqual({ avatarStatus: null, avatarFailure: null, user: { avatar: null } });
  await until(async () => (await download(second.user.avatar?.url ?? '')) === null);
});

test('a point that stands only in the XMP of a file is not in the avatar', async () => {
  const person = await newPerson(url);
  const file = withExtendedXmp(
    await withXmpLocation(sharp(await newJpeg(700, 400)))
      .jpeg()
      .toBuffer(),
  );
  expect(file.toString('latin1')).toMatch(XMP_LOCATION);
  const { user } = await setAvatar(person, file);
  const served = await download(user.avatar?.url ?? '');
  expect(served?.length).toBeGreaterThan(100);
  expect(served?.toString('latin1')).not.toMatch(XMP_LOCATION);
});

test('a file that is no image fails with a reason and leaves the old avatar', async () => {
  const person = await newPerson(url);
  const good = await setAvatar(person, await newJpeg());
  const bad = await setAvatar(person, Buffer.from('not a picture at all'));
  expect(bad).toMatchObject({ avatarStatus: 'FAILED', avatarFailure: { code: 'UNSUPPORTED_TYPE' }, user: good.user });
});

test('an upload becomes either an avatar or a photo, and nobody else can use it', async () => {
  const [person, thief] = await Promise.all([newPerson(url), newPerson(url)]);
  for (let turn = 0; turn < 4; turn++) {
    const uploadId = await upload(person, await newJpeg());
    expect(userErrorsOf(await attempt(thief, 'setAvatar', { uploadId }, 'viewer { avatarStatus }'))).toEqual([
      'NOT_FOUND uploadId',
    ]);
    const answers = await Promise.all([
      attempt(person, 'setAvatar', { uploadId }, 'viewer { avatarStatus }'),
      attempt(person, 'publishPhoto', { uploadId }, 'photo { id }'),
    ]);
    expect(answers.filter((answer) => answer.userErrors.length === 0)).toHaveLength(1);
    expect(await stores.db.photo.count({ where: { id: rowId(uploadId) } })).toBe(
      answers[1].userErrors.length === 0 ? 1 : 0,
    );
  }
  const empty = await createUpload(person, await newJpeg());
  expect(userErrorsOf(await attempt(person, 'setAvatar', { uploadId: empty.id }, 'viewer { avatarStatus }'))).toEqual([
    'NOT_UPLOADED uploadId',
  ]);
});

test('of several concurrent uploads one becomes the avatar and stays available', async () => {
  const person = await newPerson(url);
  const uploads = await Promise.all(Array.from({ length: 4 }, async () => upload(person, await newJpeg())));
  await Promise.all(uploads.map((uploadId) => attempt(person, 'setAvatar', { uploadId }, 'viewer { avatarStatus }')));
  const final = await until(async () => {
    const avatar = await readAvatar(person);
    return avatar.avatarStatus === 'READY' && avatar;
  });
  expect(await download(final.user.avatar?.url ?? '')).not.toBeNull();
});
