import { pino } from 'pino';
import { loadConfig } from '../src/config.ts';
import { openStores } from '../src/stores/stores.ts';
import {
  type Clients,
  compareDeliveries,
  connectToClients,
  type Deliverer,
  newDeliverer,
  untilAllReceive,
} from './live-deliveries.ts';
import { makePeople, publish, warmRedis } from './live-people.ts';
import { measureRevocation } from './live-revocation.ts';
import { measureSlowReader } from './live-slow-reader.ts';
import { atLeast, type Verdict } from './measure.ts';
import { type MeasuredProcess, type MeasuredServer, settledMemory, startServer, startWorker } from './processes.ts';

const SOCKETS = 5_000;
/** The number of photos published at once to measure deliveries per second. */
const BURST = 10;
/** Fewer, where each viewer needs an execution of their own, which takes longer. */
const PERSONAL_BURST = 3;
const ROUNDS = 9;
const PERSONAL_ROUNDS = 3;
/** The process of clients has two crowds, and some other open files. */
const OPEN_FILES = 2 * SOCKETS + 500;
/** The number of clients that connect and disconnect before memory is measured. */
const WARM_UP_CLIENTS = 200;
const DARKROOM = { crowd: 'darkroom', size: SOCKETS };
const BARE = { crowd: 'bare', size: SOCKETS };

/** The result is the same for all viewers, so they share one execution. */
const SHARED_QUERY = `subscription ($after: String) {
  homeFeed(after: $after) {
    cursor isGap
    photo {
      id caption publishedAt thumbhash
      owner { id username displayName }
      image(size: WIDTH_640) { url width height }
    }
  }
}`;
/** The result depends on the viewer, so each needs an execution. */
const PERSONAL_QUERY = SHARED_QUERY.replace('caption', 'caption likeCount viewerHasLiked');

/**
 * Measures deliveries to 5,000 sockets of one api process, compared with a bare `ws` server, and the memory of these
 * sockets; a client that stops reading; and the time from the end of a session to the closing of its socket.
 */
export async function benchLive(env: Record<string, string>): Promise<Verdict[]> {
  requireOpenFiles();
  const stores = await openStores(loadConfig(env), pino({ level: 'warn' }));
  const running: MeasuredProcess[] = [];
  const run = async <P extends MeasuredProcess>(starting: Promise<P>) => {
    running.push(await starting);
    return starting;
  };
  // All clients have the same network address here.
  const startApi = () => run(startServer('../src/main.ts', ['api'], { ...env, CONNECTIONS_PER_ADDRESS: '100000' }));
  try {
    const people = await makePeople(stores, SOCKETS);
    const { tokens, pulledAuthor, pushedAuthor } = people;
    await warmRedis(stores, people);
    const clients = connectToClients((await run(startServer('live-clients.ts', [], {}))).url);
    const bareUrl = (await run(startServer('live-bare.ts', [], {}))).url;
    await run(startWorker(env));
    const api = await startApi();

    const share = async (author: bigint, caption: string) => {
      await publish(stores, author, caption);
      return performance.timeOrigin + performance.now();
    };
    const byDarkroom = (name: string, author: bigint, burst: number) =>
      newDeliverer(name, clients, DARKROOM, burst, async (marker, times) => {
        const published = Array.from({ length: times }, () => share(author, marker));
        return Math.min(...(await Promise.all(published)));
      });
    // The message is one that Darkroom delivered in its previous turn.
    const byBare = (like: Deliverer, burst: number) =>
      newDeliverer('bare ws', clients, BARE, burst, async (marker, times) => {
        const body = like.sample.replace(like.marker, marker);
        const response = await fetch(`${bareUrl}?times=${times}`, { method: 'POST', body });
        return Number(await response.text());
      });
    const untilSubscribed = async () => {
      for (const author of [pulledAuthor, pushedAuthor])
        await untilAllReceive(clients, DARKROOM, (marker) => share(author, marker));
    };

    await measureMemory(api, clients, tokens, untilSubscribed);
    await clients('connect', { crowd: BARE.crowd, url: bareUrl, count: SOCKETS });
    const bursts = `${BURST} at once (for each viewer: ${PERSONAL_BURST})`;
    console.log(`  Photos to ${SOCKETS.toLocaleString('en')} sockets: deliveries per second of ${bursts},`);
    console.log('  and milliseconds from the commit of a single one to its first, median and last delivery');
    const shared = byDarkroom('Darkroom, one execution for all', pulledAuthor, BURST);
    const pushed = byDarkroom('Darkroom, the same, pushed to each', pushedAuthor, BURST);
    const bare = byBare(shared, BURST);
    const [sharedRate = 0, , bareRate = 0] = await compareDeliveries([shared, pushed, bare], bare, ROUNDS);
    await clients('subscribe', { crowd: DARKROOM.crowd, id: '2', query: PERSONAL_QUERY, instead: '1' });
    await untilSubscribed();
    const personal = byDarkroom('Darkroom, one execution for each', pulledAuthor, PERSONAL_BURST);
    const barePersonal = byBare(personal, PERSONAL_BURST);
    await compareDeliveries([personal, barePersonal], barePersonal, PERSONAL_ROUNDS);
    for (const { crowd } of [DARKROOM, BARE]) await clients('disconnect', { crowd });

    const node = await startApi();
    const slowReader = await measureSlowReader(stores, node);
    await measureRevocation(stores, api.url, node.url);
    const isComplete = [shared, pushed, personal].every((each) => each.isComplete);
    return [
      atLeast(0.7, sharedRate, bareRate, 'the bare ws server, where one execution can serve all'),
      { claim: 'each photo reaches each socket once', figure: isComplete ? 'so it is' : 'not so', met: isComplete },
      ...slowReader,
    ];
  } finally {
    // Stop the clients last: a server logs much about clients that vanish.
    for (const process of running.reverse()) await process.stop();
    await stores.close();
  }
}

