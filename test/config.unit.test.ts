import { expect, test } from 'vitest';
import { loadConfig } from '../src/config.ts';

const REQUIRED = {
  DATABASE_URL: 'postgresql://darkroom@localhost:5432/darkroom',
  REDIS_URL: 'redis://localhost:6379',
  S3_ENDPOINT: 'http://localhost:9000',
  S3_ACCESS_KEY_ID: 'key',
  S3_SECRET_ACCESS_KEY: 'secret',
  MAIL_URL: 'smtp://localhost:25',
};

/** The variables that the error for a configuration names, sorted. */
function rejected(env: Record<string, string | undefined>): string[] {
  try {
    loadConfig(env);
  } catch (error) {
    const lines = (error as Error).message.split('\n').slice(1);
    // Each line says what the variable is for, and what is wrong with it.
    for (const line of lines) expect(line).toMatch(/^ {2}[A-Z0-9_]+ \(.{5,}\): .{5,}$/);
    return lines.map((line) => line.trim().split(' ')[0] ?? '').sort();
  }
  return [];
}

test('every variable that is not required has a default', () => {
  expect(loadConfig(REQUIRED)).toEqual({
    ...REQUIRED,
    NODE_ENV: 'development',
    HOST: '0.0.0.0',
    PORT: 4000,
    LOG_LEVEL: 'info',
    DATABASE_POOL_SIZE: 20,
    S3_REGION: 'us-east-1',
    S3_BUCKET: 'darkroom',
    MEDIA_URL: 'http://localhost:9000/darkroom',
    INTROSPECTION: true,
    CORS_ORIGIN: '*',
    TRUST_PROXY: false,
    SESSION_DAYS: 30,
    FEED_PUSH_LIMIT: 10_000,
    CONNECTIONS_PER_VIEWER: 50,
    CONNECTIONS_PER_ADDRESS: 1_000,
    UPLOAD_MAX_BYTES: 30_000_000,
    UPLOAD_MINUTES: 60,
    PRIVATE_URL_MINUTES: 60,
    MAIL_FROM: 'Darkroom <darkroom@localhost>',
    APP_URL: 'http://localhost:3000',
    PHOTO_MAX_PIXELS: 100_000_000,
    WORKER_CONCURRENCY: 4,
  });
});

test('one error names all missing variables', () => {
  expect(rejected({})).toEqual(Object.keys(REQUIRED).sort());
  expect(() => loadConfig({})).toThrow(/DATABASE_URL \(PostgreSQL 15 or newer\)/);
});

test('one error names all wrong variables together with the missing ones', () => {
  const { REDIS_URL: _, ...rest } = REQUIRED;
  const wrong = {
    PORT: '65536',
    LOG_LEVEL: 'loud',
    DATABASE_POOL_SIZE: '1',
    DATABASE_URL: 'nonsense',
    S3_BUCKET: 'x',
    MEDIA_URL: 'cdn',
    INTROSPECTION: 'perhaps',
    TRUST_PROXY: '2',
    SESSION_DAYS: 'many',
    FEED_PUSH_LIMIT: '-1',
    CONNECTIONS_PER_VIEWER: '0',
    CONNECTIONS_PER_ADDRESS: 'none',
    UPLOAD_MAX_BYTES: '1.5',
    UPLOAD_MINUTES: '0',
    PHOTO_MAX_PIXELS: '0',
    WORKER_CONCURRENCY: 'Infinity',
  };
  expect(rejected({ ...rest, ...wrong })).toEqual([...Object.keys(wrong), 'REDIS_URL'].sort());
});

test.for(Object.keys(REQUIRED).filter((name) => /URL|ENDPOINT/.test(name)))(
  '%s needs a scheme: a host and a port alone are no URL',
  (name) => {
    expect(rejected({ ...REQUIRED, [name]: 'localhost:5432/darkroom' })).toEqual([name]);
  },
);

test.for(['smtp://', 'smtps://user:100%@mail.example.org', 'file://folder/mail'])(
  'MAIL_URL=%s names no server and no folder, and is refused at the start',
  (MAIL_URL) => {
    expect(rejected({ ...REQUIRED, MAIL_URL })).toEqual(['MAIL_URL']);
  },
);

test.for(['smtp://localhost', 'smtps://user:100%25@mail.example.org:465', 'smtp://[::1]:2525', 'file:///var/mail'])(
  'MAIL_URL=%s names a server or a folder',
  (MAIL_URL) => {
    expect(rejected({ ...REQUIRED, MAIL_URL })).toEqual([]);
  },
);

test('an empty or undefined variable counts as missing', () => {
  expect(loadConfig({ ...REQUIRED, PORT: '', INTROSPECTION: '', MEDIA_URL: '', S3_BUCKET: undefined })).toEqual(
    loadConfig(REQUIRED),
  );
  expect(rejected({ ...REQUIRED, S3_SECRET_ACCESS_KEY: '' })).toEqual(['S3_SECRET_ACCESS_KEY']);
});

test('other variables of the environment are ignored', () => {
  expect(loadConfig({ ...REQUIRED, HOME: '/root' })).not.toHaveProperty('HOME');
});

test.for([
  ['true', true],
  ['1', true],
  ['yes', true],
  ['on', true],
  ['TRUE', true],
  ['false', false],
  ['0', false],
  ['no', false],
  ['off', false],
] as const)('"%s" is %s', ([text, value]) => {
  const { TRUST_PROXY, INTROSPECTION } = loadConfig({ ...REQUIRED, TRUST_PROXY: text, INTROSPECTION: text });
  expect([TRUST_PROXY, INTROSPECTION]).toEqual([value, value]);
});

test('introspection is off in production unless it is enabled', () => {
  const introspection = (env: Record<string, string>) => loadConfig({ ...REQUIRED, ...env }).INTROSPECTION;
  expect(introspection({ NODE_ENV: 'production' })).toBe(false);
  expect(introspection({ NODE_ENV: 'production', INTROSPECTION: 'true' })).toBe(true);
  expect(introspection({ NODE_ENV: 'test', INTROSPECTION: 'false' })).toBe(false);
});

test('the public URL of photos is the bucket’s or MEDIA_URL, without a trailing slash', () => {
  const media = (env: Record<string, string>) => loadConfig({ ...REQUIRED, ...env }).MEDIA_URL;
  expect(media({ S3_ENDPOINT: 'https://s3.example.org/', S3_BUCKET: 'pictures' })).toBe(
    'https://s3.example.org/pictures',
  );
  expect(media({ MEDIA_URL: 'https://cdn.example.org/' })).toBe('https://cdn.example.org');
});

test('numbers are converted, also zero and fractions', () => {
  const { PORT, SESSION_DAYS, FEED_PUSH_LIMIT } = loadConfig({
    ...REQUIRED,
    PORT: '0',
    SESSION_DAYS: '1.5',
    FEED_PUSH_LIMIT: '0',
  });
  expect([PORT, SESSION_DAYS, FEED_PUSH_LIMIT]).toEqual([0, 1.5, 0]);
});
