/**
 * What all subscriptions share. They subscribe to channels (stores/channels.ts) and deliver each message once and in
 * order. Each event has the cursor from which a client that lost its connection resumes, at this node or another. Where
 * events may have been missed, because more was published than is kept or because Redis lost its memory, a gap says so.
 *
 * A feature says which channels it subscribes to, and what becomes of a message: for this viewer, by the rules, at this
 * moment. The states of a subscription are in subscription-state.ts. This file does the I/O.
 */
import type { ChannelSubscriber } from '../../stores/channel-state.ts';
import { ChannelsUnavailable } from '../../stores/channels.ts';
import type { Stores } from '../../stores/stores.ts';
import { KEEP_MS, UNKNOWN_POSITION } from '../../stores/streams.ts';
import { stopIfAbandoned } from '../kernel/abandoned.ts';
import type { ClientText } from '../kernel/client-text.ts';
import { unavailable } from '../kernel/errors.ts';
import { parseCursor } from './cursor.ts';
import { DONE, generator } from './generator.ts';
import { Final, type LiveEvent, type Outcome, type QueueItem, SubscriptionState } from './subscription-state.ts';

export { type Delivered, Final, type LiveEvent } from './subscription-state.ts';

/** An event of which it has been decided that the viewer may see it. */
export interface DecidedEvent<T> extends LiveEvent<T> {
  /** When that was, by the clock of `performance.now()`. An event that has waited since must be decided again. */
  decidedAt: number;
  /**
   * Decides again.
   *
   * @returns the event as it is now; null when the viewer may not see it any more, or it is gone
   * @throws UNAVAILABLE when a store is away
   */
  decideAgain(): Promise<LiveEvent<T> | null>;
}

/**
 * The events of a subscription, in batches. The consumer of `next` may pass how many events a batch may have at most.
 * Visibility is checked when a batch is delivered, so its events should not have to wait after that.
 */
export type LiveEvents<T> = AsyncGenerator<DecidedEvent<T>[], void, number | undefined>;

/** What a feature says of its subscription. */
export interface SubscriptionSource<T> {
  /**
   * Channels of the subscription, never those that a cursor names: a client that forges a cursor must not reach other
   * channels. The first one is in every cursor of the subscription.
   */
  channels: readonly [string, ...string[]];
  /** Whether the client has no session: it can resume for a shorter time. */
  isAnonymous?: boolean;
  /** Channels without a stream. Their messages go to `onMessage` too, and are in no cursor. */
  signals?: readonly string[];
  /**
   * The cursor of the last event that the client has; null to begin now, with a gap: earlier events are in the list.
   */
  after: ClientText | null | undefined;
  /** Is aborted when the client leaves. Then the subscription is not opened any further. */
  signal: AbortSignal;
  /**
   * Reads everything again that messages may have changed, at a gap: a missed message may have meant to add a channel,
   * or to end. Its outcome is delivered with the gap.
   */
  resync?(control: SubscriptionControl): Promise<Outcome<T>>;
  /** Whether a client that resumes is also sent the outcome of `resync` first. */
  beginsWithState?: true;
  /** What becomes of a message. Called for several messages at the same time. */
  onMessage(payload: string, control: SubscriptionControl): Promise<Outcome<T>>;
  /** Names a value that may be published on two channels: it is delivered once. */
  dedupKeyOf?(value: T): string;
}

/** What a feature can do while a message is processed. */
export interface SubscriptionControl {
  /**
   * Adds a channel, from the position in the client's cursor. Without one, the client gets a gap. Idempotent.
   */
  addChannel(channel: string): Promise<void>;
}

/** Messages that are processed at the same time: their reads are batched, and their events go out together. */
const MAX_BATCH = 16;

/** What of the stores a subscription needs. */
type SubscriptionStores = Pick<Stores, 'channels' | 'pubsub' | 'log'>;

/**
 * Opens a subscription.
 *
 * @returns its events. They end with RESUME when the client is too slow, and with UNAVAILABLE when a store is away
 * @throws BAD_USER_INPUT for a cursor that is not one of this subscription; UNAVAILABLE when Redis is away; ABANDONED
 * when the client has left
 */
export async function subscribe<T>(stores: SubscriptionStores, source: SubscriptionSource<T>): Promise<LiveEvents<T>> {
  const subscription = new Subscription(stores, source);
  await subscription.open();
  return generator(
    (limit) => subscription.next(limit),
    () => subscription.close(),
  );
}

class Subscription<T> {
  readonly #stores: SubscriptionStores;
  readonly #source: SubscriptionSource<T>;
  readonly #state: SubscriptionState<T>;
  readonly #control: SubscriptionControl = { addChannel: (channel) => this.#addChannel(channel, false) };
  /** What `close` must call. */
  readonly #unsubscribes: (() => void)[] = [];
  /** Ends the wait of `next`, so that it looks at the state again. */
  #wake = () => {};

