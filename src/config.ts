import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const boolean = z.stringbool();

function url(...schemes: string[]) {
  const begins = schemes.map((scheme) => `${scheme}://`).join(' or ');
  // To a parser of URLs, localhost:5432 is one whose scheme is localhost.
  return z.url({
    protocol: new RegExp(`^(${schemes.join('|')})$`),
    error: `must be a URL that begins with ${begins}`,
    abort: true,
  });
}

/** Whether a URL for mail names a server or a folder, and its user and password can be read. */
function leadsToMail(address: string): boolean {
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
  NODE_ENV: z.string().default('development').describe('`production` turns introspection and the Sandbox off'),
  HOST: z.string().default('0.0.0.0').describe('address to listen on'),
  PORT: z.coerce.number().int().min(0).max(65535).default(4000).describe('port to listen on; 0 takes any free one'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('the least serious log line to print'),
  DATABASE_URL: url('postgres', 'postgresql').describe('PostgreSQL 15 or newer'),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).default(20).describe('connections to PostgreSQL per process'),
  REDIS_URL: url('redis', 'rediss').describe('Redis 7 or newer, or Valkey'),
  S3_ENDPOINT: url('http', 'https').describe('the S3 service'),
  S3_REGION: z.string().default('us-east-1').describe('its region'),
  S3_ACCESS_KEY_ID: z.string().min(1).describe('its key'),
  S3_SECRET_ACCESS_KEY: z.string().min(1).describe("its key's secret"),
  S3_BUCKET: z.string().min(3).default('darkroom').describe('the bucket for uploads and photos'),
  MEDIA_URL: url('http', 'https')
    .optional()
    .describe("where the bucket's `media/` folder is public, without `/media`: the CDN; the bucket itself by default"),
  PRIVATE_URL_MINUTES: z.coerce
    .number()
    .min(1)
    .max(7 * 24 * 60)
    .default(60)
    .describe('minutes for which the URL of a photo of a private account works'),
  MAIL_URL: url('smtp', 'smtps', 'file')
    .refine(leadsToMail, 'must name a host (a % in its password is written %25), or a folder as file:///folder')
    .describe('the SMTP server for mail, or `file:` and a folder to write it to'),
  MAIL_FROM: z.string().min(3).default('Darkroom <darkroom@localhost>').describe('the sender of mail'),
  APP_URL: url('http', 'https')
    .default('http://localhost:3000')
    .transform((address) => address.replace(/\/$/, ''))
    .describe('the client app, to which links in mails lead'),
  INTROSPECTION: boolean
    .optional()
    .describe('whether the schema and the Sandbox are shown; yes by default outside production'),
  CORS_ORIGIN: z.string().default('*').describe('which web origins may call: `*`, or origins parted by commas'),
  TRUST_PROXY: boolean
    .default(false)
    .describe("whether X-Forwarded-For tells the client's address: only behind a proxy that sets it"),
  SESSION_DAYS: z.coerce.number().min(1).max(365).default(30).describe('days without use after which a session ends'),
  CONNECTIONS_PER_VIEWER: z.coerce
    .number()
    .int()
    .min(1)
    .default(50)
    .describe('connections for subscriptions that one person may have open to one process'),
  CONNECTIONS_PER_ADDRESS: z.coerce
    .number()
    .int()
    .min(1)
    .default(1_000)
    .describe('such connections from one network address to one process'),
  FEED_PUSH_LIMIT: z.coerce
    .number()
    .int()
    .min(0)
    .default(10_000)
    .describe('followers above which photos are merged at reading instead of pushed at publishing'),
  UPLOAD_MAX_BYTES: z.coerce.number().int().min(1).default(30_000_000).describe('largest file, in bytes'),
  UPLOAD_MINUTES: z.coerce
    .number()
    .positive()
    .default(60)
    .describe('minutes in which an upload can be sent and published'),
  PHOTO_MAX_PIXELS: z.coerce.number().int().min(1).default(100_000_000).describe('most pixels of a photo'),
  WORKER_CONCURRENCY: z.coerce.number().int().min(1).default(4).describe('jobs at a time in one worker process'),
});

/** What the environment says, checked and with defaults. */
export type Config = Omit<z.output<typeof environment>, 'INTROSPECTION' | 'MEDIA_URL'> & {
  INTROSPECTION: boolean;
  MEDIA_URL: string;
};

/**
 * Reads the configuration.
 *
 * @param env the variables, by default those of the process
 * @throws Error that names every variable that is missing or wrong, and what it must be
 */
export function loadConfig(env: Record<string, string | undefined> = process.env): Config {
  // An empty variable is one that was not set: compose files and shells write it so.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = environment.safeParse(given);
  if (!result.success) {
    const lines = result.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      const field = environment.shape[name as keyof typeof environment.shape];
      return `  ${name} (${field?.description ?? 'unknown'}): ${issue.message}`;
    });
    throw new Error(`The configuration is incomplete:\n${lines.join('\n')}`);
  }
  const { INTROSPECTION, MEDIA_URL, ...rest } = result.data;
  return {
    ...rest,
    INTROSPECTION: INTROSPECTION ?? rest.NODE_ENV !== 'production',
    MEDIA_URL: (MEDIA_URL ?? `${rest.S3_ENDPOINT.replace(/\/$/, '')}/${rest.S3_BUCKET}`).replace(/\/$/, ''),
  };
}
