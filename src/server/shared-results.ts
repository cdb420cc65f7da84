import { randomUUID } from 'node:crypto';
import type { ExecutionResult } from 'graphql';
import type { Context } from '../features/context.ts';
import type { LiveEvent } from '../features/live/subscribe.ts';

/** Executes an operation for one event. */
type Execute = (event: unknown, context: Context) => Promise<ExecutionResult>;

/** A query of a client, the same object for the same text. */
interface Query {
  /** Found out once, so that nobody waits for it again. */
  dependsOnViewer: boolean;
}

/** Stands for the cursor in a result that is shared: nobody's data can hold it. */
const CURSOR = `cursor ${randomUUID()}`;

/**
 * Executes an operation for the events of a subscription, and once for all who would be answered the same: those who have been given the same
 * value (photos/deliveries.ts: told of the same at the same moment), ask for the same, and of whom nothing has asked who they are while it was
 * executed for the first of them. Each is answered with their own cursor. Nothing has to be declared, so nothing can be forgotten: whether
 * an answer depends on the viewer is seen (features/context.ts).
 */
export class SharedResults {
  /** By the value, the query and the variables: the text of the result, parted where the cursor belongs; null when it is not for others. */
  readonly #made = new WeakMap<object, Map<Query, Map<string, Promise<string[] | null>>>>();
  readonly #toText: (result: ExecutionResult) => string;

  /** @param toText makes a result what a client is sent */
  constructor(toText: (result: ExecutionResult) => string) {
    this.#toText = toText;
  }

  /**
   * @param variables what of the client's variables matters to the answer, as text
   * @returns the result as text
   */
  async execute(
    event: LiveEvent<unknown>,
    query: Query,
    variables: string,
    execute: Execute,
    newContext: () => Context,
  ): Promise<string> {
    const { value, cursor } = event;
    const executeAlone = async () => this.#toText(await execute(event, newContext()));
    if (query.dependsOnViewer || event.isGap || typeof value !== 'object' || value === null) return executeAlone();
    const queries = getOrMake(this.#made, value, () => new Map());
    const results = getOrMake(queries, query, () => new Map());
    const first = results.get(variables);
    if (first) return (await first)?.join(cursor) ?? executeAlone();
    const context = newContext();
    const own = execute({ ...event, cursor: CURSOR }, context).then((result) => ({
      parts: this.#toText(result).split(CURSOR),
      isForAll: !result.errors,
    }));
    results.set(
      variables,
      own.then(
        ({ parts, isForAll }) => {
          if (context.hasAskedForViewer()) query.dependsOnViewer = true;
          return isForAll && !query.dependsOnViewer ? parts : null;
        },
        () => null,
      ),
    );
    return (await own).parts.join(cursor);
  }
}

function getOrMake<K, V>(
  map: { get(key: K): V | undefined; set(key: K, value: V): unknown },
  key: K,
  make: () => V,
): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
