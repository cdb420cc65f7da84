import type { Redis } from './redis.ts';

/** What is told to whoever listens at this moment. Nothing is kept: what must not be lost comes from a job. */
export interface PubSub {
  /**
   * Listens to a channel. When the promise resolves, every message published from then on is heard. However many listen
   * in this process, Redis sends each message once. While the connection is away it resolves at once, and `onResume` tells when
   * it is listened to.
   *
   * @returns stops listening
   */
  subscribe(channel: string, listener: (message: string) => void, hears?: ConnectionListener): Promise<() => void>;
  /** Tells all who listen to a channel, in every process. */
  publish(channel: string, message: string): Promise<void>;
  /** Ends the connection. */
  close(): Promise<void>;
}

/** What hears of the connection. */
export interface ConnectionListener {
  /** It was lost: what comes from now on comes after something that was missed, until `onResume` says that all is heard again. */
  onBreak?(): void;
  /** It was lost, and the channel is listened to again: what was published in between was missed. */
  onResume?(): void;
  /** It has been away for longer than is worth waiting, and may come back all the same. */
  onLoss?(): void;
}

/** A channel that is listened to in this process. */
interface Channel {
  listeners: Map<(message: string) => void, ConnectionListener>;
  ready: Promise<unknown>;
}

/** A connection that is back within this time, in milliseconds, has not been lost: a restart, or another server that takes over. */
const LOST_AFTER_MS = 3_000;

/**
 * Opens pub/sub. It is sharded (SSUBSCRIBE), so on Redis Cluster a message stays on its channel's node.
 *
 * @param redis the connection to publish on; listening needs one of its own, which is made here
 */
export function openPubSub(redis: Redis): PubSub {
  const subscriber: Redis = redis.duplicate({ enableAutoPipelining: false, maxRetriesPerRequest: null });
  subscriber.on('error', () => {}); // The publishing connection reports the same trouble.
  const channels = new Map<string, Channel>();

  subscriber.on('smessage', (name: string, message: string) => {
    for (const listener of channels.get(name)?.listeners.keys() ?? []) listener(message);
  });

  let wasReady = false;
  let losing: NodeJS.Timeout | undefined;
  const tellAll = (what: keyof ConnectionListener) => {
    for (const { listeners } of channels.values()) for (const hears of [...listeners.values()]) hears[what]?.();
  };
  subscriber.on('close', () => {
    tellAll('onBreak');
    losing ??= setTimeout(() => tellAll('onLoss'), LOST_AFTER_MS);
  });
  subscriber.on('ready', () => {
    clearTimeout(losing);
    losing = undefined;
    if (wasReady) for (const [name, channel] of channels) resume(name, channel);
    wasReady = true;
  });
  // The connection subscribes anew by itself; asking once more tells when that is done.
  const resume = (name: string, { listeners }: Channel) => {
    subscriber.ssubscribe(name).then(
      () => {
        for (const { onResume } of [...listeners.values()]) onResume?.();
      },
      () => {}, // Lost again: it will be ready again.
    );
  };

  return {
    async subscribe(name, listener, hears = {}) {
      let channel = channels.get(name);
      if (!channel) {
        channel = { listeners: new Map(), ready: subscriber.ssubscribe(name) };
        channel.ready.catch(() => {}); // Nobody waits for it while the connection is away.
        channels.set(name, channel);
      }
      const { listeners, ready } = channel;
      // Wrapped, so that the same function listening twice is two listeners.
      const own = (message: string) => listener(message);
      listeners.set(own, hears);
      const stop = () => {
        listeners.delete(own);
        if (listeners.size > 0 || channels.get(name)?.listeners !== listeners) return;
        channels.delete(name);
        subscriber.sunsubscribe(name).catch(() => {}); // A lost connection has forgotten the channel already.
      };
      if (wasReady && subscriber.status !== 'ready') {
        hears.onBreak?.();
        return stop;
      }
      try {
        await ready;
      } catch (error) {
        stop();
        throw error;
      }
      return stop;
    },
    async publish(name, message) {
      await redis.spublish(name, message);
    },
    async close() {
      subscriber.removeAllListeners('close');
      clearTimeout(losing);
      subscriber.disconnect();
    },
  };
}
