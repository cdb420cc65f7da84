/**
 * Admission control: an overloaded process refuses new work at once, instead of serving everybody late. Requests
 * without a session are refused first. `/health` never is, because it says whether the stores answer.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { GraphQLError } from 'graphql';
import { unavailable } from '../features/kernel/errors.ts';
import { refuse } from './refuse.ts';
import type { Turns } from './turns.ts';

/** How much a process does at the same time. */
export interface Load {
  /** Requests whose answer is being made. */
  inFlight: number;
  /** How late the event loop was lately, in milliseconds. */
  delayMs: number;
}

/**
 * From this load on, requests without a session are refused; from twice as much, all are. Ordinary load is far below:
 * an api answers thousands of requests in a second, and its event loop is late by some milliseconds.
 */
const BUSY: Load = { inFlight: 1_000, delayMs: 1_000 };
const MEASURE_EVERY_MS = 1_000;
/** The `Retry-After` of refused requests is between 1 and this many seconds, so that they do not all come at once. */
const RETRY_WITHIN_SECONDS = 5;
/** How long an answer may take, in milliseconds. The longest transaction has as much. A mutation goes on after it. */
const ANSWER_WITHIN_MS = 60_000;

/** What refused clients read. */
export const OVERLOADED = 'The server is overloaded: try again in some seconds.';
const TOO_LATE = 'This takes too long. It may be carried out all the same: read again before you retry.';

/** Decides whether a process takes new work. */
export class Admission {
  readonly #turns: Pick<Turns, 'waiting'>;
  readonly #busy: Load;
  readonly #load: Load = { inFlight: 0, delayMs: 0 };

  /**
   * @param turns requests that wait for a turn are no load: their clients' other requests are, and are limited
   * @param busy the load from which on requests without a session are refused
   */
  constructor(turns: Pick<Turns, 'waiting'>, busy = BUSY) {
    this.#turns = turns;
    this.#busy = busy;
  }

  /** Whether to refuse a new request. */
  refuses(isAnonymous: boolean): boolean {
    const { inFlight, delayMs } = this.#load;
    const begun = inFlight - this.#turns.waiting;
    const load = Math.max(begun / this.#busy.inFlight, delayMs / this.#busy.delayMs);
    return load >= (isAnonymous ? 1 : 2);
  }

  /** Counts a request as in flight. @returns ends that; idempotent */
  begin(): () => void {
    this.#load.inFlight++;
    let isOver = false;
    return () => {
      if (!isOver) this.#load.inFlight--;
      isOver = true;
    };
  }

  /** Notes how late the event loop was. */
  setDelay(delayMs: number): void {
    this.#load.delayMs = delayMs;
  }
}

/**
 * Measures how late the event loop is, every second. A single long turn is over when it is noticed, and refusing work
 * would mend nothing, so what counts is the shorter of two delays in a row.
 *
 * @returns stops
 */
export function measureDelay(admission: Admission): () => void {
  const delays = monitorEventLoopDelay();
  delays.enable();
  let previous = 0;
  const timer = setInterval(() => {
    const current = delays.percentile(99) / 1e6;
    admission.setDelay(Math.min(previous, current));
    previous = current;
    delays.reset();
  }, MEASURE_EVERY_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    delays.disable();
  };
}

/** The `Retry-After` of a request that an overloaded process refuses, in seconds. */
export function retryAfterOverload(): number {
  return 1 + Math.floor(Math.random() * RETRY_WITHIN_SECONDS);
}

/**
 * Refuses requests while the process is overloaded, and answers those that take too long.
 *
 * @param paths of the health check, which is always answered, and of streams, which may stay open for ever
 */
export function guardRequests(
  app: FastifyInstance,
  admission: Admission,
  paths: { health: string; stream: string },
  answerWithinMs = ANSWER_WITHIN_MS,
): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.url === paths.health) return;
    if (admission.refuses(!request.headers.authorization)) return refuse(reply, 503, OVERLOADED, retryAfterOverload());
  });
  const ends = new WeakMap<FastifyRequest, () => void>();
  // Counted when the body has arrived, because a client that sends slowly takes no time of the process...
  app.addHook('preHandler', async (request, reply) => {
    const { url } = request.routeOptions;
    if (url === paths.health || url === paths.stream) return;
    const endCounting = admission.begin();
    const timer = setTimeout(() => {
      if (!reply.sent) refuse(reply, 503, TOO_LATE);
    }, answerWithinMs);
    const end = () => {
      endCounting();
      clearTimeout(timer);
    };
    ends.set(request, end);
    reply.raw.once('close', end);
  });
  // ... and until the answer is made. It may wait for long behind another answer of the same connection.
  app.addHook('onSend', async (request) => ends.get(request)?.());
}

/** An operation that was not executed, or whose result came too late. */
export interface Refused {
  refused: [GraphQLError];
}

/**
 * Executes a query or mutation that arrived over a connection that stays open, under the same rules.
 *
 * @param signal is aborted when nobody waits for the answer any more
 * @param execute is called with a signal that is aborted after the deadline as well
 */
export async function executeAdmitted<T>(
  admission: Admission,
  isAnonymous: boolean,
  signal: AbortSignal,
  execute: (signal: AbortSignal) => Promise<T>,
  answerWithinMs = ANSWER_WITHIN_MS,
): Promise<T | Refused> {
  if (admission.refuses(isAnonymous)) return { refused: [unavailable(OVERLOADED)] };
  const end = admission.begin();
  const { promise: deadline, resolve } = Promise.withResolvers<Refused>();
  const late = new AbortController();
  const timer = setTimeout(() => {
    resolve({ refused: [unavailable(TOO_LATE)] });
    late.abort();
  }, answerWithinMs);
  try {
    return await Promise.race([execute(AbortSignal.any([signal, late.signal])), deadline]);
  } finally {
    end();
    clearTimeout(timer);
  }
}
