import { randomUUID } from 'node:crypto';
import type { ExecutionResult } from 'graphql';
import type { Context } from '../features/context.ts';
import { ABANDONED } from '../features/kernel/abandoned.ts';
import { getOrInsert } from '../features/kernel/get-or-insert.ts';
import type { ShareKey } from '../features/live/share-key.ts';
import type { DecidedEvent, LiveEvent } from '../features/live/subscribe.ts';

/** How the events of one subscriber are executed. */
export interface Executions {
  /** Executes the operation for one event. */
  execute(event: LiveEvent<unknown>, context: Context): Promise<ExecutionResult>;
  /**
   * Does work when it is the client's turn.
   *
   * @param until is aborted when somebody else does it. Then this fails, unless the work has begun
   */
  inTurn<T>(client: string, work: () => Promise<T>, until?: AbortSignal): Promise<T>;
}

/** The answer to an event. */
export interface Answer {
  /** The result as text; null when the viewer may not see the event any more. */
  text: string | null;
  /** When it was decided that they may, by the clock of `performance.now()`. */
  decidedAt: number;
  /** Whether it waited for a turn. */
  hasWaited: boolean;
}

/** An operation of a client: one object for all who send the same document and operation name. */
interface Query {
  /**
   * Set by the first execution that reads the viewer, so that later events do not wait for an answer that cannot be
   * shared.
   */
  dependsOnViewer: boolean;
}

/** Stands for the cursor in a shared result. It is random, so no data contains it. */
const CURSOR = `cursor ${randomUUID()}`;

/** An event that has waited and was decided longer ago, in milliseconds, is decided again. */
export const DECIDE_AGAIN_AFTER_MS = 1_000;

/** An answer for all subscribers who may share it. */
class SharedAnswer {
  readonly #begun = new AbortController();
  readonly #parts = Promise.withResolvers<string[] | null>();

  /** Is aborted when somebody has begun to make it. */
  get begun(): AbortSignal {
    return this.#begun.signal;
  }

  /** The text, split where the cursor belongs; null when it is not for others. */
  get parts(): Promise<string[] | null> {
    return this.#parts.promise;
  }

  begin(parts: Promise<string[] | null>): void {
    this.#begun.abort(ABANDONED);
    this.#parts.resolve(parts);
  }
}

/** By query and variables. */
type AnswersByQuery = Map<Query, Map<string, SharedAnswer>>;

/**
 * Executes the operation of a subscription for its events: once for all subscribers who would get the same answer.
 * Those are the subscribers whose events carry the same share key (features/live/share-key.ts) and whose query and
 * variables are the same, provided that the first execution did not read the viewer. Each gets the answer with their
 * own cursor. Whether an answer depends on the viewer is observed (features/context.ts) and not declared, so no
 * resolver can forget to declare it.
 *
 * Everything is executed in the turn of a subscriber's client (server/turns.ts): what is shared, in that of the first
 * whose turn it is. So nobody waits for a client who subscribes with many large documents. Whether the viewer may see
 * an event that has waited for long is decided again.
 */
export class SharedResults {
  readonly #answers = new WeakMap<ShareKey, AnswersByQuery>();
  readonly #toText: (result: ExecutionResult) => string;

  /** @param toText serializes a result as clients receive it */
  constructor(toText: (result: ExecutionResult) => string) {
    this.#toText = toText;
  }

  /**
   * @param variables the values of the variables that the answer depends on, as text
   * @param mustDecideAgain whether to decide again, and to execute it for this subscriber alone
   */
  async execute(
    event: DecidedEvent<unknown>,
    query: Query,
    variables: string,
    { execute, inTurn }: Executions,
    newContext: () => Context,
    mustDecideAgain = false,
  ): Promise<Answer> {
    const { shareKey, cursor, decidedAt } = event;
    let hasWaited = false;
    const executeNow = async (context: Context): Promise<Answer> => {
      const waited = hasWaited;
      if (!mustDecideAgain && !(waited && isStale(decidedAt))) {
        return { text: this.#toText(await execute(event, context)), decidedAt, hasWaited: waited };
      }
      const now = performance.now();
      const current = await event.decideAgain();
      return { text: current && this.#toText(await execute(current, context)), decidedAt: now, hasWaited: waited };
    };
    const executeAlone = () => {
      const context = newContext();
      const answer = inTurn(context.client, () => executeNow(context));
      // What has begun by now has not waited.
      hasWaited = true;
      return answer;
    };
    if (shareKey === null || query.dependsOnViewer || mustDecideAgain) return executeAlone();
    const queries = getOrInsert(this.#answers, shareKey, (): AnswersByQuery => new Map());
    const answers = getOrInsert(queries, query, () => new Map());
    const answer = getOrInsert(answers, variables, () => new SharedAnswer());
    if (!answer.begun.aborted) {
      const context = newContext();
      const make = async (): Promise<Answer | null> => {
        // The turns of two may come in the same moment.
        if (answer.begun.aborted) return null;
        // Somebody whose turn comes sooner after the decision makes it for others.
        const waited = hasWaited;
        if (waited && isStale(decidedAt)) return executeNow(context);
        const making = execute({ ...event, cursor: CURSOR }, context).then((result) => ({
          parts: this.#toText(result).split(CURSOR),
          hasErrors: Boolean(result.errors),
        }));
        const forOthers = making.then(({ parts, hasErrors }) => {
          if (context.dependsOnViewer()) query.dependsOnViewer = true;
          return hasErrors || query.dependsOnViewer ? null : parts;
        });
        answer.begin(forOthers.catch(() => null));
        return { text: (await making).parts.join(cursor), decidedAt, hasWaited: waited };
      };
      const turn = inTurn(context.client, make, answer.begun);
      hasWaited = true;
      const own = await turn.catch((error) => {
        if (error === ABANDONED && answer.begun.aborted) return null;
        throw error;
      });
      if (own) return own;
    }
    // It was begun soon after the decision, which was made for all with this key at the same moment.
    const parts = await answer.parts;
    return parts ? { text: parts.join(cursor), decidedAt, hasWaited } : executeAlone();
  }
}

/** Whether an event that was decided at this time, and has waited, must be decided again. */
export function isStale(decidedAt: number): boolean {
  return performance.now() - decidedAt > DECIDE_AGAIN_AFTER_MS;
}
