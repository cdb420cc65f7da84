/**
 * Runs in each measured process before its code. Answers each message with the memory usage, after a GC if requested.
 */
process.on('message', ({ collect }: { collect: boolean }) => {
  // Twice: only the second collection frees objects with finalizers.
  if (collect) for (let round = 0; round < 2; round++) globalThis.gc?.();
  process.send?.(process.memoryUsage());
});
// The process must not outlive the benchmark that started it.
process.on('disconnect', () => process.exit(1));
