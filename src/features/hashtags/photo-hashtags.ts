/** Which hashtags a photo has: those of its caption and of its owner's comments. */
import { writeInvalidating } from '../../stores/cached-rows.ts';
import { addJob } from '../../stores/jobs.ts';
import type { Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { writeDroppingTimelines } from '../../stores/timelines.ts';
import { userError } from '../kernel/errors.ts';
import { hashtagKey } from '../records/feed-keys.ts';
import { type PhotoRow, photoKey } from '../records/photo-rows.ts';
import { parseHashtags } from './parse-hashtags.ts';

/** The most hashtags of a photo. */
const MAX_HASHTAGS = 30;

/** Whether a text has hashtags, so that those of its photo change with it. */
export function hasHashtags(text: string): boolean {
  return parseHashtags(text).length > 0;
}

/**
 * Runs a write that puts a text to a photo, and lets go of all that it makes stale: what is cached of the photo, and the lists of the hashtags
 * that it may add. (Lists of those that it takes away keep a photo that readers skip.)
 *
 * @param photo as it was read; when it has changed since, a job brings the lists up to date
 */
export function changeHashtags<R>(
  { redis }: Stores,
  photo: PhotoRow,
  text: string,
  write: () => Promise<R>,
): Promise<R> {
  const added = photo.publishedId === null ? [] : parseHashtags(text).filter((name) => !photo.hashtags.includes(name));
  return writeDroppingTimelines(redis, added.map(hashtagKey), () =>
    writeInvalidating(redis, [photoKey(photo.id)], write),
  );
}

/**
 * Brings a photo's hashtags in line with its caption and its owner's comments, as the transaction has changed them. The photo's row is locked, so
 * that of two changes at once the later sees what the earlier has left.
 *
 * @param field where the new text came from; null when there is none, and so nothing that could be too much
 * @throws UserErrors TOO_MANY
 */
export async function updateHashtags(tx: Transaction, photoId: bigint, field: string | null): Promise<void> {
  const [photo] = await tx.$queryRaw<
    { ownerId: bigint; caption: string; publishedId: bigint | null; isFannedOut: boolean }[]
  >`
    select owner_id as "ownerId", caption, published_id as "publishedId", is_merged is not null as "isFannedOut" from photos
    where id = ${photoId} for no key update`;
  if (!photo) return;
  const { ownerId, caption, publishedId, isFannedOut } = photo;
  // All that become a "#" when ways of writing are made one.
  const comments = await tx.$queryRaw<{ text: string }[]>`
    select text from comments where photo_id = ${photoId} and author_id = ${ownerId} and text ~ '[#＃﹟]'`;
  const before = await tx.photoHashtag.findMany({ where: { photoId }, select: { hashtag: true } });
  const wanted = new Set([caption, ...comments.map((comment) => comment.text)].flatMap(parseHashtags));
  if (wanted.size > MAX_HASHTAGS && field !== null) {
    const message = `A photo may have at most ${MAX_HASHTAGS} different hashtags, in its caption and its owner's comments together; with these it would have ${wanted.size}.`;
    throw userError('TOO_MANY', message, field);
  }
  const known = new Set(before.map((row) => row.hashtag));
  const gone = [...known.difference(wanted)];
  if (gone.length > 0) await tx.photoHashtag.deleteMany({ where: { photoId, hashtag: { in: gone } } });
  const added = [...wanted.difference(known)].sort();
  if (added.length === 0) return;
  await tx.photoHashtag.createMany({ data: added.map((hashtag) => ({ photoId, hashtag, publishedId })) });
  await addNames(tx, added);
  // Otherwise the fan-out, which waits for the lock, tells of them too.
  if (isFannedOut) await addJob(tx, 'hashtagsAdded', { photoId: String(photoId), hashtags: added });
}

/** Gives a photo's hashtags its place in lists, in the transaction that makes it READY. */
export async function publishHashtags(tx: Transaction, photoId: bigint, publishedId: bigint): Promise<void> {
  await tx.photoHashtag.updateMany({ where: { photoId }, data: { publishedId } });
}

/**
 * Makes hashtags known to searches, and keeps the sweep from them until the transaction ends.
 *
 * @param names sorted, so that two transactions never wait for each other
 */
async function addNames(tx: Transaction, names: readonly string[]): Promise<void> {
  for (let held = 0; held < names.length; ) {
    await tx.$executeRaw`
      insert into hashtags (name) select name from unnest(${[...names]}::text[]) with ordinality new (name, place)
      order by place on conflict do nothing`;
    // One that the sweep has just locked is gone when the lock is: it is made once more then.
    const rows = await tx.$queryRaw<object[]>`
      select name from hashtags where name = any(${[...names]}::text[]) order by name collate "C" for key share`;
    held = rows.length;
  }
}
