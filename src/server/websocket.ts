import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ExecutionArgs, ExecutionResult } from 'graphql';
import { CloseCode, handleProtocols, makeServer, type Context as SocketContext } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { SessionRow } from '../features/accounts/sessions.ts';
import { type Context, createContext } from '../features/context.ts';
import { badInput } from '../features/kernel/errors.ts';
import { DONE, generator } from '../features/live/generator.ts';
import { authenticate } from './authenticate.ts';
import type { CloseReason, OpenConnection } from './connections.ts';
import { formatResult, isUnavailable, isUnavailableError, type Result } from './errors.ts';
import type { Operation, Texts } from './executor.ts';
import {
  CLIENT_SILENT_MS,
  MAX_BODY_BYTES,
  MAX_MESSAGES,
  MAX_OPERATIONS,
  MAX_UNSENT_BYTES,
  MESSAGES_PER_SECOND,
  RETRY_AFTER_SECONDS,
  SOME_UNSENT_BYTES,
} from './limits.ts';
import type { LiveServer } from './live-server.ts';

/** The state of a connection. */
interface Connection {
  socket: WebSocket;
  raw: Duplex;
  address: string;
  open: OpenConnection;
  session: SessionRow | null;
}
type Socket = SocketContext<Record<string, unknown> | undefined, Connection>;
/** An operation, the connection that it arrived on, and the id that the client gave it. */
interface OperationContext {
  socket: Socket;
  id: string;
  operation: Operation;
}

/** Close codes from the IANA registry. "Policy Violation": the client sends too much. */
const POLICY_VIOLATION = 1008;
/** "Service Restart": the client reconnects at once, to another server. */
const SERVICE_RESTART = 1012;
/** "Try Again Later": the client reconnects after a while. */
const TRY_AGAIN_LATER = 1013;

const CLOSE: Record<CloseReason, [code: number, reason: string]> = {
  RESTART: [SERVICE_RESTART, 'Come again, with "after"'],
  SESSION_ENDED: [CloseCode.Forbidden, 'The session has ended'],
  TOO_MANY: [TRY_AGAIN_LATER, 'You have too many connections'],
};

/** How long clients have to close their connection when the server stops, in milliseconds. */
const CLOSE_WITHIN_MS = 3_000;

/**
 * Serves GraphQL over WebSocket (the graphql-ws protocol, `graphql-transport-ws`) at the path where HTTP serves it.
 * graphql-ws's core speaks the protocol. The code between the core and the socket is ours, because the library's
 * adapter for `ws` limits neither input nor output.
 *
 * @returns closes all connections; call it after `Connections.sendAway`
 */
