import type { PubSub } from '../../stores/pubsub.ts';
import { DONE, generator } from './generator.ts';

/** Messages of several channels, one after the other. Channels can be added while it is read. */
export interface Listening {
  messages: AsyncGenerator<string, void, void>;
  /** Listens to one more channel; to the same channel twice is the same as once. */
  add(channel: string): Promise<void>;
}

/** More than a reader can fall behind before it is better off starting again. */
const MAX_WAITING = 1_000;

/**
 * Listens to a channel: what is published after the promise resolves is in `messages`.
 *
 * @param distinct keep a message only once among those that are waiting to be read
 * @throws from `messages`, when the reader falls 1,000 messages behind
 */
export async function listen(pubsub: PubSub, channel: string, { distinct = false } = {}): Promise<Listening> {
  const waiting: string[] = [];
  const stops = new Map<string, () => void>();
  let ended = false;
  let overflow = false;
  let wake = () => {};

  const onMessage = (message: string) => {
    if (distinct && waiting.includes(message)) return;
    if (waiting.length >= MAX_WAITING) overflow = true;
    else waiting.push(message);
    wake();
  };
  const end = () => {
    ended = true;
    for (const stop of stops.values()) stop();
    stops.clear();
    wake();
  };
  const add = async (name: string) => {
    if (stops.has(name)) return;
    stops.set(name, () => {});
    const stop = await pubsub.subscribe(name, onMessage);
    if (ended) stop();
    else stops.set(name, stop);
  };

  const messages = generator<string>(
    async () => {
      while (!ended) {
        if (overflow) throw new Error('The subscriber fell too far behind.');
        const value = waiting.shift();
        if (value !== undefined) return { done: false, value };
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return DONE;
    },
    async () => end(),
  );
  await add(channel);
  return { messages, add };
}

/** Hands on what `step` makes of each message, leaving out what it answers `null` for, until it answers 'end'. */
export function mapMessages<T>(
  messages: Listening['messages'],
  first: T | null,
  step: (message: string) => Promise<{ value: T; last?: boolean } | null>,
): AsyncGenerator<T, void, void> {
  let opening = first;
  let over = false;
  return generator<T>(
    async () => {
      if (opening !== null) {
        const value = opening;
        opening = null;
        return { done: false, value };
      }
      while (!over) {
        const message = await messages.next();
        if (message.done) break;
        const made = await step(message.value);
        if (!made) continue;
        if (made.last) {
          over = true;
          await messages.return();
        }
        return { done: false, value: made.value };
      }
      return DONE;
    },
    async () => {
      over = true;
      await messages.return();
    },
  );
}
