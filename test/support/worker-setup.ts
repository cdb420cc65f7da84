/** Runs when one of vitest's workers starts. */
// A worker outlives vitest's main process when that is killed: it would test on, against servers that are gone.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
