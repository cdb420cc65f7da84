/**
 * The long-lived connections, over WebSocket and as server-sent events: limits their number per address and per person,
 * closes them when their session ends, and sends clients to another server before this one stops. The number of all
 * connections per address is limited here too.
 */
import type { Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { findSession, type SessionRow } from '../features/accounts/sessions.ts';
import { getOrInsert } from '../features/kernel/get-or-insert.ts';
import { sessionsChannel } from '../stores/channel-names.ts';
import type { Stores } from '../stores/stores.ts';
import {
  BYTES_OF_ADDRESS,
  BYTES_OF_PERSON,
  BYTES_OF_SOCKET,
  FRAMES_OF_ADDRESS,
  FRAMES_OF_OPENING,
  FRAMES_OF_PERSON,
  FRAMES_OF_SOCKET,
  SUBSCRIPTIONS_OF_ADDRESS,
  SUBSCRIPTIONS_OF_SOCKET,
} from './limits.ts';
import { type BucketSize, TokenBucket } from './token-bucket.ts';

/** Why the server closes a connection. */
export type CloseReason =
  /** The server stops: the client reconnects at once, to another server. */
  | 'RESTART'
  /** The session has ended: the person must log in. */
  | 'SESSION_ENDED'
  /** The person has too many connections, or opens them too fast: the client reconnects after a while. */
  | 'TOO_MANY';

/** An open connection. */
export interface OpenConnection {
  /**
   * Sets the session of the connection. The connection is closed when that session ends (by log-out, revocation or
   * expiry), or at once if the person has too many connections.
   *
   * @returns whether the connection stays open
   */
  identify(session: SessionRow): Promise<boolean>;
  /**
   * Counts what the client has sent.
   *
   * @returns false when it was too much, over this connection, from its address or of its person
   */
  receive(frames: number, bytes: number): boolean;
  /** Counts a subscription without a session. @returns false when its address has begun too many */
  beginAnonymousSubscription(): boolean;
  /** Notes that the connection is closed. Idempotent. */
  release(): void;
}

/**
 * When the server stops, clients are sent away spread over this time, so that they do not all reconnect at the same
 * moment.
 */
const SEND_AWAY_WITHIN_MS = 1_500;
/** The longest delay that `setTimeout` takes. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What a client is answered when its address has too many connections. */
export const TOO_MANY_CONNECTIONS = 'There are too many connections from your network.';

/** What a client is answered when its address has begun too many subscriptions without a session. */
export const TOO_MANY_SUBSCRIPTIONS = 'Your network begins too many subscriptions without a session.';

/** For how many addresses, and for how many people, it is remembered what they have sent. */
const MAX_REMEMBERED = 10_000;

/** What may be sent over a connection, or over all of an address or of a person. */
interface Input {
  frames: TokenBucket;
  bytes: TokenBucket;
}
interface AddressInput extends Input {
  anonymousSubscriptions: TokenBucket;
}

/** The open connections of this process. */
export class Connections {
  readonly #stores: Stores;
  readonly #open = new Set<(reason: CloseReason) => void>();
  readonly #byAddress = new Map<string, number>();
  readonly #byViewer = new Map<string, number>();
  /** Kept when the last connection of an address closes, because the next one must not begin anew. */
  readonly #inputByAddress = new LRUCache<string, AddressInput>({ max: MAX_REMEMBERED });
  readonly #inputByViewer = new LRUCache<string, Input>({ max: MAX_REMEMBERED });

  constructor(stores: Stores) {
    this.#stores = stores;
  }

  /**
   * Registers a connection.
   *
   * @param address the client's network address
   * @param close closes the connection; the caller calls `release` after it is closed, by whichever side
   * @returns null when the address has too many connections, or has opened too many lately
   */
  open(address: string, close: (reason: CloseReason) => void): OpenConnection | null {
    const { CONNECTIONS_PER_ADDRESS, CONNECTIONS_PER_VIEWER } = this.#stores.config;
    if ((this.#byAddress.get(address) ?? 0) >= CONNECTIONS_PER_ADDRESS) return null;
    const addressInput = this.#inputOfAddress(address);
    if (!addressInput.frames.take(FRAMES_OF_OPENING)) return null;
    // Wrapped, so that the same function registered twice counts twice.
    const closeThis = (reason: CloseReason) => close(reason);
    this.#open.add(closeThis);
    count(this.#byAddress, address, 1);
    const input: Input = { frames: new TokenBucket(FRAMES_OF_SOCKET), bytes: new TokenBucket(BYTES_OF_SOCKET) };
    const inputs = [input, addressInput];
    let released = false;
    const releases: (() => void)[] = [];
    return {
      identify: async (session) => {
        if (released) return false;
        const viewer = String(session.userId);
        const viewerInput = this.#inputOfViewer(viewer);
        if (
          (this.#byViewer.get(viewer) ?? 0) >= CONNECTIONS_PER_VIEWER ||
          !viewerInput.frames.take(FRAMES_OF_OPENING)
        ) {
          close('TOO_MANY');
          return false;
        }
        inputs.push(viewerInput);
        count(this.#byViewer, viewer, 1);
        releases.push(() => count(this.#byViewer, viewer, -1));
        const stop = await watchSession(this.#stores, session, () => close('SESSION_ENDED'));
        // The client may have left in the meantime.
        if (released) stop();
        else releases.push(stop);
        return !released;
      },
      receive: (frames, bytes) => inputs.every((limit) => limit.frames.take(frames) && limit.bytes.take(bytes)),
      beginAnonymousSubscription: () => addressInput.anonymousSubscriptions.take(1),
      release: () => {
        if (released) return;
        released = true;
        this.#open.delete(closeThis);
        count(this.#byAddress, address, -1);
        for (const release of releases) release();
      },
    };
  }

  #inputOfAddress(address: string): AddressInput {
    const { CONNECTIONS_PER_ADDRESS } = this.#stores.config;
    return getOrInsert(this.#inputByAddress, address, () => ({
      frames: bucketFor(CONNECTIONS_PER_ADDRESS, FRAMES_OF_ADDRESS, FRAMES_OF_SOCKET),
      bytes: bucketFor(CONNECTIONS_PER_ADDRESS, BYTES_OF_ADDRESS, BYTES_OF_SOCKET),
      anonymousSubscriptions: bucketFor(CONNECTIONS_PER_ADDRESS, SUBSCRIPTIONS_OF_ADDRESS, SUBSCRIPTIONS_OF_SOCKET),
    }));
  }

  #inputOfViewer(viewer: string): Input {
    const { CONNECTIONS_PER_VIEWER } = this.#stores.config;
    return getOrInsert(this.#inputByViewer, viewer, () => ({
      frames: bucketFor(CONNECTIONS_PER_VIEWER, FRAMES_OF_PERSON, FRAMES_OF_SOCKET),
      bytes: bucketFor(CONNECTIONS_PER_VIEWER, BYTES_OF_PERSON, BYTES_OF_SOCKET),
    }));
  }

  /** Closes every connection with RESTART, spread over `SEND_AWAY_WITHIN_MS`. */
  async sendAway(): Promise<void> {
    const within = Math.min(SEND_AWAY_WITHIN_MS, this.#open.size);
    await Promise.all(
      Array.from(this.#open, async (close) => {
        await delay(Math.random() * within);
        if (this.#open.has(close)) close('RESTART');
      }),
    );
  }
}

/** A bucket for so many connections together. @param atLeast what one connection alone may send */
function bucketFor(connections: number, perConnection: BucketSize, atLeast: BucketSize): TokenBucket {
  return new TokenBucket({
    perSecond: Math.max(atLeast.perSecond, perConnection.perSecond * connections),
    capacity: Math.max(atLeast.capacity, perConnection.capacity * connections),
  });
}

/**
 * Limits how many connections of any kind each network address has. Further ones are closed at once and without an
 * answer: a client that has sent a request already could not tell whether it was executed.
 */
export function limitConnections(server: Server, maxPerAddress: number): void {
  const open = new Map<string, number>();
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    if ((open.get(address) ?? 0) >= maxPerAddress) return void socket.destroy();
    count(open, address, 1);
    socket.once('close', () => count(open, address, -1));
  });
}

function count(counts: Map<string, number>, key: string, by: 1 | -1): void {
  const next = (counts.get(key) ?? 0) + by;
  if (next > 0) counts.set(key, next);
  else counts.delete(key);
}

/** A session that cannot be read counts as valid and is read again after this time, in milliseconds. */
const RETRY_MS = 5_000;

/**
 * Calls `onEnd` when a session ends: by log-out, revocation or expiry.
 *
 * @returns stops watching
 */
async function watchSession(stores: Stores, session: SessionRow, onEnd: () => void): Promise<() => void> {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const checkAt = (time: number) => {
    clearTimeout(timer);
    if (stopped) return;
    timer = setTimeout(
      () => check().catch(() => checkAt(Date.now() + RETRY_MS)),
      Math.min(Math.max(time - Date.now(), 0), LONGEST_TIMER_MS),
    );
  };
  const check = async () => {
    // Requests over HTTP may have extended the session since.
    const current = await findSession(stores, session.tokenHash);
    if (!current || current.expiresAt <= Date.now()) onEnd();
    else checkAt(current.expiresAt);
  };
  const unsubscribe = await stores.pubsub.subscribe(
    sessionsChannel(session.userId),
    (id) => {
      if (id === String(session.id)) onEnd();
    },
    { onResume: () => checkAt(0) },
  );
  const stop = () => {
    stopped = true;
    clearTimeout(timer);
    unsubscribe();
  };
  try {
    // The session may have ended before the subscription to its channel began.
    await check();
  } catch (error) {
    stop();
    throw error;
  }
  return stop;
}
