import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { jpegOfScans, nestedSvg } from '../test/support/images.ts';
import { newJpeg } from '../test/support/photos.ts';
import { newViewer } from './feed.ts';
import { quantile, type Verdict } from './measure.ts';
import { type OrdinaryClient, startOrdinaryClient } from './ordinary.ts';
import type { Noticed } from './ordinary-client.ts';
import { lowerPriority } from './priority.ts';
import { type MeasuredProcess, startServer, startWorker } from './processes.ts';

/** Each turn sends a file so often, four at once. As long a quiet time follows. */
const TIMES_OVER = 3;
const AT_ONCE = 4;
/** The 99th percentile of fewer answers would be one of the slowest few. */
const MIN_ANSWERS = 600;
const MAX_GIGABYTES = 1.2;
const READY_WITHIN_MS = 5_000;
const MAX_TIMES_QUIET = 2;
const WARM_UPS = 5;
const SETTLE_MS = 1_000;
const GIVE_UP_MS = 300_000;
const SAMPLE_MS = 25;
const POLL_MS = 50;

/** A file that costs much to decode. */
interface HostileFile {
  what: string;
  file: Buffer;
  contentType: string;
}

/**
 * Publishes four at once of files that cost much to decode, three times over, beside an ordinary photo. Measures the
 * peak memory of the worker, the time from publishing the ordinary photo until it is READY, and how long an ordinary
 * client waits for the home feed, compared with how long it waits in between, while nothing else happens.
 */
export async function benchHostileFiles(env: Record<string, string>): Promise<Verdict[]> {
  const files = new URL('../test/hostile/files/', import.meta.url);
  const read = (name: string) => readFile(new URL(name, files));
  const ordinary = await newJpeg(4_000, 3_000);
  const kinds: HostileFile[] = [
    { what: 'an AVIF of 100 megapixels', file: await read('100mp.avif'), contentType: 'image/avif' },
    { what: 'a JPEG of 5,000 scans', file: jpegOfScans(9_992, 10_000, 5_000), contentType: 'image/jpeg' },
    { what: 'an SVG sent as a JPEG', file: nestedSvg(30), contentType: 'image/jpeg' },
    {
      what: 'an AVIF of 50 megapixels, which becomes READY',
      file: await read('50mp.avif'),
      contentType: 'image/avif',
    },
  ];
  const verdicts: Verdict[] = [];
  const api = await startServer('../src/main.ts', ['api'], env);
  const worker = await startWorker(env);
  const reader = startOrdinaryClient({ url: api.url, token: await newViewer(api.url, env) });
  // This process is the attackers and the S3 server, which would have machines of their own. What it starts from now on
  // would have its priority.
  lowerPriority();
  try {
    const [attacker, other] = [(await signUp(api.url)).send, (await signUp(api.url)).send];
    // What publishing costs the api by itself; the first one also warms everything up.
    const control: HostileFile = { what: 'an ordinary photo', file: ordinary, contentType: 'image/jpeg' };
    for (const kind of [control, ...kinds]) {
      const publishAll = () => publishAtOnce(kind, attacker, ordinary, other);
      const { peak, slowest, quiet, beside } = await measure(worker, reader, publishAll);
      const comparison = compare(kind, quiet, beside);
      if (kind === control) console.log(`  for comparison, four at once of ${kind.what}: ${comparison.figure}`);
      else verdicts.push(...judge(kind, peak, slowest), comparison);
    }
    return verdicts;
  } finally {
    reader.stop();
    await Promise.all([worker.stop(), api.stop()]);
  }
}

/**
 * Alternates between publishing and quiet times that are as long, so that other load on the machine affects both alike.
 *
 * @param publishAll publishes once; returns the time until the ordinary photo was READY, in milliseconds
 */
async function measure(worker: MeasuredProcess, reader: OrdinaryClient, publishAll: () => Promise<number>) {
  const measuring = new AbortController();
  const peak = peakMemory(worker, measuring.signal);
  const quiet: Noticed[] = [];
  const beside: Noticed[] = [];
  let slowest = 0;
  // The first reads of the feed are slow as well.
  await reader.during(async () => {
    for (let time = 0; time < WARM_UPS; time++) await publishAll();
  });
  while (answers(beside) < MIN_ANSWERS) {
    const start = performance.now();
    const noticed = await reader.during(async () => {
      for (let time = 0; time < TIMES_OVER; time++) slowest = Math.max(slowest, await publishAll());
    });
    beside.push(noticed);
    const took = performance.now() - start;
    // Jobs that follow, such as the deletion of the files, belong to neither.
    await delay(SETTLE_MS);
    quiet.push(await reader.during(() => delay(took)));
  }
  measuring.abort();
  return { peak: await peak, slowest, quiet, beside };
}

const answers = (times: readonly Noticed[]) => times.reduce((sum, { latencies }) => sum + latencies.length, 0);

/** The most memory that a process takes until the signal, in bytes. */
async function peakMemory(worker: MeasuredProcess, signal: AbortSignal): Promise<number> {
  let peak = 0;
  while (!signal.aborted) {
    peak = Math.max(peak, (await worker.memory(false)).rss);
    await delay(SAMPLE_MS);
  }
  return peak;
}

/** Publishes hostile files and an ordinary photo. @returns the time until the photo was READY, in milliseconds */
async function publishAtOnce(
  { file, contentType }: HostileFile,
  attacker: Client,
  photo: Buffer,
  owner: Client,
): Promise<number> {
  const sent = await Promise.all(Array.from({ length: AT_ONCE }, () => publish(attacker, file, contentType)));
  const start = performance.now();
  await settled(owner, (await publish(owner, photo, 'image/jpeg')).photoId);
  const took = performance.now() - start;
  for (const { photoId } of sent) await settled(attacker, photoId);
  return took;
}

function judge({ what }: HostileFile, peak: number, slowest: number): Verdict[] {
  return [
    {
      claim: `${what}: the worker's peak memory below ${MAX_GIGABYTES} GB`,
      figure: `${Math.round(peak / 1e6).toLocaleString('en')} MB`,
      met: peak < MAX_GIGABYTES * 1e9,
    },
    {
      claim: `${what}: an ordinary photo READY within 5 s`,
      figure: `${Math.round(slowest)} ms`,
      met: slowest < READY_WITHIN_MS,
    },
  ];
}

/** Compares an ordinary client's latencies beside the files with those of quiet times. */
function compare({ what }: HostileFile, quiet: Noticed[], beside: Noticed[]): Verdict {
  const failures = [...quiet, ...beside].filter((noticed) => noticed.failures > 0);
  for (const { failure } of failures) console.log(`  ${what}: the home feed: ${failure}`);
  const [quietLatencies, latencies] = [quiet, beside].map((times) => times.flatMap((noticed) => noticed.latencies));
  const describe = (part: number) =>
    [quantile(latencies ?? [], part), quantile(quietLatencies ?? [], part)].map((ms) => ms.toFixed(1)).join(' / ');
  const ratio = quantile(latencies ?? [], 0.99) / quantile(quietLatencies ?? [], 0.99);
  return {
    claim: `${what}: the home feed's p99 at most ${MAX_TIMES_QUIET} × quiet, and no failure`,
    figure: `${ratio.toFixed(2)} × (${describe(0.99)} ms; median ${describe(0.5)} ms), ${beside.length} turns`,
    met: ratio <= MAX_TIMES_QUIET && failures.length === 0,
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
