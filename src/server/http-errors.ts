import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { MAX_BODY_BYTES } from './limits.ts';
import { isRefusalStatus, type RefusalStatus, refuse, refuseRaw } from './refuse.ts';

/** Says more than Fastify's own messages. */
const MESSAGES: Partial<Record<RefusalStatus, string>> = {
  413: `The request is too large: it may have at most ${MAX_BODY_BYTES / 1024} KB.`,
  415: 'Send the operation as JSON, with "Content-Type: application/json".',
};

/** Answers a request that failed outside of GraphQL. Details of a fault of the server go to the log only. */
export function answerError(log: Logger, error: FastifyError, reply: FastifyReply): FastifyReply {
  // Apollo's integration makes a URL with the host.
  const isBadHost = error.code === 'ERR_INVALID_URL';
  const status = isBadHost ? 400 : (error.statusCode ?? 500);
  if (isRefusalStatus(status) && status < 500) {
    return refuse(reply, status, MESSAGES[status] ?? (isBadHost ? 'The header "Host" names no host.' : error.message));
  }
  log.error({ err: error }, 'a request failed');
  return refuse(reply, 500, 'Something went wrong on our side.');
}

/** Errors of Node's HTTP parser, by code. */
const CLIENT_ERRORS: Record<string, readonly [RefusalStatus, string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive in time.'],
  HPE_HEADER_OVERFLOW: [431, 'The headers of the request are too large.'],
};

/** Answers a request whose headers cannot be parsed, or did not arrive in time. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const [status, message] = CLIENT_ERRORS[error.code ?? ''] ?? ([400, 'The request is not valid HTTP.'] as const);
  refuseRaw(socket, status, message);
}

/**
 * Answers errors and unknown paths with GraphQL errors.
 *
 * @param paths the paths that exist, where only GET and POST are allowed
 */
export function answerErrors(app: FastifyInstance, log: Logger, paths: readonly string[]): void {
  app.setErrorHandler((error: FastifyError, _, reply) => answerError(log, error, reply));
  app.setNotFoundHandler((request: FastifyRequest, reply) => {
    if (paths.includes(request.url.split('?', 1)[0] ?? '')) {
      return refuse(reply.header('allow', 'GET, POST'), 405, 'Operations are sent with GET or POST.');
    }
    return refuse(reply, 404, `There is nothing here. The API is at ${paths[0]}.`);
  });
}
