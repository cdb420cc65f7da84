import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { jpegOfScans, nestedSvg } from '../test/support/images.ts';
import { newJpeg } from '../test/support/photos.ts';
import { newViewer } from './feed.ts';
import type { Verdict } from './measure.ts';
import { quantile, startOrdinaryClient } from './ordinary.ts';
import type { Noticed } from './ordinary-client.ts';
import { type MeasuredProcess, startServer, startWorker } from './processes.ts';

/** How often each file is sent, four at once; more often while the ordinary client has few answers. */
const ROUNDS = 3;
const AT_ONCE = 4;
/** The 99th percentile of fewer answers would be one of the slowest few. */
const MIN_ANSWERS = 600;
const ANSWERS_PER_SECOND = 20;
/** An accepted picture may take 0.92 GB beside what the process takes itself. */
const MAX_GIGABYTES = { refused: 1.2, accepted: 1.5 };
const READY_WITHIN_MS = 5_000;
const MAX_TIMES_QUIET = 2;
const WARM_UP_MS = 10_000;
const GIVE_UP_MS = 300_000;
const SAMPLE_MS = 25;
const POLL_MS = 50;

/** A file that costs much to decode. */
interface HostileFile {
  what: string;
  file: Buffer;
  contentType: string;
  isAccepted?: true;
}

/**
 * Publishes four at once of files that cost much to decode, three times over, beside an ordinary photo. Measures the
 * peak memory of the worker, the time from publishing the ordinary photo until it is READY, and how long an ordinary
 * client waits for the home feed, compared with how long it waits before and after, while nothing else happens.
 */
export async function benchHostileFiles(env: Record<string, string>): Promise<Verdict[]> {
  const files = new URL('../test/hostile/files/', import.meta.url);
  const read = (name: string) => readFile(new URL(name, files));
  const kinds: HostileFile[] = [
    { what: 'an AVIF of 100 megapixels', file: await read('100mp.avif'), contentType: 'image/avif' },
    { what: 'a JPEG of 5,000 scans', file: jpegOfScans(9_992, 10_000, 5_000), contentType: 'image/jpeg' },
    { what: 'an SVG sent as a JPEG', file: nestedSvg(30), contentType: 'image/jpeg' },
    {
      what: 'an AVIF of 50 megapixels, which becomes READY',
      file: await read('50mp.avif'),
      contentType: 'image/avif',
      isAccepted: true,
    },
  ];
  const ordinary = await newJpeg(4_000, 3_000);
  const verdicts: Verdict[] = [];
  const api = await startServer('../src/main.ts', ['api'], env);
  const reader = startOrdinaryClient({ url: api.url, token: await newViewer(api.url, env) });
  try {
    const [attacker, other] = [(await signUp(api.url)).send, (await signUp(api.url)).send];
    await reader.during(() => delay(WARM_UP_MS));
    for (const kind of kinds) {
      const worker = await startWorker(env);
      try {
        const quietFor = (MIN_ANSWERS / ANSWERS_PER_SECOND / 2) * 1_000;
        let costs = { peak: Number.NaN, slowest: Number.NaN };
        const before = await reader.during(() => delay(quietFor));
        const beside = await reader.during(async () => {
          costs = await measure(worker, attacker, other, ordinary, kind);
        });
        const after = await reader.during(() => delay(quietFor));
        verdicts.push(...judge(kind, costs), compare(kind.what, [before, after], beside));
      } finally {
        await worker.stop();
      }
    }
    return verdicts;
  } finally {
    reader.stop();
    await api.stop();
  }
}

async function measure(
  worker: MeasuredProcess,
  attacker: Client,
  other: Client,
  ordinary: Buffer,
  { file, contentType }: HostileFile,
) {
  let peak = 0;
  let slowest = 0;
  const stopping = new AbortController();
  const sampling = (async () => {
    while (!stopping.signal.aborted) {
      peak = Math.max(peak, (await worker.memory(false)).rss);
      await delay(SAMPLE_MS);
    }
  })();
  const until = performance.now() + (MIN_ANSWERS / ANSWERS_PER_SECOND) * 1_000;
  for (let round = 0; round < ROUNDS || performance.now() < until; round++) {
    const sent = await Promise.all(Array.from({ length: AT_ONCE }, () => publish(attacker, file, contentType)));
    const start = performance.now();
    await settled(other, (await publish(other, ordinary, 'image/jpeg')).photoId);
    slowest = Math.max(slowest, performance.now() - start);
    for (const { photoId } of sent) await settled(attacker, photoId);
  }
  stopping.abort();
  await sampling;
  return { peak, slowest };
}

