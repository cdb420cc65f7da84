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
import { formatResult, isUnavailable, type Result, saysUnavailable } from './errors.ts';
import type { Texts } from './executor.ts';
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

/** What a connection keeps from its start to its end. */
interface Connection {
  socket: WebSocket;
  raw: Duplex;
  address: string;
  open: OpenConnection;
  session: SessionRow | null;
}
type Socket = SocketContext<Record<string, unknown> | undefined, Connection>;
/** An operation: over which connection, and how the client calls it. */
interface OperationContext {
  socket: Socket;
  id: string;
}

/** From the registry of WebSocket close codes: the client may have kept to the protocol, and is not served all the same. */
const POLICY_VIOLATION = 1008;
/** "Service Restart": clients come again, at another server. */
const SERVICE_RESTART = 1012;
/** "Try Again Later". */
const TRY_AGAIN_LATER = 1013;

const CLOSE: Record<CloseReason, [code: number, reason: string]> = {
  RESTART: [SERVICE_RESTART, 'Come again, with "after"'],
  SESSION_ENDED: [CloseCode.Forbidden, 'The session has ended'],
  TOO_MANY: [TRY_AGAIN_LATER, 'You have too many connections'],
};

/** How long clients have to close their connection when the server stops. */
const CLOSE_WITHIN_MS = 3_000;

/**
 * Serves GraphQL over WebSocket (the graphql-ws protocol, `graphql-transport-ws`) at the path where HTTP serves it. The protocol is
 * graphql-ws's own core; what is between it and the socket is here, because its adapter for `ws` bounds neither what comes nor what goes.
 *
 * @returns closes all connections, when they have been sent away
 */
