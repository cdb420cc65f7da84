import { randomUUID } from 'node:crypto';
import type { ExecutionResult } from 'graphql';
import type { Context } from '../features/context.ts';
import type { ShareKey } from '../features/live/share-key.ts';
import type { LiveEvent } from '../features/live/subscribe.ts';

/** Executes an operation for one event. */
type Execute = (event: unknown, context: Context) => Promise<ExecutionResult>;

/** Executes an operation for all subscribers who may share the result, or for one of them alone. */
interface Executions {
  forAll: Execute;
  alone: Execute;
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

/**
 * By query and variables: the text of a result, split where the cursor belongs; null when the result is not for others.
 */
type ResultsByQuery = Map<Query, Map<string, Promise<string[] | null>>>;

/**
 * Executes the operation of a subscription for its events: once for all subscribers who would get the same answer.
 * Those are the subscribers whose events carry the same share key (features/live/share-key.ts) and whose query and
 * variables are the same, provided that the first execution did not read the viewer. Each gets the answer with their
 * own cursor. Whether an answer depends on the viewer is observed (features/context.ts) and not declared, so no
 * resolver can forget to declare it.
 */
export class SharedResults {
  readonly #results = new WeakMap<ShareKey, ResultsByQuery>();
  readonly #toText: (result: ExecutionResult) => string;

  /** @param toText serializes a result as clients receive it */
  constructor(toText: (result: ExecutionResult) => string) {
    this.#toText = toText;
  }

  /**
   * @param variables the values of the variables that the answer depends on, as text
   * @returns the result as text
   */
  async execute(
    event: LiveEvent<unknown>,
    query: Query,
    variables: string,
    execute: Executions,
    newContext: () => Context,
  ): Promise<string> {
    const { shareKey, cursor } = event;
    const executeAlone = async () => this.#toText(await execute.alone(event, newContext()));
    if (shareKey === null || query.dependsOnViewer) return executeAlone();
    const queries = getOrInsert(this.#results, shareKey, (): ResultsByQuery => new Map());
    const results = getOrInsert(queries, query, () => new Map());
    const first = results.get(variables);
    if (first) return (await first)?.join(cursor) ?? executeAlone();
    const context = newContext();
    const own = execute.forAll({ ...event, cursor: CURSOR }, context).then((result) => ({
      parts: this.#toText(result).split(CURSOR),
      hasErrors: Boolean(result.errors),
    }));
    results.set(
      variables,
      own.then(
        ({ parts, hasErrors }) => {
          if (context.dependsOnViewer()) query.dependsOnViewer = true;
          return hasErrors || query.dependsOnViewer ? null : parts;
        },
        () => null,
      ),
    );
    return (await own).parts.join(cursor);
  }
}

function getOrInsert<K, V>(
  map: { get(key: K): V | undefined; set(key: K, value: V): unknown },
  key: K,
  make: () => V,
): V {
  const existing = map.get(key);
  if (existing !== undefined) return existing;
  const made = make();
  map.set(key, made);
  return made;
}
