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

/** What a client asks for, as it came. */
export interface OperationRequest {
  query: string;
  operationName?: string | null | undefined;
  variables?: Record<string, unknown> | null | undefined;
}

/** An operation that may be run, or why not. */
export type Prepared = { operation: Operation; kind: `${OperationTypeNode}` } | { errors: readonly GraphQLError[] };

/** Documents that are kept: how many, and how long together, in characters. */
const KEPT = { max: 1_000, maxSize: 2_000_000 };

/**
 * Parses and validates what comes over WebSocket or asks for server-sent events, under the limits that Apollo Server is given for HTTP, and
 * remembers it, bounded.
 */
export function prepareDocuments(
  schema: GraphQLSchema,
  { INTROSPECTION }: Config,
): (request: OperationRequest) => Prepared {
  const known = new LRUCache<string, { document: DocumentNode | null; errors: readonly GraphQLError[] }>({
    ...KEPT,
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
    let checked = known.get(query);
    if (!checked) {
      checked = check(query);
      known.set(query, checked);
    }
    const { document, errors } = checked;
    if (!document || errors.length > 0) return { errors };
    const operation = getOperationAST(document, operationName ?? undefined);
    if (!operation) return { errors: [new GraphQLError('Say in "operationName" which operation is meant.')] };
    return { operation: { document, operationName, variables }, kind: operation.operation };
  };
}
