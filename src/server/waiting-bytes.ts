/**
 * Bounds the memory of what waits for slow clients: answers that they do not read, and bodies that they do not finish.
 * No limit of one client would do: behind one address are many, and a slow client is no attacker. So what is limited is
 * the sum, and those are cut off first for which most waits.
 */
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { announcedLength } from './http-requests.ts';
import { MAX_BODY_BYTES, MAX_UNFINISHED_BYTES, SOME_WAITING_BYTES } from './limits.ts';

/** How much of what may wait is kept when it is too much, so that looking for the largest is rare. */
const KEPT = 0.875;

/** An answer that is being sent, or a body that is being received. */
interface Message {
  socket: Duplex;
  bytes: number;
}

/** What waits, over all connections of this process. */
export class WaitingBytes {
  readonly #messages = new Set<Message>();
  readonly #max: number;
  #bytes = 0;

  /** @param max how many bytes may wait together */
  constructor(max: number) {
    this.#max = max;
  }

  /** Counts an answer or a body as waiting. @returns ends that; idempotent */
  add(socket: Duplex, bytes: number): () => void {
    const message: Message = { socket, bytes };
    this.#messages.add(message);
    this.#bytes += bytes;
    if (this.#bytes > this.#max) this.#cutOffLargest();
    return () => this.#remove(message);
  }

  #cutOffLargest(): void {
    // The oldest of equal ones: it had the most time.
    for (const message of [...this.#messages].sort((one, other) => other.bytes - one.bytes)) {
      if (this.#bytes <= KEPT * this.#max) return;
      this.#remove(message);
      message.socket.destroy();
    }
  }

  #remove(message: Message): void {
    if (this.#messages.delete(message)) this.#bytes -= message.bytes;
  }
}

/** Counts the answers of an HTTP server until they have been sent. */
export function countAnswers(app: FastifyInstance, unread: WaitingBytes): void {
  app.addHook('onSend', async ({ socket }, { raw }, payload) => {
    if (typeof payload !== 'string' || payload.length < SOME_WAITING_BYTES || raw.destroyed) return;
    raw.once('close', unread.add(socket, Buffer.byteLength(payload)));
  });
}

/** Counts the bodies of requests until they have arrived. They count in full from the beginning. */
export function countBodies(app: FastifyInstance, unfinished = new WaitingBytes(MAX_UNFINISHED_BYTES)): void {
  app.addHook('onRequest', async (request) => {
    const bytes = Math.min(announcedLength(request.headers), MAX_BODY_BYTES);
    if (bytes < SOME_WAITING_BYTES) return;
    const end = unfinished.add(request.socket, bytes);
    request.raw.once('end', end).once('close', end);
  });
}
