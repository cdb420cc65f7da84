import { randomBytes } from 'node:crypto';
import { addJob } from '../../stores/jobs.ts';
import type { Stores } from '../../stores/stores.ts';
import { syncPhotoHashtags } from '../hashtags/photo-hashtags.ts';
import type { ClientText } from '../kernel/client-text.ts';
import { userError } from '../kernel/errors.ts';
import { withIdempotencyKey } from '../kernel/idempotency.ts';
import { requireText, type TextRule } from '../kernel/validate.ts';
import { type ChosenLocation, setLocation } from '../places/locations.ts';

/** The caption of a photo. */
export const CAPTION: TextRule = { what: 'A caption', min: 0, max: 2_200, field: ['caption'] };

/**
 * Publishes a photo whose file was uploaded. The photo is PROCESSING. The same transaction enqueues the job that makes
 * it READY.
 *
 * @param input `location`: where the photo shows that it was taken; null for nowhere
 * @returns the photo's id, which is the upload's id, so that no upload becomes two photos
 * @throws UserErrors NOT_FOUND when the upload does not exist or belongs to somebody else, EXPIRED, NOT_UPLOADED,
 * ALREADY_USED, or the errors of the caption, the location or the key
 */
export async function publishPhoto(
  stores: Stores,
  ownerId: bigint,
  uploadId: bigint,
  input: { caption: ClientText; location?: ChosenLocation | null; idempotencyKey?: ClientText | null | undefined },
): Promise<bigint> {
  const { location = null, idempotencyKey } = input;
  const caption = requireText(input.caption, CAPTION);
  // Check before the transaction, which must not wait for S3.
  const upload = await stores.db.upload.findFirst({ where: { id: uploadId, ownerId } });
  const isUploaded = upload !== null && (await stores.objects.exists(upload.objectKey));

  // The hash of the input is stored, so it covers the coarsened location that is shown, not the exact one that was
  // sent.
  const shownLocation = location && Object.values(location).map(String);
  const hashedInput = [String(uploadId), caption, ...(shownLocation ? [shownLocation] : [])];
  const key = { userId: ownerId, key: idempotencyKey, mutation: 'publishPhoto', input: hashedInput };
  return stores.db.$transaction((tx) =>
    withIdempotencyKey(tx, key, uploadId, async () => {
      if (await tx.photo.findFirst({ where: { id: uploadId, ownerId }, select: { id: true } })) {
        throw userError('ALREADY_USED', 'This upload has been published already.', 'uploadId');
      }
      // The lock keeps a concurrent request from using the upload as its owner's avatar.
      const [locked] = await tx.$queryRaw<object[]>`select id from uploads where id = ${uploadId} for key share`;
      if (!upload || !locked) throw userError('NOT_FOUND', 'You have no such upload.', 'uploadId');
      if (upload.expiresAt <= new Date()) {
        throw userError(
          'EXPIRED',
          'The time for this upload is over. Create another one and send the file again.',
          'uploadId',
        );
      }
      if (!isUploaded) {
        throw userError(
          'NOT_UPLOADED',
          "Send the file to the upload's URL first: nothing has arrived there.",
          'uploadId',
        );
      }
      const mediaKey = randomBytes(16).toString('hex');
      const created = await tx.photo.createMany({
        data: { id: uploadId, ownerId, caption, mediaKey },
        skipDuplicates: true,
      });
      if (created.count === 0) throw userError('ALREADY_USED', 'This upload has been published already.', 'uploadId');
      await setLocation(tx, { id: uploadId, ownerId, publishedId: null }, location);
      await syncPhotoHashtags(tx, uploadId, 'caption');
      await addJob(tx, 'processPhoto', { photoId: String(uploadId), objectKey: upload.objectKey, mediaKey });
    }),
  );
}
