/**
 * An async generator made of two functions. A generator function runs its `finally` only when it is next resumed. A
 * subscriber that leaves must be removed at once, also while `next` awaits an event.
 *
 * @param next reads the next value; its argument is what the consumer passed to `next()`. When it throws, the generator
 *   ends, because a consumer does not call `return()` after an error
 * @param end releases everything; may be called more than once
 */
export function generator<T, Argument = void>(
  next: (argument: Argument) => Promise<IteratorResult<T, void>>,
  end: () => Promise<void>,
): AsyncGenerator<T, void, Argument> {
  return {
    async next(...[argument]) {
      try {
        return await next(argument as Argument);
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

/** The result of `next` when there are no more values. */
export const DONE: IteratorReturnResult<void> = { done: true, value: undefined };
