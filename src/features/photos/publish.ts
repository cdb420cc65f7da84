import { randomBytes } from 'node:crypto';
import { addJob } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { syncPhotoHashtags } from '../hashtags/photo-hashtags.ts';
import { UserErrors, userError } from '../kernel/errors.ts';
import { withIdempotencyKey } from '../kernel/idempotency.ts';
import { checkText } from '../kernel/validate.ts';
import { type ChosenLocation, setLocation } from '../places/locations.ts';

/** The longest caption, in characters. */
export const MAX_CAPTION = 2_200;

/**
 * Shares a photo whose file was sent. It is PROCESSING; the job that makes it READY is enqueued with it.
 *
 * @param input `location`: where it is shown to have been taken; null for nowhere
 * @returns the photo's id, which is the upload's: so no upload becomes two photos
 * @throws UserErrors NOT_FOUND for another's upload as for one that does not exist, EXPIRED, NOT_UPLOADED, ALREADY_USED, or
 * what is wrong with the caption, the location or the key
 */
export async function publishPhoto(
  stores: Stores,
  ownerId: bigint,
  uploadId: bigint,
  input: { caption: string; location?: ChosenLocation | null; idempotencyKey?: string | null | undefined },
): Promise<bigint> {
  const { caption, location = null, idempotencyKey } = input;
  const userErrors = checkText('A caption', caption, 0, MAX_CAPTION, 'caption');
  if (userErrors.length > 0) throw new UserErrors(userErrors);
  // Asked before the transaction, which must not wait for S3.
  const upload = await stores.db.upload.findFirst({ where: { id: uploadId, ownerId } });
  const sent = upload !== null && (await stores.objects.exists(upload.objectKey));

  // Of the location what is shown, and not what was sent: its hash is stored.
  const at = location && Object.values(location).map(String);
  const same = [String(uploadId), caption, ...(at ? [at] : [])];
  const key = { userId: ownerId, key: idempotencyKey, mutation: 'publishPhoto', input: same };
  return stores.db.$transaction((tx) =>
    withIdempotencyKey(tx, key, uploadId, async () => {
      if (await tx.photo.findFirst({ where: { id: uploadId, ownerId }, select: { id: true } })) {
        throw userError('ALREADY_USED', 'This upload has been published already.', 'uploadId');
      }
      // Locked, so that it does not become a picture of its owner meanwhile.
      const [held] = await tx.$queryRaw<object[]>`select id from uploads where id = ${uploadId} for key share`;
      if (!upload || !held) throw userError('NOT_FOUND', 'You have no such upload.', 'uploadId');
      if (upload.expiresAt <= new Date()) {
        throw userError(
          'EXPIRED',
          'The time for this upload is over. Create another one and send the file again.',
          'uploadId',
        );
      }
      if (!sent) {
        throw userError(
          'NOT_UPLOADED',
          "Send the file to the upload's URL first: nothing has arrived there.",
          'uploadId',
        );
      }
      const mediaKey = randomBytes(16).toString('hex');
      const made = await tx.photo.createMany({
        data: { id: uploadId, ownerId, caption, mediaKey },
        skipDuplicates: true,
      });
      if (made.count === 0) throw userError('ALREADY_USED', 'This upload has been published already.', 'uploadId');
      await setLocation(tx, { id: uploadId, ownerId, publishedId: null }, location);
      await syncPhotoHashtags(tx, uploadId, 'caption');
      await addJob(tx, 'processPhoto', { photoId: String(uploadId), objectKey: upload.objectKey, mediaKey });
    }),
  );
}
