/**
 * The graphql-ws protocol (`graphql-transport-ws`) on one connection. The library defines and checks the messages. Its
 * server is not used, because it knows operations only by the ids that clients give them. When a client completes an
 * operation and uses its id again at once, that server takes one operation for the other: the old one never ends.
 *
 * Here an operation is an object. `#byId` holds those that the client waits for, and `#running` all whose work has not
 * ended, such as one that the client completed while it was being set up.
 */
import type { FormattedExecutionResult, GraphQLError } from 'graphql';
import { CloseCode, GRAPHQL_TRANSPORT_WS_PROTOCOL, MessageType, parseMessage, type SubscribePayload } from 'graphql-ws';
import { badInput } from '../features/kernel/errors.ts';
import { asGraphQLError, isUnavailable, isUnavailableError, type Result } from './errors.ts';
import type { Texts } from './executor.ts';
import { MAX_OPERATION_ID_LENGTH, MAX_OPERATIONS, MAX_OPERATIONS_LENGTH } from './limits.ts';

/** "Try Again Later" in the IANA registry of close codes: the client reconnects after a while. */
export const TRY_AGAIN_LATER = 1013;
/** How long clients have to send `connection_init`, in milliseconds. */
const INIT_WITHIN_MS = 3_000;

const TOO_MANY_OPERATIONS = badInput(
  `At most ${MAX_OPERATIONS} operations may run over one connection: complete some first.`,
);

const TOO_LONG_OPERATIONS = badInput(
  `The messages of all operations that run over one connection may have ${MAX_OPERATIONS_LENGTH} characters together.`,
);

/** The connection that carries the messages. */
export interface MessageSocket {
  protocol: string;
  isOpen(): boolean;
  /** Sends text. @returns resolves when the client's buffer has room for more; undefined when it has room now */
  send(text: string): Promise<void> | undefined;
  close(code: number, reason: string): void;
}

/** What the server does for a client. */
export interface ProtocolHandlers {
  /** Identifies the client by the payload of `connection_init`. @returns whether it may use the connection */
  connect(parameters: Record<string, unknown>): Promise<boolean>;
  /**
   * Starts an operation.
   *
   * @param signal is aborted when nobody waits for the operation any more
   * @returns the result, or the results of a subscription; `refused` when the operation was not executed
   */
  start(payload: SubscribePayload, signal: AbortSignal): Promise<Result | Texts | { refused: readonly GraphQLError[] }>;
  /** Formats a result for clients. */
  format(result: Result): FormattedExecutionResult;
  /** Is called with an error that no operation caused. */
  onFault(error: unknown): void;
}

/** An operation, from its `subscribe` message until its work has ended. */
interface RunningOperation {
  readonly id: string;
  /** Aborted when nobody waits for the operation any more. Nothing is sent for it after that. */
  readonly abort: AbortController;
  /** The length of its message. */
  readonly length: number;
}

/** The server's side of the protocol. */
export class SocketProtocol {
  readonly #socket: MessageSocket;
  readonly #handlers: ProtocolHandlers;
  readonly #byId = new Map<string, RunningOperation>();
  readonly #running = new Set<RunningOperation>();
  readonly #initTimer: NodeJS.Timeout;
  #isInitReceived = false;
  #isAcknowledged = false;

