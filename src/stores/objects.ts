import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NotFound,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { LRUCache } from 'lru-cache';
import type { Config } from '../config.ts';

/**
 * The files in S3. Everybody may read objects below `media/`; all others are private: originals below `uploads/`,
 * renditions of photos that not everybody may see below `private/`, and data exports below `exports/`.
 */
export interface Objects {
  /**
   * A presigned URL to which anybody may PUT this one file, with the headers of `putHeaders`.
   *
   * @param file its type, length and SHA-256 are signed, so that S3 refuses any other file
   * @param expiresAt the URL works until then
   */
  presignPut(key: string, file: DeclaredFile, expiresAt: Date): Promise<string>;
  /** Whether an object with this key exists. */
  exists(key: string): Promise<boolean>;
  /** Reads a file. @returns null when there is no such object */
  get(key: string): Promise<Buffer | null>;
  /**
   * Reads a part of a file, and never more than that.
   *
   * @param offset in bytes, as `length`. Fewer bytes are returned where the file ends
   * @param signal stops the reading
   * @returns null when there is no such object
   */
  getPart(key: string, offset: number, length: number, signal: AbortSignal): Promise<Buffer | null>;
  /** Stores a file that never changes afterwards. */
  put(key: string, body: Buffer, contentType: string): Promise<void>;
  /**
   * Stores a file from disk without reading it into memory: at most 5 GB, S3's limit for one PUT.
   *
   * @param path the file on disk
   */
  putFile(key: string, path: string, contentType: string): Promise<void>;
  /** Lists the keys of all objects, page by page. */
  list(): AsyncGenerator<string[], void, void>;
  /** Copies a JPEG to another key. @returns false when there is no object `from` */
  copyJpeg(from: string, to: string): Promise<boolean>;
  /**
   * Deletes objects. Deleting a missing object succeeds, so a repeated run is harmless.
   *
   * @param keys some hundreds at most
   */
  delete(keys: readonly string[]): Promise<void>;
  /**
   * A presigned URL that downloads a private file.
   *
   * @param seconds how long it works
   * @param filename the name under which a browser saves the file
   */
  presignGet(key: string, seconds: number, filename: string): Promise<string>;
  /** The URL at which everybody can read a file below `media/`. */
  publicUrl(key: string): string;
  /** A presigned URL of a private file. It works for at most PRIVATE_URL_MINUTES, and for at least half of that. */
  signedUrl(key: string): Promise<SignedUrl>;
  close(): void;
}

/** A presigned URL, and until when it works. */
export interface SignedUrl {
  url: string;
  expiresAt: Date;
}

/** What a client declared about a file before uploading it. */
export interface DeclaredFile {
  contentType: string;
  /** Its length in bytes. */
  byteSize: number;
  sha256: Uint8Array;
}

/** The headers that a PUT to a file's presigned URL must carry. */
export function putHeaders({ contentType, byteSize, sha256 }: DeclaredFile): { name: string; value: string }[] {
  return [
    { name: 'Content-Type', value: contentType },
    { name: 'Content-Length', value: String(byteSize) },
    { name: 'x-amz-checksum-sha256', value: Buffer.from(sha256).toString('base64') },
  ];
}

const TIMEOUT_MS = 20_000;
/** For files of gigabytes. */
const LARGE_TIMEOUT_MS = 30 * 60_000;
/**
 * The number of presigned URLs that a process remembers, so that it does not sign a page of private photos again for
 * each viewer.
 */
const MAX_SIGNED_URLS = 20_000;

/**
 * How long browsers and CDNs may cache a file. Files never change, but a public one may become private: a browser that
 * has shown it may keep it, and a CDN revalidates it after an hour.
 */
function cacheControl(key: string): string {
  return key.startsWith('media/')
    ? 'public, max-age=31536000, s-maxage=3600, immutable'
    : 'private, max-age=31536000, immutable';
}

