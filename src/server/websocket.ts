import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { CloseCode, handleProtocols } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { SessionRow } from '../features/accounts/sessions.ts';
import { clientOf, createContext } from '../features/context.ts';
import { rateLimited } from '../features/kernel/errors.ts';
import { executeAdmitted, OVERLOADED, retryAfterOverload } from './admission.ts';
import { authenticate } from './authenticate.ts';
import { type CloseReason, type OpenConnection, TOO_MANY_CONNECTIONS, TOO_MANY_SUBSCRIPTIONS } from './connections.ts';
import { formatResult } from './errors.ts';
import {
  CLIENT_SILENT_MS,
  MAX_BODY_BYTES,
  MAX_FRAGMENTS,
  MAX_UNSENT_BYTES,
  MESSAGES_AT_ONCE,
  RETRY_AFTER_SECONDS,
  SOME_UNSENT_BYTES,
} from './limits.ts';
import type { LiveServer } from './live-server.ts';
import { FOREIGN_ORIGIN, isAllowedOrigin, readOrigins } from './origins.ts';
import { refuseRaw } from './refuse.ts';
import type { WaitingBytes } from './waiting-bytes.ts';
import { type ProtocolHandlers, SocketProtocol, TRY_AGAIN_LATER } from './websocket-protocol.ts';

/** Close codes from the IANA registry. "Policy Violation": the client sends too much. */
const POLICY_VIOLATION = 1008;
/** "Service Restart": the client reconnects at once, to another server. */
const SERVICE_RESTART = 1012;

const CLOSE: Record<CloseReason, [code: number, reason: string]> = {
  RESTART: [SERVICE_RESTART, 'Come again, with "after"'],
  SESSION_ENDED: [CloseCode.Forbidden, 'The session has ended'],
  TOO_MANY: [TRY_AGAIN_LATER, 'You have too many connections'],
};

/** How long clients have to close their connection when the server stops, in milliseconds. */
const CLOSE_WITHIN_MS = 3_000;
/** How long a client that sends too much has to read why its connection is closed, in milliseconds. */
const CUT_OFF_AFTER_MS = 1_000;

/**
 * Serves GraphQL over WebSocket at the path where HTTP serves it. websocket-protocol.ts speaks the protocol; this file
 * limits input and output, which the library's adapter for `ws` does not.
 *
 * @returns closes all connections; call it after `Connections.sendAway`
 */
