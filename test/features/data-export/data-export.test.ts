import { once } from 'node:events';
import { buffer as content } from 'node:stream/consumers';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Entry, fromBuffer, type ZipFile } from 'yauzl';
import { exportData, readDataExport, sweepExports } from '../../../src/features/data-export/data-export.ts';
import { EXPORT_FILES, NOT_EXPORTED } from '../../../src/features/data-export/export-files.ts';
import { photoFileName } from '../../../src/features/data-export/export-rows.ts';
import { renditionKey } from '../../../src/features/photos/media.ts';
import type { Stores } from '../../../src/stores/stores.ts';
import { attempt, openBackstage, userErrorsOf } from '../../support/backstage.ts';
import { newPerson, type Person } from '../../support/people.ts';
import { rowId } from '../../support/rows.ts';
import { until } from '../../support/until.ts';
import { exportOf, makeWholeAccount, type WholeAccount } from '../../support/whole-account.ts';

const url = inject('url');
let stores: Stores;
let world: WholeAccount;
let files: Map<string, Buffer>;

beforeAll(async () => {
  stores = await openBackstage();
  world = await makeWholeAccount(url, stores);
  files = await unzip(await exportOf(world.person));
});
afterAll(() => stores.close());

/** Downloads a ZIP. @returns its files by name */
async function unzip(address: string): Promise<Map<string, Buffer>> {
  const response = await fetch(address, { signal: AbortSignal.timeout(20_000) });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-disposition')).toBe('attachment; filename="darkroom.zip"');
  const bytes = Buffer.from(await response.arrayBuffer());
  const zip = await new Promise<ZipFile>((resolve, reject) => {
    fromBuffer(bytes, { lazyEntries: true }, (error, opened) => (error ? reject(error) : resolve(opened)));
  });
  const entries = new Map<string, Buffer>();
  zip.on('entry', (entry: Entry) => {
    zip.openReadStream(entry, async (error, stream) => {
      if (error) throw error;
      entries.set(entry.fileName, await content(stream));
      zip.readEntry();
    });
  });
  zip.readEntry();
  await once(zip, 'end');
  return entries;
}

/** The rows of a JSON file of the export. */
function rows(name: string): Record<string, unknown>[] {
  const file = files.get(name);
  if (!file) throw new Error(`The export has no ${name}, but ${[...files.keys()]}.`);
  return JSON.parse(String(file)) as Record<string, unknown>[];
}

const anyTime = expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const asPerson = ({ id, username }: Person) => ({ id, username });
const visiblePhoto = (id: string, owner: Person) => ({ id, owner: asPerson(owner) });

test('an export contains the account, including private fields', () => {
  const { person, formerName } = world;
  const { id, username, email } = person;
  expect(rows('account.json')).toEqual([
    {
      ...{ id, username, email, displayName: 'person', bio: 'I am here.', hasAvatar: true, avatarStatus: 'READY' },
      ...{ isPrivate: true, isHidden: false, isHeavy: false, isModerator: false },
      ...{ emailVerifiedAt: null, suspendedAt: null, deactivatedAt: null, deletingAt: null, avatarFailure: null },
      ...{ createdAt: anyTime, copyAskedForAt: anyTime, activityReadUpTo: null },
      counts: { followers: 2, following: 1, photos: 1 },
    },
  ]);
  expect(rows('former-usernames.json')).toEqual([{ username: formerName, heldUntil: anyTime }]);
  expect(rows('sessions.json').map(({ device }) => device)).toEqual(['', 'Another device']);
  expect(rows('mails.json')).toEqual([{ purpose: 'VERIFY_EMAIL', email, expiresAt: anyTime }]);
  expect(rows('idempotency-keys.json').map(({ key }) => key)).toEqual(['first', 'second']);
});

