/**
 * A subscriber as docs/REALTIME.md asks for: it keeps the cursor of the last event, and resumes from it at any running
 * node.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { greet, type Message, type RawSocket } from '../support/wire.ts';
import { LISTS, type List } from './live-model.ts';

/** An event of any of the subscriptions. */
export interface LiveEvent {
  cursor: string;
  isGap: boolean;
  photo?: { id: string } | null;
  activity?: LiveActivity | null;
}
export interface LiveActivity {
  kind: string;
  happenedAt: string;
  actors: { id: string }[];
  photo: { id: string } | null;
  comment: { id: string } | null;
}

export const ACTIVITY_FIELDS = 'kind happenedAt actors { id } photo { id } comment { id }';
const QUERIES: Record<List, string> = {
  homeFeed: 'subscription ($after: String) { homeFeed(after: $after) { cursor isGap photo { id } } }',
  activity: `subscription ($after: String) {
    activity(after: $after) { cursor isGap activity { ${ACTIVITY_FIELDS} } } }`,
  userPhotos:
    'subscription ($after: String, $id: ID!) { userPhotos(userId: $id, after: $after) { cursor isGap photo { id } } }',
};

/** What a client reports. */
interface ClientListener {
  onEvent(list: List, event: LiveEvent): void;
  /** A subscription has ended, but its connection is open. @param code of the error; null when it completed */
  onEnd(list: List, code: string | null): void;
}

export class LiveClient {
  readonly cursors: Partial<Record<List, string>> = {};
  /** The open subscriptions, with their ids in the protocol. */
  readonly #open = new Map<List, string>();
  readonly #urls: readonly string[];
  readonly #token: string;
  readonly #watchedId: string;
  readonly #listener: ClientListener;
  #node = 0;
  #subscribed = 0;
  #isActive = false;
  /** After how many more messages the client drops the connection. */
  #messagesLeft = Number.POSITIVE_INFINITY;
  #raw: RawSocket | null = null;
  #running = Promise.resolve();

  /** @param urls the nodes' addresses, which may change */
  constructor(urls: readonly string[], token: string, watchedId: string, listener: ClientListener) {
    this.#urls = urls;
    this.#token = token;
    this.#watchedId = watchedId;
    this.#listener = listener;
  }

  /** Connected, or connecting again. */
  get isActive(): boolean {
    return this.#isActive;
  }

  isOpen(list: List): boolean {
    return this.#open.has(list);
  }

  /** Connects, and reconnects whenever the connection is lost. @param node the first node to try */
  connect(node: number): void {
    if (this.#isActive) return;
    this.#isActive = true;
    this.#node = node;
    this.#running = this.#run();
  }

  /** Drops the connection at once, without a message to the server. */
  async cut(): Promise<void> {
    this.#isActive = false;
    this.#raw?.socket.terminate();
    await this.#running;
  }

  /** Drops the connection after some more messages, while others may be under way, and reconnects at once. */
  dropAfter(messages: number): void {
    this.#messagesLeft = messages;
  }

  /** Subscribes again after a subscription has ended. */
  reopen(list: List): void {
    if (this.#raw && !this.#open.has(list)) this.#subscribe(this.#raw, list);
  }

  async #run(): Promise<void> {
    let pause = 10;
    while (this.#isActive) {
      const raw = await greet(this.#urls[this.#node % this.#urls.length] ?? '', this.#token).catch(() => null);
      if (raw && this.#isActive) {
        this.#raw = raw;
        for (const list of LISTS) this.#subscribe(raw, list);
        for (;;) {
          const message = await raw.hear().catch(() => null);
          if (!message || this.#messagesLeft-- <= 0) break;
          pause = 10;
          this.#handle(message);
        }
        this.#messagesLeft = Number.POSITIVE_INFINITY;
        this.#raw = null;
        this.#open.clear();
      }
      raw?.socket.terminate();
      if (!this.#isActive) return;
      this.#node++;
      await delay(pause);
      pause = Math.min(2 * pause, 300);
    }
  }

  #subscribe({ say }: RawSocket, list: List): void {
    const id = `${list} ${this.#subscribed++}`;
    this.#open.set(list, id);
    const variables = {
      after: this.cursors[list] ?? null,
      ...(list === 'userPhotos' && { id: this.#watchedId }),
    };
    say({ type: 'subscribe', id, payload: { query: QUERIES[list], variables } });
  }

  #handle({ type, id, payload }: Message): void {
    const list = LISTS.find((name) => id !== undefined && this.#open.get(name) === id);
    if (!list) return;
    const errors = (type === 'error' ? payload : payload?.errors) as { extensions: { code: string } }[] | undefined;
    if (errors || type === 'complete') {
      this.#open.delete(list);
      this.#listener.onEnd(list, errors?.[0]?.extensions.code ?? null);
    } else if (type === 'next') {
      const event = (payload?.data as Record<List, LiveEvent> | undefined)?.[list];
      if (!event) return;
      const isFirst = this.cursors[list] === undefined;
      this.cursors[list] = event.cursor;
      // The first event only says that the subscription is active. It has a gap, but nothing has been done yet.
      if (!isFirst) this.#listener.onEvent(list, event);
    }
  }
}
