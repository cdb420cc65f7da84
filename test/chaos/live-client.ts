/**
 * A subscriber as docs/REALTIME.md wants it: keeps the cursor of the last event, and goes on from it at any node that
 * lives.
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
  activity: `subscription ($after: String) { activity(after: $after) { cursor isGap activity { ${ACTIVITY_FIELDS} } } }`,
  userPhotos:
    'subscription ($after: String, $id: ID!) { userPhotos(userId: $id, after: $after) { cursor isGap photo { id } } }',
};

/** What a client's owner hears of. */
interface Ears {
  event(list: List, event: LiveEvent): void;
  /** A subscription has ended although its connection goes on. @param code of the error; null when it completed */
  over(list: List, code: string | null): void;
}

export class LiveClient {
  readonly cursors: Partial<Record<List, string>> = {};
  /** What is subscribed to, by the id that the protocol knows it by. */
  readonly #open = new Map<List, string>();
  readonly #urls: readonly string[];
  readonly #token: string;
  readonly #watchedId: string;
  readonly #ears: Ears;
  #node = 0;
  #subscribed = 0;
  #isWanted = false;
  /** After how many more messages the connection is lost. */
  #lostAfter = Number.POSITIVE_INFINITY;
  #raw: RawSocket | null = null;
  #running = Promise.resolve();

  /** @param urls the nodes' addresses, which may change */
  constructor(urls: readonly string[], token: string, watchedId: string, ears: Ears) {
    this.#urls = urls;
    this.#token = token;
    this.#watchedId = watchedId;
    this.#ears = ears;
  }

  /** Connected, or about to be. */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  isOpen(list: List): boolean {
    return this.#open.has(list);
  }

  /** Keeps a connection from now on. @param node where to try first */
  connect(node: number): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#node = node;
    this.#running = this.#run();
  }

  /** Loses the connection at once, without a word to the server. */
  async cut(): Promise<void> {
    this.#isWanted = false;
    this.#raw?.socket.terminate();
    await this.#running;
  }

  /** Loses the connection after so many more messages, of which others may be under way, and comes back at once. */
  loseAfter(messages: number): void {
    this.#lostAfter = messages;
  }

  /** Subscribes again to what is over. */
  reopen(list: List): void {
    if (this.#raw && !this.#open.has(list)) this.#subscribe(this.#raw, list);
  }

  async #run(): Promise<void> {
    let pause = 10;
    while (this.#isWanted) {
      const raw = await greet(this.#urls[this.#node % this.#urls.length] ?? '', this.#token).catch(() => null);
      if (raw && this.#isWanted) {
        this.#raw = raw;
        for (const list of LISTS) this.#subscribe(raw, list);
        for (;;) {
          const message = await raw.hear().catch(() => null);
          if (!message || this.#lostAfter-- <= 0) break;
          pause = 10;
          this.#handle(message);
        }
        this.#lostAfter = Number.POSITIVE_INFINITY;
        this.#raw = null;
        this.#open.clear();
      }
      raw?.socket.terminate();
      if (!this.#isWanted) return;
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
    const list = LISTS.find((one) => id !== undefined && this.#open.get(one) === id);
    if (!list) return;
    const errors = (type === 'error' ? payload : payload?.errors) as { extensions: { code: string } }[] | undefined;
    if (errors || type === 'complete') {
      this.#open.delete(list);
      this.#ears.over(list, errors?.[0]?.extensions.code ?? null);
    } else if (type === 'next') {
      const event = (payload?.data as Record<List, LiveEvent> | undefined)?.[list];
      if (!event) return;
      const isFirst = this.cursors[list] === undefined;
      this.cursors[list] = event.cursor;
      // The first event of all says that it is listened to, and otherwise what a gap says: nothing has been done yet.
      if (!isFirst) this.#ears.event(list, event);
    }
  }
}
