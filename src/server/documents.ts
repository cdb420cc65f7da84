import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  NoSchemaIntrospectionCustomRule,
  type OperationTypeNode,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Config } from '../config.ts';
import type { Operation } from './executor.ts';
import { limitRules, MAX_TOKENS } from './limits.ts';

/** An operation as a client sent it. */
export interface OperationRequest {
  query: string;
  operationName?: string | null | undefined;
  variables?: Record<string, unknown> | null | undefined;
}

/** An operation that passed parsing, validation and the limits, or its errors. */
export type Prepared = { operation: Operation; kind: `${OperationTypeNode}` } | { errors: readonly GraphQLError[] };

/** Size of the document cache: the number of documents, and their length in total, in characters. */
const CACHE_SIZE = { max: 1_000, maxSize: 2_000_000 };

/**
 * Parses and validates operations that arrive over WebSocket or ask for server-sent events, under the same limits that
 * Apollo Server applies over HTTP. Results are cached.
 */
export function prepareDocuments(
  schema: GraphQLSchema,
  { INTROSPECTION }: Config,
): (request: OperationRequest) => Prepared {
  const cache = new LRUCache<string, { document: DocumentNode | null; errors: readonly GraphQLError[] }>({
    ...CACHE_SIZE,
    sizeCalculation: (_, query) => query.length + 1,
  });
  const rules = [...specifiedRules, ...limitRules, ...(INTROSPECTION ? [] : [NoSchemaIntrospectionCustomRule])];
  const check = (query: string) => {
    try {
      const document = parse(query, { maxTokens: MAX_TOKENS });
      return { document, errors: validate(schema, document, rules) };
    } catch (error) {
      const { message, source, positions } = error as GraphQLError;
      const extensions = { code: 'GRAPHQL_PARSE_FAILED' };
      return { document: null, errors: [new GraphQLError(message, { source, positions, extensions })] };
    }
  };
  return ({ query, operationName, variables }) => {
    let checked = cache.get(query);
    if (!checked) {
      checked = check(query);
      cache.set(query, checked);
    }
    const { document, errors } = checked;
    if (!document || errors.length > 0) return { errors };
    const operation = getOperationAST(document, operationName ?? undefined);
    if (!operation) return { errors: [new GraphQLError('Say in "operationName" which operation is meant.')] };
    return { operation: { document, operationName, variables }, kind: operation.operation };
  };
}
