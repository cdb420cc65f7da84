/**
 * A subscriber that resumes from a position in the past, without I/O. It has two states:
 * - `replaying`: the stream is being read from that position. Messages that the channel delivers wait in a buffer;
 * - `live`: messages pass, unless the replay contained them already.
 *
 * The only transition is `finishReplay()`, from `replaying` to `live`.
 */
import type { ChannelMessage, ChannelSubscriber } from './channel-state.ts';
import { isAfter, type StreamEntry, type StreamPosition } from './streams.ts';

/** See the head of this file. */
export class ReplayingSubscriber implements ChannelSubscriber {
  #name: 'replaying' | 'live' = 'replaying';
  #buffer: ChannelMessage[] = [];
  /** The last position of the replay. */
  #replayedTo: StreamPosition;
  readonly #subscriber: ChannelSubscriber;

  /** @param after the subscriber has everything up to here */
  constructor(subscriber: ChannelSubscriber, after: StreamPosition) {
    this.#subscriber = subscriber;
    this.#replayedTo = after;
  }

  /**
   * Delivers the replay, and then what the channel delivered meanwhile.
   *
   * @param entries of the stream after the subscriber's position; null when they are no longer known, which is a gap
   * @param channelPosition the channel's position when the subscriber was added to it: that of the gap
   */
  finishReplay(entries: readonly StreamEntry[] | null, channelPosition: StreamPosition): void {
    if (entries) {
      const { epoch } = this.#replayedTo;
      for (const { id, payload } of entries) this.#replay({ position: { epoch, id }, payload });
    } else {
      this.#replay({ position: channelPosition, payload: null });
    }
    this.#name = 'live';
    const buffer = this.#buffer;
    this.#buffer = [];
    for (const message of buffer) this.onMessage(message, true);
  }

  onMessage(message: ChannelMessage, isReplay: boolean): void {
    if (this.#name === 'replaying') this.#buffer.push(message);
    else if (this.#isNew(message)) this.#subscriber.onMessage(message, isReplay);
  }

  onUnavailable(): void {
    this.#subscriber.onUnavailable();
  }

  #replay(message: ChannelMessage): void {
    this.#replayedTo = message.position;
    this.#subscriber.onMessage(message, true);
  }

  /** Gaps always pass, and so does another epoch: positions of two epochs cannot be compared. */
  #isNew({ position, payload }: ChannelMessage): boolean {
    return payload === null || position.epoch !== this.#replayedTo.epoch || isAfter(position.id, this.#replayedTo.id);
  }
}