export function serveWebSocket(
  server: Server,
  path: string,
  { stores, schema, executor, documents, connections }: LiveServer,
  addressOf: (request: IncomingMessage) => string,
): () => Promise<void> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_BODY_BYTES, handleProtocols });

  const contextOf = ({ extra }: Socket): Context => createContext(stores, extra.session, extra.address);
  const format = (result: Result) => formatResult(result, stores);

  const core = makeServer<Record<string, unknown> | undefined, Connection>({
    async onConnect({ connectionParams, extra }) {
      const session = await authenticate(stores, connectionParams?.authorization ?? connectionParams?.Authorization);
      if (session === 'invalid') return false; // 4403: Forbidden
      extra.session = session;
      if (session) await extra.open.identify(session);
      return true;
    },
    onClose: ({ extra }) => extra.open.release(),
    async onSubscribe(socket, id, { query, operationName, variables }) {
      if (Object.keys(socket.subscriptions).length > MAX_OPERATIONS) {
        return [badInput(`At most ${MAX_OPERATIONS} operations may run over one connection: complete some first.`)];
      }
      const prepared = documents.prepare({ query, operationName, variables }, socket.extra.address);
      if ('errors' in prepared) return prepared.errors;
      const args: ExecutionArgs = {
        schema,
        document: prepared.operation.document,
        operationName: operationName ?? null,
        contextValue: { socket, id, operation: prepared.operation } satisfies OperationContext,
      };
      return args;
    },
    execute({ contextValue }) {
      const { socket, operation } = contextValue as OperationContext;
      return executor.execute(operation, contextOf(socket));
    },
    async subscribe({ contextValue }) {
      const { socket, id, operation } = contextValue as OperationContext;
      const connection = socket.extra;
      const texts = await executor.subscribe(
        operation,
        () => contextOf(socket),
        () => connection.socket.bufferedAmount > MAX_UNSENT_BYTES,
      );
      if (!(Symbol.asyncIterator in texts)) return texts;
      return send(texts, `{"id":${JSON.stringify(id)},"type":"next","payload":`, connection);
    },
    onError: (_socket, _id, _payload, errors) => format({ errors }).errors ?? [],
    onNext({ extra }, _id, _payload, _args, result) {
      if (isUnavailable(result)) closeUnavailable(extra.socket);
      return format(result);
    },
  });

  const serve = (socket: WebSocket, request: IncomingMessage, address: string, open: OpenConnection) => {
    socket.on('error', () => {}); // The socket closes itself with the matching code.
    const takeToken = createTokenBucket(MESSAGES_PER_SECOND, MAX_MESSAGES);
    const closed = core.opened(
      {
        protocol: socket.protocol,
        send: (data) => sendBounded(socket, request.socket, data),
        close: (code, reason) => socket.close(code, reason),
        onMessage(take) {
          socket.on('message', (data, isBinary) => {
            if (isBinary) return socket.close(CloseCode.BadRequest, 'Invalid message received: text is expected');
            if (!takeToken()) return socket.close(POLICY_VIOLATION, 'Too many messages in too short a time');
            take(String(data)).catch((err) => {
              // The core throws when a client sends a message that only servers send, and when a hook throws.
              if (/^Unexpected message of type/.test(err.message)) {
                return socket.close(CloseCode.BadRequest, 'Invalid message received');
              }
              stores.log.error({ err }, 'a message over WebSocket could not be handled');
              socket.close(TRY_AGAIN_LATER, 'Something went wrong on our side');
            });
          });
        },
      },
      { socket, raw: request.socket, address, open, session: null },
    );
    const stopPinging = ping(socket, request);
    socket.once('close', (code, reason) => {
      stopPinging();
      closed(code, String(reason)).catch((err) => stores.log.error({ err }, 'a closed connection left something open'));
    });
  };

  let isStopping = false;
  server.on('upgrade', (request, raw, head) => {
    if (request.url?.split('?', 1)[0] !== path) return refuse(raw, '404 Not Found');
    if (isStopping) return refuse(raw, '503 Service Unavailable');
    const address = addressOf(request);
    let socket: WebSocket | undefined;
    const open = connections.open(address, (reason) => socket?.close(...CLOSE[reason]));
    if (!open) return refuse(raw, '429 Too Many Requests');
    // The raw socket closes even if it never becomes a WebSocket.
    raw.once('close', open.release);
    sockets.handleUpgrade(request, raw, head, (websocket) => {
      socket = websocket;
      serve(websocket, request, address, open);
    });
  });
  return async () => {
    isStopping = true;
    // Ask the remaining clients to close, then cut off those that do not answer.
    for (const client of sockets.clients) client.close(...CLOSE.RESTART);
    const closing = Array.from(sockets.clients, (client) => new Promise((resolve) => client.once('close', resolve)));
    const timer = setTimeout(() => {
      for (const client of sockets.clients) client.terminate();
    }, CLOSE_WITHIN_MS);
    await Promise.all(closing);
    clearTimeout(timer);
    sockets.close();
  };
}

