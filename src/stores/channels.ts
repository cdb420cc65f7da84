/**
 * The channels to which this process listens, each once, however many want to hear of it: what is told is read from Redis and taken apart
 * once, and is the same object for all. Whoever joins is first told what the channel's stream holds since the place that they name, and
 * then what comes. See stores/streams.ts for what keeps that.
 */
import { setInterval } from 'node:timers';
import type { Logger } from 'pino';
import type { PubSub } from './pubsub.ts';
import type { Redis } from './redis.ts';
import { isAfter, openStream, parseEntry, REOPEN_MS, readStream, type StreamPosition } from './streams.ts';

/** Something that was told on a channel. */
export interface ChannelMessage {
  /** Whoever has heard of this goes on from here. */
  position: StreamPosition;
  /** Null: something may have been told that is not known any more. */
  payload: string | null;
}

/** Who listens to a channel. */
export interface Listener {
  /** @param isReplay whether it was told before, and comes now because it was missed */
  onMessage(told: ChannelMessage, isReplay: boolean): void;
  /** Redis is away for longer than is worth waiting: nothing more will be told. */
  onUnavailable(): void;
}

/** Redis is away. */
export class ChannelsUnavailable extends Error {}

/** The channels of this process. */
export interface Channels {
  /**
   * Listens to a channel: when the promise resolves, what was missed has been told, and all that is told from then on will be.
   *
   * @param after what came up to this place is known; null to begin now; NOWHERE to begin with a gap
   * @returns the place from where it began, and a function that stops listening; again it changes nothing
   * @throws ChannelsLost when Redis is away
   */
  subscribe(
    name: string,
    after: StreamPosition | null,
    listener: Listener,
  ): Promise<{ place: StreamPosition; stop(): void }>;
  /** Stops keeping the streams. */
  close(): void;
}

/** The place of somebody who knows nothing of a stream. */
export const UNKNOWN_POSITION: StreamPosition = { epoch: '', id: '0-0' };

interface Channel {
  name: string;
  /** Up to where those who listen have been told. */
  position: StreamPosition;
  listeners: Set<Listener>;
  /** What comes while the stream is being read, to be looked at after; null when it is not. */
  early: ReturnType<typeof parseEntry>[] | null;
  /** The connection is broken: what comes first when it is back comes after something that was missed. */
  isBroken: boolean;
  /** Resolves when it is listened to. */
  ready: Promise<void>;
  /** Resolves when the stream has been read that is being read. */
  reading: Promise<void>;
  /** How many listen, or are about to. */
  users: number;
  unsubscribe(): void;
}

