import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { loadConfig } from '../src/config.ts';
import { openStores } from '../src/stores/stores.ts';
import { newJpeg } from '../test/support/photos.ts';
import { newViewer } from './feed.ts';
import type { Order } from './hostile-attacker.ts';
import { ATTACKS, type Prey } from './hostile-attacks.ts';
import { publish, signUp } from './hostile-files.ts';
import { median, quantile, type Verdict } from './measure.ts';
import { type OrdinaryClient, startOrdinaryClient } from './ordinary.ts';
import type { Noticed } from './ordinary-client.ts';
import { type MeasuredServer, startServer } from './processes.ts';

const QUIET_SECONDS = 15;
const ATTACK_SECONDS = Number(process.env.BENCH_SECONDS ?? 15);
const SAMPLE_EVERY_MS = 250;
const MAX_P99_MS = 250;
const MAX_TIMES_QUIET = 10;
/** How much larger the memory may be in the last quarter of an attack than in the third. */
const MAX_GROWTH = 1.1;

/**
 * Attacks an api process with 8 connections at full speed, and measures beside that what an ordinary client notices who
 * reads the home feed 20 times in a second. The process has a heap of 512 MB.
 */
export async function benchHostile(env: Record<string, string>): Promise<Verdict[]> {
  const api = await startServer('../src/main.ts', ['api'], {
    ...env,
    NODE_OPTIONS: '--max-old-space-size=512',
    // Some attacks come from many addresses.
    TRUST_PROXY: 'true',
  });
  const reader = startOrdinaryClient({ url: api.url, token: await newViewer(api.url, env) });
  try {
    const prey = await newPrey(api.url, env);
    await observe(api, reader, QUIET_SECONDS);
    const quiet = await observe(api, reader, QUIET_SECONDS);
    print('nothing', quiet, '');
    const verdicts: Verdict[] = [];
    for (const [index, { what, over }] of ATTACKS.entries()) {
      const name = `${what} (${over})`;
      if (!new RegExp(process.env.BENCH_ATTACKS ?? '').test(name)) continue;
      const attacker = fork(fileURLToPath(new URL('hostile-attacker.ts', import.meta.url)));
      attacker.send({ url: api.url, prey, attack: index } satisfies Order);
      const seen = await observe(api, reader, ATTACK_SECONDS);
      attacker.send('stop');
      const [{ sent, answers }] = (await once(attacker, 'message')) as [{ sent: number; answers: object }];
      print(name, seen, `${Math.round(sent / ATTACK_SECONDS)}/s ${JSON.stringify(answers)}`);
      verdicts.push(...judge(name, seen, quiet));
      await delay(2_000);
    }
    return verdicts;
  } finally {
    reader.stop();
    await api.stop();
  }
}

/** Signs up the attacker, and adds a person with 100 photos that have 100 likes and 100 comments each. */
async function newPrey(url: string, env: Record<string, string>): Promise<Prey> {
  const { send, token } = await signUp(url);
  const { uploadId, photoId } = await publish(send, await newJpeg(4_000, 3_000), 'image/jpeg');
  const { db, close } = await openStores(loadConfig(env), pino({ level: 'warn' }));
  await db.$executeRaw`
    insert into users (username, email, display_name, password_hash)
    select 'crowd' || number, 'crowd' || number || '@example.org', 'Crowd ' || number, ''
    from generate_series(1, 100) number`;
  await db.$executeRaw`
    insert into photos (
      id, owner_id, caption, status, media_key, published_id, width, height, thumbhash, like_count, comment_count
    )
    select next_id(id), id, 'Crowded', 'READY', md5(random()::text), next_id(id), 1600, 1200,
      decode('93090b0a8a7b77a8b87b78a5f0', 'hex'), 100, 100
    from generate_series(1, 100) number cross join users where username = 'crowd1'`;
  await db.$executeRaw`
    insert into likes (photo_id, user_id, id)
    select photo.id, person.id, next_id(person.id)
    from photos photo cross join users person where caption = 'Crowded' and username like 'crowd%'`;
  await db.$executeRaw`
    insert into comments (id, photo_id, author_id, text)
    select next_id(person.id), photo.id, person.id, 'A comment'
    from photos photo cross join users person where caption = 'Crowded' and username like 'crowd%'`;
  await close();
  return { token, uploadId, photoId, username: 'crowd1' };
}

/** What the ordinary client noticed, and how much memory the process took. */
interface Observed extends Noticed {
  /** The process's resident memory over time, in bytes. */
  memory: number[];
}

async function observe(api: MeasuredServer, reader: OrdinaryClient, seconds: number): Promise<Observed> {
  const memory: number[] = [];
  const noticed = await reader.during(async () => {
    const end = performance.now() + seconds * 1_000;
    while (performance.now() < end) {
      memory.push((await api.memory(false)).rss);
      await delay(SAMPLE_EVERY_MS);
    }
  });
  return { ...noticed, memory };
}

const p99 = ({ latencies }: Observed) => quantile(latencies, 0.99);

/** How much larger the memory was in the last quarter than in the third. */
function growth({ memory }: Observed): number {
  const quarter = Math.floor(memory.length / 4);
  const mean = (from: number, to?: number) => {
    const part = memory.slice(from, to);
    return part.reduce((sum, bytes) => sum + bytes, 0) / part.length;
  };
  return mean(-quarter) / mean(-2 * quarter, -quarter);
}

function print(name: string, seen: Observed, attacker: string): void {
  const megabytes = Math.max(...seen.memory) / 1e6;
  const failed = seen.failures > 0 ? `${seen.failures} FAILED: ${seen.failure} ` : '';
  const latencies = `${median(seen.latencies).toFixed(1)} / ${p99(seen).toFixed(1)} ms`;
  const memory = `${megabytes.toFixed(0)} MB (${growth(seen).toFixed(2)} x)`;
  console.log(`  ${name}: ${latencies}, ${memory} ${failed}${attacker}`);
}

function judge(name: string, seen: Observed, quiet: Observed): Verdict[] {
  const most = Math.min(MAX_P99_MS, MAX_TIMES_QUIET * p99(quiet));
  return [
    {
      claim: `${name}: the other client's p99 at most 250 ms and 10 x quiet, and no failure`,
      figure: `${p99(seen).toFixed(1)} ms, ${(p99(seen) / p99(quiet)).toFixed(1)} x, ${seen.failures} failures`,
      met: p99(seen) <= most && seen.failures === 0,
    },
    {
      claim: `${name}: the memory of the last quarter at most 1.1 x that of the third`,
      figure: `${growth(seen).toFixed(2)} x`,
      met: growth(seen) <= MAX_GROWTH,
    },
  ];
}