  /** The connection is open. Closes it when it has another subprotocol. */
  constructor(socket: MessageSocket, handlers: ProtocolHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    this.#initTimer = setTimeout(() => {
      if (!this.#isInitReceived) {
        socket.close(CloseCode.ConnectionInitialisationTimeout, 'Connection initialisation timeout');
      }
    }, INIT_WITHIN_MS);
    if (socket.protocol !== GRAPHQL_TRANSPORT_WS_PROTOCOL) {
      socket.close(CloseCode.SubprotocolNotAcceptable, 'Subprotocol not acceptable');
    }
  }

  /** Handles a message of the client. Messages that arrive after the server has closed the connection are ignored. */
  receive(text: string): void {
    if (!this.#socket.isOpen()) return;
    const message = parse(text);
    switch (message?.type) {
      case MessageType.ConnectionInit:
        this.#init(message.payload ?? {}).catch((error) => {
          this.#handlers.onFault(error);
          this.#socket.close(TRY_AGAIN_LATER, 'Something went wrong on our side');
        });
        break;
      case MessageType.Ping:
        this.#say({ type: MessageType.Pong, ...(message.payload && { payload: message.payload }) });
        break;
      case MessageType.Pong:
        break;
      case MessageType.Subscribe:
        this.#subscribe(message.id, message.payload, text.length).catch((error) => this.#handlers.onFault(error));
        break;
      case MessageType.Complete:
        this.#complete(message.id);
        break;
      default:
        this.#socket.close(CloseCode.BadRequest, 'Invalid message received');
    }
  }

  /** The connection is closed. Ends all operations. */
  closed(): void {
    clearTimeout(this.#initTimer);
    for (const { abort } of this.#running) abort.abort();
  }

  async #init(parameters: Record<string, unknown>): Promise<void> {
    if (this.#isInitReceived) {
      return this.#socket.close(CloseCode.TooManyInitialisationRequests, 'Too many initialisation requests');
    }
    this.#isInitReceived = true;
    if (!(await this.#handlers.connect(parameters))) return this.#socket.close(CloseCode.Forbidden, 'Forbidden');
    this.#isAcknowledged = true;
    this.#say({ type: MessageType.ConnectionAck });
  }

  async #subscribe(id: string, payload: SubscribePayload, length: number): Promise<void> {
    if (!this.#isAcknowledged) return this.#socket.close(CloseCode.Unauthorized, 'Unauthorized');
    if (this.#byId.has(id)) {
      return this.#socket.close(CloseCode.SubscriberAlreadyExists, 'An operation with this id is running');
    }
    if (id.length > MAX_OPERATION_ID_LENGTH) {
      return this.#socket.close(
        CloseCode.BadRequest,
        `The id of an operation may have ${MAX_OPERATION_ID_LENGTH} characters`,
      );
    }
    let together = length;
    for (const operation of this.#running) together += operation.length;
    if (this.#running.size > 0 && together > MAX_OPERATIONS_LENGTH) {
      this.#say({ id, type: MessageType.Error, payload: this.#formatErrors([TOO_LONG_OPERATIONS]) });
      return;
    }
    if (this.#running.size >= MAX_OPERATIONS) {
      this.#say({ id, type: MessageType.Error, payload: this.#formatErrors([TOO_MANY_OPERATIONS]) });
      return;
    }
    const operation: RunningOperation = { id, abort: new AbortController(), length };
    this.#byId.set(id, operation);
    this.#running.add(operation);
    try {
      await this.#run(operation, payload);
    } catch (error) {
      if (isUnavailableError(error)) this.#closeUnavailable();
      else this.#finish(operation, MessageType.Error, this.#formatErrors([asGraphQLError(error)]));
    } finally {
      this.#running.delete(operation);
      this.#forget(operation);
    }
  }

  async #run(operation: RunningOperation, payload: SubscribePayload): Promise<void> {
    const { id, abort } = operation;
    const started = await this.#handlers.start(payload, abort.signal);
    if (Symbol.asyncIterator in started) {
      await this.#sendAll(operation, started);
      return this.#finish(operation, MessageType.Complete);
    }
    if ('refused' in started) {
      return this.#finish(operation, MessageType.Error, this.#formatErrors(started.refused));
    }
    if (abort.signal.aborted) return;
    // Client libraries reconnect after this code, but give up after an error message.
    if (isUnavailable(started)) return this.#closeUnavailable();
    await this.#say({ id, type: MessageType.Next, payload: this.#handlers.format(started) });
    this.#finish(operation, MessageType.Complete);
  }

  /** Sends the results of a subscription as they arrive, until it ends or nobody waits for it. */
  async #sendAll(operation: RunningOperation, texts: Texts): Promise<void> {
    const { id, abort } = operation;
    const { signal } = abort;
    const end = () => {
      // At once, so that the client may begin another one in its place.
      this.#running.delete(operation);
      texts.return().catch((error) => this.#handlers.onFault(error));
    };
    if (signal.aborted) return end();
    signal.addEventListener('abort', end, { once: true });
    const prefix = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
    for await (const batch of texts) {
      if (signal.aborted) return;
      // Send the whole batch now, because the visibility rules were checked now.
      await Promise.all(batch.map((text) => this.#socket.send(`${prefix}${text}}`)));
    }
  }

  /** The client does not wait for the operation any more, and may use its id again. */
  #complete(id: string): void {
    const operation = this.#byId.get(id);
    if (!operation) return;
    this.#forget(operation);
    operation.abort.abort();
  }

  /** Sends the last message of an operation. */
  #finish(operation: RunningOperation, type: MessageType.Complete | MessageType.Error, payload?: unknown): void {
    if (operation.abort.signal.aborted) return;
    // Before the client can know that the id is free.
    this.#forget(operation);
    this.#say({ id: operation.id, type, ...(payload !== undefined && { payload }) });
  }

  /** Frees the id of an operation, unless the client has used it for another one since. */
  #forget(operation: RunningOperation): void {
    if (this.#byId.get(operation.id) === operation) this.#byId.delete(operation.id);
  }

  #formatErrors(errors: readonly GraphQLError[]): unknown {
    return this.#handlers.format({ errors }).errors ?? [];
  }

  #closeUnavailable(): void {
    this.#socket.close(TRY_AGAIN_LATER, 'Live events are not to be had just now');
  }

  #say(message: object): Promise<void> | undefined {
    return this.#socket.send(JSON.stringify(message));
  }
}

/** The message in a text; null when it is none. */
function parse(text: string): ReturnType<typeof parseMessage> | null {
  try {
    return parseMessage(text);
  } catch {
    return null;
  }
}
