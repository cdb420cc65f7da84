import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import type { FastifyInstance } from 'fastify';
import { type DocumentNode, GraphQLError, type GraphQLSchema, parse, printSchema } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Context } from '../features/context.ts';
import type { Stores } from '../stores/stores.ts';
import { type Documents, findOperation } from './documents.ts';
import { formatError, formatResult } from './errors.ts';
import type { Executor, Operation } from './executor.ts';
import { landingPage } from './landing-page.ts';
import { MAX_TOKENS } from './limits.ts';
import { chooseMediaType, statusOfRefusal } from './media-type.ts';

/** Apollo Server with our documents and executor. Apollo persists queries, prevents CSRF and speaks HTTP. */
export function createApollo(
  stores: Stores,
  schema: GraphQLSchema,
  documents: Documents,
  executor: Executor,
  app: FastifyInstance,
): ApolloServer<Context> {
  const { INTROSPECTION } = stores.config;
  const checked = new CheckedDocuments(documents);
  return new ApolloServer<Context>({
    gateway: executorGateway(schema, executor),
    introspection: INTROSPECTION,
    nodeEnv: 'production', // Independent of NODE_ENV: every option that depends on it is set here by name.
    includeStacktraceInErrorResponses: false,
    stringifyResult: JSON.stringify,
    // Apollo would parse and validate what `checked` does not have. There is no such document.
    parseOptions: { maxTokens: MAX_TOKENS },
    documentStore: checked,
    persistedQueries: { cache: persistedQueries() },
    allowBatchedHttpRequests: false,
    stopOnTerminationSignals: false,
    formatError: (formatted, error) => formatError(error, formatted, stores),
    logger: stores.log.child({ part: 'apollo' }, { level: 'warn' }),
    plugins: [
      checked.plugin(stores),
      ApolloServerPluginCacheControlDisabled(),
      INTROSPECTION ? landingPage() : ApolloServerPluginLandingPageDisabled(),
      fastifyApolloDrainPlugin(app) as ApolloServerPlugin<Context>,
    ],
  });
}

/** The texts of persisted queries. Apollo's own cache fails for an empty one. */
function persistedQueries() {
  const texts = new LRUCache<string, string>({
    maxSize: MAX_PERSISTED_LENGTH,
    sizeCalculation: (text) => text.length + 1,
  });
  return {
    get: async (key: string) => texts.get(key),
    set: async (key: string, text: string) => void texts.set(key, text),
    delete: async (key: string) => texts.delete(key),
  };
}

/** Apollo Server takes a custom executor only as a gateway. This one has one schema, which never changes. */
function executorGateway(schema: GraphQLSchema, executor: Executor) {
  return {
    onSchemaLoadOrUpdate(callback: (schemas: { apiSchema: GraphQLSchema; coreSupergraphSdl: string }) => void) {
      callback({ apiSchema: schema, coreSupergraphSdl: printSchema(schema) });
      return () => {};
    },
    load: async () => ({
      executor: ({ document, operation, request, context }: ExecutorRequest) =>
        executor.execute({ document, operation, variables: request.variables }, context as Context),
    }),
    stop: async () => {},
  };
}

/** The part of Apollo's request that the executor needs. */
interface ExecutorRequest {
  document: Operation['document'];
  operation: Operation['operation'];
  request: { variables?: Record<string, unknown> | undefined };
  // Apollo's gateway types say only that the context is an object.
  context: object;
}

/** How long the persisted queries of a process are together, in characters. */
const MAX_PERSISTED_LENGTH = 16_000_000;
/** How many documents wait to be fetched at most. Each is fetched in the turn in which it is put there. */
const MAX_WAITING = 1_000;
/** Stands for a document that is refused, in Apollo's store. */
const REFUSED = parse('{ __typename }');

/**
 * Gives Apollo the documents that documents.ts has checked, as if they came from a cache: Apollo's own parsing and
 * validation have no cheap limits that come first. A plugin checks the document before Apollo looks into the cache, and
 * answers instead of Apollo when there are errors, or when the operation is missing.
 */
class CheckedDocuments {
  readonly #documents: Documents;
  /** By the key under which Apollo will look for it. Requests for the same document each fetch it once. */
  readonly #waiting = new LRUCache<string, { document: DocumentNode; requests: number }>({ max: MAX_WAITING });

  constructor(documents: Documents) {
    this.#documents = documents;
  }

  async get(key: string): Promise<DocumentNode | undefined> {
    const hash = key.slice(key.lastIndexOf(':') + 1);
    const waiting = this.#waiting.get(hash);
    if (!waiting) return undefined;
    // Not kept for longer, because documents.ts decides which documents are worth their memory.
    if (--waiting.requests === 0) this.#waiting.delete(hash);
    return waiting.document;
  }

  #put(hash: string, document: DocumentNode): void {
    const waiting = this.#waiting.get(hash);
    // Only the rate limit refuses what is right: another client's request may wait for the same document.
    const kept = waiting && document === REFUSED ? waiting.document : document;
    this.#waiting.set(hash, { document: kept, requests: (waiting?.requests ?? 0) + 1 });
  }

  async set(): Promise<void> {}

  async delete(): Promise<void> {}

  plugin(stores: Stores): ApolloServerPlugin<Context> {
    return {
      requestDidStart: async ({ request: { http: sent } }) => {
        const mediaType = chooseMediaType(sent?.headers.get('accept'));
        let refusals: readonly GraphQLError[] = [];
        return {
          didResolveSource: async ({ source, queryHash, contextValue }) => {
            const checked = await this.#documents.check(source, contextValue.client, contextValue.signal);
            if ('errors' in checked) refusals = checked.errors;
            this.#put(queryHash, 'document' in checked ? checked.document : REFUSED);
          },
          responseForOperation: async ({ document, operation, request, response }) => {
            // Apollo answers 406 instead, but only after it has executed the operation.
            if (!mediaType) return { http: response.http, body: { kind: 'single', singleResult: {} } };
            if (refusals.length === 0) {
              const meant = operation ?? findOperation(document, request.operationName);
              if (!(meant instanceof GraphQLError)) return null;
              refusals = [meant];
            }
            const { errors = [] } = formatResult({ errors: refusals }, stores);
            response.http.status = 400;
            return { http: response.http, body: { kind: 'single', singleResult: { errors } } };
          },
          willSendResponse: async ({ source, response: { body, http } }) => {
            const { data, errors = [] } = body.kind === 'single' ? body.singleResult : {};
            const isRateLimited = errors.some(({ extensions }) => extensions?.code === 'RATE_LIMITED');
            if (isRateLimited && data === undefined) http.status = 429;
            // Without a source, what Apollo refuses is the request and not the operation.
            if (mediaType && source !== undefined && http.status === 400) http.status = statusOfRefusal(mediaType);
            if (mediaType) http.headers.set('content-type', mediaType);
            const seconds = errors.map(({ extensions }) => Number(extensions?.retryAfter ?? 0));
            const longest = Math.max(0, ...seconds);
            if (longest > 0) http.headers.set('retry-after', String(longest));
          },
        };
      },
    };
  }
}
