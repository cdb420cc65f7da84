import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { jpegOfScans, nestedSvg } from '../test/support/images.ts';
import { newJpeg } from '../test/support/photos.ts';
import type { Verdict } from './measure.ts';
import { type MeasuredProcess, startServer, startWorker } from './processes.ts';

const ROUNDS = 3;
const AT_ONCE = 4;
/** An accepted picture may take 0.92 GB beside what the process takes itself. */
const MAX_GIGABYTES = { refused: 1.2, accepted: 1.5 };
const READY_WITHIN_MS = 5_000;
const GIVE_UP_MS = 300_000;
const SAMPLE_MS = 25;
const POLL_MS = 50;

/**
 * Publishes four at once of files that cost much to decode, three times over, beside an ordinary photo. Measures the
 * peak memory of the worker and the time from publishing the ordinary photo until it is READY.
 */
export async function benchHostileFiles(env: Record<string, string>): Promise<Verdict[]> {
  const files = new URL('../test/hostile/files/', import.meta.url);
  const kinds: [what: string, file: Buffer, contentType: string, isAccepted?: true][] = [
    ['an AVIF of 100 megapixels', await readFile(new URL('100mp.avif', files)), 'image/avif'],
    ['a JPEG of 5,000 scans', jpegOfScans(9_992, 10_000, 5_000), 'image/jpeg'],
    ['an SVG sent as a JPEG', nestedSvg(30), 'image/jpeg'],
    ['an AVIF of 50 megapixels, which becomes READY', await readFile(new URL('50mp.avif', files)), 'image/avif', true],
  ];
  const verdicts: Verdict[] = [];
  const api = await startServer('../src/main.ts', ['api'], env);
  try {
    const [attacker, other] = [(await signUp(api.url)).send, (await signUp(api.url)).send];
    for (const [what, file, contentType, isAccepted] of kinds) {
      const maxGigabytes = MAX_GIGABYTES[isAccepted ? 'accepted' : 'refused'];
      const worker = await startWorker(env);
      try {
        const { peak, slowest } = await measure(worker, attacker, other, file, contentType);
        const megabytes = `${Math.round(peak / 1e6).toLocaleString('en')} MB`;
        verdicts.push({
          claim: `${what}: the worker's peak memory below ${maxGigabytes} GB`,
          figure: megabytes,
          met: peak < maxGigabytes * 1e9,
        });
        const met = slowest < READY_WITHIN_MS;
        verdicts.push({
          claim: `${what}: an ordinary photo READY within 5 s`,
          figure: `${Math.round(slowest)} ms`,
          met,
        });
      } finally {
        await worker.stop();
      }
    }
    return verdicts;
  } finally {
    await api.stop();
  }
}

async function measure(worker: MeasuredProcess, attacker: Client, other: Client, file: Buffer, contentType: string) {
  let peak = 0;
  let slowest = 0;
  const stopping = new AbortController();
  const sampling = (async () => {
    while (!stopping.signal.aborted) {
      peak = Math.max(peak, (await worker.memory(false)).rss);
      await delay(SAMPLE_MS);
    }
  })();
  for (let round = 0; round < ROUNDS; round++) {
    const ids = await Promise.all(Array.from({ length: AT_ONCE }, () => publish(attacker, file, contentType)));
    const start = performance.now();
    await settled(other, (await publish(other, await newJpeg(4_000, 3_000), 'image/jpeg')).photoId);
    slowest = Math.max(slowest, performance.now() - start);
    for (const { photoId } of ids) await settled(attacker, photoId);
  }
  stopping.abort();
  await sampling;
  return { peak, slowest };
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

/** Uploads a file and publishes it as a photo. @returns their global ids */
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
