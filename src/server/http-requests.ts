/**
 * Limits of requests that Node's HTTP server does not have. It parses whatever has arrived, 64 KB at once: that may be
 * 2,700 of the smallest requests, which would run at the same time, or 11,000 pieces of a body, each with a buffer of
 * its own.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { MAX_BODY_PIECES, MAX_PIPELINED_REQUESTS } from './limits.ts';

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
    response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    if (request.headers['transfer-encoding'] !== undefined) limitPieces(request, response);
    handle(request, response);
  };
}

/** Limits the pieces of a body that has no length. */
function limitPieces(request: IncomingMessage, response: ServerResponse): void {
  const push = request.push.bind(request);
  let pieces = 0;
  request.push = (piece, encoding) => {
    if (++pieces <= MAX_BODY_PIECES) return push(piece, encoding);
    cutOff(request.socket);
    return false;
  };
  // After its answer, Node would read and forget the rest, however long it is.
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
 */
function cutOff(socket: Socket): void {
  if (socket.destroyed) return;
  const { parser } = socket as Parsed;
  if (parser) {
    parser.incoming = null;
    parser.onIncoming = () => NO_MORE_HTTP;
    const onBody = parser[ON_BODY];
    parser[ON_BODY] = null;
    // Node uses a parser again, after the connection has been closed. That is later.
    setImmediate(() => {
      parser[ON_BODY] = onBody;
    });
  }
  socket.destroy();
}