/** Opens the client of the S3 store. It connects at the first request. */
export function openObjects(config: Config): Objects {
  const Bucket = config.S3_BUCKET;
  const validMs = Math.round(config.PRIVATE_URL_MINUTES * 60) * 1_000;
  const signedUrls = new LRUCache<string, { expiresAt: Date; signed: Promise<SignedUrl> }>({ max: MAX_SIGNED_URLS });
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
        // As signed headers, which the request must carry unchanged. The SDK would move them into the URL.
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
    async getPart(key, offset, length, signal) {
      const Range = `bytes=${offset}-${offset + length - 1}`;
      try {
        const command = new GetObjectCommand({ Bucket, Key: key, Range });
        const { Body, ContentRange } = await client.send(command, { abortSignal: signal });
        if (!ContentRange) {
          (Body as Readable | undefined)?.destroy();
          throw new Error('The S3 service ignores the header Range.');
        }
        return Body ? Buffer.from(await Body.transformToByteArray()) : null;
      } catch (error) {
        if (error instanceof Error && error.name === 'NoSuchKey') return null;
        if (error instanceof Error && error.name === 'InvalidRange') return Buffer.alloc(0);
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
          CacheControl: cacheControl(key),
        }),
      );
    },
    async putFile(key, path, contentType) {
      const { size } = await stat(path);
      const Body = createReadStream(path);
      const input = { Bucket, Key: key, Body, ContentLength: size, ContentType: contentType };
      await client.send(new PutObjectCommand({ ...input, CacheControl: cacheControl(key) }), {
        requestTimeout: LARGE_TIMEOUT_MS,
      });
    },
    async *list() {
      for (let ContinuationToken: string | undefined; ; ) {
        const command = new ListObjectsV2Command({ Bucket, ContinuationToken });
        // S3 accepts a bucket's path with and without a trailing slash. The embedded store expects it signed without.
        command.middlewareStack.add(
          (next) => (args) => {
            const request = args.request as { path: string };
            request.path = request.path.replace(/\/$/, '');
            return next(args);
          },
          { step: 'build' },
        );
        const page = await client.send(command);
        yield (page.Contents ?? []).flatMap(({ Key }) => Key ?? []);
        ContinuationToken = page.NextContinuationToken;
        if (!ContinuationToken) return;
      }
    },
    async copyJpeg(from, to) {
      try {
        await client.send(
          new CopyObjectCommand({
            Bucket,
            Key: to,
            CopySource: `${Bucket}/${from}`,
            MetadataDirective: 'REPLACE',
            ContentType: 'image/jpeg',
            CacheControl: cacheControl(to),
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof Error && error.name === 'NoSuchKey') return false;
        throw error;
      }
    },
    async delete(keys) {
      // One request each: not every S3-compatible store supports DeleteObjects.
      await Promise.all(keys.map((key) => client.send(new DeleteObjectCommand({ Bucket, Key: key }))));
    },
    presignGet(key, seconds, filename) {
      const ResponseContentDisposition = `attachment; filename="${filename}"`;
      return getSignedUrl(client, new GetObjectCommand({ Bucket, Key: key, ResponseContentDisposition }), {
        expiresIn: seconds,
      });
    },
    publicUrl: (key) => `${config.MEDIA_URL}/${key}`,
    signedUrl(key) {
      const remembered = signedUrls.get(key);
      if (remembered && remembered.expiresAt.getTime() - Date.now() > validMs / 2) return remembered.signed;
      const expiresAt = new Date(Date.now() + validMs);
      // Remembered while it is being signed, so that the aliases of one query sign it once.
      const signed = getSignedUrl(client, new GetObjectCommand({ Bucket, Key: key }), {
        expiresIn: validMs / 1_000,
      }).then((url) => ({ url, expiresAt }));
      signed.catch(() => signedUrls.delete(key));
      signedUrls.set(key, { expiresAt, signed });
      return signed;
    },
    close: () => client.destroy(),
  };
}
