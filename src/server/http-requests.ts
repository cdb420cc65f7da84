/**
 * Limits of requests that Node's HTTP server does not have. It parses whatever has arrived, 64 KB at once: that may be
 * 2,700 of the smallest requests, which would run at the same time, or 11,000 pieces of a body, each with a buffer of
 * its own.
 */
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { MAX_BODY_PIECES, MAX_IGNORED_BYTES, MAX_PIPELINED_REQUESTS } from './limits.ts';
import { refuseRaw } from './refuse.ts';

const PIECES = MAX_BODY_PIECES.toLocaleString('en');
const TOO_MANY_PIECES = `The body came in more than ${PIECES} pieces: send it with "Content-Length".`;

/** Wraps the listener of a server. Connections that exceed a limit are closed: nobody waits for an answer there. */
export function limitRequests(handle: RequestListener): RequestListener {
  const unanswered = new WeakMap<Socket, number>();
  return (request, response) => {
    const { socket } = request;
    // What was parsed together with the request that exceeded the limit.
    if (socket.destroyed) return;
    const others = unanswered.get(socket) ?? 0;
    if (others >= MAX_PIPELINED_REQUESTS) return cutOff(socket);
    unanswered.set(socket, others + 1);
    // What is answered at once counts until others have had their turn, or all that has arrived would run before them.
    response.once('close', () => setImmediate(() => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1)));
    limitBody(request, response);
    handle(request, response);
  };
}

/** How many bytes the body of a request with these headers has: none, `Content-Length`, or any number if chunked. */
export function announcedLength(headers: IncomingHttpHeaders): number {
  return headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : Number.POSITIVE_INFINITY;
}

/** Limits the pieces of a body, and how much of it is read after the answer. */
function limitBody(request: IncomingMessage, response: ServerResponse): void {
  if (announcedLength(request.headers) <= MAX_IGNORED_BYTES) return;
  const push = request.push.bind(request);
  let pieces = 0;
  request.push = (piece, encoding) => {
    if (++pieces <= MAX_BODY_PIECES) return push(piece, encoding);
    // Before its turn an answer would be taken for that of another request.
    cutOff(request.socket, response.socket && !response.headersSent ? TOO_MANY_PIECES : undefined);
    return false;
  };
  // Node would read and forget the rest.
  response.once('finish', () => {
    if (!request.complete) cutOff(request.socket);
  });
}

/** Node's parser of a connection, which its types leave out. */
interface Parsed {
  parser?: { incoming: object | null; onIncoming(): number; [callback: number]: unknown } | null;
}
/** What `onIncoming` returns for an upgrade, after which there is no HTTP to parse. */
const NO_MORE_HTTP = 2;
/** Where a parser has its callback for a piece of a body. */
const ON_BODY = 3;

/**
 * Closes a connection. Node would go on to parse what has arrived: it would make the objects of each further request,
 * and destroy each with an error of its own, which took 90 milliseconds for 64 KB.
 *
 * @param reason is sent before
 */
function cutOff(socket: Socket, reason?: string): void {
  const { parser } = socket as Parsed;
  const onBody = parser?.[ON_BODY];
  // Null when it was cut off in this turn already.
  if (parser && onBody) {
    parser.incoming = null;
    parser.onIncoming = () => NO_MORE_HTTP;
    parser[ON_BODY] = null;
    // Node uses a parser again, after the connection has been closed. That is later.
    setImmediate(() => {
      parser[ON_BODY] = onBody;
    });
  }
  if (reason === undefined) socket.destroy();
  else refuseRaw(socket, 413, reason);
}
