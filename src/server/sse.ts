/**
 * Server-sent events, for clients behind proxies that let no WebSocket through: the "distinct connections mode" of the graphql-sse protocol,
 * one request for each operation. It is written here, and not taken from the library, which takes in results without bound for a client that
 * does not read them.
 *
 * A stream that ends without `complete` has been cut, and the client comes again.
 */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ExecutionResult } from 'graphql';
import type { SessionRow } from '../features/accounts/sessions.ts';
import { createContext } from '../features/context.ts';
import { unauthenticated } from '../features/kernel/errors.ts';
import { authenticate } from './authenticate.ts';
import type { OperationRequest } from './documents.ts';
import { formatResult, isUnavailable, saysUnavailable } from './errors.ts';
import type { Texts } from './executor.ts';
import { CLIENT_SILENT_MS, MAX_UNSENT_BYTES, RETRY_AFTER_SECONDS, SOME_UNSENT_BYTES } from './limits.ts';
import type { LiveServer } from './live-server.ts';

/** Serves server-sent events at a path. */
export function serveEvents(app: FastifyInstance, path: string, live: LiveServer): void {
  const { stores, executor, prepare, connections } = live;

  const handle = async (request: FastifyRequest, reply: FastifyReply) => {
    if (!String(request.headers.accept).includes('text/event-stream')) {
      return refuse(reply, 406, 'Here are server-sent events: ask with "Accept: text/event-stream".', 'BAD_USER_INPUT');
    }
    const asked = readRequest(request);
    if (typeof asked === 'string') return refuse(reply, 400, asked, 'BAD_USER_INPUT');
    const session = await authenticate(stores, request.headers.authorization);
    // As over WebSocket: a subscription of somebody else would stay silent.
    if (session === 'invalid') return refuse(reply, 401, unauthenticated().message, 'UNAUTHENTICATED');

    const response = reply.raw;
    const open = connections.open(request.ip, (why) => {
      // Nothing is sent to whoever is one too many before they are refused, or after the end: a session's may be told twice.
      if (why === 'TOO_MANY' || !response.headersSent || response.writableEnded) return;
      // Who has to log in does not come again by itself.
      if (why === 'SESSION_ENDED') {
        say(response, 'next', toText({ errors: [unauthenticated()] }));
        say(response, 'complete');
      }
      response.end();
    });
    if (!open) return refuse(reply, 429, 'There are too many connections from your network.', 'RATE_LIMITED');
    response.once('close', open.release);
    if (session && !(await open.identify(session))) {
      open.release();
      return refuse(reply, 429, 'You have too many connections.', 'RATE_LIMITED');
    }
    const texts = await run(request, asked, session, response);
    if ('refused' in texts) {
      open.release();
      return refuse(reply, ...texts.refused);
    }
    reply.hijack();
    await send(response, reply.getHeaders() as OutgoingHttpHeaders, texts);
  };

  const toText = (result: ExecutionResult) => JSON.stringify(formatResult(result, stores));
  async function* only(result: ExecutionResult): Texts {
    yield [toText(result)];
  }

  /** Runs what was asked for, and makes a stream of its results, also of its one. */
  const run = async (
    { method, ip }: FastifyRequest,
    asked: OperationRequest,
    session: SessionRow | null,
    response: ServerResponse,
  ): Promise<Texts | { refused: [status: number, message: string, code: string] }> => {
    const prepared = prepare(asked);
    if ('errors' in prepared) return only({ errors: prepared.errors });
    if (prepared.kind === 'mutation' && method === 'GET') {
      return { refused: [405, 'A mutation is sent with POST.', 'BAD_USER_INPUT'] };
    }
    const newContext = () => createContext(stores, session, ip);
    if (prepared.kind !== 'subscription') return only(await executor.execute(prepared.operation, newContext()));
    const isCongested = () => response.writableLength > MAX_UNSENT_BYTES;
    const texts = await executor.subscribe(prepared.operation, newContext, isCongested);
    if (Symbol.asyncIterator in texts) return texts;
    if (isUnavailable(texts)) return { refused: [503, texts.errors?.[0]?.message ?? '', 'UNAVAILABLE'] };
    return only(texts);
  };

  const send = async (response: ServerResponse, headers: OutgoingHttpHeaders, texts: Texts) => {
    const stopPinging = ping(response);
    response.once('close', () => {
      stopPinging();
      texts.return().catch(() => {}); // It has ended by itself.
    });
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // For nginx, which would wait until it has enough.
      'x-accel-buffering': 'no',
    });
    // Browsers take no notice of a response before its first byte.
    response.write(':\n\n');
    try {
      for await (const some of texts) {
        if (response.writableEnded || response.destroyed) return;
        for (const text of some) say(response, 'next', text);
        if (response.writableLength > SOME_UNSENT_BYTES) await untilTakenIn(response);
      }
    } catch (error) {
      // Cut, so that the client comes again.
      if (!saysUnavailable(error)) throw error;
      response.end();
      return;
    }
    if (response.writableEnded) return;
    say(response, 'complete');
    response.end();
  };

  app.route({ method: ['GET', 'POST'], url: path, handler: handle });
}

/** What a request asks for, or what is wrong with it. */
function readRequest({ method, query, body }: FastifyRequest): OperationRequest | string {
  const asked = (method === 'GET' ? query : body) as Record<string, unknown> | null | undefined;
  if (typeof asked?.query !== 'string') return '"query" must be a GraphQL document.';
  const { operationName } = asked;
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string') {
    return '"operationName" must be text.';
  }
  let { variables } = asked;
  try {
    if (method === 'GET' && typeof variables === 'string') variables = JSON.parse(variables);
  } catch {
    return '"variables" must be a JSON object.';
  }
  if (typeof (variables ?? {}) !== 'object' || Array.isArray(variables)) return '"variables" must be a JSON object.';
  return { query: asked.query, operationName, variables: variables as OperationRequest['variables'] };
}

function refuse(reply: FastifyReply, status: number, message: string, code: string): FastifyReply {
  if (status === 429 || status === 503) reply.header('retry-after', RETRY_AFTER_SECONDS);
  return reply.code(status).send({ errors: [{ message, extensions: { code } }] });
}

function say(response: ServerResponse, event: 'next' | 'complete', data?: string): void {
  response.write(`event: ${event}\ndata:${data === undefined ? '' : ` ${data}`}\n\n`);
}

/** Resolves when there is room for more, or nobody is there for it. */
function untilTakenIn(response: ServerResponse): Promise<void> {
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
 * Says something from time to time, so that no proxy takes the connection for an idle one, and cuts off a client that has a lot to take in
 * and does not.
 *
 * @returns stops
 */
function ping(response: ServerResponse): () => void {
  let before = -1;
  const timer = setInterval(() => {
    const { writableLength, writableEnded, socket } = response;
    const taken = (socket?.bytesWritten ?? 0) - (socket?.writableLength ?? 0);
    if (writableLength < SOME_UNSENT_BYTES && !writableEnded) response.write(':\n\n');
    else if (before === taken) response.destroy();
    before = taken;
  }, CLIENT_SILENT_MS);
  return () => clearInterval(timer);
}