export function serveWebSocket(
  server: Server,
  path: string,
  { stores, executor, documents, connections, admission, unread }: LiveServer,
  addressOf: (request: IncomingMessage) => string,
): () => Promise<void> {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_BODY_BYTES,
    maxFragments: MAX_FRAGMENTS,
    // Off, because inflating a message costs its sender nothing.
    perMessageDeflate: false,
    handleProtocols,
  });
  sockets.on('wsClientError', (error, raw) => refuseRaw(raw, 400, `This is not WebSocket: ${error.message}.`));
  const origins = readOrigins(stores.config);

  /** What the protocol needs for one connection. */
  const handlersOf = (socket: WebSocket, address: string, open: OpenConnection): ProtocolHandlers => {
    let session: SessionRow | null = null;
    const newContext = (signal?: AbortSignal) => createContext(stores, session, address, signal);
    return {
      async connect({ authorization, Authorization }) {
        const found = await authenticate(stores, authorization ?? Authorization);
        if (found === 'invalid') return false;
        session = found;
        if (session) await open.identify(session);
        return true;
      },
      async start({ query, operationName, variables }, signal) {
        const prepared = await documents.prepare(
          { query, operationName, variables },
          clientOf(session, address),
          signal,
        );
        if ('errors' in prepared) return { refused: prepared.errors };
        const { operation } = prepared;
        if (operation.operation.operation !== 'subscription') {
          return executeAdmitted(admission, !session, signal, (orLate) =>
            executor.execute(operation, newContext(orLate)),
          );
        }
        if (!session && !open.beginAnonymousSubscription()) {
          return { refused: [rateLimited(TOO_MANY_SUBSCRIPTIONS, RETRY_AFTER_SECONDS)] };
        }
        return executor.subscribe(operation, newContext, signal, () => socket.bufferedAmount > MAX_UNSENT_BYTES);
      },
      format: (result) => formatResult(result, stores),
      onFault: (err) => stores.log.error({ err }, 'a message over WebSocket could not be handled'),
    };
  };

  const serve = (socket: WebSocket, request: IncomingMessage, address: string, open: OpenConnection) => {
    socket.on('error', () => {}); // The socket closes itself with the matching code.
    limitInput(socket, request.socket, open);
    const protocol = new SocketProtocol(
      {
        protocol: socket.protocol,
        isOpen: () => socket.readyState === socket.OPEN,
        send: (text) => sendBounded(socket, request.socket, text, unread),
        close: (code, reason) => socket.close(code, reason),
      },
      handlersOf(socket, address, open),
    );
    const receive = inTurns((text: string) => protocol.receive(text));
    socket.on('message', (data, isBinary) => {
      if (isBinary) socket.close(CloseCode.BadRequest, 'Invalid message received: text is expected');
      else receive(String(data));
    });
    const stopPinging = ping(socket, request);
    socket.once('close', () => {
      stopPinging();
      protocol.closed();
      open.release();
    });
  };

  let isStopping = false;
  server.on('upgrade', (request, raw, head) => {
    if (request.url?.split('?', 1)[0] !== path) return refuseRaw(raw, 404, `WebSocket is at ${path}.`);
    if (isStopping) return refuseRaw(raw, 503, 'The server is stopping.');
    if (!isAllowedOrigin(origins, request.headers)) return refuseRaw(raw, 403, FOREIGN_ORIGIN);
    if (admission.refuses(!request.headers.authorization)) {
      return refuseRaw(raw, 503, OVERLOADED, retryAfterOverload());
    }
    const address = addressOf(request);
    let socket: WebSocket | undefined;
    const open = connections.open(address, (reason) => socket?.close(...CLOSE[reason]));
    if (!open) return refuseRaw(raw, 429, TOO_MANY_CONNECTIONS);
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

/**
 * Closes the connection of a client that sends too much. Frames and bytes are counted as they arrive, because pings,
 * pongs and parts of messages cost time too.
 */
function limitInput(socket: WebSocket, raw: Duplex, open: OpenConnection): void {
  let cutOff: NodeJS.Timeout | undefined;
  const receive = (frames: number, bytes: number) => {
    if (cutOff || open.receive(frames, bytes)) return;
    // Read nothing more, and leave the client some time to read the close frame.
    socket.pause();
    socket.close(POLICY_VIOLATION, 'Too much in too short a time');
    cutOff = setTimeout(() => socket.terminate(), CUT_OFF_AFTER_MS);
  };
  for (const frame of ['message', 'ping', 'pong']) socket.on(frame, () => receive(1, 0));
  raw.on('data', (chunk: Buffer) => receive(0, chunk.length));
  socket.once('close', () => clearTimeout(cutOff));
}

/**
 * Handles the messages of one connection, some in each turn of the event loop: a client that sends many at the same
 * moment must not hold up others. How many can wait is bounded by `limitInput`.
 */
function inTurns(handle: (text: string) => void): (text: string) => void {
  let left = MESSAGES_AT_ONCE;
  const waiting: string[] = [];
  const take = () => {
    while (left > 0) {
      const text = waiting.shift();
      if (text === undefined) return;
      if (left-- === MESSAGES_AT_ONCE) setImmediate(nextTurn);
      handle(text);
    }
  };
  const nextTurn = () => {
    left = MESSAGES_AT_ONCE;
    take();
  };
  return (text) => {
    waiting.push(text);
    take();
  };
}

/**
 * Sends text and resolves when the client's buffer has room for more, which is mostly at once. Stops reading from a
 * client that does not read its output.
 */
function sendBounded(socket: WebSocket, raw: Duplex, data: string, unread: WaitingBytes): Promise<void> | undefined {
  if (socket.readyState !== socket.OPEN) return;
  corkForThisTurn(raw);
  if (socket.bufferedAmount + data.length < SOME_UNSENT_BYTES) {
    socket.send(data);
    return;
  }
  return new Promise((resolve) => {
    const isRead = data.length < SOME_UNSENT_BYTES ? () => {} : unread.add(raw, Buffer.byteLength(data));
    socket.send(data, () => {
      isRead();
      // A socket that is closing is paused because its client sends too much.
      if (socket.isPaused && socket.readyState === socket.OPEN && socket.bufferedAmount < SOME_UNSENT_BYTES) {
        socket.resume();
      }
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
