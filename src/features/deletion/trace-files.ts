import { readMatchingPayloads } from '../../stores/job-admin.ts';
import type { Stores } from '../../stores/stores.ts';
import { avatarObjectKey } from '../accounts/avatar.ts';
import { allRenditionKeys, renditionKeys } from '../photos/media.ts';

const BATCH_SIZE = 10_000;

/**
 * Compares all files in the object store with all rows and jobs that refer to files.
 *
 * @param userId the person whose files to find; null finds only orphans
 * @returns the keys of the person's files, and of orphans: files that no row and no job refers to
 */
export async function traceFiles(
  stores: Stores,
  userId: bigint | null,
): Promise<{ objects: string[]; orphans: string[] }> {
  const { objects } = stores;
  // List the files first: a job names each file before it is written, and a row names it before that job ends.
  const stored: string[] = [];
  for await (const keys of objects.list()) stored.push(...keys);
  const secretsBefore = await readSecretsInJobs(stores);
  const personKeys = new Set<string>();
  const otherKeys = new Set<string>();
  for await (const [ownerId, keys] of readFiles(stores)) {
    for (const key of keys) (ownerId === userId ? personKeys : otherKeys).add(key);
  }
  const secretsInJobs = secretsBefore.union(await readSecretsInJobs(stores));
  const orphans: string[] = [];
  for (const key of stored) {
    if (personKeys.has(key) || otherKeys.has(key)) continue;
    if (findSecrets(key).some((secret) => secretsInJobs.has(secret))) continue;
    // Deletions that ended in the meantime have removed their files.
    if (await objects.exists(key)) orphans.push(key);
  }
  return { objects: stored.filter((key) => personKeys.has(key)), orphans };
}

/** The keys of all files that rows refer to, with their owners. */
async function* readFiles({ db }: Stores): AsyncGenerator<[ownerId: bigint, keys: string[]]> {
  for (let after = -1n; ; ) {
    const photos = await db.photo.findMany({
      where: { id: { gt: after } },
      orderBy: { id: 'asc' },
      take: BATCH_SIZE,
      select: { id: true, ownerId: true, status: true, mediaKey: true, mediaIsPublic: true },
    });
    for (const { ownerId, status, mediaKey, mediaIsPublic } of photos) {
      yield [ownerId, status === 'READY' ? renditionKeys(mediaKey, mediaIsPublic) : allRenditionKeys(mediaKey)];
    }
    if (photos.length < BATCH_SIZE) break;
    after = photos.at(-1)?.id ?? after;
  }
  for (const { ownerId, objectKey } of await db.upload.findMany()) yield [ownerId, [objectKey]];
  for (const { userId, objectKey } of await db.dataExport.findMany()) yield [userId, [objectKey]];
  const withAvatar = { where: { avatarKey: { not: null } }, select: { id: true, avatarKey: true } };
  for (const { id, avatarKey } of await db.user.findMany(withAvatar)) {
    if (avatarKey) yield [id, [avatarObjectKey(avatarKey)]];
  }
}

/** The unguessable parts of the object keys that the payloads of jobs contain. */
async function readSecretsInJobs({ db }: Stores): Promise<Set<string>> {
  return new Set((await readMatchingPayloads(db, '[0-9a-f]{32}')).flatMap(findSecrets));
}

function findSecrets(text: string): string[] {
  return text.match(/[0-9a-f]{32}/g) ?? [];
}
