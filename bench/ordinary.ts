import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Noticed, Order } from './ordinary-client.ts';

/** An ordinary client who reads the home feed 20 times in a second. */
export interface OrdinaryClient {
  /** Lets the client read while `work` runs. @returns what it noticed */
  during(work: () => Promise<unknown>): Promise<Noticed>;
  stop(): void;
}

/** Starts the process of an ordinary client. */
export function startOrdinaryClient(order: Order): OrdinaryClient {
  const child = fork(fileURLToPath(new URL('ordinary-client.ts', import.meta.url)));
  return {
    async during(work) {
      child.send(order);
      try {
        await work();
      } finally {
        child.send('stop');
      }
      const [noticed] = (await once(child, 'message')) as [Noticed];
      return noticed;
    },
    stop: () => child.disconnect(),
  };
}
