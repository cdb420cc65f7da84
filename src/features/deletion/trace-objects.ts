import { readMatchingPayloads } from '../../stores/job-admin.ts';
import type { Stores } from '../../stores/stores.ts';
import { avatarObjectKey } from '../accounts/avatar.ts';
import { allKeys, keysIn } from '../photos/media.ts';

const AT_ONCE = 10_000;

/**
 * Compares all files with all rows that lead to files.
 *
 * @param userId the person whose files are looked for; null for nobody's
 * @returns the person's files, and those to which neither a row nor a job leads
 */
export async function traceObjects(
  stores: Stores,
  userId: bigint | null,
): Promise<{ objects: string[]; orphans: string[] }> {
  const { objects } = stores;
  // Listed first: a job knows each file before it is written, a row before that job has ended.
  const stored: string[] = [];
  for await (const keys of objects.list()) stored.push(...keys);
  const jobsBefore = await readJobs(stores);
  const theirs = new Set<string>();
  const others = new Set<string>();
  for await (const [ownerId, keys] of readFiles(stores)) {
    for (const key of keys) (ownerId === userId ? theirs : others).add(key);
  }
  const waiting = jobsBefore.union(await readJobs(stores));
  const orphans: string[] = [];
  for (const key of stored) {
    if (theirs.has(key) || others.has(key) || secretsIn(key).some((secret) => waiting.has(secret))) continue;
    // Those of deletions that ended meanwhile are not there any more.
    if (await objects.exists(key)) orphans.push(key);
  }
  return { objects: stored.filter((key) => theirs.has(key)), orphans };
}

/** Every file to which a row leads, with whose it is. */
async function* readFiles({ db }: Stores): AsyncGenerator<[ownerId: bigint, keys: string[]]> {
  for (let after = -1n; ; ) {
    const photos = await db.photo.findMany({
      where: { id: { gt: after } },
      orderBy: { id: 'asc' },
      take: AT_ONCE,
      select: { id: true, ownerId: true, status: true, mediaKey: true, mediaIsPublic: true },
    });
    for (const { ownerId, status, mediaKey, mediaIsPublic } of photos) {
      yield [ownerId, status === 'READY' ? keysIn(mediaKey, mediaIsPublic) : allKeys(mediaKey)];
    }
    if (photos.length < AT_ONCE) break;
    after = photos.at(-1)?.id ?? after;
  }
  for (const { ownerId, objectKey } of await db.upload.findMany()) yield [ownerId, [objectKey]];
  for (const { userId, objectKey } of await db.dataExport.findMany()) yield [userId, [objectKey]];
  const pictures = { where: { avatarKey: { not: null } }, select: { id: true, avatarKey: true } };
  for (const { id, avatarKey } of await db.user.findMany(pictures)) {
    if (avatarKey) yield [id, [avatarObjectKey(avatarKey)]];
  }
}

/** The unguessable parts of the keys of all files with which a job still has to do. */
async function readJobs({ db }: Stores): Promise<Set<string>> {
  return new Set((await readMatchingPayloads(db, '[0-9a-f]{32}')).flatMap(secretsIn));
}

function secretsIn(text: string): string[] {
  return text.match(/[0-9a-f]{32}/g) ?? [];
}
