/** Runs all benchmarks, `npm run bench`, or some of them, `npm run bench -- feed fanout`. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../prisma/migrate.ts';
import { startStack } from '../src/local/stack.ts';
import { benchFanOut } from './fanout.ts';
import { benchFeed } from './feed.ts';
import { benchHostile } from './hostile.ts';
import { benchHostileFiles } from './hostile-files.ts';
import { benchLive } from './live.ts';
import type { Verdict } from './measure.ts';
import { benchNear } from './near.ts';

const PARTS: Record<string, (env: Record<string, string>) => Promise<Verdict[]>> = {
  feed: benchFeed,
  fanout: benchFanOut,
  live: benchLive,
  near: benchNear,
  hostile: benchHostile,
  // The last one, because it lowers the priority of this process.
  'hostile-files': benchHostileFiles,
};

const chosen = process.argv.slice(2);
const unknown = chosen.filter((part) => !(part in PARTS));
if (unknown.length > 0) {
  console.error(`Unknown benchmark: ${unknown.join(', ')}. There are ${Object.keys(PARTS).join(', ')}.`);
  process.exit(2);
}

console.log(`${availableParallelism()} × ${cpus()[0]?.model}, Node ${process.version}`);
let missed = 0;
for (const [name, part] of Object.entries(PARTS)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  console.log(`\n${name}`);
  // Each part has its own stores, in a folder that PostgreSQL's user can enter.
  const dataDir = await mkdtemp(join(tmpdir(), 'darkroom-bench-'));
  await chmod(dataDir, 0o711);
  const stack = await startStack({ dataDir, external: {}, ports: 'free', log: console.log });
  const cleanUp = async () => {
    await stack.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  // The stores run in their own process group, so Ctrl-C alone would leave them running, with gigabytes of data.
  const onSignal = () => {
    // Whatever is still running fails when the stores stop.
    process.on('uncaughtException', () => {});
    void cleanUp().finally(() => process.exit(130));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    await migrate(stack.env.DATABASE_URL ?? '');
    for (const { claim, figure, met } of await part(stack.env)) {
      console.log(`  ${met ? 'met   ' : 'MISSED'}  ${claim}: ${figure}`);
      if (!met) missed++;
    }
  } finally {
    await cleanUp();
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
process.exit(missed > 0 ? 1 : 0);
