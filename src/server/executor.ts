import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getVariableValues,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  visit,
} from 'graphql';
import type { CompiledQuery } from 'graphql-jit';
import { LRUCache } from 'lru-cache';
import { type Context, withoutAbort } from '../features/context.ts';
import { ABANDONED } from '../features/kernel/abandoned.ts';
import { badInput, resumeRequired } from '../features/kernel/errors.ts';
import { DONE, generator } from '../features/live/generator.ts';
import type { DecidedEvent, LiveEvents } from '../features/live/subscribe.ts';
import type { Stores } from '../stores/stores.ts';
import { checkSizeWithVariables, checkVariableValues, measureOperation, type OperationSize } from './budget.ts';
import { compile, isCompilable } from './compile.ts';
import { asGraphQLError, formatResult, isUnavailableError } from './errors.ts';
import { EventBatch } from './event-batch.ts';
import {
  ANSWER_LENGTH,
  COMPILE_AFTER,
  MAX_ANSWER_ERRORS,
  MAX_COMPILED_CODE,
  MAX_VALUES,
  MAX_VARIABLE_ERRORS,
  OPERATION_WEIGHT,
  SOME_UNSENT_BYTES,
  SOME_VALUES,
  SUBSCRIPTION_WEIGHT,
  WEIGHT_OF_COST,
} from './limits.ts';
import { type Executions, SharedResults } from './shared-results.ts';
import { refusedTurn, Turns } from './turns.ts';

/** A validated operation to execute. */
export interface Operation {
  document: DocumentNode;
  /** The operation of the document. */
  operation: OperationDefinitionNode;
  variables: Record<string, unknown> | null | undefined;
}

/** The schema, and whether errors must not suggest names of it. */
export interface ExecutionSettings {
  schema: GraphQLSchema;
  hideSuggestions: boolean;
}

/** What is known of an operation, for as long as its document is cached. */
interface Plan {
  /** Its size; with the largest pages where their sizes are in variables. */
  size: OperationSize;
  /** How often it was executed, until it is compiled. */
  executions: number;
  /** Null until the operation has been executed often enough to find out. */
  isCompilable: boolean | null;
  /** Set by the first execution for an event that read the viewer (shared-results.ts). */
  dependsOnViewer: boolean;
  /** The variables that the answer to an event depends on. */
  eventVariables: string[];
}

