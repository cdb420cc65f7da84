import type { IncomingMessage, Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type ExecutionArgs,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { CloseCode, type Context as SocketContext, type SubscribePayload } from 'graphql-ws';
import { type Extra, useServer } from 'graphql-ws/use/ws';
import { LRUCache } from 'lru-cache';
import { WebSocketServer } from 'ws';
import { findSession, type SessionRow, sessionsChannel } from '../features/accounts/sessions.ts';
import { type Context, createContext } from '../features/context.ts';
import { badInput } from '../features/errors.ts';
import type { Stores } from '../stores/stores.ts';
import { authenticate } from './authenticate.ts';
import { formatError } from './errors.ts';
import type { Executor } from './executor.ts';
import { limitRules, MAX_BODY_BYTES, MAX_TOKENS } from './limits.ts';

/** What a connection keeps from its start to its end. */
type Connection = { session?: SessionRow | null; release?: () => void };
type Socket = SocketContext<Record<string, unknown> | undefined, Extra & Partial<Connection>>;

/** Documents that are kept parsed and validated: how many, and how long together, in characters. */
const DOCUMENTS = { max: 1_000, maxSize: 2_000_000 };
/** "Service Restart" in the registry of WebSocket close codes: clients come again, at another server. */
const SERVICE_RESTART = 1012;
/** Clients are sent away over this time when the server stops, so that they do not all come to another one at the same moment. */
const SEND_AWAY_WITHIN_MS = 1_500;
/** How long clients then have to close their connection. */
const CLOSE_WITHIN_MS = 3_000;
/** Subscriptions and other operations that run at the same time over one connection. */
const MAX_OPERATIONS = 100;
/** The longest that `setTimeout` can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Serves GraphQL over WebSocket (the graphql-ws protocol, `graphql-transport-ws`) at the path where HTTP serves it.
 *
 * @returns closes all connections: they are told to reconnect
 */
export function serveWebSocket(
  server: Server,
  path: string,
  stores: Stores,
  schema: GraphQLSchema,
  executor: Executor,
  addressOf: (request: IncomingMessage) => string,
): () => Promise<void> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_BODY_BYTES });
  const documents = new LRUCache<string, ReturnType<typeof check>>({
    ...DOCUMENTS,
    sizeCalculation: (_, query) => query.length + 1,
  });

  const rules = [
    ...specifiedRules,
    ...limitRules,
    ...(stores.config.INTROSPECTION ? [] : [NoSchemaIntrospectionCustomRule]),
  ];
  const check = (query: string) => {
    try {
      const document = parse(query, { maxTokens: MAX_TOKENS });
      return { document, errors: validate(schema, document, rules) };
    } catch (error) {
      const { message, source, positions } = error as GraphQLError;
      const extensions = { code: 'GRAPHQL_PARSE_FAILED' };
      return { document: null, errors: [new GraphQLError(message, { source, positions, extensions })] };
    }
  };
  const contextOf = (socket: Socket): Context =>
    createContext(stores, socket.extra.session ?? null, addressOf(socket.extra.request));

  const cleaner = useServer<Record<string, unknown> | undefined, Connection>(
    {
      // Whatever NODE_ENV says: otherwise a closing frame tells clients what went wrong within.
      isProd: true,
      async onConnect({ connectionParams, extra }) {
        const session = await authenticate(stores, connectionParams?.authorization ?? connectionParams?.Authorization);
        if (session === 'invalid') return false; // 4403: Forbidden
        extra.session = session;
        if (session) {
          const release = await closeWhenSessionEnds(stores, session, extra);
          // A connection that went meanwhile has been closed without it.
          if (extra.socket.readyState !== extra.socket.OPEN) release();
          else extra.release = release;
        }
        return true;
      },
      onClose({ extra }) {
        extra.release?.();
      },
      async onSubscribe(socket, _id, { query, operationName, variables }: SubscribePayload) {
        if (Object.keys(socket.subscriptions).length > MAX_OPERATIONS) {
          return [badInput(`At most ${MAX_OPERATIONS} operations may run over one connection: complete some first.`)];
        }
        let checked = documents.get(query);
        if (!checked) {
          checked = check(query);
          documents.set(query, checked);
        }
        const { document, errors } = checked;
        if (!document || errors.length > 0) return errors;
        const operation = getOperationAST(document, operationName ?? undefined);
        if (!operation) return [new GraphQLError('Say in "operationName" which operation is meant.')];
        const args: ExecutionArgs = {
          schema,
          document,
          operationName: operationName ?? null,
          variableValues: variables ?? null,
          contextValue: socket,
        };
        return args;
      },
      execute: ({ document, operationName, variableValues, contextValue }) =>
        executor.execute({ document, operationName, variables: variableValues }, contextOf(contextValue as Socket)),
      subscribe: ({ document, operationName, variableValues, contextValue }) => {
        const newContext = () => contextOf(contextValue as Socket);
        return executor.subscribe({ document, operationName, variables: variableValues }, newContext(), newContext);
      },
      onError: (_socket, _id, _payload, errors) => errors.map((error) => formatError(error, error.toJSON(), stores)),
      onNext: (_socket, _id, _payload, _args, result) => {
        if (!result.errors) return;
        return {
          data: result.data ?? null,
          errors: result.errors.map((error) => formatError(error, error.toJSON(), stores)),
        };
      },
    },
    sockets,
  );

  server.on('upgrade', (request, socket, head) => {
    if (request.url?.split('?', 1)[0] !== path) {
      // Nobody else listens to this socket, and an error that nobody hears ends the process.
      socket.on('error', () => socket.destroy());
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n', () => socket.destroy());
      return;
    }
    sockets.handleUpgrade(request, socket, head, (websocket) => sockets.emit('connection', websocket, request));
  });
  return async () => {
    await Promise.all(
      Array.from(sockets.clients, async (client) => {
        await delay(Math.random() * Math.min(SEND_AWAY_WITHIN_MS, sockets.clients.size));
        client.close(SERVICE_RESTART, 'Come again, with "after"');
      }),
    );
    // Whoever came meanwhile is asked to close too; one that does not answer is cut off.
    const timer = setTimeout(() => {
      for (const client of sockets.clients) client.terminate();
    }, CLOSE_WITHIN_MS);
    await cleaner.dispose();
    clearTimeout(timer);
    for (const client of sockets.clients) client.terminate();
  };
}

/**
 * Closes a connection as soon as its session ends: by log-out, by being revoked, or by its time.
 *
 * @returns stops watching
 */
async function closeWhenSessionEnds(stores: Stores, session: SessionRow, { socket }: Extra): Promise<() => void> {
  let timer: NodeJS.Timeout | undefined;
  const close = () => socket.close(CloseCode.Forbidden, 'The session has ended');
  const watchExpiry = (expiresAt: number) => {
    timer = setTimeout(
      async () => {
        // Uses since then, over HTTP, have moved it on.
        const current = await findSession(stores, session.tokenHash).catch(() => null);
        if (current && current.expiresAt > Date.now()) watchExpiry(current.expiresAt);
        else close();
      },
      Math.min(Math.max(expiresAt - Date.now(), 0), LONGEST_TIMER_MS),
    );
  };
  watchExpiry(session.expiresAt);
  const stop = await stores.pubsub.subscribe(sessionsChannel(session.userId), (id) => {
    if (id === String(session.id)) close();
  });
  // It may have ended between being looked up and being listened to.
  if (!(await findSession(stores, session.tokenHash))) close();
  return () => {
    clearTimeout(timer);
    stop();
  };
}
