import { setTimeout as delay } from 'node:timers/promises';
import type { Actions } from './live-clients.ts';
import { type Contestant, median, takeTurns } from './measure.ts';

const SUBSCRIBE_TIMEOUT_MS = 60_000;
/** If no further client has received a message for so long, none will. */
const QUIET_MS = 3_000;

/** Calls an action of the process of clients. */
export type Clients = <A extends keyof Actions>(
  action: A,
  args: Parameters<Actions[A]>[0],
) => Promise<Awaited<ReturnType<Actions[A]>>>;

/** A contestant that delivers messages to a crowd. */
export interface Deliverer extends Contestant {
  /**
   * For each round, the first, median and last arrival of one message per client, in milliseconds after it was sent.
   */
  singles: { first: number; median: number; last: number }[];
  /** Whether each client received each message exactly once. */
  isComplete: boolean;
  /** A message of the latest delivery, and the marker in it. */
  sample: string;
  marker: string;
}

/** Returns a function that calls actions of a process of clients. @param url the URL of the process */
export function connectToClients(url: string): Clients {
  return async (action, args) => {
    const response = await fetch(url, { method: 'POST', body: JSON.stringify({ action, args }) });
    if (!response.ok) throw new Error(`${action}: ${await response.text()}`);
    return response.json() as never;
  };
}

let markers = 0;

/** A text that no earlier message contains. Its length is constant. */
function newMarker(): string {
  return `The light in the morning, number ${String(++markers).padStart(6, '0')}`;
}

/**
 * Creates a contestant for `takeTurns`. Its round delivers one message to each client of a crowd, and then a burst.
 *
 * Deliveries per second are measured from the first arrival to the last. That excludes what a server does before it
 * starts to send, for all contestants alike. The times of the single message include it.
 *
 * @param burst the number of messages in a burst
 * @param send sends a message that contains the marker, `times` times; resolves to when it was sent, in milliseconds
 * since 1970
 */
export function newDeliverer(
  name: string,
  clients: Clients,
  { crowd, size }: { crowd: string; size: number },
  burst: number,
  send: (marker: string, times: number) => Promise<number>,
): Deliverer {
  const deliver = async (times: number) => {
    const marker = newMarker();
    await clients('expect', { crowd, marker, times });
    const sentAt = await send(marker, times);
    const received = await clients('received', { crowd });
    self.isComplete &&= received.least === times && received.most === times;
    self.sample = received.sample;
    self.marker = marker;
    return { ...received, sentAt };
  };
  const self: Deliverer = {
    name,
    singles: [],
    isComplete: true,
    sample: '',
    marker: '',
    async round() {
      const { first, median, last, sentAt } = await deliver(1);
      self.singles.push({ first: first - sentAt, median: median - sentAt, last: last - sentAt });
      const many = await deliver(burst);
      return (burst * size) / ((many.last - many.first) / 1_000);
    },
  };
  return self;
}

/**
 * Waits until every client of a crowd receives what an author publishes. The protocol does not signal when a
 * subscription is active.
 *
 * @param publish publishes a message that contains the marker
 * @throws Error if some clients still receive nothing after a minute
 */
export async function untilAllReceive(
  clients: Clients,
  { crowd, size }: { crowd: string; size: number },
  publish: (marker: string) => Promise<unknown>,
): Promise<void> {
  const marker = newMarker();
  await clients('expect', { crowd, marker, times: 1 });
  const deadline = performance.now() + SUBSCRIBE_TIMEOUT_MS;
  let reached = 0;
  while (performance.now() < deadline) {
    await publish(marker);
    for (let changedAt = performance.now(); performance.now() - changedAt < QUIET_MS; ) {
      await delay(100);
      const before = reached;
      reached = await clients('reached', { crowd });
      if (reached === size) return;
      if (reached > before) changedAt = performance.now();
    }
  }
  throw new Error(`Only ${reached} of ${size} subscriptions are active.`);
}

/**
 * Lets servers deliver in turn, and prints their rates and times.
 *
 * @param bare the contestant to compare the others with
 * @param rounds as for `takeTurns`
 * @returns the deliveries per second of each, in order
 */
export async function compareDeliveries(
  deliverers: readonly Deliverer[],
  bare: Deliverer,
  rounds: number,
): Promise<number[]> {
  const rates = await takeTurns(deliverers, rounds);
  const width = Math.max(...deliverers.map(({ name }) => name.length));
  const bareRate = rates[deliverers.indexOf(bare)] ?? Number.NaN;
  for (const [index, deliverer] of deliverers.entries()) {
    const rate = rates[index] ?? Number.NaN;
    // The first round does not count here either.
    const counted = deliverer.singles.slice(1);
    const ms = (['first', 'median', 'last'] as const).map((which) =>
      Math.round(median(counted.map((single) => single[which]))),
    );
    const figure = `${Math.round(rate).toLocaleString('en').padStart(8)} deliveries/s`;
    const times = deliverer === bare ? '' : `   ${(rate / bareRate).toFixed(2)} × bare`;
    console.log(`  ${deliverer.name.padEnd(width)}  ${figure}; one photo after ${ms.join(' / ')} ms${times}`);
  }
  return rates;
}