/** Executes operations: with graphql-js, or, when they are requested often, with code that is compiled for them. */
export interface Executor {
  /** Executes a query or mutation. */
  execute(operation: Operation, context: Context): Promise<ExecutionResult>;
  /**
   * Executes a subscription. Each event gets a context of its own, because what was loaded for one event may be stale
   * at the next.
   *
   * @param newContext makes a context; that of the set-up ends with `signal`
   * @param isCongested whether so much output waits for the client that the subscription must end with RESUME
   * @returns its results, or the errors that keep it from starting
   */
  subscribe(
    operation: Operation,
    newContext: (signal?: AbortSignal) => Context,
    signal: AbortSignal,
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

/** Makes an executor for a schema. @param turns in which operations run */
export function createExecutor(schema: GraphQLSchema, stores: Stores, turns = new Turns()): Executor {
  const settings = { schema, hideSuggestions: !stores.config.INTROSPECTION };
  const plans = new WeakMap<OperationDefinitionNode, Plan>();
  const compiled = new LRUCache<Plan, { query: CompiledQuery['query']; codeLength: number }>({
    maxSize: MAX_COMPILED_CODE,
    sizeCalculation: ({ codeLength }) => codeLength,
  });
  const toText = (result: ExecutionResult) => JSON.stringify(formatResult(result, stores));
  const sharedResults = new SharedResults(toText);

  const planOf = ({ document, operation }: Operation): Plan => {
    let plan = plans.get(operation);
    if (!plan) {
      const variables =
        operation.operation === OperationTypeNode.SUBSCRIPTION ? eventVariables(document, operation) : [];
      plan = {
        size: measureOperation(schema, document, operation),
        executions: 0,
        isCompilable: null,
        dependsOnViewer: false,
        eventVariables: variables,
      };
      plans.set(operation, plan);
    }
    return plan;
  };

  /** The size of an operation with its variables. @returns an error when it exceeds a limit */
  const sizeOf = (plan: Plan, { document, operation, variables }: Operation): OperationSize | GraphQLError => {
    const tooMany = variables && checkVariableValues(variables);
    if (tooMany) return tooMany;
    // Without variables for them, the document's check has seen the sizes.
    if (!plan.size.dependsOnVariables) return plan.size;
    const size = measureOperation(schema, document, operation, variables ?? {});
    return checkSizeWithVariables(size) ?? size;
  };

  /** The compiled operation; null when it is not to be compiled, or not yet. */
  const compiledOf = (plan: Plan, { document, operation }: Operation) => {
    const known = compiled.get(plan);
    if (known) return known.query;
    if (plan.isCompilable === false || ++plan.executions < COMPILE_AFTER) return null;
    plan.isCompilable ??= isCompilable(schema, document, operation);
    // When it was compiled before and has been evicted, it must again be requested often.
    plan.executions = 0;
    const query = plan.isCompilable ? compile(schema, document, operation) : null;
    if (query) compiled.set(plan, query);
    else plan.isCompilable = false;
    return query?.query ?? null;
  };

  const run = async (plan: Plan, root: unknown, context: Context, operation: Operation): Promise<ExecutionResult> => {
    const query = compiledOf(plan, operation);
    const result = await (query
      ? runCompiled(settings, query, operation, root, context)
      : interpret(settings, operation, root, context));
    return limitAnswer(result, plan.size.values);
  };

  return {
    async execute(operation, context) {
      if (operation.operation.operation === OperationTypeNode.SUBSCRIPTION) return { errors: [SUBSCRIPTION_OVER_HTTP] };
      const plan = planOf(operation);
      const size = sizeOf(plan, operation);
      if (size instanceof GraphQLError) return { errors: [size] };
      // A mutation is carried out in full, because a client that leaves must not undo half of what it has begun.
      const isMutation = operation.operation.operation === OperationTypeNode.MUTATION;
      const own = isMutation ? withoutAbort(context) : context;
      const execute = () => untilAborted(own.signal, run(plan, null, own, operation));
      // One that has not begun does not begin any more when its client has left.
      return turns
        .run(context.client, weightOf(size), context.signal, execute, true, context.untilCostlyEnds)
        .catch(refusedTurn);
    },
    async subscribe(operation, newContext, signal, isCongested) {
      const plan = planOf(operation);
      const size = sizeOf(plan, operation);
      if (size instanceof GraphQLError) return { errors: [size] };
      const context = newContext(signal);
      const source = await turns
        .run(
          context.client,
          SUBSCRIPTION_WEIGHT,
          signal,
          async () => createSourceEventStream(toArgs(settings, operation, null, context)),
          // When a server restarts, all clients behind an address subscribe at the same moment.
          false,
        )
        .catch(refusedTurn);
      if (!(Symbol.asyncIterator in source)) return classifyErrors(source);
      const variables = JSON.stringify(plan.eventVariables.map((name) => operation.variables?.[name]));
      const executions: Executions = {
        execute: (event, context) => run(plan, event, context, operation),
        // Never refused: no event may be lost.
        inTurn: (client, work, until) =>
          turns.run(client, weightOf(size), until ? AbortSignal.any([signal, until]) : signal, work, false),
      };
      return mapEvents(
        source as LiveEvents<unknown>,
        (events) => {
          if (isCongested()) throw resumeRequired('You read too slowly: subscribe again with "after".');
          return new EventBatch(events, (event, mustDecideAgain) =>
            sharedResults.execute(event, plan, variables, executions, newContext, mustDecideAgain),
          );
        },
        (error) => [toText({ errors: [error] })],
      );
    },
  };
}

/** Replaces an answer whose texts are too long. @param values how many values it may hold */
function limitAnswer(result: ExecutionResult, values: number): ExecutionResult {
  if (values <= SOME_VALUES) return result;
  const maxLength = ANSWER_LENGTH.atLeast + ANSWER_LENGTH.perValue * Math.min(values, MAX_VALUES);
  if (!hasLongerTexts(result.data, maxLength)) return result;
  const message =
    `The texts of this answer have more than ${maxLength.toLocaleString('en')} characters together. ` +
    'Ask for smaller pages or fewer fields.';
  return { errors: [badInput(message)] };
}

/** Whether a value holds texts of more than so many characters together. */
function hasLongerTexts(value: unknown, maxLength: number): boolean {
  const left = [value];
  for (let length = 0; left.length > 0; ) {
    const next = left.pop();
    if (typeof next === 'string') length += next.length;
    else if (Array.isArray(next)) left.push(...next);
    else if (typeof next === 'object' && next !== null) left.push(...Object.values(next));
    if (length > maxLength) return true;
  }
  return false;
}

/** What an operation of this size counts for its client's turns. */
function weightOf({ values, cost }: OperationSize): number {
  return OPERATION_WEIGHT + values + WEIGHT_OF_COST * cost;
}

/** Waits for a result until nobody else does. @throws ABANDONED then */
async function untilAborted<T>(signal: AbortSignal, result: Promise<T>): Promise<T> {
  const { promise: left, reject } = Promise.withResolvers<never>();
  const leave = () => reject(ABANDONED);
  if (signal.aborted) leave();
  else signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([result, left]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/** Executes an operation with graphql-js. @param root the event of a subscription; null for other operations */
export async function interpret(
  settings: ExecutionSettings,
  operation: Operation,
  root: unknown,
  context: unknown,
): Promise<ExecutionResult> {
  return classifyErrors(await execute(toArgs(settings, operation, root, context)));
}

/** The arguments of graphql-js, for an operation or for the source of a subscription's events. */
function toArgs(
  settings: ExecutionSettings,
  { document, operation, variables }: Operation,
  root: unknown,
  context: unknown,
): ExecutionArgs {
  return {
    ...settings,
    document,
    rootValue: root,
    contextValue: context,
    variableValues: variables ?? null,
    operationName: operation.name?.value ?? null,
    options: { maxCoercionErrors: MAX_VARIABLE_ERRORS },
  };
}

/** Executes an operation with its compiled code. Variables are checked by graphql-js, whose errors are clearer. */
export async function runCompiled(
  { schema, hideSuggestions }: ExecutionSettings,
  query: CompiledQuery['query'],
  { operation, variables }: Operation,
  root: unknown,
  context: unknown,
): Promise<ExecutionResult> {
  const checked = getVariableValues(schema, operation.variableDefinitions ?? [], variables ?? {}, {
    maxErrors: MAX_VARIABLE_ERRORS,
    hideSuggestions,
  });
  if (checked.errors) return classifyErrors({ errors: checked.errors });
  return classifyErrors(await query(root, context, variables ?? {}));
}

/**
 * Gives a code to the errors that have none. Those about the client's variables and arguments become BAD_USER_INPUT:
 * without data nothing was executed, and errors about arguments have nodes of the document. Others are faults of the
 * server (errors.ts). Errors of the compiler lack some fields of a GraphQLError, which are completed.
 */
function classifyErrors(result: ExecutionResult): ExecutionResult {
  if (!result.errors) return result;
  const { data } = result;
  return { ...result, errors: firstErrors(data, result.errors).map((error) => classify(error, data === undefined)) };
}

/**
 * When several fields within an object fail that becomes null, the specification leaves open how many of their errors
 * are reported, and the two executors differ. So one is: the first for each place that became null.
 */
function firstErrors(data: unknown, errors: readonly GraphQLError[]): readonly GraphQLError[] {
  if (errors.length < 2) return errors;
  const places = new Set<string>();
  const first = errors.filter(({ path }) => {
    if (!path) return true;
    let value = data;
    let depth = 0;
    while (depth < path.length && typeof value === 'object' && value !== null) {
      value = (value as Record<string | number, unknown>)[path[depth++] as string | number];
    }
    const place = JSON.stringify(path.slice(0, depth));
    const isFirst = !places.has(place);
    places.add(place);
    return isFirst;
  });
  return first.slice(0, MAX_ANSWER_ERRORS);
}

function classify(error: GraphQLError, isRefused: boolean): GraphQLError {
  const { message, path, locations, extensions } = error;
  const original = error.originalError ?? error;
  if (original instanceof GraphQLError && original.extensions?.code !== undefined) return error;
  if (extensions && !(original instanceof GraphQLError)) return error;
  const isInput = isRefused || (original instanceof GraphQLError && original.nodes !== undefined);
  const completed = new GraphQLError(message, {
    ...(path && { path }),
    ...(isInput
      ? { extensions: { code: 'BAD_USER_INPUT' } }
      : { originalError: original instanceof GraphQLError ? new Error(message) : original }),
  });
  return Object.assign(completed, locations && { locations });
}

/**
 * The variables that the answer to an event depends on. Variables in the arguments of the subscription field itself
 * only select the events, and one of them, `after`, differs for every client.
 */
function eventVariables(document: DocumentNode, operation: OperationDefinitionNode): string[] {
  const fieldArguments = new Set<unknown>(
    operation.selectionSet.selections.flatMap((field) => (field.kind === Kind.FIELD ? (field.arguments ?? []) : [])),
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

/**
 * Yields the results of events that arrive together. When the source fails, the last result is an error for the client
 * and its connection stays open; only when a store is away, the generator throws.
 */
function mapEvents<E>(
  events: LiveEvents<E>,
  execute: (events: DecidedEvent<E>[]) => EventBatch<E>,
  toErrorTexts: (error: GraphQLError) => string[],
): Texts {
  let failed = false;
  // Asks for as many events as fit the client's buffer, judged by the longest text of the last batch.
  let longest = 1;
  let batch: EventBatch<E> | null = null;
  return generator(
    async () => {
      if (failed) return DONE;
      try {
        if (!batch || batch.isEmpty) {
          const next = await events.next(Math.max(1, Math.floor(SOME_UNSENT_BYTES / longest)));
          if (next.done) return DONE;
          batch = execute(next.value);
        }
        const texts = await batch.take();
        longest = Math.max(1, ...texts.map((text) => text.length));
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
