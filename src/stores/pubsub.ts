import type { Logger } from 'pino';
import type { Redis } from './redis.ts';

/** Messages to the subscribers of this moment. Nothing is kept: what must not be lost is published by a job. */
export interface PubSub {
  /**
   * Subscribes to a channel. When the promise resolves, every message published from then on is received. However many
   * listeners this process has, Redis sends each message once. While the connection is away, the promise resolves at
   * once, and `onResume` is called when Redis sends messages.
   *
   * @returns unsubscribes; idempotent
   */
  subscribe(channel: string, onMessage: MessageListener, connection?: ConnectionListener): Promise<() => void>;
  /** Sends a message to all subscribers of a channel, in every process. */
  publish(channel: string, message: string): Promise<void>;
  /** Ends the connection. */
  close(): Promise<void>;
}

type MessageListener = (message: string) => void;

/** Is called when the state of the connection changes. */
export interface ConnectionListener {
  /** The connection was lost. Whatever arrives before `onResume` may come after messages that were missed. */
  onDisconnect?(): void;
  /** The channel is subscribed to again. What was published since the connection was lost was missed. */
  onResume?(): void;
  /** The connection has been away for too long to wait for it. It may come back all the same. */
  onUnavailable?(): void;
  /** The last listener of this process has unsubscribed, and Redis has confirmed it. */
  onUnsubscribed?(): void;
}

/** A channel that this process is subscribed to. */
interface Channel {
  listeners: Map<MessageListener, ConnectionListener>;
  ready: Promise<unknown>;
}

/**
 * A connection that is away for this long, in milliseconds, is unavailable. A restart, or a failover to another server,
 * takes less.
 */
const UNAVAILABLE_AFTER_MS = 3_000;

/**
 * Opens pub/sub. It is sharded (SSUBSCRIBE), so on Redis Cluster a message stays on its channel's node.
 *
 * @param redis the connection to publish on; subscribing needs a connection of its own, which is opened here
 */
export function openPubSub(redis: Redis, log: Logger): PubSub {
  const subscriber: Redis = redis.duplicate({ enableAutoPipelining: false, maxRetriesPerRequest: null });
  subscriber.on('error', () => {}); // The publishing connection reports the same trouble.
  const channels = new Map<string, Channel>();
  // A listener that throws must neither keep others from being called nor end the process.
  const call = (listener: () => void) => {
    try {
      listener();
    } catch (err) {
      log.error({ err }, 'a listener of a channel failed');
    }
  };

  subscriber.on('smessage', (name: string, message: string) => {
    for (const onMessage of channels.get(name)?.listeners.keys() ?? []) call(() => onMessage(message));
  });

  let wasReady = false;
  let unavailableTimer: NodeJS.Timeout | undefined;
  const notifyAll = (event: keyof ConnectionListener) => {
    for (const { listeners } of channels.values()) {
      for (const connection of [...listeners.values()]) call(() => connection[event]?.());
    }
  };
  subscriber.on('close', () => {
    notifyAll('onDisconnect');
    unavailableTimer ??= setTimeout(() => notifyAll('onUnavailable'), UNAVAILABLE_AFTER_MS);
  });
  subscriber.on('ready', () => {
    clearTimeout(unavailableTimer);
    unavailableTimer = undefined;
    if (wasReady) for (const [name, channel] of channels) resume(name, channel);
    wasReady = true;
  });
  // The connection subscribes again by itself. The reply to one more SSUBSCRIBE says when that is done.
  const resume = (name: string, { listeners }: Channel) => {
    subscriber.ssubscribe(name).then(
      () => {
        for (const connection of [...listeners.values()]) call(() => connection.onResume?.());
      },
      () => {}, // Lost again: it will be ready again.
    );
  };

  return {
    async subscribe(name, onMessage, connection = {}) {
      let channel = channels.get(name);
      if (!channel) {
        channel = { listeners: new Map(), ready: subscriber.ssubscribe(name) };
        channel.ready.catch(() => {}); // Nobody waits for it while the connection is away.
        channels.set(name, channel);
      }
      const { listeners, ready } = channel;
      // A new function, so that the same function subscribed twice is two listeners.
      const listener = (message: string) => onMessage(message);
      listeners.set(listener, connection);
      const unsubscribe = () => {
        listeners.delete(listener);
        if (listeners.size > 0 || channels.get(name)?.listeners !== listeners) return;
        channels.delete(name);
        subscriber.sunsubscribe(name).then(
          () => call(() => connection.onUnsubscribed?.()),
          () => {}, // A lost connection has forgotten the channel already.
        );
      };
      if (wasReady && subscriber.status !== 'ready') {
        connection.onDisconnect?.();
        return unsubscribe;
      }
      try {
        await ready;
      } catch (error) {
        unsubscribe();
        throw error;
      }
      return unsubscribe;
    },
    async publish(name, message) {
      await redis.spublish(name, message);
    },
    async close() {
      subscriber.removeAllListeners('close');
      clearTimeout(unavailableTimer);
      subscriber.disconnect();
    },
  };
}
