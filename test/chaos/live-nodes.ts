/** A Darkroom of two api nodes and a worker, each of which can be killed at any moment and comes back by itself. */
import { setTimeout as delay } from 'node:timers/promises';
import { send } from '../support/client.ts';
import { type OwnDarkroom, ownStores, startProcess, type TestProcess } from '../support/darkroom.ts';
import { untilIdle } from '../support/rows.ts';
import { until } from '../support/until.ts';

/** A process and what brings it back. */
interface Place {
  process: TestProcess;
  /** Resolves when it runs; null when it does. */
  starting: Promise<void> | null;
}

export class Nodes {
  readonly darkroom: OwnDarkroom;
  readonly urls: string[] = [];
  readonly #apis: Place[];
  readonly #worker: Place;
  #stalled: Promise<void> = Promise.resolve();

  /** @param extra further variables of all processes */
  static async start(extra: Record<string, string>): Promise<Nodes> {
    const darkroom = await ownStores(extra);
    const [one, other, worker] = await Promise.all([
      startProcess(['api'], darkroom.env),
      startProcess(['api'], darkroom.env),
      startProcess(['worker'], darkroom.env),
    ]);
    return new Nodes(darkroom, [one, other], worker);
  }

  constructor(darkroom: OwnDarkroom, apis: TestProcess[], worker: TestProcess) {
    this.darkroom = darkroom;
    this.urls = apis.map((api) => api.url);
    this.#apis = apis.map((process) => ({ process, starting: null }));
    this.#worker = { process: worker, starting: null };
  }

  /** Sends an operation to a node, and when that is lost to the other one, until it is answered. */
  async send<T>(token: string, node: number, query: string, variables: object): Promise<T> {
    let tried = node;
    const { data, errors } = await until(() => {
      const url = this.urls[tried++ % this.urls.length] ?? '';
      return send<T>(url, query, variables, { authorization: `Bearer ${token}` }).catch(() => null);
    });
    if (!data || errors.length > 0) throw new Error(`${query} was answered with ${JSON.stringify(errors)}`);
    return data;
  }

  /** Kills a node while it does whatever it does. It comes back at the same address. */
  killApi(node: number): void {
    const place = this.#apis[node];
    if (!place) return;
    const PORT = new URL(this.urls[node] ?? '').port;
    this.#revive(place, async () => {
      const { env } = this.darkroom;
      // In the meantime something else on this machine may have been given the port.
      place.process = await startProcess(['api'], { ...env, PORT }).catch(() => startProcess(['api'], env));
      this.urls[node] = place.process.url;
    });
  }

  /** Kills the worker in the middle of its jobs. Nothing is fanned out until it is back. */
  killWorker(): void {
    this.#revive(this.#worker, async () => {
      // A new worker would do so by itself, after some seconds: test/chaos/process-killed.test.ts.
      await this.darkroom.stores.db.$queryRaw`
        select 1 as done from graphile_worker.force_unlock_workers(
          (select array_agg(distinct locked_by) from graphile_worker.jobs where locked_by is not null))`;
      this.#worker.process = await startProcess(['worker'], this.darkroom.env);
    });
  }

  #revive(place: Place, start: () => Promise<void>): void {
    if (place.starting) return;
    const starting = async () => {
      await place.process.end('SIGKILL');
      await start();
      place.starting = null;
    };
    place.starting = starting();
    // Whoever waits until it runs hears of it.
    place.starting.catch(() => {});
  }

  /** Stops the worker's clock, wherever it stands, so that what happens meanwhile is fanned out late. */
  stallWorker(ms: number): void {
    const { pid } = this.#worker.process;
    const signal = (name: 'SIGSTOP' | 'SIGCONT') => {
      try {
        process.kill(pid, name);
      } catch {
        // It has been killed meanwhile.
      }
    };
    signal('SIGSTOP');
    this.#stalled = Promise.all([this.#stalled, delay(ms)]).then(() => signal('SIGCONT'));
  }

  /** Waits until all processes run. */
  async untilRunning(): Promise<void> {
    await Promise.all([...this.#apis, this.#worker].map((place) => place.starting));
    await this.#stalled;
  }

  /** Waits until nothing is left to be counted, fanned out or told. */
  async untilIdle(): Promise<void> {
    const { stores } = this.darkroom;
    await this.#worker.starting;
    await untilIdle(stores, 60);
  }

  async stop(): Promise<void> {
    await this.untilRunning().catch(() => {});
    await Promise.all([...this.#apis, this.#worker].map(({ process }) => process.end('SIGKILL')));
    await this.darkroom.stop();
  }
}
