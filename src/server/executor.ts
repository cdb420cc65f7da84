import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  visit,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import type { Context } from '../features/context.ts';
import { resumeRequired } from '../features/kernel/errors.ts';
import { DONE, generator } from '../features/live/generator.ts';
import type { LiveEvent, LiveEvents } from '../features/live/subscribe.ts';
import type { Stores } from '../stores/stores.ts';
import { formatResult, saysUnavailable } from './errors.ts';
import { SOME_UNSENT_BYTES } from './limits.ts';
import { SharedResults } from './shared-results.ts';

/** An operation to run, validated. */
export interface Operation {
  document: DocumentNode;
  operationName: string | null | undefined;
  variables: Record<string, unknown> | null | undefined;
}

/** A query as code, and what is known of it. */
type Compiled = CompiledQuery & { dependsOnViewer: boolean; eventVariables: string[] };

/** Runs operations with code that is compiled from each document once. */
export interface Executor {
  /** Runs a query or mutation. */
  execute(operation: Operation, context: Context): Promise<ExecutionResult>;
  /**
   * Runs a subscription: each event with a context of its own, because what was loaded for one may be stale at the next.
   *
   * @param isCongested whether the client has yet to take in so much that no more should be made for it: then it is told to come again
   * @returns its results, or the errors for which it cannot start
   */
  subscribe(
    operation: Operation,
    newContext: () => Context,
    isCongested: () => boolean,
  ): Promise<Texts | ExecutionResult>;
}

/**
 * The results of a subscription as JSON, as the client is sent them, those together that came together. Whoever reads them is thrown
 * UNAVAILABLE when a store is away and the client had better come again.
 */
export type Texts = AsyncGenerator<string[], void, void>;

const SUBSCRIPTION_OVER_HTTP = new GraphQLError(
  'Subscriptions are served over WebSocket at this address, with the graphql-ws protocol, and as server-sent events below it, at /stream.',
  { extensions: { code: 'BAD_USER_INPUT' } },
);

/**
 * Makes an executor for a schema. What is compiled lives as long as its document: whoever caches documents, with a bound, bounds
 * this too.
 */
export function createExecutor(schema: GraphQLSchema, stores: Stores): Executor {
  const compiled = new WeakMap<DocumentNode, Map<string, Compiled>>();
  const toText = (result: ExecutionResult) => JSON.stringify(formatResult(result, stores));
  const shared = new SharedResults(toText);

  const compile = ({ document, operationName }: Operation): Compiled | ExecutionResult => {
    let operations = compiled.get(document);
    if (!operations) {
      operations = new Map();
      compiled.set(document, operations);
    }
    const name = operationName ?? '';
    const known = operations.get(name);
    if (known) return known;
    const made = compileQuery(schema, document, operationName ?? undefined) as CompiledQuery | ExecutionResult;
    // A name that the document lacks is the client's mistake, of which there are endlessly many.
    if (!isCompiledQuery(made)) return made;
    const query = Object.assign(made, {
      dependsOnViewer: false,
      eventVariables: eventVariables(document, operationName),
    });
    operations.set(name, query);
    return query;
  };

  return {
    async execute(operation, context) {
      const query = compile(operation);
      if (!isCompiledQuery(query)) return query;
      // Only of subscriptions does the compiler make this function.
      if (query.subscribe) return { errors: [SUBSCRIPTION_OVER_HTTP] };
      return run(query, null, context, operation);
    },
    async subscribe(operation, newContext, isCongested) {
      const query = compile(operation);
      if (!isCompiledQuery(query)) return query;
      if (!getOperationAST(operation.document, operation.operationName)) {
        return { errors: [new GraphQLError('Say in "operationName" which operation is meant.')] };
      }
      const source = await createSourceEventStream({
        schema,
        document: operation.document,
        contextValue: newContext(),
        variableValues: operation.variables ?? null,
        operationName: operation.operationName ?? null,
      });
      if (!(Symbol.asyncIterator in source)) return source;
      const variables = JSON.stringify(query.eventVariables.map((name) => operation.variables?.[name]));
      const execute = (event: unknown, context: Context) => run(query, event, context, operation);
      return mapEvents(
        source as LiveEvents<unknown>,
        (events) => {
          if (isCongested()) throw resumeRequired('You read too slowly: subscribe again with "after".');
          return Promise.all(events.map((event) => shared.execute(event, query, variables, execute, newContext)));
        },
        (error) => [toText({ errors: [error] })],
      );
    },
  };
}

/**
 * The variables that matter to what is answered to each event. Those in the arguments of the subscription itself say which events there are,
 * and `after` among them is another one for each client.
 */
function eventVariables(document: DocumentNode, operationName: string | null | undefined): string[] {
  const operation = getOperationAST(document, operationName);
  const own = new Set<unknown>(
    operation?.selectionSet.selections.flatMap((field) => (field.kind === Kind.FIELD ? (field.arguments ?? []) : [])),
  );
  const names = new Set<string>();
  visit(document, {
    VariableDefinition: () => false,
    Argument: (node) => (own.has(node) ? false : undefined),
    Variable({ name }) {
      names.add(name.value);
    },
  });
  return [...names];
}

async function run(
  query: CompiledQuery,
  root: unknown,
  context: Context,
  { variables }: Operation,
): Promise<ExecutionResult> {
  const result = await query.query(root, context, variables ?? {});
  if (!result.errors) return result;
  // Without data nothing was run: the variables are not what the operation declares.
  const code = result.data === undefined ? 'BAD_USER_INPUT' : null;
  return { ...result, errors: result.errors.map((error) => toGraphQLError(error, code)) };
}

/** The compiler makes errors that lack half of what a GraphQLError is. One without a code is a fault of ours. */
function toGraphQLError(error: GraphQLError, code: string | null): GraphQLError {
  if (error.extensions) return error;
  const { message, path, locations, originalError } = error;
  const whole = new GraphQLError(message, {
    ...(path && { path }),
    ...(code === null ? { originalError: originalError ?? new Error(message) } : { extensions: { code } }),
  });
  return Object.assign(whole, locations && { locations });
}

/**
 * Hands on what `execute` makes of events that come together. A source that fails ends with an error for its client, whose connection goes
 * on, unless a store is away.
 */
function mapEvents<E>(
  events: LiveEvents<E>,
  execute: (events: LiveEvent<E>[]) => Promise<string[]>,
  explain: (error: GraphQLError) => string[],
): Texts {
  let failed = false;
  let longest = 1;
  return generator(
    async () => {
      if (failed) return DONE;
      try {
        const next = await events.next(Math.max(1, Math.floor(SOME_UNSENT_BYTES / longest)));
        if (next.done) return DONE;
        const texts = await execute(next.value);
        longest = Math.max(...texts.map((text) => text.length));
        return { done: false, value: texts };
      } catch (thrown) {
        failed = true;
        await events.return();
        if (saysUnavailable(thrown)) throw thrown;
        return { done: false, value: explain(asGraphQLError(thrown)) };
      }
    },
    async () => {
      await events.return();
    },
  );
}

function asGraphQLError(thrown: unknown): GraphQLError {
  if (thrown instanceof GraphQLError) return thrown;
  const originalError = thrown instanceof Error ? thrown : new Error(String(thrown));
  return new GraphQLError(originalError.message, { originalError });
}