function judge({ what, isAccepted }: HostileFile, { peak, slowest }: { peak: number; slowest: number }): Verdict[] {
  const maxGigabytes = MAX_GIGABYTES[isAccepted ? 'accepted' : 'refused'];
  return [
    {
      claim: `${what}: the worker's peak memory below ${maxGigabytes} GB`,
      figure: `${Math.round(peak / 1e6).toLocaleString('en')} MB`,
      met: peak < maxGigabytes * 1e9,
    },
    {
      claim: `${what}: an ordinary photo READY within 5 s`,
      figure: `${Math.round(slowest)} ms`,
      met: slowest < READY_WITHIN_MS,
    },
  ];
}

/** Compares an ordinary client's latencies beside the files with those of quiet times. */
function compare(what: string, quietTimes: Noticed[], beside: Noticed): Verdict {
  const quiet = quietTimes.flatMap(({ latencies }) => latencies);
  const [quietP99, p99] = [quantile(quiet, 0.99), quantile(beside.latencies, 0.99)];
  const failures = [...quietTimes, beside].filter((noticed) => noticed.failures > 0);
  for (const { failure } of failures) console.log(`  ${what}: the home feed: ${failure}`);
  return {
    claim: `${what}: the home feed's p99 at most ${MAX_TIMES_QUIET} × quiet, and no failure`,
    figure:
      `${p99.toFixed(1)} / ${quietP99.toFixed(1)} ms = ${(p99 / quietP99).toFixed(2)} ×, ` +
      `median ${quantile(beside.latencies, 0.5).toFixed(1)} / ${quantile(quiet, 0.5).toFixed(1)} ms, ` +
      `of ${beside.latencies.length} / ${quiet.length}`,
    met: p99 <= MAX_TIMES_QUIET * quietP99 && failures.length === 0,
  };
}

/** Sends an operation in the session of a person. @throws Error with the errors of the response */
type Client = <T>(query: string, variables?: object) => Promise<T>;

function client(url: string, token?: string): Client {
  return async <T>(query: string, variables: object = {}) => {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(GIVE_UP_MS),
    });
    const { data, errors } = (await response.json()) as { data: T; errors?: unknown };
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
}

/** Signs up a person. @returns their session's token and their username, and what sends operations in this session */
export async function signUp(url: string): Promise<{ send: Client; token: string; username: string }> {
  const username = `person.${randomBytes(6).toString('hex')}`;
  const input = { username, email: `${username}@example.org`, password: `secret ${username}`, displayName: 'Person' };
  const query = 'mutation ($input: SignUpInput!) { signUp(input: $input) { token userErrors { message } } }';
  const { signUp: account } = await client(url)<{ signUp: { token: string } }>(query, { input });
  return { send: client(url, account.token), token: account.token, username };
}

/** Uploads a file, asks where it was taken, and publishes it as a photo. @returns their global ids */
export async function publish(
  send: Client,
  file: Buffer,
  contentType: string,
): Promise<{ uploadId: string; photoId: string }> {
  const sha256 = createHash('sha256').update(file).digest('hex');
  const { createUpload } = await send<{
    createUpload: { upload: { id: string; url: string; headers: { name: string; value: string }[] } };
  }>(
    `mutation ($input: CreateUploadInput!) {
      createUpload(input: $input) { upload { id url headers { name value } } userErrors { message } }
    }`,
    { input: { contentType, byteSize: file.length, sha256 } },
  );
  const { id, url, headers } = createUpload.upload;
  const response = await fetch(url, {
    method: 'PUT',
    headers: headers.map(({ name, value }): [string, string] => [name, value]),
    body: new Uint8Array(file),
    signal: AbortSignal.timeout(GIVE_UP_MS),
  });
  if (!response.ok) throw new Error(`The store refused the file: ${response.status}`);
  const query = 'query ($id: ID!) { node(id: $id) { ... on Upload { suggestedLocation { latitude longitude } } } }';
  await send(query, { id });
  const { publishPhoto } = await send<{ publishPhoto: { photo: { id: string } } }>(
    `mutation ($id: ID!) {
      publishPhoto(input: { uploadId: $id, caption: "" }) { photo { id } userErrors { message } }
    }`,
    { id },
  );
  return { uploadId: id, photoId: publishPhoto.photo.id };
}

/** Waits until a photo is READY or FAILED. */
async function settled(send: Client, id: string): Promise<void> {
  const deadline = performance.now() + GIVE_UP_MS;
  while (performance.now() < deadline) {
    const { node } = await send<{ node: { status: string } }>(
      'query ($id: ID!) { node(id: $id) { ... on Photo { status } } }',
      { id },
    );
    if (node.status !== 'PROCESSING') return;
    await delay(POLL_MS);
  }
  throw new Error('The photo is still PROCESSING.');
}