test('an export contains every photo with its picture, also one that moderators have hidden', async () => {
  const { photo, hiddenPhoto, friend, upload } = world;
  const ready = { status: 'READY', failure: null, createdAt: anyTime, publishedAt: anyTime };
  expect(rows('photos.json')).toEqual([
    expect.objectContaining({
      ...{ id: photo, caption: `With @${friend.username}`, ...ready, hiddenByModeratorsAt: null },
      // The like and the comment of the blocker no longer count for the person.
      ...{ likes: 1, comments: 1, file: `photos/${photo}.jpg` },
    }),
    expect.objectContaining({
      id: hiddenPhoto,
      ...ready,
      hiddenByModeratorsAt: anyTime,
      file: `photos/${hiddenPhoto}.jpg`,
    }),
  ]);
  const stored = await stores.db.photo.findMany({ where: { ownerId: rowId(world.person.id) } });
  for (const { id, mediaKey, mediaIsPublic } of stored) {
    const largest = await stores.objects.get(renditionKey(mediaKey, mediaIsPublic, 'WIDTH_1080'));
    expect(files.get(photoFileName(id))).toEqual(largest);
  }
  expect((await sharp(files.get('avatar.jpg')).metadata()).width).toBe(320);
  expect(rows('uploads.json')).toEqual([
    expect.objectContaining({
      id: upload.id,
      contentType: 'image/jpeg',
      suggestedLocation: null,
      createdAt: anyTime,
      expiresAt: anyTime,
    }),
  ]);
});

test('an export contains everything the person did, and only people and photos that they may see', () => {
  const { person, friend, fan, recluse, asker, blocked, muted, friendPhoto, photo } = world;
  const since = anyTime;
  expect(rows('following.json')).toEqual([{ ...asPerson(friend), since }]);
  expect(
    rows('followers.json')
      .map(({ id }) => id)
      .sort(),
  ).toEqual([fan.id, friend.id].sort());
  expect(rows('follow-requests-sent.json')).toEqual([{ ...asPerson(recluse), since }]);
  expect(rows('follow-requests-received.json')).toEqual([{ ...asPerson(asker), since }]);
  expect(rows('blocked.json')).toEqual([{ ...asPerson(blocked), since }]);
  expect(rows('muted.json')).toEqual([{ ...asPerson(muted), since }]);
  expect(rows('followed-hashtags.json')).toEqual([{ hashtag: 'dusk', since }]);
  const text = `A comment by ${person.username}`;
  const createdAt = anyTime;
  expect(rows('comments.json')).toEqual([
    { id: expect.any(String), text, createdAt, photo: visiblePhoto(friendPhoto, friend) },
    // The person's own text stays, on a photo that they may no longer see.
    { id: null, text, createdAt, photo: null },
  ]);
  expect(rows('likes.json')).toEqual([
    { photo: visiblePhoto(friendPhoto, friend), createdAt },
    { photo: null, createdAt },
  ]);
  expect(rows('reports.json')).toEqual([
    expect.objectContaining({
      ...{ about: 'photo', photo: visiblePhoto(friendPhoto, friend), person: asPerson(friend) },
      ...{ reason: 'SPAM', details: 'See for yourself', createdAt, decidedAt: null },
    }),
  ]);
  expect(rows('moderation.json')).toEqual([
    expect.objectContaining({ kind: 'HIDE_PHOTO', why: `${person.username} was warned before`, decidedAt: anyTime }),
  ]);
  const activity = rows('activity.json').map(({ kind, latestActors, photo: about }) => {
    return [kind, (latestActors as { id: string }[]).map(({ id }) => id).sort(), (about as { id: string } | null)?.id];
  });
  expect(activity.sort()).toEqual(
    [
      ['LIKE', [friend.id], photo],
      ['COMMENT', [friend.id], photo],
      ['MENTION', [friend.id], friendPhoto],
      ['MENTION', [friend.id], friendPhoto],
      ['FOLLOW', [fan.id, friend.id].sort(), undefined],
      ['FOLLOW_REQUEST', [asker.id], undefined],
    ].sort(),
  );
});

