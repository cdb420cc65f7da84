import { defineConfig } from 'vitest/config';
import config, { ignoreLateErrors } from './vitest.config.ts';

/** `npm run test:unit`: the tests that need no server. `npm test` runs them too. */
export default defineConfig({
  ...config,
  test: {
    include: ['test/**/*.unit.test.ts'],
    reporters: ['default', './test/support/summary-reporter.ts'],
    testTimeout: 60_000,
    onUnhandledError: ignoreLateErrors,
    isolate: false,
  },
});
