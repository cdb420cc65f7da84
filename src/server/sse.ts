/**
 * Server-sent events, for clients behind proxies that block WebSocket: the "distinct connections mode" of the
 * graphql-sse protocol, with one request per operation. The library is not used, because it buffers results without
 * bound for a client that does not read them.
 *
 * A stream that ends without `complete` was cut, and the client reconnects.
 */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ExecutionResult } from 'graphql';
import type { SessionRow } from '../features/accounts/sessions.ts';
import { clientOf, createContext } from '../features/context.ts';
import { unauthenticated } from '../features/kernel/errors.ts';
import { executeAdmitted } from './admission.ts';
import { authenticate } from './authenticate.ts';
import { type OpenConnection, TOO_MANY_CONNECTIONS, TOO_MANY_SUBSCRIPTIONS } from './connections.ts';
import type { OperationRequest } from './documents.ts';
import { formatResult, isUnavailable, isUnavailableError } from './errors.ts';
import type { Texts } from './executor.ts';
import { signalOf } from './leaving.ts';
import { CLIENT_SILENT_MS, MAX_UNSENT_BYTES, SOME_UNSENT_BYTES } from './limits.ts';
import type { LiveServer } from './live-server.ts';
import { FOREIGN_ORIGIN, isAllowedOrigin, readOrigins } from './origins.ts';
import { type RefusalStatus, refuse } from './refuse.ts';

/** Serves server-sent events at a path. */
export function serveEvents(app: FastifyInstance, path: string, live: LiveServer): void {
  const { stores, executor, documents, connections, admission, unread } = live;

  const origins = readOrigins(stores.config);

  const handle = async (request: FastifyRequest, reply: FastifyReply) => {
    // Browsers send a simple GET for any page, which cannot read the answer but would hold the connection.
    if (!isAllowedOrigin(origins, request.headers)) {
      return refuse(reply, 403, FOREIGN_ORIGIN);
    }
    if (!String(request.headers.accept).includes('text/event-stream')) {
      return refuse(reply, 406, 'Here are server-sent events: ask with "Accept: text/event-stream".');
    }
    const operation = readRequest(request);
    if (typeof operation === 'string') return refuse(reply, 400, operation);
    const session = await authenticate(stores, request.headers.authorization);
    // As over WebSocket: without its session, a subscription would receive nothing and not say why.
    if (session === 'invalid') return refuse(reply, 401, unauthenticated().message);

    const response = reply.raw;
    if (response.destroyed) return undefined;
    const open = connections.open(request.ip, (reason) => {
      // Write nothing before a TOO_MANY refusal or after the response has ended: the end of a session may be signaled
      // twice.
      if (reason === 'TOO_MANY' || !response.headersSent || response.writableEnded) return;
      // Complete the stream, so that the client does not reconnect before the person logs in.
      if (reason === 'SESSION_ENDED') {
        writeEvent(response, 'next', toText({ errors: [unauthenticated()] }));
        writeEvent(response, 'complete');
      }
      response.end();
    });
    if (!open) return refuse(reply, 429, TOO_MANY_CONNECTIONS);
    response.once('close', open.release);
    if (session && !(await open.identify(session))) {
      open.release();
      return refuse(reply, 429, 'You have too many connections.');
    }
    const texts = await execute(request, operation, session, open, response);
    if ('refused' in texts) {
      open.release();
      return refuse(reply, ...texts.refused);
    }
    // The client may have left in the meantime. Nothing would end the stream any more.
    if (response.destroyed) return texts.return();
    reply.hijack();
    return send(response, reply.getHeaders() as OutgoingHttpHeaders, texts);
  };

  const toText = (result: ExecutionResult) => JSON.stringify(formatResult(result, stores));
  async function* streamOf(result: ExecutionResult): Texts {
    yield [toText(result)];
  }

  /** Executes an operation. @returns the stream of its results; a query or mutation has one */
  const execute = async (
    { method, ip }: FastifyRequest,
    operation: OperationRequest,
    session: SessionRow | null,
    open: OpenConnection,
    response: ServerResponse,
  ): Promise<Texts | { refused: [status: RefusalStatus, message: string] }> => {
    const leaving = signalOf(response);
    const prepared = await documents.prepare(operation, clientOf(session, ip), leaving);
    if ('errors' in prepared) return streamOf({ errors: prepared.errors });
    const kind = prepared.operation.operation.operation;
    if (kind === 'mutation' && method === 'GET') {
      return { refused: [405, 'A mutation is sent with POST.'] };
    }
    const newContext = (signal?: AbortSignal) => createContext(stores, session, ip, signal);
    if (kind !== 'subscription') {
      const result = await executeAdmitted(admission, !session, leaving, (orLate) =>
        executor.execute(prepared.operation, newContext(orLate)),
      );
      return streamOf('refused' in result ? { errors: result.refused } : result);
    }
    if (!session && !open.beginAnonymousSubscription()) return { refused: [429, TOO_MANY_SUBSCRIPTIONS] };
    const isCongested = () => response.writableLength > MAX_UNSENT_BYTES;
    const texts = await executor.subscribe(prepared.operation, newContext, leaving, isCongested);
    if (Symbol.asyncIterator in texts) return texts;
    if (isUnavailable(texts)) return { refused: [503, texts.errors?.[0]?.message ?? ''] };
    return streamOf(texts);
  };

  const send = async (response: ServerResponse, headers: OutgoingHttpHeaders, texts: Texts) => {
    const stopPinging = ping(response);
    response.once('close', () => {
      stopPinging();
      texts.return().catch(() => {}); // The stream may have ended by itself.
    });
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // nginx would buffer the events.
      'x-accel-buffering': 'no',
    });
    // Browsers report a response as open only after its first byte.
    response.write(':\n\n');
    try {
      for await (const batch of texts) {
        if (response.writableEnded || response.destroyed) return;
        for (const text of batch) writeEvent(response, 'next', text);
        if (response.writableLength <= SOME_UNSENT_BYTES) continue;
        // A response that waits for one before it has no socket yet, but its request has.
        const isRead = unread.add(response.req.socket, response.writableLength);
        await untilDrained(response);
        isRead();
      }
    } catch (error) {
      // End without `complete`, so that the client reconnects.
      if (!isUnavailableError(error)) throw error;
      response.end();
      return;
    }
    if (response.writableEnded) return;
    writeEvent(response, 'complete');
    response.end();
  };

  app.route({ method: ['GET', 'POST'], url: path, handler: handle });
}

