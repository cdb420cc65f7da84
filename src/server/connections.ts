/**
 * The connections that stay open, over WebSocket and as server-sent events: how many there may be, whose they are, that they end with
 * their session, and that they are sent away when the server stops.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { findSession, type SessionRow } from '../features/accounts/sessions.ts';
import { sessionsChannel } from '../stores/channel-names.ts';
import type { Stores } from '../stores/stores.ts';

/** Why a connection is closed by the server. */
export type CloseReason =
  /** The server stops: the client comes again at once, at another one. */
  | 'RESTART'
  /** Its session has ended: the client has to log in. */
  | 'SESSION_ENDED'
  /** The person has too many connections: the client comes again after a while. */
  | 'TOO_MANY';

/** A connection that is open. */
export interface OpenConnection {
  /**
   * Says whose it is: it is closed when their session ends, by log-out, by being revoked, or by its time, and when it is one too many.
   *
   * @returns whether it goes on
   */
  identify(session: SessionRow): Promise<boolean>;
  /** It is closed. Again changes nothing. */
  release(): void;
}

/** Clients are sent away over this time when the server stops, so that they do not all come to another one at the same moment. */
const SEND_AWAY_WITHIN_MS = 1_500;
/** The longest that `setTimeout` can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The open connections of this process. */
export class Connections {
  readonly #stores: Stores;
  readonly #open = new Set<(why: CloseReason) => void>();
  readonly #byAddress = new Map<string, number>();
  readonly #byViewer = new Map<string, number>();

  constructor(stores: Stores) {
    this.#stores = stores;
  }

  /**
   * Notes a connection.
   *
   * @param address the client's network address
   * @param close closes it; the caller calls `release` when it is closed, whoever closed it
   * @returns null when the address has too many
   */
  open(address: string, close: (why: CloseReason) => void): OpenConnection | null {
    const { CONNECTIONS_PER_ADDRESS, CONNECTIONS_PER_VIEWER } = this.#stores.config;
    if ((this.#byAddress.get(address) ?? 0) >= CONNECTIONS_PER_ADDRESS) return null;
    const end = (why: CloseReason) => close(why);
    this.#open.add(end);
    count(this.#byAddress, address, 1);
    let released = false;
    const releases: (() => void)[] = [];
    return {
      identify: async (session) => {
        if (released) return false;
        const viewer = String(session.userId);
        if ((this.#byViewer.get(viewer) ?? 0) >= CONNECTIONS_PER_VIEWER) {
          close('TOO_MANY');
          return false;
        }
        count(this.#byViewer, viewer, 1);
        releases.push(() => count(this.#byViewer, viewer, -1));
        const stop = await watchSession(this.#stores, session, () => close('SESSION_ENDED'));
        // It may have gone meanwhile.
        if (released) stop();
        else releases.push(stop);
        return !released;
      },
      release: () => {
        if (released) return;
        released = true;
        this.#open.delete(end);
        count(this.#byAddress, address, -1);
        for (const release of releases) release();
      },
    };
  }

  /** Tells every client to come again elsewhere, over a second or so. */
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

function count(counts: Map<string, number>, key: string, by: 1 | -1): void {
  const next = (counts.get(key) ?? 0) + by;
  if (next > 0) counts.set(key, next);
  else counts.delete(key);
}

/** When a session cannot be looked up it has not ended: it is looked up again after this time, in milliseconds. */
const LOOK_AGAIN_MS = 5_000;

/**
 * Tells when a session ends: by log-out, by being revoked, or by its time.
 *
 * @returns stops watching
 */
async function watchSession(stores: Stores, session: SessionRow, onEnd: () => void): Promise<() => void> {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const lookAt = (time: number) => {
    clearTimeout(timer);
    if (stopped) return;
    timer = setTimeout(
      () => look().catch(() => lookAt(Date.now() + LOOK_AGAIN_MS)),
      Math.min(Math.max(time - Date.now(), 0), LONGEST_TIMER_MS),
    );
  };
  const look = async () => {
    // Uses since, over HTTP, may have moved its end on.
    const current = await findSession(stores, session.tokenHash);
    if (!current || current.expiresAt <= Date.now()) onEnd();
    else lookAt(current.expiresAt);
  };
  const unsubscribe = await stores.pubsub.subscribe(
    sessionsChannel(session.userId),
    (id) => {
      if (id === String(session.id)) onEnd();
    },
    { onResume: () => lookAt(0) },
  );
  const stop = () => {
    stopped = true;
    clearTimeout(timer);
    unsubscribe();
  };
  try {
    // It may have ended between being looked up and being listened to.
    await look();
  } catch (error) {
    stop();
    throw error;
  }
  return stop;
}
