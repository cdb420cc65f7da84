import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const boolean = z.stringbool();

function url(...schemes: string[]) {
  const prefixes = schemes.map((scheme) => `${scheme}://`).join(' or ');
  // URL parsers accept `localhost:5432`: they read `localhost` as the scheme.
  return z.url({
    protocol: new RegExp(`^(${schemes.join('|')})$`),
    error: `must be a URL that begins with ${prefixes}`,
    abort: true,
  });
}

/** Whether an email URL names a server or a folder, and has a user and a password that can be decoded. */
function isMailUrl(address: string): boolean {
  const { protocol, hostname, username, password } = new URL(address);
  try {
    if (protocol === 'file:') return fileURLToPath(address) !== '';
    decodeURIComponent(username + password);
    return hostname !== '';
  } catch {
    return false;
  }
}

const environment = z.object({
  NODE_ENV: z.string().default('development').describe('`production` disables introspection and the Sandbox'),
  HOST: z.string().default('0.0.0.0').describe('address to listen on'),
  PORT: z.coerce.number().int().min(0).max(65535).default(4000).describe('port to listen on; 0 for any free port'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('lowest level of log lines to print'),
  DATABASE_URL: url('postgres', 'postgresql').describe('PostgreSQL 15 or newer'),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).default(20).describe('connections to PostgreSQL per process'),
  REDIS_URL: url('redis', 'rediss').describe('Redis 7 or newer, or Valkey'),
  S3_ENDPOINT: url('http', 'https').describe('URL of the S3 service'),
  S3_REGION: z.string().default('us-east-1').describe('region of the S3 service'),
  S3_ACCESS_KEY_ID: z.string().min(1).describe('access key id for the S3 service'),
  S3_SECRET_ACCESS_KEY: z.string().min(1).describe('secret access key for the S3 service'),
  S3_BUCKET: z.string().min(3).default('darkroom').describe('bucket for uploads and photos'),
  MEDIA_URL: url('http', 'https')
    .optional()
    .describe('public URL of the folder that holds `media/`, such as a CDN; the bucket itself by default'),
  PRIVATE_URL_MINUTES: z.coerce
    .number()
    .min(1)
    .max(7 * 24 * 60)
    .default(60)
    .describe("minutes for which a presigned URL of a private account's photo works"),
  MAIL_URL: url('smtp', 'smtps', 'file')
    .refine(isMailUrl, 'must name a host (write a % in the password as %25), or a folder as file:///folder')
    .describe('SMTP server for email, or `file:` and a folder to write emails to'),
  MAIL_FROM: z.string().min(3).default('Darkroom <darkroom@localhost>').describe('sender of emails'),
  APP_URL: url('http', 'https')
    .default('http://localhost:3000')
    .transform((address) => address.replace(/\/$/, ''))
    .describe('client app that links in emails lead to'),
  INTROSPECTION: boolean
    .optional()
    .describe('whether introspection and the Sandbox are enabled; by default, outside production only'),
  CORS_ORIGIN: z.string().default('*').describe('web origins that may call the API: `*`, or a comma-separated list'),
  TRUST_PROXY: boolean
    .default(false)
    .describe("whether X-Forwarded-For holds the client's address; only behind a proxy that sets it"),
  SESSION_DAYS: z.coerce
    .number()
    .min(1)
    .max(365)
    .default(30)
    .describe('days without use after which a session expires'),
  CONNECTIONS_PER_VIEWER: z.coerce
    .number()
    .int()
    .min(1)
    .default(50)
    .describe('maximum number of subscription connections from one viewer to one process'),
  CONNECTIONS_PER_ADDRESS: z.coerce
    .number()
    .int()
    .min(1)
    .default(1_000)
    .describe('maximum number of subscription connections from one network address to one process'),
  FEED_PUSH_LIMIT: z.coerce
    .number()
    .int()
    .min(0)
    .default(10_000)
    .describe('number of followers above which an author is pulled: fan-out on read instead of fan-out on write'),
  UPLOAD_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(30_000_000)
    .describe('maximum size of an uploaded file, in bytes'),
  UPLOAD_MINUTES: z.coerce
    .number()
    .positive()
    .default(60)
    .describe('minutes within which an upload must be sent and published'),
  PHOTO_MAX_PIXELS: z.coerce.number().int().min(1).default(100_000_000).describe('maximum number of pixels of a photo'),
  WORKER_CONCURRENCY: z.coerce
    .number()
    .int()
    .min(1)
    .default(4)
    .describe('jobs that one worker process runs at the same time'),
});

/** The environment variables, checked, converted and with defaults. */
export type Config = Omit<z.output<typeof environment>, 'INTROSPECTION' | 'MEDIA_URL'> & {
  INTROSPECTION: boolean;
  MEDIA_URL: string;
};

/**
 * Reads the configuration.
 *
 * @param env the environment variables, by default those of the process
 * @throws Error that names every missing or wrong variable, and says what it must be
 */
export function loadConfig(env: Record<string, string | undefined> = process.env): Config {
  // An empty variable counts as missing: compose files and shells often set empty ones.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = environment.safeParse(given);
  if (!result.success) {
    const lines = result.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      const field = environment.shape[name as keyof typeof environment.shape];
      return `  ${name} (${field?.description ?? 'unknown'}): ${issue.message}`;
    });
    throw new Error(`The configuration is missing or wrong:\n${lines.join('\n')}`);
  }
  const { INTROSPECTION, MEDIA_URL, ...rest } = result.data;
  return {
    ...rest,
    INTROSPECTION: INTROSPECTION ?? rest.NODE_ENV !== 'production',
    MEDIA_URL: (MEDIA_URL ?? `${rest.S3_ENDPOINT.replace(/\/$/, '')}/${rest.S3_BUCKET}`).replace(/\/$/, ''),
  };
}
