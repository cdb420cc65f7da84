import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import type { FastifyInstance } from 'fastify';
import { type GraphQLSchema, printSchema } from 'graphql';
import type { Context } from '../features/context.ts';
import type { Stores } from '../stores/stores.ts';
import { formatError } from './errors.ts';
import type { Executor } from './executor.ts';
import { landingPage } from './landing-page.ts';
import { limitRules, MAX_TOKENS } from './limits.ts';

/**
 * Apollo Server with our executor. Apollo parses, validates and caches documents, persists queries and prevents CSRF.
 */
export function createApollo(
  stores: Stores,
  schema: GraphQLSchema,
  executor: Executor,
  app: FastifyInstance,
): ApolloServer<Context> {
  const { INTROSPECTION } = stores.config;
  return new ApolloServer<Context>({
    gateway: executorGateway(schema, executor),
    introspection: INTROSPECTION,
    nodeEnv: 'production', // Independent of NODE_ENV: every option that depends on it is set here by name.
    includeStacktraceInErrorResponses: false,
    hideSchemaDetailsFromClientErrors: !INTROSPECTION,
    stringifyResult: JSON.stringify,
    parseOptions: { maxTokens: MAX_TOKENS },
    validationRules: limitRules,
    allowBatchedHttpRequests: false,
    stopOnTerminationSignals: false,
    formatError: (formatted, error) => formatError(error, formatted, stores),
    logger: stores.log.child({ part: 'apollo' }, { level: 'warn' }),
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      INTROSPECTION ? landingPage() : ApolloServerPluginLandingPageDisabled(),
      fastifyApolloDrainPlugin(app) as ApolloServerPlugin<Context>,
    ],
  });
}

/** Apollo Server takes a custom executor only as a gateway. This one has one schema, which never changes. */
function executorGateway(schema: GraphQLSchema, executor: Executor) {
  return {
    onSchemaLoadOrUpdate(callback: (schemas: { apiSchema: GraphQLSchema; coreSupergraphSdl: string }) => void) {
      callback({ apiSchema: schema, coreSupergraphSdl: printSchema(schema) });
      return () => {};
    },
    load: async () => ({
      executor: ({ document, operationName, request, context }: ExecutorRequest) =>
        executor.execute({ document, operationName, variables: request.variables }, context as Context),
    }),
    stop: async () => {},
  };
}

/** The part of Apollo's request that the executor needs. */
interface ExecutorRequest {
  document: Parameters<Executor['execute']>[0]['document'];
  operationName: string | null;
  request: { variables?: Record<string, unknown> | undefined };
  // Apollo's gateway types say only that the context is an object.
  context: object;
}
