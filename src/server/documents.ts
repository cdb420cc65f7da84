import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  type OperationDefinitionNode,
  parse,
  specifiedRules,
  validate,
  visit,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Config } from '../config.ts';
import { rateLimited } from '../features/kernel/errors.ts';
import { getOrInsert } from '../features/kernel/get-or-insert.ts';
import { checkBudget } from './budget.ts';
import type { Operation } from './executor.ts';
import { CHECKING_MS, MAX_DOCUMENT_LENGTH, MAX_TOKENS } from './limits.ts';
import { noIntrospection } from './no-introspection.ts';
import { TokenBucket } from './token-bucket.ts';
import { refusedTurn, type Turns } from './turns.ts';
import { unconditionalSubscription } from './unconditional-subscription.ts';

/** An operation as a client sent it. */
export interface OperationRequest {
  query: string;
  operationName?: string | null | undefined;
  variables?: Record<string, unknown> | null | undefined;
}

/** An operation that passed parsing, validation and the limits, or its errors. */
export type Prepared = { operation: Operation } | { errors: readonly GraphQLError[] };

/** A document that passed parsing, validation and the limits, or its errors. */
type Checked = { document: DocumentNode } | { errors: readonly GraphQLError[] };

/**
 * Size of the document cache: the number of documents, and their length in total, in characters. Parsed, a character
 * takes about 100 bytes.
 */
const CACHE_SIZE = { max: 1_000, maxSize: 500_000 };
/** The most errors that validation looks for in one document. */
const MAX_ERRORS = 10;
/** For how many clients it is remembered how long their documents took. */
const MAX_CLIENTS = 10_000;

/** Checks the documents that clients send, over any transport. */
export interface Documents {
  /**
   * Parses and validates a document, unless it was checked before. The cheap limits come first and alone.
   *
   * @param client whose budget of time pays for it, and whose documents take turns
   * @param signal is aborted when nobody waits for it any more
   */
  check(query: string, client: string, signal: AbortSignal): Checked | Promise<Checked>;
  /** Checks a document, and finds the operation in it that is meant. */
  prepare(request: OperationRequest, client: string, signal: AbortSignal): Promise<Prepared>;
}

/** Makes the checker of documents, with its cache. */
export function createDocuments(schema: GraphQLSchema, { INTROSPECTION }: Config, turns: Turns): Documents {
  const cache = new LRUCache<string, DocumentNode>({ ...CACHE_SIZE, sizeCalculation: (_, query) => query.length + 1 });
  const timeOfClients = new LRUCache<string, TokenBucket>({ max: MAX_CLIENTS });
  const rules = [...specifiedRules, unconditionalSubscription, ...(INTROSPECTION ? [] : [noIntrospection])];
  // Without introspection, errors must not help to guess the schema either.
  const options = { maxErrors: MAX_ERRORS, hideSuggestions: !INTROSPECTION };

  const checkAnew = (query: string): Checked => {
    if (query.length > MAX_DOCUMENT_LENGTH) {
      const message = `A document may have at most ${MAX_DOCUMENT_LENGTH.toLocaleString('en')} characters.`;
      return { errors: [new GraphQLError(message, { extensions: { code: 'GRAPHQL_PARSE_FAILED' } })] };
    }
    let document: DocumentNode;
    try {
      document = parse(query, { maxTokens: MAX_TOKENS });
    } catch (error) {
      const { message, source, positions } = error as GraphQLError;
      const extensions = { code: 'GRAPHQL_PARSE_FAILED' };
      return { errors: [new GraphQLError(message, { source, positions, extensions })] };
    }
    const exceeded = checkBudget(schema, document);
    if (exceeded) return { errors: [exceeded] };
    const errors = validate(schema, document, rules, options);
    if (errors.length > 0) return { errors };
    forgetTokens(document);
    return { document };
  };

  /** Checks a document that is new, unless the client's documents took too much time lately. */
  const checkInTime = (query: string, client: string): Checked => {
    const time = getOrInsert(timeOfClients, client, () => new TokenBucket(CHECKING_MS));
    const waitSeconds = time.secondsInDebt();
    if (waitSeconds > 0) {
      return {
        errors: [rateLimited('You send too many operations that are new to the server.', waitSeconds)],
      };
    }
    const start = performance.now();
    const checked = checkAnew(query);
    time.spend(performance.now() - start);
    // A refused document is not kept: it would take the place of one that is executed.
    if ('document' in checked) cache.set(query, checked.document);
    return checked;
  };

  const check = (query: string, client: string, signal: AbortSignal): Checked | Promise<Checked> => {
    const known = cache.get(query);
    if (known) return { document: known };
    // A character of a document takes about as long as a value of an answer.
    const checkNow = async () => {
      // Others may have sent the same document while this one waited.
      const document = cache.get(query);
      return document ? { document } : checkInTime(query, client);
    };
    // Not refused for waiting, because the client's time is limited already.
    return turns.run(client, query.length, signal, checkNow, false).catch(refusedTurn);
  };

  return {
    check,
    async prepare({ query, operationName, variables }, client, signal) {
      const checked = await check(query, client, signal);
      if ('errors' in checked) return checked;
      const { document } = checked;
      const operation = findOperation(document, operationName);
      if (operation instanceof GraphQLError) return { errors: [operation] };
      return { operation: { document, operation, variables } };
    },
  };
}

/**
 * Forgets the tokens of a document, which are a list of all tokens and comments. A subscription keeps its document as
 * long as it lasts. Places in errors need none, and the compiler needs to know where each node begins.
 */
function forgetTokens(document: DocumentNode): void {
  visit(document, {
    enter(node) {
      if (!node.loc) return;
      const { start, end, source } = node.loc;
      const { line, column } = node.loc.startToken;
      Object.assign(node, { loc: { start, end, source, startToken: { line, column } } });
    },
  });
}

/** The operation of a document with this name, or the only one. @returns an error when there is none */
export function findOperation(
  document: DocumentNode,
  operationName: string | null | undefined,
): OperationDefinitionNode | GraphQLError {
  const operation = getOperationAST(document, operationName);
  if (operation) return operation;
  const message = operationName
    ? `"operationName" is "${operationName.slice(0, 100)}", which names no operation of the document.`
    : 'Say in "operationName" which operation is meant.';
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });
}
