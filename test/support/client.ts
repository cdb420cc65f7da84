import { createClient, type Client as SocketClient } from 'graphql-ws';
import { WebSocket } from 'ws';

/** An answer as it came over HTTP. */
export interface Answer<T = Record<string, unknown>> {
  status: number;
  data: T | null;
  errors: { message: string; path?: (string | number)[]; extensions: Record<string, unknown> }[];
}

const TIMEOUT_MS = 30_000;

/** Sends one operation and returns the response. */
export async function send<T = Record<string, unknown>>(
  url: string,
  query: string,
  variables: object = {},
  headers: Record<string, string> = {},
): Promise<Answer<T>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const { data = null, errors = [] } = (await response.json()) as Partial<Answer<T>>;
  return { status: response.status, data, errors };
}

/** An open subscription: the events so far, and how it ended. */
export interface Subscription<T> {
  events: T[];
  /** Resolves when the server has subscribed. */
  begun: Promise<void>;
  /** The first event from now on that is like this; rejects after 20 seconds, or when the subscription ends. */
  next(like?: (event: T) => boolean): Promise<T>;
  /** How the subscription ended; resolves when it does. */
  ended: Promise<{
    code?: number;
    reason?: string;
    errors?: readonly { message: string; extensions?: Record<string, unknown> }[];
  }>;
  close(): void;
}

/** Subscriptions whose first event, when they do not resume after a cursor, only says that they have begun. */
const BEGINS_EMPTY = ['homeFeed', 'userPhotos', 'hashtagPhotos', 'photosNear', 'activity'];

/**
 * Subscribes over a WebSocket connection of its own, which does not reconnect. The event that says that a subscription
 * has begun is not among its events: `begun` resolves with it.
 */
export async function subscribe<T>(
  url: string,
  query: string,
  variables: object = {},
  connectionParams: Record<string, unknown> = {},
): Promise<Subscription<T>> {
  const events: T[] = [];
  const waiting = new Set<() => void>();
  const notify = () => {
    for (const check of waiting) check();
  };
  let end: Awaited<Subscription<T>['ended']> | undefined;
  let resolveEnd = (_: Awaited<Subscription<T>['ended']>) => {};
  const ended = new Promise<Awaited<Subscription<T>['ended']>>((resolve) => {
    resolveEnd = resolve;
  });
  const finish = (how: Awaited<Subscription<T>['ended']>) => {
    if (end) return;
    end = how;
    resolveEnd(how);
    notify();
  };
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  let isBeginning = !('after' in variables && variables.after);
  const socket: SocketClient = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams,
    retryAttempts: 0,
    lazy: false,
    onNonLazyError: () => {}, // `closed` reports the same.
  });
  socket.on('closed', (event) => {
    const { code, reason } = event as { code: number; reason: string };
    finish({ code, reason });
  });
  socket.subscribe<T>(
    { query, variables: variables as Record<string, unknown> },
    {
      next({ data, errors }) {
        if (errors) finish({ errors: errors as never });
        if (data) {
          const isBegun = isBeginning && BEGINS_EMPTY.includes(Object.keys(data)[0] ?? '');
          isBeginning = false;
          begin();
          if (!isBegun) events.push(data as T);
        }
        notify();
      },
      error: (error) => finish(Array.isArray(error) ? { errors: error } : { reason: String(error) }),
      complete: () => finish({}),
    },
  );
  return {
    events,
    begun,
    next(like = () => true) {
      let seen = events.length;
      return new Promise<T>((resolve, reject) => {
        const stop = () => {
          clearTimeout(timer);
          waiting.delete(check);
        };
        const check = () => {
          for (; seen < events.length; seen++) {
            const event = events[seen];
            if (event !== undefined && like(event)) {
              stop();
              return resolve(event);
            }
          }
          if (end) {
            stop();
            reject(new Error(`The subscription ended: ${JSON.stringify(end)}`));
          }
        };
        const timer = setTimeout(() => {
          stop();
          reject(new Error('No such event came within 20 seconds.'));
        }, 20_000);
        waiting.add(check);
        check();
      });
    },
    ended,
    close: () => socket.dispose(),
  };
}
