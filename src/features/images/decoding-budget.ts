/**
 * How much memory a process spends on decoding at a time. Four large pictures at once would take as much as four times
 * one, and end the process; so most of them wait.
 */
const MEGABYTE = 1_000_000;

/**
 * A picture that takes more than this is refused. It is enough for 61 megapixels of an ordinary AVIF, which takes 15
 * bytes per pixel, for 51 of one with 10 bits, and for 100 of what cameras write in the other formats.
 */
export const MAX_DECODING_BYTES = 920 * MEGABYTE;

/**
 * A picture that takes more than this waits in a queue of jobs instead of in the process, where it would keep one of
 * the places for jobs.
 */
export const LARGE_DECODING_BYTES = 300 * MEGABYTE;

/** A photo of an ordinary camera takes less than this. Such photos never wait for larger ones. */
const LIGHT_DECODING_BYTES = 50 * MEGABYTE;

/** The queues of large pictures: as many are decoded at the same time, in all processes together. */
const LARGE_QUEUES = 2n;

/** The queue of jobs in which a person's large pictures wait. They are processed one after the other. */
export function largePictureQueue(ownerId: bigint): string {
  return `large-pictures-${ownerId % LARGE_QUEUES}`;
}

/** Lets work begin while the sum of its costs is within a budget, in the order in which it came. */
export class Budget {
  readonly #waiting: { cost: number; start: () => void }[] = [];
  #left: number;

  /** @param total in the unit of the costs */
  constructor(total: number) {
    this.#left = total;
  }

  /**
   * Runs work as soon as the budget has room for it.
   *
   * @param cost at most the whole budget
   */
  async run<R>(cost: number, work: () => Promise<R>): Promise<R> {
    await new Promise<void>((resolve) => {
      this.#waiting.push({ cost, start: resolve });
      this.#startNext();
    });
    try {
      return await work();
    } finally {
      this.#left += cost;
      this.#startNext();
    }
  }

  #startNext(): void {
    for (let next = this.#waiting[0]; next && next.cost <= this.#left; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#left -= next.cost;
      next.start();
    }
  }
}

const heavy = new Budget(MAX_DECODING_BYTES);
const light = new Budget(2.5 * LIGHT_DECODING_BYTES);

/**
 * Runs a decoding when the process has memory for it.
 *
 * @param bytes the memory that it takes, at most MAX_DECODING_BYTES
 */
export function withinDecodingBudget<R>(bytes: number, decode: () => Promise<R>): Promise<R> {
  return (bytes > LIGHT_DECODING_BYTES ? heavy : light).run(bytes, decode);
}