/**
 * Connects and subscribes the crowd, and prints the memory that this takes.
 *
 * @param untilSubscribed waits until all subscriptions are active
 */
async function measureMemory(
  api: MeasuredServer,
  clients: Clients,
  tokens: string[],
  untilSubscribed: () => Promise<void>,
): Promise<void> {
  const { crowd } = DARKROOM;
  const subscribe = () => clients('subscribe', { crowd, id: '1', query: SHARED_QUERY });
  // The first clients have one-time costs, so they are not measured.
  await clients('connect', { crowd, url: api.url, count: WARM_UP_CLIENTS, tokens });
  await subscribe();
  await clients('disconnect', { crowd });
  const none = await settledMemory(api);
  await clients('connect', { crowd, url: api.url, count: SOCKETS, tokens });
  const connected = await settledMemory(api);
  await subscribe();
  await untilSubscribed();
  const subscribed = await settledMemory(api);
  const each = (before: NodeJS.MemoryUsage, after: NodeJS.MemoryUsage) =>
    (['rss', 'heapUsed'] as const).map((what) => `${((after[what] - before[what]) / SOCKETS / 1_024).toFixed(1)} KB`);
  const [socket, socketHeap] = each(none, connected);
  const [subscription, subscriptionHeap] = each(connected, subscribed);
  console.log(`  Memory of each socket: ${socket} (on the heap: ${socketHeap}),`);
  console.log(`  and of a subscription on it: ${subscription} (on the heap: ${subscriptionHeap});`);
  console.log(`  the process with all of them: ${Math.round(subscribed.rss / 1e6)} MB`);
}

/** @throws Error if this process, and so its child processes, may not open as many files as there are sockets */
function requireOpenFiles(): void {
  if (!process.report) return;
  const report = process.report.getReport() as unknown as { userLimits: { open_files: { soft: number | string } } };
  const limit = Number(report.userLimits.open_files.soft);
  if (limit < OPEN_FILES) {
    throw new Error(`A process may open only ${limit} files here. Run "ulimit -n ${OPEN_FILES}" first.`);
  }
}
