import { randomBytes } from 'node:crypto';
import type { Upload } from '../../generated/prisma/client.ts';
import { nextId } from '../../stores/postgres.ts';
import type { Stores } from '../../stores/stores.ts';
import { ACCEPTED_TYPES } from '../images/formats.ts';
import { boundText, type ClientText, excerpt } from '../kernel/client-text.ts';
import { type UserError, UserErrors, userError } from '../kernel/errors.ts';
import { withIdempotencyKey } from '../kernel/idempotency.ts';
import { inOrder } from '../records/load-rows.ts';

/** The permission to upload one file. */
export interface UploadRow extends Upload {
  __typename: 'Upload';
}

/** In UTF-16 code units. No accepted type is as long. */
const MAX_TYPE_UNITS = 100;
const SHA256_DIGITS = 64;

function unsupportedType(type: string): string {
  const allowed = 'JPEG, PNG, WebP and AVIF are accepted';
  return /hei[cf]/i.test(type)
    ? `${type} is not accepted: ${allowed}. Convert HEIC to JPEG first.`
    : `${type} is not accepted: ${allowed}.`;
}

/**
 * Creates an upload: the permission to send one file with exactly this type, size and checksum.
 *
 * @param input `byteSize`: 1 to UPLOAD_MAX_BYTES; `sha256`: 64 hexadecimal characters
 * @throws UserErrors with every error of the input, or ALREADY_USED when the upload of the key is published or expired
 */
export async function createUpload(
  stores: Stores,
  ownerId: bigint,
  input: {
    contentType: ClientText;
    byteSize: number;
    sha256: ClientText;
    idempotencyKey?: ClientText | null | undefined;
  },
): Promise<UploadRow> {
  const { idempotencyKey, ...file } = input;
  const contentType = boundText(file.contentType, MAX_TYPE_UNITS)?.trim().toLowerCase() ?? '';
  const sha256 = boundText(file.sha256, SHA256_DIGITS) ?? '';
  const userErrors: UserError[] = [];
  if (!Object.hasOwn(ACCEPTED_TYPES, contentType)) {
    const message = unsupportedType(`"${excerpt(file.contentType)}"`);
    userErrors.push({ code: 'UNSUPPORTED_TYPE', message, field: ['contentType'] });
  }
  if (file.byteSize < 1) {
    userErrors.push({ code: 'INVALID', message: 'A file has at least one byte.', field: ['byteSize'] });
  }
  if (file.byteSize > stores.config.UPLOAD_MAX_BYTES) {
    const message = `A file may have at most ${stores.config.UPLOAD_MAX_BYTES.toLocaleString('en')} bytes.`;
    userErrors.push({ code: 'TOO_LARGE', message, field: ['byteSize'] });
  }
  if (!/^[0-9a-f]{64}$/i.test(sha256)) {
    userErrors.push({ code: 'INVALID', message: 'A SHA-256 is 64 hexadecimal characters.', field: ['sha256'] });
  }
  if (userErrors.length > 0) throw new UserErrors(userErrors);

  const upload = await stores.db.$transaction(async (tx) => {
    const newId = await nextId(tx, ownerId);
    const key = { userId: ownerId, key: idempotencyKey, mutation: 'createUpload', input: file };
    const id = await withIdempotencyKey(tx, key, newId, async () => {
      await tx.upload.create({
        data: {
          id: newId,
          ownerId,
          objectKey: `uploads/${randomBytes(16).toString('hex')}`,
          contentType,
          byteSize: file.byteSize,
          sha256: Buffer.from(sha256, 'hex'),
          expiresAt: new Date(Date.now() + stores.config.UPLOAD_MINUTES * 60_000),
        },
      });
    });
    return tx.upload.findUnique({ where: { id } });
  });
  if (!upload || upload.expiresAt <= new Date()) {
    throw userError(
      'ALREADY_USED',
      'The upload that this key made has been published or has expired.',
      'idempotencyKey',
    );
  }
  return { __typename: 'Upload', ...upload };
}

/** Reads uploads of the caller, in the order of the ids; null for one that is missing, published or expired. */
export async function readOwnUploads(
  { db }: Stores,
  ownerId: bigint,
  ids: readonly bigint[],
): Promise<(UploadRow | null)[]> {
  const uploads = await db.upload.findMany({ where: { id: { in: [...ids] }, ownerId, expiresAt: { gt: new Date() } } });
  return inOrder(
    ids,
    uploads.map((upload) => ({ __typename: 'Upload', ...upload })),
  );
}
