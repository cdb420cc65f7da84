import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const SUPPORT = fileURLToPath(new URL('test/support', import.meta.url));

export default defineConfig({
  // As Node resolves it: a schema made with one copy of the library is none to another.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: `${SUPPORT}/global-setup.ts`,
    reporters: ['default', `${SUPPORT}/summary-reporter.ts`],
    pool: 'forks',
    // The tests share one PostgreSQL, Redis and S3 on the machine that they run on: more at once are not faster.
    maxWorkers: 2,
    // Each worker imports what the files share once. No file changes what another one imports.
    isolate: false,
    execArgv: ['--import', `${SUPPORT}/worker-setup.ts`],
    testTimeout: 60_000,
    hookTimeout: 180_000,
  },
});