/** Refuses an upgrade with an HTTP status. */
function refuse(raw: Duplex, status: string): void {
  // This socket has no other error handler, and an unhandled `error` event ends the process.
  raw.on('error', () => raw.destroy());
  const headers = `Retry-After: ${RETRY_AFTER_SECONDS}\r\nConnection: close\r\n`;
  raw.end(`HTTP/1.1 ${status}\r\n${headers}\r\n`, () => raw.destroy());
}

/**
 * Sends the results of a subscription as they arrive. It bypasses the library, which would serialize each result once
 * more.
 *
 * @param prefix of each message, up to the result
 * @returns a generator that yields nothing and ends with the subscription
 */
function send(texts: Texts, prefix: string, { socket, raw }: Connection): AsyncGenerator<ExecutionResult, void, void> {
  let hasEnded = false;
  const end = async () => {
    hasEnded = true;
    await texts.return();
  };
  const sendAll = async () => {
    try {
      for await (const batch of texts) {
        if (hasEnded) break;
        // Send the whole batch now, because the visibility rules were checked now.
        await Promise.all(batch.map((text) => sendBounded(socket, raw, `${prefix}${text}}`)));
      }
    } catch (error) {
      if (!isUnavailableError(error)) throw error;
      closeUnavailable(socket);
    }
    return DONE;
  };
  return generator<ExecutionResult>(sendAll, end);
}

/** Closes the connection: client libraries reconnect after this code, but give up after an error message. */
function closeUnavailable(socket: WebSocket): void {
  socket.close(TRY_AGAIN_LATER, 'Live events are not to be had just now');
}

/**
 * Sends text and resolves when the client's buffer has room for more, which is mostly at once. Stops reading from a
 * client that does not read its output.
 */
function sendBounded(socket: WebSocket, raw: Duplex, data: string): Promise<void> | undefined {
  if (socket.readyState !== socket.OPEN) return;
  corkForThisTurn(raw);
  if (socket.bufferedAmount < SOME_UNSENT_BYTES) {
    socket.send(data);
    return;
  }
  return new Promise((resolve) => {
    socket.send(data, () => {
      if (socket.isPaused && socket.bufferedAmount < SOME_UNSENT_BYTES) socket.resume();
      resolve();
    });
    if (socket.bufferedAmount > MAX_UNSENT_BYTES) socket.pause();
  });
}

/** Sends the output of one turn of the event loop with one system call, which is most of what sending costs. */
function corkForThisTurn(raw: Duplex): void {
  if (raw.writableCorked > 0) return;
  raw.cork();
  setImmediate(() => raw.uncork());
}

/**
 * Pings a client and cuts it off when it does not answer, because a broken connection may never report an error. A
 * client with much unread output cannot answer before it has read that, so it has time as long as it reads.
 *
 * @returns stops pinging
 */
function ping(socket: WebSocket, { socket: raw }: IncomingMessage): () => void {
  let hasAnswered = true;
  let wasBehind = false;
  let bytesRead = 0;
  socket.on('pong', () => {
    hasAnswered = true;
  });
  const timer = setInterval(() => {
    const isBehind = socket.bufferedAmount >= SOME_UNSENT_BYTES;
    const isReading = (wasBehind || isBehind) && raw.bytesWritten - raw.writableLength > bytesRead;
    if (!hasAnswered && !isReading) return socket.terminate();
    hasAnswered = false;
    wasBehind = isBehind;
    if (socket.readyState === socket.OPEN && !isBehind) socket.ping();
    bytesRead = raw.bytesWritten - raw.writableLength;
  }, CLIENT_SILENT_MS);
  return () => clearInterval(timer);
}

/** A token bucket that starts full. @returns takes a token; false when the bucket is empty */
function createTokenBucket(perSecond: number, capacity: number): () => boolean {
  let tokens = capacity;
  let filledAt = performance.now();
  return () => {
    const now = performance.now();
    tokens = Math.min(capacity, tokens + ((now - filledAt) / 1_000) * perSecond);
    filledAt = now;
    tokens -= 1;
    return tokens >= 0;
  };
}
