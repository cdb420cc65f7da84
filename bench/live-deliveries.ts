import { setTimeout as delay } from 'node:timers/promises';
import type { Actions } from './live-clients.ts';
import { type Contestant, median, takeTurns } from './measure.ts';

const SUBSCRIBE_TIMEOUT_MS = 60_000;
/** When nobody more has heard of something for so long, nobody more will. */
const QUIET_MS = 3_000;

/** The process of clients, as what it can do. */
export type Clients = <A extends keyof Actions>(
  action: A,
  args: Parameters<Actions[A]>[0],
) => Promise<Awaited<ReturnType<Actions[A]>>>;

/** A server's way of bringing messages to a crowd. */
export interface Deliverer extends Contestant {
  /** When one message to each came first, in the middle and last: milliseconds after it was sent off, for each round. */
  singles: { first: number; median: number; last: number }[];
  /** Whether each client got each message once. */
  isComplete: boolean;
  /** A message as it came last, and the marker that is in it. */
  sample: string;
  marker: string;
}

/** Speaks to a process of clients. @param url where it listens */
export function connectToClients(url: string): Clients {
  return async (action, args) => {
    const response = await fetch(url, { method: 'POST', body: JSON.stringify({ action, args }) });
    if (!response.ok) throw new Error(`${action}: ${await response.text()}`);
    return response.json() as never;
  };
}

let markers = 0;

/** A text that is in no message yet, always of the same length. */
function newMarker(): string {
  return `The light in the morning, number ${String(++markers).padStart(6, '0')}`;
}

/**
 * A contestant of `takeTurns`, whose round brings one message to each of a crowd, and then several at once.
 *
 * Deliveries per second count from the first that comes to the last: so what a server does before it begins to send is left out, for
 * each alike; the times of the single message have it.
 *
 * @param burst how many at once
 * @param send sends a message in which the marker is, so many times; resolves to when it was sent off, in milliseconds since 1970
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
    const heard = await clients('heard', { crowd });
    self.isComplete &&= heard.least === times && heard.most === times;
    self.sample = heard.sample;
    self.marker = marker;
    return { ...heard, sentAt };
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
 * Waits until each of a crowd hears of what an author publishes: the protocol does not tell when a subscription listens.
 *
 * @param publish publishes something in which the marker is
 * @throws Error when some still hear nothing after a minute
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
  throw new Error(`Only ${reached} of ${size} subscriptions listen.`);
}

/**
 * Lets servers deliver in turn, and prints how they did.
 *
 * @param bare the one with which the others are compared
 * @param rounds as of `takeTurns`
 * @returns deliveries per second of each, in order
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
    const counting = deliverer.singles.slice(1);
    const ms = (['first', 'median', 'last'] as const).map((which) =>
      Math.round(median(counting.map((single) => single[which]))),
    );
    const figure = `${Math.round(rate).toLocaleString('en').padStart(8)} deliveries/s`;
    const times = deliverer === bare ? '' : `   ${(rate / bareRate).toFixed(2)} × bare`;
    console.log(`  ${deliverer.name.padEnd(width)}  ${figure}; one photo after ${ms.join(' / ')} ms${times}`);
  }
  return rates;
}
