import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  NotFound,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { Config } from '../config.ts';

/** The files: originals below `uploads/`, which are private, and renditions below `media/`, which everybody may read. */
export interface Objects {
  /**
   * A URL to which anybody may PUT this one file, with the headers that `putHeaders` tells.
   *
   * @param file its type, length and SHA-256 are signed, so the store refuses another
   * @param expiresAt until when
   */
  presignPut(key: string, file: DeclaredFile, expiresAt: Date): Promise<string>;
  /** Whether there is such a file. */
  exists(key: string): Promise<boolean>;
  /** The file's bytes; null when there is no such file. */
  get(key: string): Promise<Buffer | null>;
  /** Stores a file that never changes. */
  put(key: string, body: Buffer, contentType: string): Promise<void>;
  /** Deletes files, some hundreds at most; those that do not exist count as deleted. */
  delete(keys: readonly string[]): Promise<void>;
  /** Where everybody can read a file below `media/`. */
  publicUrl(key: string): string;
  close(): void;
}

/** What an uploader said of a file. */
export interface DeclaredFile {
  contentType: string;
  /** Its length in bytes. */
  byteSize: number;
  sha256: Uint8Array;
}

/** The headers with which a file must be sent to its presigned URL. */
export function putHeaders({ contentType, byteSize, sha256 }: DeclaredFile): { name: string; value: string }[] {
  return [
    { name: 'Content-Type', value: contentType },
    { name: 'Content-Length', value: String(byteSize) },
    { name: 'x-amz-checksum-sha256', value: Buffer.from(sha256).toString('base64') },
  ];
}

const TIMEOUT_MS = 20_000;

/** Opens the object store. */
export function openObjects(config: Config): Objects {
  const Bucket = config.S3_BUCKET;
  const client = new S3Client({
    endpoint: config.S3_ENDPOINT,
    region: config.S3_REGION,
    forcePathStyle: true,
    credentials: { accessKeyId: config.S3_ACCESS_KEY_ID, secretAccessKey: config.S3_SECRET_ACCESS_KEY },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: 5_000, requestTimeout: TIMEOUT_MS, throwOnRequestTimeout: true },
  });

  return {
    async presignPut(key, { contentType, byteSize, sha256 }, expiresAt) {
      const command = new PutObjectCommand({
        Bucket,
        Key: key,
        ContentType: contentType,
        ContentLength: byteSize,
        ChecksumSHA256: Buffer.from(sha256).toString('base64'),
      });
      return getSignedUrl(client, command, {
        expiresIn: Math.max(1, Math.floor((expiresAt.getTime() - Date.now()) / 1_000)),
        // Signed as headers, not moved into the URL: only so must the request carry them as they are.
        signableHeaders: new Set(['host', 'content-type', 'content-length', 'x-amz-checksum-sha256']),
        unhoistableHeaders: new Set(['x-amz-checksum-sha256']),
      });
    },
    async exists(key) {
      try {
        await client.send(new HeadObjectCommand({ Bucket, Key: key }));
        return true;
      } catch (error) {
        if (error instanceof NotFound) return false;
        throw error;
      }
    },
    async get(key) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: key }));
        return Body ? Buffer.from(await Body.transformToByteArray()) : null;
      } catch (error) {
        if (error instanceof Error && error.name === 'NoSuchKey') return null;
        throw error;
      }
    },
    async put(key, body, contentType) {
      await client.send(
        new PutObjectCommand({
          Bucket,
          Key: key,
          Body: body,
          ContentType: contentType,
          CacheControl: 'public, max-age=31536000, immutable',
        }),
      );
    },
    async delete(keys) {
      // One by one: not every S3-compatible store takes a list.
      await Promise.all(keys.map((key) => client.send(new DeleteObjectCommand({ Bucket, Key: key }))));
    },
    publicUrl: (key) => `${config.MEDIA_URL}/${key}`,
    close: () => client.destroy(),
  };
}