/** Reads the operation from a request. @returns the operation, or a message that says what is wrong */
function readRequest({ method, query, body }: FastifyRequest): OperationRequest | string {
  const parameters = (method === 'GET' ? query : body) as Record<string, unknown> | null | undefined;
  if (typeof parameters?.query !== 'string') return '"query" must be a GraphQL document.';
  const { operationName } = parameters;
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string') {
    return '"operationName" must be text.';
  }
  let { variables } = parameters;
  try {
    if (method === 'GET' && typeof variables === 'string') variables = JSON.parse(variables);
  } catch {
    return '"variables" must be a JSON object.';
  }
  if (typeof (variables ?? {}) !== 'object' || Array.isArray(variables)) return '"variables" must be a JSON object.';
  return { query: parameters.query, operationName, variables: variables as OperationRequest['variables'] };
}

function writeEvent(response: ServerResponse, event: 'next' | 'complete', data?: string): void {
  response.write(`event: ${event}\ndata:${data === undefined ? '' : ` ${data}`}\n\n`);
}

/** Resolves when the response has room for more, or is closed. */
function untilDrained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
    if (response.destroyed) done();
  });
}

/**
 * Writes a comment from time to time, so that no proxy closes the connection as idle, and cuts off a client that has
 * much to read and does not read.
 *
 * @returns stops
 */
function ping(response: ServerResponse): () => void {
  let readBefore = -1;
  const timer = setInterval(() => {
    const { writableLength, writableEnded, socket } = response;
    const read = (socket?.bytesWritten ?? 0) - (socket?.writableLength ?? 0);
    if (writableLength < SOME_UNSENT_BYTES && !writableEnded) response.write(':\n\n');
    else if (readBefore === read) response.destroy();
    readBefore = read;
  }, CLIENT_SILENT_MS);
  return () => clearInterval(timer);
}
