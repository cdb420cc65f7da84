import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
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
 * The files. Everybody may read what is below `media/`; all else is private: originals below `uploads/`, renditions of photos that
 * not everybody may see below `private/`, and people's copies of their data below `exports/`.
 */
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
  /** Stores a file of this machine, however large: at most 5 GB, which is what S3 takes at once. */
  putFile(key: string, path: string, contentType: string): Promise<void>;
  /** The keys of all files, in pages. */
  list(): AsyncGenerator<string[], void, void>;
  /** Stores a JPEG once more under another key. @returns false when there is no such file */
  copyJpeg(from: string, to: string): Promise<boolean>;
  /** Deletes files, some hundreds at most; those that do not exist count as deleted. */
  delete(keys: readonly string[]): Promise<void>;
  /** A URL at which anybody can load a private file under a name. @param seconds for how long */
  presignGet(key: string, seconds: number, filename: string): Promise<string>;
  /** Where everybody can read a file below `media/`. */
  publicUrl(key: string): string;
  /** Where anybody who is given this URL can read a private file, for PRIVATE_URL_MINUTES at most and half of that at least. */
  signedUrl(key: string): Promise<SignedUrl>;
  close(): void;
}

/** A URL that works for a while. */
export interface SignedUrl {
  url: string;
  expiresAt: Date;
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
/** For a file that may have gigabytes. */
const LARGE_TIMEOUT_MS = 30 * 60_000;
/** Signed URLs that a process remembers, so that a page of private photos is not signed anew for each who reads it. */
const SIGNED_KEPT = 20_000;

/**
 * How long others may keep a file. It never changes, but one that is public may become private: browsers that have shown it keep it,
 * a CDN asks again after an hour.
 */
function cacheControl(key: string): string {
  return key.startsWith('media/')
    ? 'public, max-age=31536000, s-maxage=3600, immutable'
    : 'private, max-age=31536000, immutable';
}

/** Opens the object store. */
export function openObjects(config: Config): Objects {
  const Bucket = config.S3_BUCKET;
  const validMs = Math.round(config.PRIVATE_URL_MINUTES * 60) * 1_000;
  const signed = new LRUCache<string, SignedUrl>({ max: SIGNED_KEPT });
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
        // S3 takes a bucket's path with a slash at the end and without; the embedded store expects it signed without.
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
      // One by one: not every S3-compatible store takes a list.
      await Promise.all(keys.map((key) => client.send(new DeleteObjectCommand({ Bucket, Key: key }))));
    },
    presignGet(key, seconds, filename) {
      const ResponseContentDisposition = `attachment; filename="${filename}"`;
      return getSignedUrl(client, new GetObjectCommand({ Bucket, Key: key, ResponseContentDisposition }), {
        expiresIn: seconds,
      });
    },
    publicUrl: (key) => `${config.MEDIA_URL}/${key}`,
    async signedUrl(key) {
      const known = signed.get(key);
      if (known && known.expiresAt.getTime() - Date.now() > validMs / 2) return known;
      const expiresAt = new Date(Date.now() + validMs);
      const url = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: key }), {
        expiresIn: validMs / 1_000,
      });
      const fresh = { url, expiresAt };
      signed.set(key, fresh);
      return fresh;
    },
    close: () => client.destroy(),
  };
}
