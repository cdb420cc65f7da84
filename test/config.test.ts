import { expect, test } from 'vitest';
import { loadConfig } from '../src/config.ts';

const NEEDED = {
  DATABASE_URL: 'postgres://localhost/darkroom',
  REDIS_URL: 'redis://localhost',
  S3_ENDPOINT: 'https://s3.example.org/',
  S3_ACCESS_KEY_ID: 'key',
  S3_SECRET_ACCESS_KEY: 'secret',
};

test('all that is missing or wrong is told at once, with what it is for', () => {
  const load = () => loadConfig({ ...NEEDED, DATABASE_URL: '', PORT: '70000', LOG_LEVEL: 'loud' });
  expect(load).toThrow(/DATABASE_URL \(PostgreSQL 15 or newer\)/);
  expect(load).toThrow(/PORT \(port to listen on/);
  expect(load).toThrow(/LOG_LEVEL/);
  expect(load).not.toThrow(/REDIS_URL/);
});

test('what is left out has its default', () => {
  expect(loadConfig(NEEDED)).toMatchObject({
    PORT: 4000,
    FEED_PUSH_LIMIT: 10_000,
    S3_BUCKET: 'darkroom',
    MEDIA_URL: 'https://s3.example.org/darkroom',
    TRUST_PROXY: false,
    INTROSPECTION: true,
  });
});

test('introspection is off in production unless it is asked for', () => {
  expect(loadConfig({ ...NEEDED, NODE_ENV: 'production' }).INTROSPECTION).toBe(false);
  expect(loadConfig({ ...NEEDED, NODE_ENV: 'production', INTROSPECTION: 'true' }).INTROSPECTION).toBe(true);
});
