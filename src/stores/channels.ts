/**
 * The channels that this process is subscribed to. However many subscribers a channel has, Redis sends each message
 * once, it is parsed once, and all of them receive the same object. A subscriber that resumes from a position first
 * receives what the channel's stream holds after it, and then what is published. stores/streams.ts keeps the streams.
 *
 * The states of a channel, and what changes them, are in stores/channel-state.ts. This file does the I/O.
 */
import { setInterval } from 'node:timers';
import type { Logger } from 'pino';
import { ReplayingSubscriber } from './channel-replay.ts';
import { ChannelState, type ChannelSubscriber } from './channel-state.ts';
import type { PubSub } from './pubsub.ts';
import type { Redis } from './redis.ts';
import { dropStream, KEEP_MS, openStream, parseEntry, readStream, type StreamPosition } from './streams.ts';

/** Redis is away. */
export class ChannelsUnavailable extends Error {}

/** A subscription of a channel. */
export interface ChannelSubscription {
  /** The position from which it began. */
  position: StreamPosition;
  /** Idempotent. */
  unsubscribe(): void;
}

/** The channels of this process. */
export interface Channels {
  /**
   * Subscribes to a channel. When the promise resolves, missed messages have been delivered, and every message
   * published from then on will be.
   *
   * @param after the subscriber has everything up to this position; null to begin now; UNKNOWN_POSITION to begin with a
   *   gap
   * @param keepMs for how long the subscriber can resume after it has left, in milliseconds; with KEEP_MS.anonymous,
   *   only while the channel has other subscribers
   * @throws ChannelsUnavailable when Redis is away
   */
  subscribe(
    name: string,
    after: StreamPosition | null,
    subscriber: ChannelSubscriber,
    keepMs?: number,
  ): Promise<ChannelSubscription>;
  /** Stops keeping the streams. */
  close(): void;
}

/** What a channel does its I/O with. */
interface ChannelIo {
  redis: Redis;
  pubsub: PubSub;
  log: Logger;
}

