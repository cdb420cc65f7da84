import { createServer, type ServerOptions } from 'node:http';
import fastifyApollo from '@as-integrations/fastify';
import cors from '@fastify/cors';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { createContext } from '../features/context.ts';
import type { Stores } from '../stores/stores.ts';
import { Admission, guardRequests, measureDelay } from './admission.ts';
import { createApollo } from './apollo.ts';
import { authenticate } from './authenticate.ts';
import { parseBodies } from './bodies.ts';
import { Connections, limitConnections } from './connections.ts';
import { allowPlainGet } from './csrf.ts';
import { createDocuments } from './documents.ts';
import { createExecutor } from './executor.ts';
import { answerClientError, answerError, answerErrors } from './http-errors.ts';
import { limitRequests } from './http-requests.ts';
import { signalOf } from './leaving.ts';
import { MAX_BODY_BYTES, MAX_UNREAD_BYTES, REQUEST_CONNECTIONS_PER_ADDRESS } from './limits.ts';
import { hideTypes } from './no-introspection.ts';
import { readOrigins } from './origins.ts';
import { refuse } from './refuse.ts';
import { buildSchema } from './schema.ts';
import { serveEvents } from './sse.ts';
import { Turns } from './turns.ts';
import { countAnswers, countBodies, WaitingBytes } from './waiting-bytes.ts';
import { serveWebSocket } from './websocket.ts';

/** The path of the API, over HTTP and WebSocket. */
const GRAPHQL_PATH = '/graphql';
const STREAM_PATH = `${GRAPHQL_PATH}/stream`;
const HEALTH_PATH = '/health';

/** A running server. */
export interface Api {
  /** The API's address, with the port that the server listens on. */
  url: string;
  /** Stops accepting connections, finishes the running requests and closes the sockets. */
  stop(): Promise<void>;
}

/**
 * Starts serving the API.
 *
 * @throws the system's error when the port is not available
 */
export async function startApi(stores: Stores): Promise<Api> {
  const { config } = stores;
  const app: FastifyInstance = Fastify({
    loggerInstance: stores.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: config.TRUST_PROXY,
    bodyLimit: MAX_BODY_BYTES,
    serverFactory(handle) {
      const options: ServerOptions = {
        // What a client offers besides is ignored, as RFC 9110 (7.8) asks: `curl --http2` offers h2c.
        shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
        // Refused by the server itself, with a GraphQL error.
        requireHostHeader: false,
        requestTimeout: 30_000,
        keepAliveTimeout: 72_000,
      };
      const listener = limitRequests(handle);
      // Otherwise, Node itself would answer what it does not expect.
      return createServer(options, listener).on('checkExpectation', listener);
    },
    forceCloseConnections: 'idle',
    clientErrorHandler: answerClientError,
    // For paths that cannot be decoded.
    frameworkErrors: (error, _, reply) => void answerError(stores.log, error, reply),
  });
  // The connections of a proxy are those of all clients.
  if (!config.TRUST_PROXY) {
    limitConnections(app.server, config.CONNECTIONS_PER_ADDRESS + REQUEST_CONNECTIONS_PER_ADDRESS);
  }
  countBodies(app);
  parseBodies(app);
  const unread = new WaitingBytes(MAX_UNREAD_BYTES);
  countAnswers(app, unread);
  answerErrors(app, stores.log, [GRAPHQL_PATH, STREAM_PATH, HEALTH_PATH]);
  app.addHook('onRequest', async ({ headers: { expect } }, reply) => {
    if (expect && expect.toLowerCase() !== '100-continue') {
      return refuse(reply, 417, '"Expect" may only be "100-continue".');
    }
  });
  const schema = buildSchema();
  if (!config.INTROSPECTION) hideTypes();
  const turns = new Turns();
  const documents = createDocuments(schema, config, turns);
  const executor = createExecutor(schema, stores, turns);
  const apollo = createApollo(stores, schema, documents, executor, app);
  await apollo.start();

  await app.register(cors, {
    origin: readOrigins(config),
    maxAge: 86_400,
    exposedHeaders: ['Retry-After'],
    // An OPTIONS request that is no preflight would be refused with plain text.
    strictPreflight: false,
  });
  const admission = new Admission(turns);
  const stopMeasuring = measureDelay(admission);
  guardRequests(app, admission, { health: HEALTH_PATH, stream: STREAM_PATH });
  allowPlainGet(app, GRAPHQL_PATH);
  await app.register(fastifyApollo(apollo), {
    path: GRAPHQL_PATH,
    context: async (request, reply) => {
      // Once the client has left, it has no address any more.
      const { ip } = request;
      // An expired token counts as none, so that a client that still sends it can log in again.
      const session = await authenticate(stores, request.headers.authorization);
      return createContext(stores, session === 'invalid' ? null : session, ip, signalOf(reply.raw));
    },
  });
  serveHealth(app, stores);

  const connections = new Connections(stores);
  const live = { stores, executor, documents, connections, admission, unread };
  serveEvents(app, STREAM_PATH, live);
  const closeSockets = serveWebSocket(app.server, GRAPHQL_PATH, live, (request) => {
    const forwarded = request.headers['x-forwarded-for'];
    const first = config.TRUST_PROXY && typeof forwarded === 'string' ? forwarded.split(',', 1)[0]?.trim() : undefined;
    return first ?? request.socket.remoteAddress ?? '';
  });
  await app.listen({ host: config.HOST, port: config.PORT });
  const address = app.server.address();
  const port = typeof address === 'object' && address ? address.port : config.PORT;
  return {
    url: `http://localhost:${port}${GRAPHQL_PATH}`,
    async stop() {
      // Accept nothing new. Open connections stay until they are sent away, and requests until they are answered.
      app.server.close();
      await connections.sendAway();
      await closeSockets();
      await apollo.stop();
      stopMeasuring();
      await app.close();
    },
  };
}

/** `GET /health`: 200 while PostgreSQL and Redis answer, for load balancers. */
function serveHealth(app: FastifyInstance, { db, redis }: Stores): void {
  const answers = (probe: Promise<unknown>) => probe.then(() => true).catch(() => false);
  // Shared by all who ask meanwhile: no limit keeps anybody from asking.
  let probing: Promise<[boolean, boolean]> | null = null;
  const probe = () => {
    probing ??= Promise.all([answers(db.$queryRaw`select 1`), answers(redis.ping())]).finally(() => {
      probing = null;
    });
    return probing;
  };
  app.get(HEALTH_PATH, async (_, reply) => {
    const [postgres, cache] = await probe();
    return reply.code(postgres && cache ? 200 : 503).send({ postgres, redis: cache });
  });
}
