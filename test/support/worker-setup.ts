// vitest's workers outlive its main process when that is killed: they would test on, against servers that are gone.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
