/**
 * Keeps Darkroom's subscriptions alive, in browsers and in Node. When a connection ends, it reconnects and resumes
 * after the last event (docs/REALTIME.md). Copy it.
 */
import type { FormattedExecutionResult } from 'graphql';
import { type Client, createClient } from 'graphql-ws';

/**
 * The delay before a retry doubles from the first to the longest. After a subscription that was stable it starts anew.
 */
const [FIRST_DELAY_MS, LONGEST_DELAY_MS, STABLE_AFTER_MS] = [500, 30_000, 60_000];
/** Retrying does not help after these close codes (4403: the session has ended), nor after errors other than these. */
const FATAL_CLOSE_CODES: unknown[] = [4400, 4401, 4403, 4406, 4409, 4429];
const RETRYABLE_ERRORS: unknown[] = ['RESUME', 'UNAVAILABLE', 'INTERNAL', 'RATE_LIMITED'];

/** The callbacks of a subscription. `variables` are the variables besides `after`. */
export interface Subscriber<T> {
  variables?: object;
  /** Receives each event exactly once, as the query selects it. The query must select `cursor` and `isGap`. */
  onData(data: T): void;
  /** Reads the list: called when the subscription starts, and whenever events may have been missed. */
  onGap(): void;
  /** The subscription is over. @param reason null if the server has completed it */
  onEnd(reason: Error | null): void;
}

/**
 * Creates the connection that subscriptions share. It opens with the first of them and closes after the last.
 *
 * @param url the URL of the API, http or https
 * @param token returns the session's token; called for each connection
 * @param pingMs the interval between pings, and the time within which the server must answer one, in milliseconds
 */
export function connect(url: string, token: () => string | undefined, pingMs = 15_000): Client {
  let pongTimer: ReturnType<typeof setTimeout> | undefined;
  const connection = createClient({
    url: url.replace(/^http/, 'ws'),
    connectionParams: () => (token() ? { authorization: `Bearer ${token()}` } : {}),
    retryAttempts: 0, // `subscribe` retries: the library would give up at temporary codes such as 1011 and 4500.
    lazyCloseTimeout: 1_000,
    connectionAckWaitTimeout: pingMs,
    keepAlive: pingMs,
    on: {
      // A lost network does not close the connection.
      ping(received) {
        if (!received) pongTimer = setTimeout(() => connection.terminate(), pingMs);
      },
      pong: () => clearTimeout(pongTimer),
      closed: () => clearTimeout(pongTimer),
    },
  });
  return connection;
}

/** Runs one subscription. Its query must declare `$after: String`. @returns a function that stops it */
export function subscribe<T extends object>(connection: Client, query: string, subscriber: Subscriber<T>): () => void {
  let [attempts, failures, after]: [number, number, string | null] = [0, 0, null];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let unsubscribe = () => {};
  const stop = () => {
    attempts++;
    clearTimeout(timer);
    unsubscribe();
  };
  const attempt = () => {
    const [current, startedAt] = [++attempts, Date.now()];
    const end = (cause: unknown) => {
      if (current !== attempts) return;
      stop();
      const [error] = Array.isArray(cause) ? cause : [];
      const { code, reason } = error ? { code: error.extensions?.code, reason: error.message } : Object(cause);
      if (cause === null) return subscriber.onEnd(null);
      if (error ? !RETRYABLE_ERRORS.includes(code) : FATAL_CLOSE_CODES.includes(code))
        return subscriber.onEnd(new Error(`${code}: ${reason}`));
      if (Date.now() - startedAt > STABLE_AFTER_MS) failures = 0;
      const isImmediate = code === 1012 || (code === 'RESUME' && failures === 0);
      const delay = Math.min(FIRST_DELAY_MS * 2 ** failures++, LONGEST_DELAY_MS) * (0.5 + Math.random() / 2);
      timer = setTimeout(attempt, isImmediate ? 0 : delay);
    };
    const next = ({ data, errors }: FormattedExecutionResult<T>) => {
      if (current !== attempts) return;
      const [event] = Object.values<{ cursor: string; isGap: boolean }>({ ...data });
      if (!data || !event) return end(errors);
      failures = 0;
      after = event.cursor;
      if (event.isGap) subscriber.onGap();
      else subscriber.onData(data);
    };
    const variables = { ...subscriber.variables, after };
    unsubscribe = connection.subscribe<T>({ query, variables }, { next, error: end, complete: () => end(null) });
  };
  attempt();
  return stop;
}
