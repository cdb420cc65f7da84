import { defineConfig } from 'vitest/config';

export default defineConfig({
  // As Node resolves it: a schema made with one copy of the library is none to another.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/global-setup.ts',
    setupFiles: 'test/support/worker-setup.ts',
    reporters: ['default', './test/support/summary-reporter.ts'],
    pool: 'forks',
    // The tests share one PostgreSQL, Redis and S3 on the machine that they run on: more at once are not faster.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 180_000,
  },
});
