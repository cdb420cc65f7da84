/**
 * Bounds the memory of answers that clients do not read. No limit of one client would do: behind one address are many,
 * and a slow reader is no attacker. So what is limited is the sum, and those are cut off first for which most waits.
 */
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { MAX_UNREAD_BYTES, SOME_UNSENT_BYTES } from './limits.ts';

/** An answer that is being sent. */
interface Answer {
  socket: Duplex;
  bytes: number;
}

/** The large answers that are being sent, over all connections. */
export class UnreadAnswers {
  readonly #answers = new Set<Answer>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes = MAX_UNREAD_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Counts an answer as unread. @returns ends that; idempotent */
  add(socket: Duplex, bytes: number): () => void {
    const answer: Answer = { socket, bytes };
    this.#answers.add(answer);
    this.#bytes += bytes;
    while (this.#bytes > this.#maxBytes) this.#cutOffLargest();
    return () => this.#remove(answer);
  }

  #cutOffLargest(): void {
    // The oldest of equal ones: it had the most time.
    const largest = [...this.#answers].reduce((most, answer) => (answer.bytes > most.bytes ? answer : most));
    this.#remove(largest);
    largest.socket.destroy();
  }

  #remove(answer: Answer): void {
    if (this.#answers.delete(answer)) this.#bytes -= answer.bytes;
  }
}

/** Counts the large answers of an HTTP server until they have been sent. */
export function countAnswers(app: FastifyInstance, unread: UnreadAnswers): void {
  app.addHook('onSend', async ({ socket }, { raw }, payload) => {
    if (typeof payload !== 'string' || payload.length < SOME_UNSENT_BYTES || raw.destroyed) return;
    raw.once('close', unread.add(socket, Buffer.byteLength(payload)));
  });
}
