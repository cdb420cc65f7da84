/**
 * The state of one subscription, without I/O: the queue of what is to be delivered, and the positions that make its
 * cursor. features/live/subscribe.ts does the I/O, and reports here what happened.
 *
 * States:
 * - `open`: messages are queued;
 * - `failed`: messages are ignored, because nothing may be delivered after one that was left out. What is queued
 *   already is still delivered. Then `take` throws the failure;
 * - `finished`: the last value has been delivered;
 * - `closed`: the client has left, or everything has been released. Final.
 *
 * Transitions:
 *
 *     event                                               from            to
 *     fail()                                              open            failed
 *     enqueue() while MAX_BEHIND live messages wait       open            failed, with RESUME
 *     deliver() of a Final                                open, failed    finished
 *     close()                                             any             closed
 *
 * The queue begins with an `opening` if the client has no cursor, if the source begins with its state, or if the cursor
 * has a channel that the subscription does not have any more, as when the viewer has unfollowed an author meanwhile.
 * With it, a new client knows that the subscription is active: a client that reads the list after it misses nothing.
 */
import type { ChannelMessage } from '../../stores/channel-state.ts';
import { isAfter, type StreamPosition, UNKNOWN_POSITION } from '../../stores/streams.ts';
import { resumeRequired } from '../kernel/errors.ts';
import { toCursor } from './cursor.ts';
import type { ShareKey } from './share-key.ts';

/** What a subscription delivers. */
export interface LiveEvent<T> {
  /** A client that has this event resumes from here. */
  cursor: string;
  /** Whether events may have been missed, as at the beginning. The client then reads the list again. */
  isGap: boolean;
  /** What happened. With a gap: the current state, if the source has one. */
  value: T | null;
  /** Equal for all subscribers who may share one answer; null when the answer is for this subscriber alone. */
  shareKey: ShareKey | null;
}

/** A value to deliver, and the key of the subscribers who may share the answer. */
export interface Delivered<T> {
  value: T;
  shareKey: ShareKey | null;
}

/** The last value. The subscription completes after it. */
export class Final<T> {
  readonly value: T | null;
  constructor(value: T | null) {
    this.value = value;
  }
}

/** What becomes of a message: a value to deliver, null to deliver nothing, or the last value. */
export type Outcome<T> = Delivered<T> | null | Final<T>;

/** What waits to be delivered. */
export type QueueItem =
  | { kind: 'opening'; isGap: boolean }
  | {
      kind: 'message' | 'gap';
      /** Null for a signal. */
      channel: string | null;
      message: ChannelMessage;
      isReplay: boolean;
    };

export type SubscriptionStateName = 'open' | 'failed' | 'finished' | 'closed';

/** Live messages that may wait. A client that falls further behind had better resume: streams still have the rest. */
export const MAX_BEHIND = 500;
/** Dedup keys that are remembered: those of the latest values. */
const MAX_DEDUP_KEYS = 1_000;

/** See the head of this file. */
export class SubscriptionState<T> {
  #name: SubscriptionStateName = 'open';
  #failure: Error | null = null;
  readonly #queue: QueueItem[] = [];
  /** Queued messages that are not replays. */
  #behind = 0;
  /** By channel: up to where the client has received everything. */
  readonly #positions = new Map<string, StreamPosition>();
  readonly #cursor: ReadonlyMap<string, StreamPosition> | null;
  readonly #dedupKeyOf: ((value: T) => string) | undefined;
  readonly #dedupKeys = new Set<string>();

  /**
   * @param cursor the positions from which the client resumes; null when it begins now
   * @param channels the channels that the subscription begins with
   * @param beginsWithState whether a client that resumes is sent the current state first
   * @param dedupKeyOf names a value that may arrive on two channels: it is delivered once
   */
  constructor(
    cursor: ReadonlyMap<string, StreamPosition> | null,
    channels: readonly string[],
    beginsWithState: boolean,
    dedupKeyOf?: (value: T) => string,
  ) {
    this.#cursor = cursor;
    this.#dedupKeyOf = dedupKeyOf;
    // A message that waits in a channel that was left would have delivered what another channel did not, because that
    // one had left it to the first.
    const current = new Set(channels);
    const isGap = cursor === null || [...cursor.keys()].some((name) => !current.has(name));
    if (isGap || beginsWithState) this.#queue.push({ kind: 'opening', isGap });
  }

  get name(): SubscriptionStateName {
    return this.#name;
  }

  /** Why the subscription failed; null when it has not. */
  get failure(): Error | null {
    return this.#failure;
  }

