/**
 * Fair turns: an operation waits while its client's other operations are large, together. So what one client asks at
 * the same time delays others by about one large operation, however many connections it has. After a large operation
 * its client rests for as long as it took, and the process serves others. Small operations do not wait for large ones:
 * behind one address, somebody logs in while another client reads much.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { GraphQLError } from 'graphql';
import { ABANDONED } from '../features/kernel/abandoned.ts';
import { rateLimited } from '../features/kernel/errors.ts';
import { getOrInsert } from '../features/kernel/get-or-insert.ts';
import { LARGE_WEIGHT, MAX_REST_MS, MAX_WAITING_OPERATIONS, MAX_WEIGHT_AT_ONCE } from './limits.ts';

/** Made once, because making an error takes longer than the rest of refusing an operation. */
const TOO_MANY = rateLimited('You, or your network, send too many operations at the same time.', 1);

/** An operation that waits for its turn. */
interface Waiting {
  weight: number;
  /** Whether it counts towards the limits of those that wait. */
  isCounted: boolean;
  start(): void;
}

/** The small or the large operations of one client. */
interface ClientTurns {
  /** Its operations that run or after which it rests, and their weights together. */
  running: number;
  weight: number;
  /** Operations that wait, first come first served. */
  waiting: Waiting[];
}

/** Decides when operations start. */
export class Turns {
  /** By the client's name, followed by whether they are large. */
  readonly #clients = new Map<string, ClientTurns>();
  readonly #maxWaiting: typeof MAX_WAITING_OPERATIONS;
  #waiting = 0;

  /** @param maxWaiting how many operations may wait */
  constructor(maxWaiting = MAX_WAITING_OPERATIONS) {
    this.#maxWaiting = maxWaiting;
  }

  /** How many operations wait that can be refused, of all clients. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Runs an operation when it is its turn: at once, unless the client's other operations are large.
   *
   * @param client whose operations share their turns
   * @param weight the size of the operation, see `MAX_WEIGHT_AT_ONCE`
   * @param signal is aborted when nobody waits for the operation any more
   * @param canBeRefused false for what may wait however much waits already
   * @param untilEnded resolves when what the operation has begun is over, which may be after it was abandoned
   * @throws RATE_LIMITED when too much waits already, and ABANDONED when `signal` is aborted before the operation's
   * turn
   */
  async run<T>(
    client: string,
    weight: number,
    signal: AbortSignal,
    operation: () => Promise<T>,
    canBeRefused = true,
    untilEnded: () => Promise<unknown> = async () => {},
  ): Promise<T> {
    if (signal.aborted) throw ABANDONED;
    const isLarge = weight >= LARGE_WEIGHT;
    const key = `${client} ${isLarge}`;
    const turns = getOrInsert(this.#clients, key, (): ClientTurns => ({ running: 0, weight: 0, waiting: [] }));
    if (turns.waiting.length > 0 || !hasRoom(turns, weight)) await this.#wait(turns, weight, signal, canBeRefused);
    else begin(turns, weight);
    const start = performance.now();
    let rest: Promise<unknown> | null = null;
    try {
      const result = await operation();
      if (isLarge) rest = pause(Math.min(MAX_REST_MS, performance.now() - start));
      return result;
    } catch (error) {
      // What an abandoned operation has begun goes on, whatever its size: its statements run on.
      if (isLarge || error === ABANDONED) rest = Promise.all([pause(MAX_REST_MS), untilEnded()]);
      throw error;
    } finally {
      if (rest) void rest.then(() => this.#end(key, turns, weight));
      else this.#end(key, turns, weight);
    }
  }

  #wait({ waiting }: ClientTurns, weight: number, signal: AbortSignal, canBeRefused: boolean): Promise<void> {
    const { ofClient, ofAll, ofClientThen } = this.#maxWaiting;
    if (canBeRefused && waiting.length >= (this.#waiting < ofAll ? ofClient : ofClientThen)) {
      throw TOO_MANY;
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        waiting.splice(waiting.indexOf(entry), 1);
        this.#count(entry, -1);
        reject(ABANDONED);
      };
      const entry: Waiting = {
        weight,
        isCounted: canBeRefused,
        start() {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      waiting.push(entry);
      this.#count(entry, 1);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  #count({ isCounted }: Waiting, change: 1 | -1): void {
    if (isCounted) this.#waiting += change;
  }

  #end(key: string, turns: ClientTurns, weight: number): void {
    turns.running--;
    turns.weight -= weight;
    for (let next = turns.waiting[0]; next && hasRoom(turns, next.weight); next = turns.waiting[0]) {
      turns.waiting.shift();
      this.#count(next, -1);
      begin(turns, next.weight);
      next.start();
    }
    if (turns.running === 0) this.#clients.delete(key);
  }
}

function pause(milliseconds: number): Promise<void> {
  return delay(milliseconds, undefined, { ref: false });
}

/** The result of work that did not get its turn. @throws any other error again */
export function refusedTurn(error: unknown): { errors: [GraphQLError] } {
  if (error instanceof GraphQLError) return { errors: [error] };
  throw error;
}

/** Whether an operation may run beside those that run. */
function hasRoom({ running, weight }: ClientTurns, added: number): boolean {
  return running === 0 || weight + added <= MAX_WEIGHT_AT_ONCE;
}

function begin(turns: ClientTurns, weight: number): void {
  turns.running++;
  turns.weight += weight;
}