/** Opens no connection of its own: it reads with one and listens with the other. */
export function openChannels(redis: Redis, pubsub: PubSub, log: Logger): Channels {
  const channels = new Map<string, Channel>();

  const tell = (channel: Channel, told: ChannelMessage, isReplay: boolean) => {
    channel.position = told.position;
    for (const listener of channel.listeners) listener.onMessage(told, isReplay);
  };
  const hear = (channel: Channel, { epoch, id, payload }: ReturnType<typeof parseEntry>) => {
    if (channel.early) channel.early.push({ epoch, id, payload });
    else if (epoch !== channel.position.epoch) {
      // Redis has lost its memory, and made another stream.
      channel.early = [{ epoch, id, payload }];
      refresh(channel);
    } else if (isAfter(id, channel.position.id)) tell(channel, { position: { epoch, id }, payload }, false);
  };
  /** Tells what the stream holds beyond what was told already, and then what came meanwhile. */
  const catchUp = async (channel: Channel) => {
    channel.early ??= [];
    const opened = await openStream(redis, channel.name);
    const { epoch } = channel.position;
    const entries = opened.epoch === epoch ? await readStream(redis, channel.name, channel.position) : null;
    if (entries) for (const { id, payload } of entries) tell(channel, { position: { epoch, id }, payload }, true);
    else tell(channel, { position: opened, payload: null }, true);
    // Broken again meanwhile: the next reading has the rest.
    if (channel.isBroken) return;
    const { early } = channel;
    channel.early = null;
    for (const entry of early ?? []) hear(channel, entry);
  };
  /** Catches up once more, after what is being read already. */
  const refresh = (channel: Channel) => {
    channel.reading = channel.reading
      .then(() => catchUp(channel))
      .catch((err) => {
        log.warn({ err }, 'a stream could not be read');
        lose(channel);
      });
  };
  const lose = (channel: Channel) => {
    if (channels.get(channel.name) === channel) channels.delete(channel.name);
    channel.unsubscribe();
    for (const listener of channel.listeners) listener.onUnavailable();
    channel.listeners.clear();
  };

  const open = (name: string): Channel => {
    const channel: Channel = {
      name,
      position: UNKNOWN_POSITION,
      listeners: new Set(),
      early: [],
      isBroken: false,
      ready: Promise.resolve(),
      reading: Promise.resolve(),
      users: 0,
      unsubscribe() {},
    };
    channels.set(name, channel);
    channel.ready = (async () => {
      try {
        channel.position = await openStream(redis, name);
        channel.unsubscribe = await pubsub.subscribe(name, (message) => hear(channel, parseEntry(message)), {
          onBreak() {
            channel.isBroken = true;
            channel.early ??= [];
          },
          onResume() {
            channel.isBroken = false;
            refresh(channel);
          },
          onLoss: () => lose(channel),
        });
      } catch (error) {
        lose(channel);
        throw error;
      }
      refresh(channel);
      await channel.reading;
    })();
    return channel;
  };
  const leave = (channel: Channel) => {
    channel.users--;
    if (channel.users > 0 || channels.get(channel.name) !== channel) return;
    channels.delete(channel.name);
    channel.unsubscribe();
  };

  /** Tells one who joins what they have missed, and lets them listen. @returns stops listening */
  const join = async (channel: Channel, after: StreamPosition | null, listener: Listener): Promise<() => void> => {
    const { position } = channel;
    if (after === null || (after.epoch === position.epoch && after.id === position.id)) {
      // Wrapped, so that the same listener twice is two.
      const own = { ...listener };
      channel.listeners.add(own);
      return () => channel.listeners.delete(own);
    }
    // What is told while the stream is being read waits; what the stream held already is not told again.
    const waiting: ChannelMessage[] = [];
    let reading = true;
    let last = after;
    const own: Listener = {
      onMessage(told, isReplay) {
        if (reading) waiting.push(told);
        else if (told.payload === null || told.position.epoch !== last.epoch || isAfter(told.position.id, last.id)) {
          listener.onMessage(told, isReplay);
        }
      },
      onUnavailable: listener.onUnavailable,
    };
    const stop = () => channel.listeners.delete(own);
    channel.listeners.add(own);
    try {
      const entries = after.epoch === position.epoch ? await readStream(redis, channel.name, after) : null;
      if (entries) {
        for (const { id, payload } of entries) {
          last = { epoch: after.epoch, id };
          listener.onMessage({ position: last, payload }, true);
        }
      } else {
        last = position;
        listener.onMessage({ position, payload: null }, true);
      }
    } catch (error) {
      stop();
      throw error;
    }
    reading = false;
    for (const told of waiting) own.onMessage(told, true);
    return stop;
  };

  // A stream is kept while somebody listens.
  const keeping = setInterval(() => {
    for (const name of channels.keys()) openStream(redis, name).catch(() => {});
  }, REOPEN_MS);
  keeping.unref();

  return {
    async subscribe(name, after, listener) {
      // It would wait for the connection otherwise.
      if (redis.status !== 'ready') throw new ChannelsUnavailable('Redis is away.');
      const channel = channels.get(name) ?? open(name);
      channel.users++;
      try {
        await channel.ready;
        if (channels.get(name) !== channel) throw new ChannelsUnavailable('Redis went away.');
        const place = after ?? channel.position;
        const stop = await join(channel, after, listener);
        let hasLeft = false;
        return {
          place,
          stop() {
            if (hasLeft) return;
            hasLeft = true;
            stop();
            leave(channel);
          },
        };
      } catch (error) {
        leave(channel);
        throw error instanceof ChannelsUnavailable
          ? error
          : new ChannelsUnavailable('A stream could not be read.', { cause: error });
      }
    },
    close() {
      clearInterval(keeping);
    },
  };
}
