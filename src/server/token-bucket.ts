/** The size of a token bucket. */
export interface BucketSize {
  /** How many tokens are added each second. */
  perSecond: number;
  /** How many tokens it holds at most. It starts full. */
  capacity: number;
}

/** A token bucket: it allows bursts, and limits the rate over a longer time. */
export class TokenBucket {
  readonly #size: BucketSize;
  #tokens: number;
  #filledAt = performance.now();

  constructor(size: BucketSize) {
    this.#size = size;
    this.#tokens = size.capacity;
  }

  /** Takes tokens. @returns false when there are not as many; then none is taken */
  take(count: number): boolean {
    this.#fill();
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }

  /** Takes tokens for what has been done already, even if there are not as many: the rest is owed. */
  spend(count: number): void {
    this.#tokens -= count;
  }

  /** In how many seconds nothing is owed any more, rounded up; 0 for now. */
  secondsInDebt(): number {
    this.#fill();
    return Math.ceil(Math.max(0, -this.#tokens) / this.#size.perSecond);
  }

  #fill(): void {
    const now = performance.now();
    const { perSecond, capacity } = this.#size;
    this.#tokens = Math.min(capacity, this.#tokens + ((now - this.#filledAt) / 1_000) * perSecond);
    this.#filledAt = now;
  }
}