  constructor(stores: SubscriptionStores, source: SubscriptionSource<T>) {
    this.#stores = stores;
    this.#source = source;
    const { after, channels } = source;
    const cursor = after === null || after === undefined ? null : parseCursor(after, channels[0]);
    this.#state = new SubscriptionState(cursor, channels, source.beginsWithState === true, source.dedupKeyOf);
  }

  /** Subscribes to everything that the source names. */
  async open(): Promise<void> {
    const { signals = [], channels, signal } = this.#source;
    try {
      for (const name of signals) {
        stopIfAbandoned(signal);
        await this.#addSignal(name);
      }
      for (const name of channels) {
        stopIfAbandoned(signal);
        await this.#addChannel(name, true);
      }
      this.#state.sortMissed();
    } catch (error) {
      await this.close();
      throw error instanceof ChannelsUnavailable ? liveUnavailable() : error;
    }
  }

  /** The next events. Waits for them. */
  async next(limit = MAX_BATCH): Promise<IteratorResult<DecidedEvent<T>[], void>> {
    try {
      while (this.#state.name === 'open' || this.#state.name === 'failed') {
        const items = this.#state.take(Math.min(limit, MAX_BATCH));
        if (items.length === 0) {
          await this.#untilWoken();
          continue;
        }
        const events = await this.#process(items);
        if (events.length > 0) return { done: false, value: events };
      }
    } catch (error) {
      throw error === this.#state.failure ? error : this.#interrupted(error);
    }
    await this.close();
    return DONE;
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#state.close();
    for (const unsubscribe of this.#unsubscribes.splice(0)) unsubscribe();
    this.#wake();
  }

  async #process(items: readonly QueueItem[]): Promise<DecidedEvent<T>[]> {
    const outcomes = await Promise.all(items.map((item) => this.#outcomeOf(item)));
    const decidedAt = performance.now();
    return items.flatMap((item, index) => {
      const outcome = outcomes[index] ?? null;
      const event = this.#state.deliver(item, outcome);
      // The end shows nothing that could be hidden later.
      const decideAgain = async () => (outcome instanceof Final ? event : event && this.#decideAgain(item, event));
      return event ? [{ ...event, decidedAt, decideAgain }] : [];
    });
  }

  async #decideAgain(item: QueueItem, event: LiveEvent<T>): Promise<LiveEvent<T> | null> {
    try {
      const outcome = await this.#outcomeOf(item);
      // What ends the subscription is queued as an event of its own.
      const value = outcome instanceof Final ? null : (outcome?.value ?? null);
      return value === null && !event.isGap ? null : { ...event, value, shareKey: null };
    } catch (error) {
      throw this.#interrupted(error);
    }
  }

  /** Logs why the subscription cannot go on. @returns the client's error: it resumes once the cause has passed */
  #interrupted(error: unknown): Error {
    this.#stores.log.warn({ err: error }, 'a subscription could not go on');
    return liveUnavailable();
  }

  #outcomeOf(item: QueueItem): Promise<Outcome<T>> | undefined {
    const payload = item.kind === 'opening' ? null : item.message.payload;
    return payload === null ? this.#source.resync?.(this.#control) : this.#source.onMessage(payload, this.#control);
  }

  async #addChannel(name: string, isInitial: boolean): Promise<void> {
    if (!this.#state.addChannel(name)) return;
    const { channels } = this.#stores;
    const subscriber: ChannelSubscriber = {
      onMessage: (message, isReplay) => {
        this.#state.enqueue(name, message, isReplay);
        this.#wake();
      },
      onUnavailable: () => {
        this.#state.fail(liveUnavailable());
        this.#wake();
      },
    };
    const { position, unsubscribe } = await channels.subscribe(
      name,
      this.#state.startOf(name, isInitial),
      subscriber,
      this.#source.isAnonymous ? KEEP_MS.anonymous : KEEP_MS.session,
    );
    this.#state.channelSubscribed(name, position);
    this.#keep(unsubscribe);
  }

  async #addSignal(name: string): Promise<void> {
    const enqueue = (payload: string) => {
      this.#state.enqueue(null, { position: UNKNOWN_POSITION, payload }, false);
      this.#wake();
    };
    // A signal that was missed may have said anything.
    this.#keep(await this.#stores.pubsub.subscribe(name, enqueue, { onResume: () => enqueue('') }));
  }

  /** Lets `close` call it, or calls it when the subscription was closed meanwhile. */
  #keep(unsubscribe: () => void): void {
    if (this.#state.name === 'closed') unsubscribe();
    else this.#unsubscribes.push(unsubscribe);
  }

  async #untilWoken(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}

function liveUnavailable(): Error {
  return unavailable('Live events are not to be had just now: subscribe again with "after" in a while.');
}
