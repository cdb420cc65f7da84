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

/** An event that was decided longer ago, in milliseconds, is decided again: it has waited for its subscriber's turn. */
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
   * @returns the result as text; null when the viewer may not see the event any more
   */
  async execute(
    event: DecidedEvent<unknown>,
    query: Query,
    variables: string,
    { execute, inTurn }: Executions,
    newContext: () => Context,
  ): Promise<string | null> {
    const { shareKey, cursor } = event;
    const isStale = () => performance.now() - event.decidedAt > DECIDE_AGAIN_AFTER_MS;
    const executeAlone = () => {
      const context = newContext();
      return inTurn(context.client, async () => {
        const current = isStale() ? await event.decideAgain() : event;
        return current && this.#toText(await execute(current, context));
      });
    };
    if (shareKey === null || query.dependsOnViewer) return executeAlone();
    const queries = getOrInsert(this.#answers, shareKey, (): AnswersByQuery => new Map());
    const answers = getOrInsert(queries, query, () => new Map());
    const answer = getOrInsert(answers, variables, () => new SharedAnswer());
    if (!answer.begun.aborted) {
      const context = newContext();
      const make = async () => {
        // The turns of two may come in the same moment.
        if (answer.begun.aborted || isStale()) throw ABANDONED;
        const making = execute({ ...event, cursor: CURSOR }, context).then((result) => ({
          parts: this.#toText(result).split(CURSOR),
          hasErrors: Boolean(result.errors),
        }));
        const forOthers = making.then(({ parts, hasErrors }) => {
          if (context.dependsOnViewer()) query.dependsOnViewer = true;
          return hasErrors || query.dependsOnViewer ? null : parts;
        });
        answer.begin(forOthers.catch(() => null));
        return making;
      };
      const own = await inTurn(context.client, make, answer.begun).catch((error) => {
        if (error === ABANDONED && (answer.begun.aborted || isStale())) return null;
        throw error;
      });
      if (own) return own.parts.join(cursor);
      if (!answer.begun.aborted) return executeAlone();
    }
    // It was begun soon after the decision, which was made for all with this key at the same moment.
    return (await answer.parts)?.join(cursor) ?? executeAlone();
  }
}