test('an export does not name people who block, mute or reported the person, and contains no secrets', async () => {
  const text = [...files].map(([name, bytes]) => `${name} ${name.endsWith('.jpg') ? '' : bytes}`).join('\n');
  for (const { id, username, email } of [world.blocker, world.muter, world.moderator]) {
    for (const name of [id, username, email]) expect(text).not.toContain(name);
  }
  for (const { email } of [world.friend, world.fan, world.asker]) expect(text).not.toContain(email);
  expect(text).not.toContain(world.blockerPhoto);
  const id = rowId(world.person.id);
  const user = await stores.db.user.findUniqueOrThrow({
    where: { id },
    include: { sessions: true, mailTokens: true, photos: true, uploads: true, dataExports: true },
  });
  const secrets = [
    user.passwordHash,
    world.person.token,
    user.avatarKey ?? '-',
    ...[...user.sessions, ...user.mailTokens].map((row) => Buffer.from(row.tokenHash).toString('hex')),
    ...user.photos.map((row) => row.mediaKey),
    ...[...user.uploads, ...user.dataExports].map((row) => row.objectKey),
  ];
  expect(secrets.length).toBeGreaterThan(8);
  for (const secret of secrets) expect(text).not.toContain(secret);
});

test('every column that refers to a person is exported, or has a reason why not', async () => {
  const columns = await stores.db.$queryRaw<{ name: string }[]>`
    select distinct name from (
      select conrelid::regclass || '.' || attname as name
      from pg_constraint join pg_attribute on attrelid = conrelid and attnum = any(conkey)
      where contype = 'f' and confrelid = 'users'::regclass
      union
      select table_name || '.' || column_name from information_schema.columns
      where table_schema = 'public' and (column_name in ('user_id', 'username', 'email') and table_name <> 'users')
    ) named order by name`;
  // The last two columns are in rows that the export reads by their user_id.
  const known = [
    ...EXPORT_FILES.flatMap((part) => part.columns),
    ...Object.keys(NOT_EXPORTED),
    'mail_tokens.email',
    'former_usernames.username',
  ];
  expect(columns.map(({ name }) => name)).toEqual(known.sort());
  expect(new Set(known).size).toBe(known.length);
  const readme = String(files.get('README.txt'));
  for (const name of files.keys()) if (!name.includes('/') && name !== 'README.txt') expect(readme).toContain(name);
});

test('requesting an export needs the password, and a second export replaces the first', async () => {
  const person = await newPerson(url);
  const wrong = await attempt(person, 'requestDataExport', { password: 'not this' }, 'dataExport { status }');
  expect(userErrorsOf(wrong)).toEqual(['WRONG_CREDENTIALS password']);
  await exportOf(person);
  const first = await readDataExport(stores, rowId(person.id));
  const url2 = await exportOf(person);
  const second = await readDataExport(stores, rowId(person.id));
  expect(second?.id).not.toBe(first?.id);
  await until(async () => !(await stores.objects.exists(first?.objectKey ?? '')));
  expect((await fetch(url2)).status).toBe(200);
});

test('a late or repeated job does not change the current export', async () => {
  const person = await newPerson(url);
  await exportOf(person);
  const userId = rowId(person.id);
  const row = await readDataExport(stores, userId);
  const job = { userId: String(userId), exportId: String(row?.id), objectKey: row?.objectKey ?? '' };
  await exportData(stores, job);
  expect(await readDataExport(stores, userId)).toEqual(row);
  // A job of a replaced export, whose worker was killed after writing the file.
  const objectKey = `exports/${'0'.repeat(31)}1.zip`;
  await stores.objects.put(objectKey, Buffer.from('old'), 'application/zip');
  await exportData(stores, { ...job, exportId: '1', objectKey });
  expect(await stores.objects.exists(objectKey)).toBe(false);
  expect(await stores.objects.exists(job.objectKey)).toBe(true);
});

test('an expired export is deleted', async () => {
  const person = await newPerson(url);
  await exportOf(person);
  const userId = rowId(person.id);
  const { objectKey = '' } = (await readDataExport(stores, userId)) ?? {};
  await stores.db.dataExport.update({ where: { userId }, data: { expiresAt: new Date(Date.now() - 1_000) } });
  expect(await readDataExport(stores, userId)).toBe(null);
  await sweepExports(stores);
  expect(await stores.db.dataExport.findUnique({ where: { userId } })).toBe(null);
  expect(await stores.objects.exists(objectKey)).toBe(false);
});
