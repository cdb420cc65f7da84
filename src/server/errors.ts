import { type FormattedExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Stores } from '../stores/stores.ts';

/** What became of an operation. */
export interface Result {
  data?: FormattedExecutionResult['data'] | undefined;
  errors?: readonly GraphQLError[] | undefined;
}

/** Whether a subscription cannot begin, or go on, because a store is away. */
export function isUnavailable({ data, errors }: Result): boolean {
  return !data && errors?.some((error) => error.extensions?.code === 'UNAVAILABLE') === true;
}

/** Whether this was thrown because a store is away. */
export function saysUnavailable(error: unknown): boolean {
  return error instanceof GraphQLError && isUnavailable({ errors: [error] });
}

/**
 * What a client is told of an error. What the code meant to say passes; anything else is INTERNAL, with its details in the
 * log only: a message of the database may hold SQL and rows.
 */
export function formatError(
  error: unknown,
  formatted: GraphQLFormattedError,
  { log, config }: Stores,
): GraphQLFormattedError {
  const original = error instanceof GraphQLError ? (error.originalError ?? error) : error;
  if (original instanceof GraphQLError) {
    const { locations, path } = formatted;
    // `http` is for the server, which has taken it already.
    const { http: _, ...extensions } = { ...formatted.extensions, ...original.extensions };
    if (extensions.code === 'INTERNAL_SERVER_ERROR') extensions.code = 'INTERNAL';
    // Over HTTP Apollo has given every error a code; over WebSocket those of parsing and validating come without.
    extensions.code ??= 'GRAPHQL_VALIDATION_FAILED';
    // Where the schema is not shown, userErrors do not help to guess it either.
    const message = config.INTROSPECTION ? formatted.message : formatted.message.replace(/ ?Did you mean .+\?$/, '');
    return { message, ...(locations && { locations }), ...(path && { path }), extensions };
  }
  log.error({ err: original, path: formatted.path }, 'a resolver failed');
  const { path } = formatted;
  return { message: 'Something went wrong on our side.', ...(path && { path }), extensions: { code: 'INTERNAL' } };
}

/** A result as a client is told of it, over any transport. */
export function formatResult({ data, errors }: Result, stores: Stores): FormattedExecutionResult {
  return {
    ...(data !== undefined && { data }),
    ...(errors && { errors: errors.map((error) => formatError(error, error.toJSON(), stores)) }),
  };
}