/** A channel with its connection to Redis. */
class Channel {
  readonly #name: string;
  readonly #io: ChannelIo;
  readonly #onClose: () => void;
  readonly #state = new ChannelState(() => {
    this.#reading = this.#read();
  });
  /** Resolves when subscribers can be added. */
  readonly #ready: Promise<void>;
  /** Resolves when the latest read has ended. */
  #reading = Promise.resolve();
  /** Subscribers, and those that are about to be. The channel closes with the last one. */
  #users = 0;
  #unsubscribe = () => {};
  /** The longest that a subscriber, even one that has left, wants the stream to be kept. */
  #keepMs: number;
  /** Opens the stream again, because it is kept for as long as it has subscribers. */
  #reopening: NodeJS.Timeout;

  /** @param onClose called once, when the channel must not be used any more */
  constructor(name: string, keepMs: number, io: ChannelIo, onClose: () => void) {
    this.#name = name;
    this.#keepMs = keepMs;
    this.#io = io;
    this.#onClose = onClose;
    this.#reopening = this.#keepReopening();
    this.#ready = this.#open();
  }

  async subscribe(
    after: StreamPosition | null,
    subscriber: ChannelSubscriber,
    keepMs: number,
  ): Promise<ChannelSubscription> {
    this.#users++;
    try {
      await this.#ready;
      await this.#keepFor(keepMs);
      if (this.#state.name === 'closed') throw new ChannelsUnavailable('Redis went away.');
      const position = after ?? this.#state.position;
      const remove = await this.#add(after, subscriber);
      let isSubscribed = true;
      const unsubscribe = () => {
        if (!isSubscribed) return;
        isSubscribed = false;
        remove();
        this.#leave();
      };
      return { position, unsubscribe };
    } catch (error) {
      this.#leave();
      if (error instanceof ChannelsUnavailable) throw error;
      throw new ChannelsUnavailable('A stream could not be read.', { cause: error });
    }
  }

  /** Opens the stream, then subscribes, then reads what was published in between: nothing is missed. */
  async #open(): Promise<void> {
    const { redis, pubsub } = this.#io;
    try {
      this.#state.opened(await openStream(redis, this.#name, this.#keepMs));
      const unsubscribe = await pubsub.subscribe(this.#name, (message) => this.#state.receive(parseEntry(message)), {
        onDisconnect: () => this.#state.disconnected(),
        onResume: () => this.#state.reconnected(),
        onUnavailable: () => this.#close(),
        onUnsubscribed: () => this.#drop(),
      });
      if (this.#state.name === 'closed') {
        unsubscribe();
        return;
      }
      this.#unsubscribe = unsubscribe;
    } catch (error) {
      this.#close();
      throw error;
    }
    this.#state.subscribed();
    await this.#reading;
  }

  async #read(): Promise<void> {
    const { redis, log } = this.#io;
    try {
      const end = await openStream(redis, this.#name, this.#keepMs);
      const { position } = this.#state;
      const entries = end.epoch === position.epoch ? await readStream(redis, this.#name, position) : null;
      this.#state.finishRead({ end, entries });
    } catch (err) {
      log.warn({ err }, 'a stream could not be read');
      this.#close();
    }
  }

  /** Adds a subscriber after delivering what it has missed. @returns removes it */
  async #add(after: StreamPosition | null, subscriber: ChannelSubscriber): Promise<() => void> {
    const { position } = this.#state;
    if (after === null || (after.epoch === position.epoch && after.id === position.id)) {
      return this.#state.add(subscriber);
    }
    const replaying = new ReplayingSubscriber(subscriber, after);
    const remove = this.#state.add(replaying);
    try {
      const isKnown = after.epoch === position.epoch;
      const entries = isKnown ? await readStream(this.#io.redis, this.#name, after) : null;
      replaying.finishReplay(entries, position);
    } catch (error) {
      remove();
      throw error;
    }
    return remove;
  }

  /** Keeps the stream for longer, when a subscriber wants that. */
  async #keepFor(keepMs: number): Promise<void> {
    if (keepMs <= this.#keepMs || this.#state.name === 'closed') return;
    this.#keepMs = keepMs;
    clearInterval(this.#reopening);
    this.#reopening = this.#keepReopening();
    await openStream(this.#io.redis, this.#name, keepMs);
  }

  /** Stops keeping the stream. */
  stopReopening(): void {
    clearInterval(this.#reopening);
  }

  /** Deletes the stream, when it was only for subscribers without a session and nobody else wants it. */
  #drop(): void {
    const { redis } = this.#io;
    if (this.#keepMs > KEEP_MS.anonymous || redis.status !== 'ready') return;
    // The TTL deletes it otherwise.
    dropStream(redis, this.#name).catch(() => {});
  }

  #keepReopening(): NodeJS.Timeout {
    const reopen = () => void openStream(this.#io.redis, this.#name, this.#keepMs).catch(() => {});
    return setInterval(reopen, this.#keepMs / 3).unref();
  }

  #leave(): void {
    this.#users--;
    if (this.#users === 0) this.#close();
  }

  #close(): void {
    if (this.#state.name === 'closed') return;
    this.stopReopening();
    this.#onClose();
    this.#unsubscribe();
    this.#state.close();
  }
}

/** Opens no connection of its own: streams are read through `redis`, messages arrive through `pubsub`. */
export function openChannels(redis: Redis, pubsub: PubSub, log: Logger): Channels {
  const channels = new Map<string, Channel>();
  const open = (name: string, keepMs: number): Channel => {
    const channel = new Channel(name, keepMs, { redis, pubsub, log }, () => channels.delete(name));
    channels.set(name, channel);
    return channel;
  };

  return {
    async subscribe(name, after, subscriber, keepMs = KEEP_MS.session) {
      // A command would wait for the connection.
      if (redis.status !== 'ready') throw new ChannelsUnavailable('Redis is away.');
      const channel = channels.get(name) ?? open(name, keepMs);
      return channel.subscribe(after, subscriber, keepMs);
    },
    close() {
      for (const channel of channels.values()) channel.stopReopening();
    },
  };
}
