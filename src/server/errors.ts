import { type FormattedExecutionResult, GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Stores } from '../stores/stores.ts';
import { MAX_MESSAGE_LENGTH } from './limits.ts';

/** The result of an operation. */
export interface Result {
  data?: FormattedExecutionResult['data'] | undefined;
  errors?: readonly GraphQLError[] | undefined;
}

/** Whether a subscription cannot start or continue because a store is away. */
export function isUnavailable({ data, errors }: Result): boolean {
  return !data && errors?.some((error) => error.extensions?.code === 'UNAVAILABLE') === true;
}

/** Whether an error was thrown because a store is away. */
export function isUnavailableError(error: unknown): boolean {
  return error instanceof GraphQLError && isUnavailable({ errors: [error] });
}

/** What was thrown, as an error of GraphQL. `formatError` tells clients nothing of one that was none. */
export function asGraphQLError(thrown: unknown): GraphQLError {
  if (thrown instanceof GraphQLError) return thrown;
  const originalError = thrown instanceof Error ? thrown : new Error(String(thrown));
  return new GraphQLError(originalError.message, { originalError });
}

/**
 * Formats an error for clients. A GraphQLError thrown on purpose passes. Any other error becomes INTERNAL, and its
 * details go to the log only, because a database message may contain SQL and rows.
 */
export function formatError(error: unknown, formatted: GraphQLFormattedError, { log }: Stores): GraphQLFormattedError {
  const original = error instanceof GraphQLError ? (error.originalError ?? error) : error;
  if (original instanceof GraphQLError) {
    const { locations, path } = formatted;
    // `http` is for Apollo Server, which has applied it already.
    const { http, ...extensions } = { ...formatted.extensions, ...original.extensions };
    if (extensions.code === 'INTERNAL_SERVER_ERROR')
      extensions.code = isClientError(http) ? 'BAD_USER_INPUT' : 'INTERNAL';
    if (extensions.code === 'BAD_REQUEST') extensions.code = 'BAD_USER_INPUT';
    // Apollo gives every error a code. Over WebSocket, parse and validation errors have none yet.
    extensions.code ??= 'GRAPHQL_VALIDATION_FAILED';
    return { message: shorten(formatted.message), ...(locations && { locations }), ...(path && { path }), extensions };
  }
  log.error({ err: original, path: formatted.path }, 'a resolver failed');
  const { path } = formatted;
  return { message: 'Something went wrong on our side.', ...(path && { path }), extensions: { code: 'INTERNAL' } };
}

function shorten(message: string): string {
  return message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH)}…` : message;
}

/** Whether an error of Apollo Server, which has no code, has a status that blames the client. */
function isClientError(http: unknown): boolean {
  const { status = 500 } = (http ?? {}) as { status?: number };
  return status >= 400 && status < 500;
}

/** Formats a result for clients, over any transport. */
export function formatResult({ data, errors }: Result, stores: Stores): FormattedExecutionResult {
  return {
    ...(data !== undefined && { data }),
    ...(errors && { errors: errors.map((error) => formatError(error, error.toJSON(), stores)) }),
  };
}
