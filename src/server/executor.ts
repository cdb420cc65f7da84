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
import { formatResult, isUnavailableError } from './errors.ts';
import { SOME_UNSENT_BYTES } from './limits.ts';
import { SharedResults } from './shared-results.ts';

/** A validated operation to execute. */
export interface Operation {
  document: DocumentNode;
  operationName: string | null | undefined;
  variables: Record<string, unknown> | null | undefined;
}

/** An operation compiled to code. `eventVariables`: the variables that the answer to an event depends on. */
type CompiledOperation = CompiledQuery & { dependsOnViewer: boolean; eventVariables: string[] };

/** Executes operations with code that is compiled once per document and operation name. */
export interface Executor {
  /** Executes a query or mutation. */
  execute(operation: Operation, context: Context): Promise<ExecutionResult>;
  /**
   * Executes a subscription. Each event gets a context of its own, because what was loaded for one event may be stale
   * at the next.
   *
   * @param isCongested whether so much output waits for the client that the subscription must end with RESUME
   * @returns its results, or the errors that keep it from starting
   */
  subscribe(
    operation: Operation,
    newContext: () => Context,
    isCongested: () => boolean,
  ): Promise<Texts | ExecutionResult>;
}

/**
 * The results of a subscription as the JSON that clients receive. Results of events that arrived together come in one
 * array. The generator throws UNAVAILABLE when a store is away and the client should reconnect.
 */
export type Texts = AsyncGenerator<string[], void, void>;

const SUBSCRIPTION_OVER_HTTP = new GraphQLError(
  'Subscriptions are served over WebSocket at this address, with the graphql-ws protocol, ' +
    'and as server-sent events below it, at /stream.',
  { extensions: { code: 'BAD_USER_INPUT' } },
);

/**
 * Makes an executor for a schema. Compiled code lives as long as its document, so the bounded document caches of Apollo
 * Server and documents.ts bound it too.
 */
export function createExecutor(schema: GraphQLSchema, stores: Stores): Executor {
  const compiled = new WeakMap<DocumentNode, Map<string, CompiledOperation>>();
  const toText = (result: ExecutionResult) => JSON.stringify(formatResult(result, stores));
  const sharedResults = new SharedResults(toText);

  const compile = ({ document, operationName }: Operation): CompiledOperation | ExecutionResult => {
    let operations = compiled.get(document);
    if (!operations) {
      operations = new Map();
      compiled.set(document, operations);
    }
    const name = operationName ?? '';
    const existing = operations.get(name);
    if (existing) return existing;
    const result = compileQuery(schema, document, operationName ?? undefined) as CompiledQuery | ExecutionResult;
    // Not cached: a client can send endlessly many operation names that the document lacks.
    if (!isCompiledQuery(result)) return result;
    const query = Object.assign(result, {
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
      // The compiler makes this function for subscriptions only.
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
          return Promise.all(
            events.map((event) => sharedResults.execute(event, query, variables, execute, newContext)),
          );
        },
        (error) => [toText({ errors: [error] })],
      );
    },
  };
}

/**
 * The variables that the answer to an event depends on. Variables in the arguments of the subscription field itself
 * only select the events, and one of them, `after`, differs for every client.
 */
function eventVariables(document: DocumentNode, operationName: string | null | undefined): string[] {
  const operation = getOperationAST(document, operationName);
  const fieldArguments = new Set<unknown>(
    operation?.selectionSet.selections.flatMap((field) => (field.kind === Kind.FIELD ? (field.arguments ?? []) : [])),
  );
  const names = new Set<string>();
  visit(document, {
    VariableDefinition: () => false,
    Argument: (node) => (fieldArguments.has(node) ? false : undefined),
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
  // No data means that nothing was executed: the variables do not fit the operation's declarations.
  const code = result.data === undefined ? 'BAD_USER_INPUT' : null;
  return { ...result, errors: result.errors.map((error) => toGraphQLError(error, code)) };
}

/**
 * Completes an error of the compiler, whose errors lack some fields of a GraphQLError.
 *
 * @param code the error's code; null for a fault of the server
 */
function toGraphQLError(error: GraphQLError, code: string | null): GraphQLError {
  if (error.extensions) return error;
  const { message, path, locations, originalError } = error;
  const completed = new GraphQLError(message, {
    ...(path && { path }),
    ...(code === null ? { originalError: originalError ?? new Error(message) } : { extensions: { code } }),
  });
  return Object.assign(completed, locations && { locations });
}

/**
 * Yields the results of events that arrive together. When the source fails, the last result is an error for the client
 * and its connection stays open; only when a store is away, the generator throws.
 */
function mapEvents<E>(
  events: LiveEvents<E>,
  execute: (events: LiveEvent<E>[]) => Promise<string[]>,
  toErrorTexts: (error: GraphQLError) => string[],
): Texts {
  let failed = false;
  // Asks for as many events as fit the client's buffer, judged by the longest text of the last batch.
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
        if (isUnavailableError(thrown)) throw thrown;
        return { done: false, value: toErrorTexts(asGraphQLError(thrown)) };
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
