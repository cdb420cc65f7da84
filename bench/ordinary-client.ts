/**
 * An ordinary client in a process of its own, where nothing else delays it: it reads the home feed 20 times in a second
 * from when it is sent an `Order` until the next message, which it answers with what it noticed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { FEED_QUERY } from './feed-query.ts';

/** Whose home feed to read, and where. */
export interface Order {
  url: string;
  token: string;
}

/** What the client noticed. */
export interface Noticed {
  /** Milliseconds to each answer, from the moment when its request was due: a late request counts as slow. */
  latencies: number[];
  /** The number of requests that were not answered as they should be, and the first such answer. */
  failures: number;
  failure: string;
}

const REQUEST_EVERY_MS = 50;
const TIMEOUT_MS = 30_000;

async function readFeed({ url, token }: Order, due: number, noticed: Noticed): Promise<void> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: FEED_QUERY }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (response.status !== 200 || text.includes('"errors"')) throw new Error(`${response.status} ${text}`);
  } catch (error) {
    noticed.failures++;
    noticed.failure ||= String(error).slice(0, 300);
  }
  noticed.latencies.push(performance.now() - due);
}

async function run(order: Order, signal: AbortSignal): Promise<Noticed> {
  const noticed: Noticed = { latencies: [], failures: 0, failure: '' };
  const requests: Promise<void>[] = [];
  for (let due = performance.now(); !signal.aborted; due += REQUEST_EVERY_MS) {
    await delay(Math.max(0, due - performance.now()));
    requests.push(readFeed(order, due, noticed));
  }
  await Promise.all(requests);
  return noticed;
}

let running: { stopping: AbortController; noticed: Promise<Noticed> } | null = null;

process.on('message', async (message: Order | 'stop') => {
  if (message !== 'stop') {
    const stopping = new AbortController();
    running = { stopping, noticed: run(message, stopping.signal) };
  } else if (running) {
    running.stopping.abort();
    process.send?.(await running.noticed);
  }
});
// The client must not outlive the benchmark.
process.on('disconnect', () => process.exit());
