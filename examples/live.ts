/**
 * Follows Darkroom's subscriptions for ever, in browsers as in Node: whatever ends the connection, it is made again, and goes on after the
 * last event (docs/REALTIME.md). Copy it.
 */
import type { FormattedExecutionResult } from 'graphql';
import { type Client, createClient } from 'graphql-ws';

/** Pauses double from the first to the longest. A subscription that has held for so long was sound: they begin anew. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS, STABLE_AFTER_MS] = [500, 30_000, 60_000];
/** To try again is of no use after these close codes (4403: the session is over), and after errors other than these. */
const FATAL_CLOSE_CODES: unknown[] = [4400, 4401, 4403, 4406, 4409, 4429];
const RETRYABLE_ERRORS: unknown[] = ['RESUME', 'UNAVAILABLE', 'INTERNAL', 'RATE_LIMITED'];

/** Who follows: `variables` are those besides `after`. */
export interface Subscriber<T> {
  variables?: object;
  /** Is given each event once, as the query selects it, which must have `cursor` and `isGap` in it. */
  onData(data: T): void;
  /** Reads the list: called as it begins, and whenever something may have been missed. */
  onGap(): void;
  /** It is over, and why; null when the server has completed it. */
  onEnd(reason: Error | null): void;
}

/**
 * Makes the connection that subscriptions share: it is opened for the first of them and closed after the last.
 *
 * @param url the API's address, http or https
 * @param token answers the session's token; asked at each connection
 * @param pingMs how often the server is asked whether it is there, and how long it may take to answer, in milliseconds
 */
export function connect(url: string, token: () => string | undefined, pingMs = 15_000): Client {
  let silence: ReturnType<typeof setTimeout> | undefined;
  const connection = createClient({
    url: url.replace(/^http/, 'ws'),
    connectionParams: () => (token() ? { authorization: `Bearer ${token()}` } : {}),
    retryAttempts: 0, // `follow` does it: the library gives up at codes that pass, such as 1011 and 4500.
    lazyCloseTimeout: 1_000,
    connectionAckWaitTimeout: pingMs,
    keepAlive: pingMs,
    on: {
      // A network that is gone does not say so.
      ping(received) {
        if (!received) silence = setTimeout(() => connection.terminate(), pingMs);
      },
      pong: () => clearTimeout(silence),
      closed: () => clearTimeout(silence),
    },
  });
  return connection;
}

/** Follows one subscription, whose query declares `$after: String`. @returns stops it */
export function subscribe<T extends object>(connection: Client, query: string, follower: Subscriber<T>): () => void {
  let [attempts, failures, after]: [number, number, string | null] = [0, 0, null];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let unsubscribe = () => {};
  const stop = () => {
    attempts++;
    clearTimeout(timer);
    unsubscribe();
  };
  const attempt = () => {
    const [mine, since] = [++attempts, Date.now()];
    const end = (why: unknown) => {
      if (mine !== attempts) return;
      stop();
      const [error] = Array.isArray(why) ? why : [];
      const { code, reason } = error ? { code: error.extensions?.code, reason: error.message } : Object(why);
      if (why === null) return follower.onEnd(null);
      if (error ? !RETRYABLE_ERRORS.includes(code) : FATAL_CLOSE_CODES.includes(code))
        return follower.onEnd(new Error(`${code}: ${reason}`));
      if (Date.now() - since > STABLE_AFTER_MS) failures = 0;
      const atOnce = code === 1012 || (code === 'RESUME' && failures === 0);
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** failures++, LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2);
      timer = setTimeout(attempt, atOnce ? 0 : pause);
    };
    const next = ({ data, errors }: FormattedExecutionResult<T>) => {
      if (mine !== attempts) return;
      const [event] = Object.values<{ cursor: string; isGap: boolean }>({ ...data });
      if (!data || !event) return end(errors);
      failures = 0;
      after = event.cursor;
      if (event.isGap) follower.onGap();
      else follower.onData(data);
    };
    const variables = { ...follower.variables, after };
    unsubscribe = connection.subscribe<T>({ query, variables }, { next, error: end, complete: () => end(null) });
  };
  attempt();
  return stop;
}
