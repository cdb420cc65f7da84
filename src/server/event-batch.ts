import type { DecidedEvent } from '../features/live/subscribe.ts';
import { type Answer, isStale } from './shared-results.ts';

/** Makes the answer to an event. @param mustDecideAgain whether what was decided is too old */
type Execute<E> = (event: DecidedEvent<E>, mustDecideAgain?: true) => Promise<Answer>;

interface Item<E> {
  event: DecidedEvent<E>;
  answer: Promise<Answer>;
  /** The answer, once it is made. */
  made: Answer | null;
}

/**
 * Events that were decided together. They are executed at the same time and sent in their order, each as soon as it may
 * be. One that has waited for long behind others is decided again when it is its turn to be sent.
 */
export class EventBatch<E> {
  readonly #items: Item<E>[];
  readonly #execute: Execute<E>;
  #hasWaited = false;

  /** Begins to execute the events. */
  constructor(events: readonly DecidedEvent<E>[], execute: Execute<E>) {
    this.#execute = execute;
    this.#items = events.map((event) => {
      const item: Item<E> = { event, answer: execute(event), made: null };
      item.answer.then(
        (answer) => {
          item.made = answer;
        },
        // `take` throws it.
        () => {},
      );
      return item;
    });
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** Takes the texts of the next answer, for which it waits, and of those after it that are ready. */
  async take(): Promise<string[]> {
    const first = this.#items.shift();
    if (!first) return [];
    let answer = await first.answer;
    if (this.#mustDecideAgain(answer)) answer = await this.#execute(first.event, true);
    const answers = [answer];
    for (let made = this.#items[0]?.made; made && !this.#mustDecideAgain(made); made = this.#items[0]?.made) {
      answers.push(made);
      this.#items.shift();
    }
    // The others wait for something, and for the client to read these.
    this.#hasWaited = true;
    return answers.flatMap(({ text }) => text ?? []);
  }

  /** Lateness of the whole process is no reason: to decide everything again would make it later still. */
  #mustDecideAgain({ decidedAt, hasWaited }: Answer): boolean {
    this.#hasWaited ||= hasWaited;
    return this.#hasWaited && isStale(decidedAt);
  }
}
