import { randomBytes } from 'node:crypto';
import type { Image } from '../../generated/graphql.ts';
import { writeInvalidating } from '../../stores/cached-rows.ts';
import { addJob, type Jobs } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { attemptDecoding } from '../images/decoding-attempts.ts';
import { largePictureQueue } from '../images/decoding-budget.ts';
import { UnusableFile } from '../images/unusable-file.ts';
import { userError } from '../kernel/errors.ts';
import { AVATAR_SIDE, checkFile, makeAvatar } from '../photos/renditions.ts';
import { type UserRow, userKey } from '../records/user-rows.ts';

/** The object key of an avatar. @param avatarKey the column `avatar_key` */
export function avatarObjectKey(avatarKey: string): string {
  return `media/${avatarKey}/avatar.jpg`;
}

/** A person's avatar, which is always public; null without one. */
export function avatarImage({ objects }: Stores, { avatarKey }: UserRow): Image | null {
  if (avatarKey === null) return null;
  const url = objects.publicUrl(avatarObjectKey(avatarKey));
  return { url, expiresAt: null, width: AVATAR_SIDE, height: AVATAR_SIDE };
}

/**
 * Enqueues the job that turns an uploaded file into a person's avatar. The old avatar stays until the job has run.
 *
 * @throws UserErrors NOT_FOUND for a missing upload and for somebody else's alike, EXPIRED, NOT_UPLOADED, ALREADY_USED
 */
export async function setAvatar(stores: Stores, userId: bigint, uploadId: bigint): Promise<void> {
  const { db, objects } = stores;
  const upload = await db.upload.findFirst({ where: { id: uploadId, ownerId: userId } });
  if (!upload) throw userError('NOT_FOUND', 'You have no such upload.', 'uploadId');
  if (upload.expiresAt <= new Date()) {
    throw userError(
      'EXPIRED',
      'The time for this upload is over. Create another one and send the file again.',
      'uploadId',
    );
  }
  // Checked before the transaction, which must not wait for S3.
  if (!(await objects.exists(upload.objectKey))) {
    throw userError('NOT_UPLOADED', "Send the file to the upload's URL first: nothing has arrived there.", 'uploadId');
  }
  await db.$transaction(async (tx) => {
    // The row lock keeps publishPhoto from using the same upload.
    const [locked] = await tx.$queryRaw<object[]>`select id from uploads where id = ${uploadId} for update`;
    if (!locked || (await tx.photo.findUnique({ where: { id: uploadId }, select: { id: true } }))) {
      throw userError('ALREADY_USED', 'This upload has been used already.', 'uploadId');
    }
    await tx.upload.delete({ where: { id: uploadId } });
    const data = { avatarUploadId: uploadId, avatarStatus: 'PROCESSING' as const, avatarFailure: null };
    await tx.user.update({ where: { id: userId }, data });
    await addJob(tx, 'processAvatar', {
      userId: String(userId),
      uploadId: String(uploadId),
      objectKey: upload.objectKey,
      contentType: upload.contentType,
      sha256: Buffer.from(upload.sha256).toString('hex'),
      avatarKey: randomBytes(16).toString('hex'),
    });
  });
}

/**
 * Renders a person's avatar from an uploaded file, or stores why that failed. Idempotent: the object key comes with the
 * job, so a repeated run writes the same file. When the avatar is finished or a newer upload has replaced it, a run
 * only cleans up.
 */
export async function processAvatar(stores: Stores, job: Jobs['processAvatar']): Promise<void> {
  const { db, objects, redis } = stores;
  const id = BigInt(job.userId);
  const avatarUploadId = BigInt(job.uploadId);
  const user = await db.user.findUnique({
    where: { id },
    select: { avatarUploadId: true, avatarKey: true, avatarStatus: true },
  });
  if (user?.avatarUploadId !== avatarUploadId || user.avatarStatus !== 'PROCESSING') {
    const isInUse = user?.avatarKey === job.avatarKey;
    return objects.delete([job.objectKey, ...(isInUse ? [] : [avatarObjectKey(job.avatarKey)])]);
  }
  const file = await objects.get(job.objectKey);
  const result = await renderAvatar(stores, file, job);
  if (result === 'LARGE') {
    return addJob(db, 'processAvatar', { ...job, isLarge: true }, { queue: largePictureQueue(id) });
  }
  if ('jpeg' in result) await objects.put(avatarObjectKey(job.avatarKey), result.jpeg, 'image/jpeg');
  const data =
    'jpeg' in result
      ? { avatarKey: job.avatarKey, avatarStatus: 'READY' as const }
      : { avatarStatus: 'FAILED' as const, avatarFailure: result.failure };
  const isStored = await writeInvalidating(redis, [userKey(id)], () =>
    db.$transaction(async (tx) => {
      const [before] = await tx.$queryRaw<{ avatarKey: string | null }[]>`
        select avatar_key as "avatarKey" from users
        where id = ${id} and avatar_upload_id = ${avatarUploadId} and avatar_status = 'PROCESSING' for no key update`;
      if (!before) return false;
      await tx.user.update({ where: { id }, data });
      const replaced = 'jpeg' in result && before.avatarKey ? [avatarObjectKey(before.avatarKey)] : [];
      await addJob(tx, 'deleteObjects', { keys: [job.objectKey, ...replaced] });
      return true;
    }),
  );
  // Another upload or another run of this job came first: the checks at the start clean up.
  if (!isStored) await processAvatar(stores, job);
}

/** @returns `LARGE` when the job must wait in a queue for large pictures first */
async function renderAvatar(stores: Stores, file: Buffer | null, job: Jobs['processAvatar']) {
  try {
    if (!file) throw new UnusableFile('CORRUPT');
    const declared = { contentType: job.contentType, sha256: Buffer.from(job.sha256, 'hex') };
    const checked = checkFile(file, declared, stores.config.PHOTO_MAX_PIXELS);
    if (checked.isLarge && !job.isLarge) return 'LARGE';
    return { jpeg: await attemptDecoding(stores, { ...checked, ...job }, () => makeAvatar(checked)) };
  } catch (error) {
    if (error instanceof UnusableFile) return { failure: error.code };
    throw error;
  }
}

/** Removes a person's avatar and enqueues the deletion of its file. Idempotent. */
export async function removeAvatar({ db, redis }: Stores, userId: bigint): Promise<void> {
  await writeInvalidating(redis, [userKey(userId)], () =>
    db.$transaction(async (tx) => {
      const [before] = await tx.$queryRaw<{ avatarKey: string | null }[]>`
        select avatar_key as "avatarKey" from users where id = ${userId} for no key update`;
      if (before?.avatarKey) await addJob(tx, 'deleteObjects', { keys: [avatarObjectKey(before.avatarKey)] });
      const data = { avatarKey: null, avatarUploadId: null, avatarStatus: null, avatarFailure: null };
      await tx.user.update({ where: { id: userId }, data });
    }),
  );
}
