import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/** The closing line of a run: `12 passed, 0 failed`. */
export function summaryLine(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): string {
  let passed = 0;
  // An error outside every test fails the run just the same, so it counts as one.
  let failed = unhandledErrors.length;
  for (const module of modules) {
    const states = [...module.children.allTests()].map((test) => test.result().state);
    const failures = states.filter((state) => state === 'failed').length;
    passed += states.filter((state) => state === 'passed').length;
    // A file that fails before its first test, or in a hook, has no failed test to count.
    failed += failures === 0 && module.state() === 'failed' ? 1 : failures;
  }
  return `${passed} passed, ${failed} failed`;
}

/** Prints how many tests passed and failed as the very last line of the run, alone on it, for CI to read. */
export default class SummaryReporter implements Reporter {
  #line: string | undefined;

  onInit(): void {
    // At exit, so that it comes after what stopping the servers prints.
    process.once('exit', () => {
      if (this.#line) console.log(this.#line);
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    this.#line = summaryLine(modules, unhandledErrors);
  }
}
