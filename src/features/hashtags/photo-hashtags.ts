/** The hashtags of a photo: those in its caption and in its owner's comments. */
import { writeInvalidating } from '../../stores/cached-rows.ts';
import { addJob } from '../../stores/jobs.ts';
import type { Transaction } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { writeDroppingTimelines } from '../../stores/timelines.ts';
import { userError } from '../kernel/errors.ts';
import { hashtagKey } from '../records/feed-keys.ts';
import { type PhotoRow, photoKey } from '../records/photo-rows.ts';
import { parseHashtags } from './parse-hashtags.ts';

/** The most hashtags that a photo can have. */
const MAX_HASHTAGS = 30;

/** Whether a text contains hashtags, so that adding or removing it can change its photo's hashtags. */
export function hasHashtags(text: string): boolean {
  return parseHashtags(text).length > 0;
}

/**
 * Runs a write that adds a text to a photo, and invalidates the photo's cached row and the lists of the hashtags that
 * the text may add. (The list of a hashtag that the write removes keeps the photo, and readers skip it.)
 *
 * @param photo the row as read before the write; if it has changed since, a job updates the lists
 * @param text the new text
 */
export function writeInvalidatingHashtags<R>(
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
 * Updates a photo's hashtags to match its caption and its owner's comments as this transaction has written them. It
 * locks the photo's row, so that the second of two concurrent changes sees the result of the first.
 *
 * @param field the input field of the new text, for the error; null when the text was removed, which cannot exceed the
 *   limit
 * @throws UserErrors TOO_MANY when the photo would have more than 30 hashtags
 */
export async function syncPhotoHashtags(tx: Transaction, photoId: bigint, field: string | null): Promise<void> {
  const [photo] = await tx.$queryRaw<
    { ownerId: bigint; caption: string; publishedId: bigint | null; isFannedOut: boolean }[]
  >`
    select owner_id as "ownerId", caption, published_id as "publishedId", is_merged is not null as "isFannedOut"
    from photos where id = ${photoId} for no key update`;
  if (!photo) return;
  const { ownerId, caption, publishedId, isFannedOut } = photo;
  // All characters that NFKC normalization turns into "#".
  const comments = await tx.$queryRaw<{ text: string }[]>`
    select text from comments where photo_id = ${photoId} and author_id = ${ownerId} and text ~ '[#＃﹟]'`;
  const before = await tx.photoHashtag.findMany({ where: { photoId }, select: { hashtag: true } });
  const wanted = new Set([caption, ...comments.map((comment) => comment.text)].flatMap(parseHashtags));
  if (wanted.size > MAX_HASHTAGS && field !== null) {
    const message =
      `A photo may have at most ${MAX_HASHTAGS} different hashtags, ` +
      `in its caption and its owner's comments together; with these it would have ${wanted.size}.`;
    throw userError('TOO_MANY', message, field);
  }
  const current = new Set(before.map((row) => row.hashtag));
  const removed = [...current.difference(wanted)];
  if (removed.length > 0) await tx.photoHashtag.deleteMany({ where: { photoId, hashtag: { in: removed } } });
  const added = [...wanted.difference(current)].sort();
  if (added.length === 0) return;
  await tx.photoHashtag.createMany({ data: added.map((hashtag) => ({ photoId, hashtag, publishedId })) });
  await insertHashtagNames(tx, added);
  // If the fan-out has not begun, it waits for the row lock and then publishes these hashtags itself.
  if (isFannedOut) {
    await addJob(tx, 'hashtagsAdded', { photoId: String(photoId), hashtags: added, earlier: [...current] });
  }
}

/** Copies a photo's `publishedId`, which orders lists, to its hashtags, in the transaction that makes it READY. */
export async function publishHashtags(tx: Transaction, photoId: bigint, publishedId: bigint): Promise<void> {
  await tx.photoHashtag.updateMany({ where: { photoId }, data: { publishedId } });
}

/**
 * Inserts hashtags into the table that searches use, and locks them against the sweep until the transaction ends.
 *
 * @param names sorted, so that two transactions do not deadlock
 */
async function insertHashtagNames(tx: Transaction, names: readonly string[]): Promise<void> {
  for (let locked = 0; locked < names.length; ) {
    await tx.$executeRaw`
      insert into hashtags (name) select name from unnest(${[...names]}::text[]) with ordinality new (name, place)
      order by place on conflict do nothing`;
    // A row that the sweep has locked is deleted when its lock ends. The next iteration inserts it again.
    const rows = await tx.$queryRaw<object[]>`
      select name from hashtags where name = any(${[...names]}::text[]) order by name collate "C" for key share`;
    locked = rows.length;
  }
}
