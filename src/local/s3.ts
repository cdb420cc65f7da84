import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { LOOPBACK } from './ports.ts';

/** The part of s3rver that this file uses. The package has no types. */
interface S3rver {
  /** Koa's middleware, in the order in which it runs. */
  middleware: ((ctx: KoaContext, next: () => Promise<void>) => Promise<void>)[];
  httpServer: { closeAllConnections(): void };
  run(): Promise<{ port: number }>;
  close(): Promise<void>;
}

interface KoaContext {
  method: string;
  path: string;
  query: Record<string, string | string[] | undefined>;
  headers: Record<string, string | undefined>;
  store: ObjectStore;
}

interface ObjectStore {
  putObject(object: { content: Readable }): Promise<unknown>;
}

const require = createRequire(import.meta.url);
const S3rver = require('@20minutes/s3rver') as new (options: object) => S3rver;
const S3Error = require('@20minutes/s3rver/lib/models/error') as new (code: string, message: string) => Error;

/** The bucket of the embedded store. */
export const BUCKET = 'darkroom';

// A page of any origin may upload and read files, as on a CDN.
const CORS = `<CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><CORSRule>
  <AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod><AllowedMethod>HEAD</AllowedMethod>
  <AllowedMethod>PUT</AllowedMethod><AllowedHeader>*</AllowedHeader><MaxAgeSeconds>86400</MaxAgeSeconds>
</CORSRule></CORSConfiguration>`;

/** A running S3 server. */
export interface LocalS3 {
  endpoint: string;
  accessKeyId: string;
  secretAccessKey: string;
  stop(): Promise<void>;
}

/** Starts an S3 server in this process. @param directory holds its files @param port 0 for any free one */
export async function startS3(directory: string, port: number): Promise<LocalS3> {
  const server = new S3rver({
    address: LOOPBACK,
    port,
    directory,
    silent: true,
    vhostBuckets: false,
    configureBuckets: [{ name: BUCKET, configs: [CORS] }],
  });
  // s3rver removes a folder together with its last file, and would remove a file that arrives at that moment. So no
  // folder gets empty.
  for (const folder of ['uploads', 'media', 'private', 'exports']) {
    await mkdir(join(directory, BUCKET, folder), { recursive: true });
    await writeFile(join(directory, BUCKET, folder, '.keep'), '');
  }
  server.middleware.unshift(bucketPolicy, verifyChecksum);
  const { port: ownPort } = await server.run();
  return {
    endpoint: `http://${LOOPBACK}:${ownPort}`,
    accessKeyId: 'S3RVER',
    secretAccessKey: 'S3RVER',
    async stop() {
      const closed = server.close();
      server.httpServer.closeAllConnections();
      await closed;
    },
  };
}

/**
 * Lets unsigned requests only read below `media/`, as a bucket with the policy of docs/DEPLOY.md does. s3rver itself
 * lets them do anything.
 */
async function bucketPolicy(ctx: KoaContext, next: () => Promise<void>): Promise<void> {
  const signed = ctx.headers.authorization !== undefined || ctx.query['X-Amz-Algorithm'] !== undefined;
  const readsMedia =
    ctx.method === 'OPTIONS' ||
    ((ctx.method === 'GET' || ctx.method === 'HEAD') && ctx.path.startsWith(`/${BUCKET}/media/`));
  // s3rver treats a key as a path, so `media/..%2Fuploads/` would lead out of `media/`.
  if (/(^|\/|%2f)(\.|%2e){1,2}(\/|%2f|$)/i.test(ctx.path))
    throw new S3Error('InvalidURI', "Couldn't parse the specified URI.");
  if (!signed && !readsMedia) throw new S3Error('AccessDenied', 'Access Denied');
  await next();
}

/** Refuses a file that differs from its checksum, as S3 does. s3rver ignores checksums. */
async function verifyChecksum(ctx: KoaContext, next: () => Promise<void>): Promise<void> {
  const checksum = ctx.headers['x-amz-checksum-sha256'];
  if (ctx.method === 'PUT' && checksum !== undefined) {
    const { store } = ctx;
    ctx.store = Object.assign(Object.create(store) as ObjectStore, {
      async putObject(object: { content: Readable }) {
        const body = await buffer(object.content);
        if (createHash('sha256').update(body).digest('base64') !== checksum) {
          throw new S3Error('BadDigest', 'The SHA256 you specified did not match the calculated checksum.');
        }
        object.content = Readable.from([body]);
        return store.putObject(object);
      },
    });
  }
  await next();
}
