import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Database } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { avatarObjectKey } from '../accounts/avatar.ts';
import { renditionKey } from '../photos/media.ts';
import { EXPORT_FILES } from './export-files.ts';
import { photoFileName } from './export-rows.ts';

/**
 * A file in the export's ZIP: a local file, or one to load from the object store. `load` returns null if it is gone.
 */
export type ZipEntry = { name: string } & ({ path: string } | { load(): Promise<Buffer | null> });

/** One snapshot for all rows. The timeout is far above what the largest account needs. */
const SNAPSHOT = { isolationLevel: 'RepeatableRead', maxWait: 10_000, timeout: 20 * 60_000 } as const;

const README = `This is a copy of all that Darkroom stores of you.

Times are in UTC. "id" is what the API calls a thing by. Other people appear by id and username, and only those whom you
can see at this moment; the same goes for their photos. What others wrote about your photos is theirs, so their comments
are in their copies.

photos/                         your photos in the largest size that is stored
avatar.jpg                      your picture, when you have one
${EXPORT_FILES.map(({ name, description }) => `${name.padEnd(32)}${description}`).join('\n')}
`;

/**
 * Writes the JSON files of a data export, all from one snapshot.
 *
 * @param folder where to write the files
 * @returns all files of the export: those in the folder, and the pictures to load
 */
export async function collectZipEntries(stores: Stores, userId: bigint, folder: string): Promise<ZipEntry[]> {
  const files: ZipEntry[] = [];
  const write = async (name: string, text: Iterable<string> | AsyncIterable<string>) => {
    const path = join(folder, String(files.length));
    await pipeline(Readable.from(text), createWriteStream(path));
    files.push({ name, path });
  };
  await write('README.txt', [README]);
  const photoIds: bigint[] = [];
  await stores.db.$transaction(async (tx) => {
    const snapshotStores = { ...stores, db: tx as Database };
    const onPhoto = (id: bigint) => photoIds.push(id);
    for (const { name, rows } of EXPORT_FILES)
      await write(name, toJson(rows({ stores: snapshotStores, tx, userId, onPhoto })));
  }, SNAPSHOT);
  files.push({ name: 'avatar.jpg', load: () => loadAvatar(stores, userId) });
  // The caller loads these after the transaction, which must not wait for S3.
  for (const id of photoIds) files.push({ name: photoFileName(id), load: () => loadPhoto(stores, id) });
  return files;
}

async function* toJson(rows: AsyncIterable<object>): AsyncGenerator<string> {
  let before = '[';
  for await (const row of rows) {
    yield `${before}\n  ${JSON.stringify(row)}`;
    before = ',';
  }
  yield before === '[' ? '[]\n' : '\n]\n';
}

function loadAvatar(stores: Stores, userId: bigint): Promise<Buffer | null> {
  return loadMovableFile(stores, async () => {
    const user = await stores.db.user.findUnique({ where: { id: userId }, select: { avatarKey: true } });
    return user?.avatarKey ? avatarObjectKey(user.avatarKey) : null;
  });
}

function loadPhoto(stores: Stores, id: bigint): Promise<Buffer | null> {
  return loadMovableFile(stores, async () => {
    const select = { mediaKey: true, mediaIsPublic: true };
    const photo = await stores.db.photo.findUnique({ where: { id }, select });
    return photo && renditionKey(photo.mediaKey, photo.mediaIsPublic, 'WIDTH_1080');
  });
}

/** Loads a file that may be relocated at the same time: if it is gone, looks up its key again. */
async function loadMovableFile({ objects }: Stores, findKey: () => Promise<string | null>): Promise<Buffer | null> {
  for (let before: string | null = null; ; ) {
    const key = await findKey();
    if (key === null || key === before) return null;
    const file = await objects.get(key);
    if (file) return file;
    before = key;
  }
}
