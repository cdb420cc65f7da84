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

/** Loads a ZIP. @returns its files by their names */
async function unzip(address: string): Promise<Map<string, Buffer>> {
  const response = await fetch(address, { signal: AbortSignal.timeout(20_000) });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-disposition')).toBe('attachment; filename="darkroom.zip"');
  const bytes = Buffer.from(await response.arrayBuffer());
  const zip = await new Promise<ZipFile>((resolve, reject) => {
    fromBuffer(bytes, { lazyEntries: true }, (error, opened) => (error ? reject(error) : resolve(opened)));
  });
  const found = new Map<string, Buffer>();
  zip.on('entry', (entry: Entry) => {
    zip.openReadStream(entry, async (error, stream) => {
      if (error) throw error;
      found.set(entry.fileName, await content(stream));
      zip.readEntry();
    });
  });
  zip.readEntry();
  await once(zip, 'end');
  return found;
}

/** A JSON file of the copy. */
function rows(name: string): Record<string, unknown>[] {
  const file = files.get(name);
  if (!file) throw new Error(`There is no ${name} in ${[...files.keys()]}.`);
  return JSON.parse(String(file)) as Record<string, unknown>[];
}

const someTime = expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const as = ({ id, username }: Person) => ({ id, username });
const seen = (id: string, owner: Person) => ({ id, owner: as(owner) });

test('a copy holds the account, with what only its owner may see', () => {
  const { person, formerName } = world;
  const { id, username, email } = person;
  expect(rows('account.json')).toEqual([
    {
      ...{ id, username, email, displayName: 'person', bio: 'I am here.', hasAvatar: true, avatarStatus: 'READY' },
      ...{ isPrivate: true, isHidden: false, isPulled: false, isModerator: false },
      ...{ emailVerifiedAt: null, suspendedAt: null, deactivatedAt: null, deletingAt: null, avatarFailure: null },
      ...{ createdAt: someTime, copyAskedForAt: someTime, activityReadUpTo: null },
      counts: { followers: 2, following: 1, photos: 1 },
    },
  ]);
  expect(rows('former-usernames.json')).toEqual([{ username: formerName, heldUntil: someTime }]);
  expect(rows('sessions.json').map(({ device }) => device)).toEqual(['', 'Another device']);
  expect(rows('mails.json')).toEqual([{ purpose: 'VERIFY_EMAIL', email, expiresAt: someTime }]);
  expect(rows('idempotency-keys.json').map(({ key }) => key)).toEqual(['first', 'second']);
});

test('a copy holds every photo with its picture, also one that is hidden by moderators', async () => {
  const { photo, hiddenPhoto, friend, upload } = world;
  const ready = { status: 'READY', failure: null, createdAt: someTime, publishedAt: someTime };
  expect(rows('photos.json')).toEqual([
    expect.objectContaining({
      ...{ id: photo, caption: `With @${friend.username}`, ...ready, hiddenByModeratorsAt: null },
      // The one who blocks the person counts for them no more.
      ...{ likes: 1, comments: 1, file: `photos/${photo}.jpg` },
    }),
    expect.objectContaining({
      id: hiddenPhoto,
      ...ready,
      hiddenByModeratorsAt: someTime,
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
    expect.objectContaining({ id: upload.id, contentType: 'image/jpeg', createdAt: someTime, expiresAt: someTime }),
  ]);
});

test('a copy holds all that the person did, and of others only those and that which they may see', () => {
  const { person, friend, fan, recluse, asker, blocked, muted, friendPhoto, photo } = world;
  const since = someTime;
  expect(rows('following.json')).toEqual([{ ...as(friend), since }]);
  expect(
    rows('followers.json')
      .map(({ id }) => id)
      .sort(),
  ).toEqual([fan.id, friend.id].sort());
  expect(rows('follow-requests-sent.json')).toEqual([{ ...as(recluse), since }]);
  expect(rows('follow-requests-received.json')).toEqual([{ ...as(asker), since }]);
  expect(rows('blocked.json')).toEqual([{ ...as(blocked), since }]);
  expect(rows('muted.json')).toEqual([{ ...as(muted), since }]);
  expect(rows('followed-hashtags.json')).toEqual([{ hashtag: 'dusk', since }]);
  const text = `A comment by ${person.username}`;
  const createdAt = someTime;
  expect(rows('comments.json')).toEqual([
    { id: expect.any(String), text, createdAt, photo: seen(friendPhoto, friend) },
    // What the person wrote is theirs, about a photo that they see no more.
    { id: null, text, createdAt, photo: null },
  ]);
  expect(rows('likes.json')).toEqual([
    { photo: seen(friendPhoto, friend), createdAt },
    { photo: null, createdAt },
  ]);
  expect(rows('reports.json')).toEqual([
    expect.objectContaining({
      ...{ about: 'photo', photo: seen(friendPhoto, friend), person: as(friend) },
      ...{ reason: 'SPAM', details: 'See for yourself', createdAt, decidedAt: null },
    }),
  ]);
  expect(rows('moderation.json')).toEqual([
    expect.objectContaining({ kind: 'HIDE_PHOTO', why: `${person.username} was warned before`, decidedAt: someTime }),
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

test('a copy names nobody who blocks or mutes the person or reported them, and holds no secret', async () => {
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

test('every column that names a person leads to a part of the copy, or tells why it does not', async () => {
  const columns = await stores.db.$queryRaw<{ name: string }[]>`
    select distinct name from (
      select conrelid::regclass || '.' || attname as name
      from pg_constraint join pg_attribute on attrelid = conrelid and attnum = any(conkey)
      where contype = 'f' and confrelid = 'users'::regclass
      union
      select table_name || '.' || column_name from information_schema.columns
      where table_schema = 'public' and (column_name in ('user_id', 'username', 'email') and table_name <> 'users')
    ) named order by name`;
  // A mail's address stands in the row that leads to its person, and so does a name that was given up.
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

test('asking for a copy needs the password, and a second one replaces the first', async () => {
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

test('a job that comes too late, or again, leaves what is there', async () => {
  const person = await newPerson(url);
  await exportOf(person);
  const userId = rowId(person.id);
  const row = await readDataExport(stores, userId);
  const job = { userId: String(userId), exportId: String(row?.id), objectKey: row?.objectKey ?? '' };
  await exportData(stores, job);
  expect(await readDataExport(stores, userId)).toEqual(row);
  // One for a copy that was replaced since, and had written its file when its worker was killed.
  const objectKey = `exports/${'0'.repeat(31)}1.zip`;
  await stores.objects.put(objectKey, Buffer.from('old'), 'application/zip');
  await exportData(stores, { ...job, exportId: '1', objectKey });
  expect(await stores.objects.exists(objectKey)).toBe(false);
  expect(await stores.objects.exists(job.objectKey)).toBe(true);
});

test('a copy is deleted when its time is over', async () => {
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
