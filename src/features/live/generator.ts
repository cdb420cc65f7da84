/**
 * A generator of two functions. One that is written as a generator function runs its `finally` only when it is next resumed; a
 * subscriber that leaves must be gone at once, also while the next event is awaited.
 *
 * @param next gives the next value, and is given what was said with the wish for it. When it fails the generator ends, because whoever reads it does not end it then
 * @param end lets go of everything; may be called again
 */
export function generator<T, Asked = void>(
  next: (asked: Asked) => Promise<IteratorResult<T, void>>,
  end: () => Promise<void>,
): AsyncGenerator<T, void, Asked> {
  return {
    async next(...[asked]) {
      try {
        return await next(asked as Asked);
      } catch (error) {
        await end();
        throw error;
      }
    },
    async return() {
      await end();
      return DONE;
    },
    async throw(error) {
      await end();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await end();
    },
  };
}

/** There is no next value. */
export const DONE: IteratorReturnResult<void> = { done: true, value: undefined };
