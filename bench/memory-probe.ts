/** Runs within each process that is measured, before its own code: tells its memory when it is asked, after collecting garbage if that is wished. */
process.on('message', ({ collect }: { collect: boolean }) => {
  // Twice: what has a finalizer goes only with the second.
  if (collect) for (let round = 0; round < 2; round++) globalThis.gc?.();
  process.send?.(process.memoryUsage());
});
// A server does not outlive the bench that started it.
process.on('disconnect', () => process.exit(1));
