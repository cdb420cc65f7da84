/**
 * The state of one channel in this process, without I/O. stores/channels.ts does the I/O and reports what happened
 * here.
 *
 * States:
 * - `opening`: the stream is being opened, or the channel is being subscribed to at Redis;
 * - `reading`: the stream is being read, from the position up to which the subscribers have everything;
 * - `reading-stale`: the same, but the connection was re-established since that read began. Messages that were lost
 *   with the old connection may be missing from its result, so another read follows;
 * - `live`: each message is delivered as it arrives;
 * - `disconnected`: the connection is broken, and no read is under way;
 * - `disconnected-reading`: the connection is broken, and a read is under way. Its result is delivered, but the channel
 *   does not become live with it;
 * - `closed`: final.
 *
 * In every state but `live` and `closed`, messages wait in a buffer. When a read makes the channel live, the buffer is
 * delivered after the result of the read, less what that contained already.
 *
 * Transitions (* starts a read):
 *
 *     method                       from                              to
 *     subscribed()                 opening                           reading *
 *                                  disconnected                      disconnected-reading *
 *     disconnected()               opening, live                     disconnected
 *                                  reading, reading-stale            disconnected-reading
 *     reconnected()                live, disconnected                reading *
 *                                  reading, disconnected-reading     reading-stale
 *     receive(of another epoch)    live                              reading *
 *     finishRead()                 reading                           live
 *                                  reading-stale                     reading *
 *                                  disconnected-reading              disconnected
 *     close()                      any                               closed
 *
 * Whatever is not in this table changes no state. At most one read is under way.
 */
import { isAfter, type PublishedEntry, type StreamEntry, type StreamPosition, UNKNOWN_POSITION } from './streams.ts';

/** A message of a channel. */
export interface ChannelMessage {
  /** A subscriber that has this message resumes from here. */
  position: StreamPosition;
  /** Null for a gap: messages may have been published that are no longer known. */
  payload: string | null;
}

/** A subscriber of a channel. */
export interface ChannelSubscriber {
  /** @param isReplay whether the message was published earlier and is delivered now because it was missed */
  onMessage(message: ChannelMessage, isReplay: boolean): void;
  /** Redis has been away for too long. The subscription is over. */
  onUnavailable(): void;
}

/** The result of a read of a stream. */
export interface StreamRead {
  /** The last position of the stream. */
  end: StreamPosition;
  /** The entries after the position read from; null when they are no longer known. */
  entries: readonly StreamEntry[] | null;
}

export type ChannelStateName =
  | 'opening'
  | 'reading'
  | 'reading-stale'
  | 'live'
  | 'disconnected'
  | 'disconnected-reading'
  | 'closed';

/** See the head of this file. */
export class ChannelState {
  #name: ChannelStateName = 'opening';
  #position = UNKNOWN_POSITION;
  #buffer: PublishedEntry[] = [];
  readonly #subscribers = new Set<ChannelSubscriber>();
  readonly #startRead: () => void;

  /**
   * @param startRead begins to read the stream after `position`; the result comes by `finishRead` or the channel is
   *   closed
   */
  constructor(startRead: () => void) {
    this.#startRead = startRead;
  }

  get name(): ChannelStateName {
    return this.#name;
  }

  /** The subscribers have everything up to here. */
  get position(): StreamPosition {
    return this.#position;
  }

  /** The stream has been opened. What is published from now on will be delivered. */
  opened(end: StreamPosition): void {
    this.#position = end;
  }

  /** Redis sends the channel's messages from now on, or as soon as the connection is back. */
  subscribed(): void {
    if (this.#name === 'opening') this.#read('reading');
    else if (this.#name === 'disconnected') this.#read('disconnected-reading');
  }

  /** The connection broke. The next message may come after others that were missed. */
  disconnected(): void {
    if (this.#name === 'opening' || this.#name === 'live') this.#name = 'disconnected';
    else if (this.#name === 'reading' || this.#name === 'reading-stale') this.#name = 'disconnected-reading';
  }

  /** The connection is back, and Redis sends the channel's messages again. */
  reconnected(): void {
    if (this.#name === 'live' || this.#name === 'disconnected') this.#read('reading');
    else if (this.#name === 'reading' || this.#name === 'disconnected-reading') this.#name = 'reading-stale';
  }

  /** Redis sent a message. */
  receive(entry: PublishedEntry): void {
    if (this.#name === 'closed') return;
    if (this.#name !== 'live') {
      this.#buffer.push(entry);
    } else if (entry.epoch !== this.#position.epoch) {
      // Redis lost its memory and made another stream.
      this.#buffer.push(entry);
      this.#read('reading');
    } else if (isAfter(entry.id, this.#position.id)) {
      this.#deliver({ position: { epoch: entry.epoch, id: entry.id }, payload: entry.payload }, false);
    }
  }

  /** The read that was started has ended. Delivers what it found, or a gap. */
  finishRead({ end, entries }: StreamRead): void {
    const { epoch } = this.#position;
    if (!entries) this.#deliver({ position: end, payload: null }, true);
    else for (const { id, payload } of entries) this.#deliver({ position: { epoch, id }, payload }, true);
    if (this.#name === 'reading') this.#becomeLive();
    else if (this.#name === 'reading-stale') this.#read('reading');
    else if (this.#name === 'disconnected-reading') this.#name = 'disconnected';
  }

  /** Adds a subscriber. It receives every message after `position`. @returns removes it */
  add(subscriber: ChannelSubscriber): () => void {
    // A new object, so that a subscriber added twice counts as two.
    const added: ChannelSubscriber = {
      onMessage: (message, isReplay) => subscriber.onMessage(message, isReplay),
      onUnavailable: () => subscriber.onUnavailable(),
    };
    this.#subscribers.add(added);
    return () => this.#subscribers.delete(added);
  }

  /** Ends the subscriptions of those who are left. */
  close(): void {
    this.#name = 'closed';
    this.#buffer = [];
    const left = [...this.#subscribers];
    this.#subscribers.clear();
    for (const subscriber of left) subscriber.onUnavailable();
  }

  #read(next: 'reading' | 'disconnected-reading'): void {
    this.#name = next;
    this.#startRead();
  }

  #becomeLive(): void {
    this.#name = 'live';
    const buffer = this.#buffer;
    this.#buffer = [];
    // An entry of another epoch ends `live` again. Those behind it return to the buffer.
    for (const entry of buffer) this.receive(entry);
  }

  #deliver(message: ChannelMessage, isReplay: boolean): void {
    this.#position = message.position;
    for (const subscriber of this.#subscribers) subscriber.onMessage(message, isReplay);
  }
}