  /**
   * Registers a channel.
   *
   * @returns false when there is nothing to subscribe to: it is registered already, or all is over
   */
  addChannel(channel: string): boolean {
    // While the subscription ends, a message that is still being processed may add channels.
    if (this.#name === 'closed' || this.#positions.has(channel)) return false;
    this.#positions.set(channel, UNKNOWN_POSITION);
    return true;
  }

  /**
   * Where the subscription begins in a channel; null for now.
   *
   * @param isInitial whether the channel is one of those that the subscription begins with. Of another one, the client
   *   may have missed messages
   */
  startOf(channel: string, isInitial: boolean): StreamPosition | null {
    return this.#cursor?.get(channel) ?? (this.#cursor === null && isInitial ? null : UNKNOWN_POSITION);
  }

  /**
   * A channel has been subscribed to from a position. What has arrived meanwhile is queued: the client has not received
   * it.
   */
  channelSubscribed(channel: string, position: StreamPosition): void {
    if (this.#name !== 'closed') this.#positions.set(channel, position);
  }

  /** Queues a message. @param channel null for a signal, which has no position */
  enqueue(channel: string | null, message: ChannelMessage, isReplay: boolean): void {
    if (this.#name !== 'open') return;
    const last = this.#queue.at(-1);
    if (last && last.kind !== 'opening' && last.channel === channel && last.message.payload === message.payload) {
      // Equal messages in a row are delivered once.
      last.message = message;
      return;
    }
    if (!isReplay && ++this.#behind > MAX_BEHIND) {
      this.fail(resumeRequired('You fell too far behind: subscribe again with "after".'));
      return;
    }
    this.#queue.push({ kind: message.payload === null ? 'gap' : 'message', channel, message, isReplay });
  }

  /**
   * Puts what was missed on several channels into the order in which it was published, which the ids of stream entries
   * tell. Does nothing when there is a gap, after which the client reads the list.
   */
  sortMissed(): void {
    const messages = this.#queue.filter((item) => item.kind === 'message' && item.channel !== null);
    const isOpening = this.#queue[0]?.kind === 'opening';
    if (messages.length + (isOpening ? 1 : 0) < this.#queue.length) return;
    const idOf = (item: QueueItem) => (item.kind === 'opening' ? '' : item.message.position.id);
    messages.sort((one, other) => (isAfter(idOf(one), idOf(other)) ? 1 : isAfter(idOf(other), idOf(one)) ? -1 : 0));
    this.#queue.splice(isOpening ? 1 : 0, messages.length, ...messages);
  }

  /** Ends the subscription with an error, after what is queued. The first failure counts. */
  fail(error: Error): void {
    if (this.#name !== 'open') return;
    this.#name = 'failed';
    this.#failure = error;
  }

  /**
   * Takes what is to be delivered next: one opening, one gap, or messages up to the next gap.
   *
   * @param limit the most messages
   * @returns nothing when the queue is empty
   * @throws the failure when the queue is empty and the subscription has failed
   */
  take(limit: number): QueueItem[] {
    const [first, second] = this.#queue;
    // A gap says what the opening would.
    if (first?.kind === 'opening' && second?.kind === 'gap') this.#queue.shift();
    const end = this.#queue.slice(0, limit).findIndex(({ kind }) => kind !== 'message');
    const taken = this.#queue.splice(0, end < 0 ? limit : Math.max(end, 1));
    for (const item of taken) if (item.kind !== 'opening' && !item.isReplay) this.#behind--;
    if (taken.length === 0 && this.#failure) throw this.#failure;
    return taken;
  }

  /**
   * Records that an item has been processed. Items must come in the order in which they were taken.
   *
   * @param outcome what the source made of it
   * @returns the event for the client; null when there is none
   */
  deliver(item: QueueItem, outcome: Outcome<T>): LiveEvent<T> | null {
    if (this.#name === 'finished' || this.#name === 'closed') return null;
    if (item.kind !== 'opening' && item.channel !== null) this.#positions.set(item.channel, item.message.position);
    if (outcome instanceof Final) this.#name = 'finished';
    const value = outcome?.value ?? null;
    const isGap = item.kind === 'opening' ? item.isGap : item.kind === 'gap';
    if (value === null ? !isGap : this.#isRepeated(value)) return null;
    // A gap concerns this client alone, and so does the end.
    const shareKey = isGap || outcome === null || outcome instanceof Final ? null : outcome.shareKey;
    return { cursor: toCursor(this.#positions), isGap, value, shareKey };
  }

  /** Forgets everything. */
  close(): void {
    this.#name = 'closed';
    this.#queue.length = 0;
    this.#positions.clear();
  }

  /** Whether a value with the same dedup key was delivered before. Remembers the key. */
  #isRepeated(value: T): boolean {
    if (!this.#dedupKeyOf) return false;
    const key = this.#dedupKeyOf(value);
    if (this.#dedupKeys.has(key)) return true;
    this.#dedupKeys.add(key);
    const [oldest] = this.#dedupKeys;
    if (this.#dedupKeys.size > MAX_DEDUP_KEYS && oldest !== undefined) this.#dedupKeys.delete(oldest);
    return false;
  }
}
