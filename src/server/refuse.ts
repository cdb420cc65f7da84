/** Refusals of HTTP requests: GraphQL errors with a code, whatever refuses them and at whatever path. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { RETRY_AFTER_SECONDS } from './limits.ts';

/** The codes of refusals, by status. */
const CODES = {
  400: 'BAD_USER_INPUT',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'BAD_USER_INPUT',
  406: 'BAD_USER_INPUT',
  408: 'BAD_USER_INPUT',
  413: 'BAD_USER_INPUT',
  415: 'BAD_USER_INPUT',
  417: 'BAD_USER_INPUT',
  429: 'RATE_LIMITED',
  431: 'BAD_USER_INPUT',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
} as const;

/** A status with which a request is refused. */
export type RefusalStatus = keyof typeof CODES;

/** Whether requests are refused with this status. */
export function isRefusalStatus(status: number): status is RefusalStatus {
  return status in CODES;
}

function bodyOf(status: RefusalStatus, message: string, retryAfter: number) {
  const extensions = { code: CODES[status], ...(isTemporary(status) && { retryAfter }) };
  return { errors: [{ message, extensions }] };
}

/** Whether a client that is refused with this status should come again. */
function isTemporary(status: RefusalStatus): boolean {
  return status === 429 || status === 503;
}

/** Refuses a request. @param retryAfter seconds until a retry may succeed, for 429 and 503 */
export function refuse(
  reply: FastifyReply,
  status: RefusalStatus,
  message: string,
  retryAfter = RETRY_AFTER_SECONDS,
): FastifyReply {
  if (isTemporary(status)) reply.header('retry-after', retryAfter);
  return reply.code(status).send(bodyOf(status, message, retryAfter));
}

/** Refuses what arrives on a bare socket: an upgrade, or a request that cannot be parsed. */
export function refuseRaw(raw: Duplex, status: RefusalStatus, message: string, retryAfter = RETRY_AFTER_SECONDS): void {
  // This socket has no other error handler, and an unhandled `error` event ends the process.
  raw.on('error', () => raw.destroy());
  if (!raw.writable) return void raw.destroy();
  const body = JSON.stringify(bodyOf(status, message, retryAfter));
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    ...(isTemporary(status) ? [`Retry-After: ${retryAfter}`] : []),
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  raw.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => raw.destroy());
}
