import { expect, test } from 'vitest';
import { loadConfig } from '../src/config.ts';

const NEEDED = {
  DATABASE_URL: 'postgresql://darkroom@localhost:5432/darkroom',
  REDIS_URL: 'redis://localhost:6379',
  S3_ENDPOINT: 'http://localhost:9000',
  S3_ACCESS_KEY_ID: 'key',
  S3_SECRET_ACCESS_KEY: 'secret',
  MAIL_URL: 'smtp://localhost:25',
};

/** The variables that the error of a configuration names, in order. */
function named(env: Record<string, string | undefined>): string[] {
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

test('what is needed is enough, and all else has a default', () => {
  expect(loadConfig(NEEDED)).toEqual({
    ...NEEDED,
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

test('all that is missing is named in one error', () => {
  expect(named({})).toEqual(Object.keys(NEEDED).sort());
  expect(() => loadConfig({})).toThrow(/DATABASE_URL \(PostgreSQL 15 or newer\)/);
});

test('all that is wrong is named in one error, together with what is missing', () => {
  const { REDIS_URL: _, ...rest } = NEEDED;
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
  expect(named({ ...rest, ...wrong })).toEqual([...Object.keys(wrong), 'REDIS_URL'].sort());
});

test.for(Object.keys(NEEDED).filter((name) => /URL|ENDPOINT/.test(name)))(
  '%s needs its scheme: a host and a port alone are an address of nothing',
  (name) => {
    expect(named({ ...NEEDED, [name]: 'localhost:5432/darkroom' })).toEqual([name]);
  },
);

test.for(['smtp://', 'smtps://user:100%@mail.example.org', 'file://folder/mail'])(
  'MAIL_URL=%s leads nowhere, which is found out at the start',
  (MAIL_URL) => {
    expect(named({ ...NEEDED, MAIL_URL })).toEqual(['MAIL_URL']);
  },
);

test.for(['smtp://localhost', 'smtps://user:100%25@mail.example.org:465', 'smtp://[::1]:2525', 'file:///var/mail'])(
  'MAIL_URL=%s leads somewhere',
  (MAIL_URL) => {
    expect(named({ ...NEEDED, MAIL_URL })).toEqual([]);
  },
);

test('a variable that is empty, or of undefined value, is one that was not set', () => {
  expect(loadConfig({ ...NEEDED, PORT: '', INTROSPECTION: '', MEDIA_URL: '', S3_BUCKET: undefined })).toEqual(
    loadConfig(NEEDED),
  );
  expect(named({ ...NEEDED, S3_SECRET_ACCESS_KEY: '' })).toEqual(['S3_SECRET_ACCESS_KEY']);
});

test('what is not a variable of Darkroom’s is left out', () => {
  expect(loadConfig({ ...NEEDED, HOME: '/root' })).not.toHaveProperty('HOME');
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
  const { TRUST_PROXY, INTROSPECTION } = loadConfig({ ...NEEDED, TRUST_PROXY: text, INTROSPECTION: text });
  expect([TRUST_PROXY, INTROSPECTION]).toEqual([value, value]);
});

test('introspection is off in production unless it is asked for', () => {
  const introspection = (env: Record<string, string>) => loadConfig({ ...NEEDED, ...env }).INTROSPECTION;
  expect(introspection({ NODE_ENV: 'production' })).toBe(false);
  expect(introspection({ NODE_ENV: 'production', INTROSPECTION: 'true' })).toBe(true);
  expect(introspection({ NODE_ENV: 'test', INTROSPECTION: 'false' })).toBe(false);
});

test('the public address of photos is the bucket’s, or the one that is given, without a slash at its end', () => {
  const media = (env: Record<string, string>) => loadConfig({ ...NEEDED, ...env }).MEDIA_URL;
  expect(media({ S3_ENDPOINT: 'https://s3.example.org/', S3_BUCKET: 'pictures' })).toBe(
    'https://s3.example.org/pictures',
  );
  expect(media({ MEDIA_URL: 'https://cdn.example.org/' })).toBe('https://cdn.example.org');
});

test('numbers are numbers', () => {
  const { PORT, SESSION_DAYS, FEED_PUSH_LIMIT } = loadConfig({
    ...NEEDED,
    PORT: '0',
    SESSION_DAYS: '1.5',
    FEED_PUSH_LIMIT: '0',
  });
  expect([PORT, SESSION_DAYS, FEED_PUSH_LIMIT]).toEqual([0, 1.5, 0]);
});