export function serveWebSocket(
  server: Server,
  path: string,
  { stores, schema, executor, prepare, connections }: LiveServer,
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
      const prepared = prepare({ query, operationName, variables });
      if ('errors' in prepared) return prepared.errors;
      const { document } = prepared.operation;
      const args: ExecutionArgs = {
        schema,
        document,
        operationName: operationName ?? null,
        variableValues: variables ?? null,
        contextValue: { socket, id } satisfies OperationContext,
      };
      return args;
    },
    execute: ({ document, operationName, variableValues, contextValue }) =>
      executor.execute(
        { document, operationName, variables: variableValues },
        contextOf((contextValue as OperationContext).socket),
      ),
    async subscribe({ document, operationName, variableValues, contextValue }) {
      const { socket, id } = contextValue as OperationContext;
      const connection = socket.extra;
      const texts = await executor.subscribe(
        { document, operationName, variables: variableValues },
        () => contextOf(socket),
        () => connection.socket.bufferedAmount > MAX_UNSENT_BYTES,
      );
      if (!(Symbol.asyncIterator in texts)) return texts;
      return send(texts, `{"id":${JSON.stringify(id)},"type":"next","payload":`, connection);
    },
    onError: (_socket, _id, _payload, errors) => format({ errors }).errors ?? [],
    onNext({ extra }, _id, _payload, _args, result) {
      if (isUnavailable(result)) sayUnavailable(extra.socket);
      return format(result);
    },
  });

  const serve = (socket: WebSocket, request: IncomingMessage, address: string, open: OpenConnection) => {
    socket.on('error', () => {}); // It closes itself, with the code for what was wrong.
    const mayCome = limitRate(MESSAGES_PER_SECOND, MAX_MESSAGES);
    const closed = core.opened(
      {
        protocol: socket.protocol,
        send: (data) => sendBounded(socket, request.socket, data),
        close: (code, reason) => socket.close(code, reason),
        onMessage(take) {
          socket.on('message', (data, isBinary) => {
            if (isBinary) return socket.close(CloseCode.BadRequest, 'Invalid message received: text is expected');
            if (!mayCome()) return socket.close(POLICY_VIOLATION, 'Too many messages in too short a time');
            take(String(data)).catch((err) => {
              // The core throws for a message that only a server sends, and for what hooks throw.
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
    const open = connections.open(address, (why) => socket?.close(...CLOSE[why]));
    if (!open) return refuse(raw, '429 Too Many Requests');
    // Also when it never becomes a WebSocket.
    raw.once('close', open.release);
    sockets.handleUpgrade(request, raw, head, (websocket) => {
      socket = websocket;
      serve(websocket, request, address, open);
    });
  });
  return async () => {
    isStopping = true;
    // Whoever is still there is asked to close too; one that does not answer is cut off.
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

/** Answers an upgrade with an HTTP status instead. */
function refuse(raw: Duplex, status: string): void {
  // Nobody else listens to this socket, and an error that nobody hears ends the process.
  raw.on('error', () => raw.destroy());
  const headers = `Retry-After: ${RETRY_AFTER_SECONDS}\r\nConnection: close\r\n`;
  raw.end(`HTTP/1.1 ${status}\r\n${headers}\r\n`, () => raw.destroy());
}

/**
 * Sends the results of a subscription as they come, past the library, which would put each together again from what it is made of.
 *
 * @param start of each message, up to the result
 * @returns nothing, until there are no more
 */
function send(texts: Texts, start: string, { socket, raw }: Connection): AsyncGenerator<ExecutionResult, void, void> {
  let isWanted = true;
  const end = async () => {
    isWanted = false;
    await texts.return();
  };
  const sendAll = async () => {
    try {
      for await (const some of texts) {
        if (!isWanted) break;
        // All of them now, as what was decided of them is of now.
        await Promise.all(some.map((text) => sendBounded(socket, raw, `${start}${text}}`)));
      }
    } catch (error) {
      if (!saysUnavailable(error)) throw error;
      sayUnavailable(socket);
    }
    return DONE;
  };
  return generator<ExecutionResult>(sendAll, end);
}

/** A library that is told so connects again by itself, after a while; one that is told of an error gives up. */
function sayUnavailable(socket: WebSocket): void {
  socket.close(TRY_AGAIN_LATER, 'Live events are not to be had just now');
}

/**
 * Sends text, and resolves when there is room for more: at once, mostly. Nothing more is read from a client that does not take in what it has
 * asked for.
 */
function sendBounded(socket: WebSocket, raw: Duplex, data: string): Promise<void> | undefined {
  if (socket.readyState !== socket.OPEN) return;
  holdBack(raw);
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

/** Lets what is sent in one turn of the event loop go out together: what it costs to send is mostly the call to the system. */
function holdBack(raw: Duplex): void {
  if (raw.writableCorked > 0) return;
  raw.cork();
  setImmediate(() => raw.uncork());
}

/**
 * Pings a client, and cuts it off when it does not answer: a connection that is gone does not tell so by itself. One that has yet to take in
 * a lot, before which it cannot answer, is given time while it does so.
 *
 * @returns stops
 */
function ping(socket: WebSocket, { socket: raw }: IncomingMessage): () => void {
  let hasAnswered = true;
  let wasBehind = false;
  let taken = 0;
  socket.on('pong', () => {
    hasAnswered = true;
  });
  const timer = setInterval(() => {
    const isBehind = socket.bufferedAmount >= SOME_UNSENT_BYTES;
    const takes = (wasBehind || isBehind) && raw.bytesWritten - raw.writableLength > taken;
    if (!hasAnswered && !takes) return socket.terminate();
    hasAnswered = false;
    wasBehind = isBehind;
    if (socket.readyState === socket.OPEN && !isBehind) socket.ping();
    taken = raw.bytesWritten - raw.writableLength;
  }, CLIENT_SILENT_MS);
  return () => clearInterval(timer);
}

/** A bucket of tokens. @returns whether one more may come now */
function limitRate(perSecond: number, most: number): () => boolean {
  let tokens = most;
  let filledAt = performance.now();
  return () => {
    const now = performance.now();
    tokens = Math.min(most, tokens + ((now - filledAt) / 1_000) * perSecond);
    filledAt = now;
    tokens -= 1;
    return tokens >= 0;
  };
}
