import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { FEWER_COLLECTIONS } from './test/support/node-options.ts';
import LongestFirst from './test/support/sequencer.ts';

const SUPPORT = fileURLToPath(new URL('test/support', import.meta.url));

/**
 * graphql-js leaves the error of a field unhandled when another one has made their parent null already. The answer is
 * right all the same.
 */
export function ignoreLateErrors(error: object): false | undefined {
  return 'name' in error && error.name === 'GraphQLError' && 'path' in error ? false : undefined;
}

export default defineConfig({
  // As Node resolves it: a schema made with one copy of the library is none to another.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: `${SUPPORT}/global-setup.ts`,
    reporters: ['default', `${SUPPORT}/summary-reporter.ts`],
    pool: 'forks',
    // On two cores: many tests wait most of their time, for jobs and for subscriptions.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // Each worker imports what the files share once. No file changes what another one imports.
    isolate: false,
    execArgv: [...FEWER_COLLECTIONS, '--import', `${SUPPORT}/worker-setup.ts`],
    testTimeout: 60_000,
    onUnhandledError: ignoreLateErrors,
    hookTimeout: 180_000,
  },
});
