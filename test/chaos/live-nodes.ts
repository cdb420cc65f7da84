/** A Darkroom of two api nodes and a worker. Each can be killed at any moment, and is then started again. */
import { setTimeout as delay } from 'node:timers/promises';
import { send } from '../support/client.ts';
import { type OwnDarkroom, ownStores, startProcess, type TestProcess } from '../support/darkroom.ts';
import { untilIdle } from '../support/rows.ts';
import { until } from '../support/until.ts';

/** A process that is started again after it was killed. */
interface RestartingProcess {
  process: TestProcess;
  /** Resolves when the process runs again; null while it runs. */
  starting: Promise<void> | null;
}

export class Nodes {
  readonly darkroom: OwnDarkroom;
  readonly urls: string[] = [];
  readonly #apis: RestartingProcess[];
  readonly #worker: RestartingProcess;
  #stalled: Promise<void> = Promise.resolve();

  /** @param extra further environment variables of all processes */
  static async start(extra: Record<string, string>): Promise<Nodes> {
    const darkroom = await ownStores(extra);
    const [firstApi, secondApi, worker] = await Promise.all([
      startProcess(['api'], darkroom.env),
      startProcess(['api'], darkroom.env),
      startProcess(['worker'], darkroom.env),
    ]);
    return new Nodes(darkroom, [firstApi, secondApi], worker);
  }

  constructor(darkroom: OwnDarkroom, apis: TestProcess[], worker: TestProcess) {
    this.darkroom = darkroom;
    this.urls = apis.map((api) => api.url);
    this.#apis = apis.map((process) => ({ process, starting: null }));
    this.#worker = { process: worker, starting: null };
  }

  /** Sends an operation to a node. When the answer is lost, sends it to the other node, until one answers. */
  async send<T>(token: string, node: number, query: string, variables: object): Promise<T> {
    let tries = node;
    const { data, errors } = await until(() => {
      const url = this.urls[tries++ % this.urls.length] ?? '';
      return send<T>(url, query, variables, { authorization: `Bearer ${token}` }).catch(() => null);
    });
    if (!data || errors.length > 0) throw new Error(`${query} was answered with ${JSON.stringify(errors)}`);
    return data;
  }

  /** Kills a node at whatever it is doing. It starts again at the same address. */
  killApi(node: number): void {
    const api = this.#apis[node];
    if (!api) return;
    const PORT = new URL(this.urls[node] ?? '').port;
    this.#restart(api, async () => {
      const { env } = this.darkroom;
      // Another program on this machine may have taken the port meanwhile.
      api.process = await startProcess(['api'], { ...env, PORT }).catch(() => startProcess(['api'], env));
      this.urls[node] = api.process.url;
    });
  }

  /** Kills the worker in the middle of its jobs. Nothing is fanned out until it runs again. */
  killWorker(): void {
    this.#restart(this.#worker, async () => {
      // A new worker would unlock the jobs by itself, but only after some seconds: test/chaos/process-killed.test.ts.
      await this.darkroom.stores.db.$queryRaw`
        select 1 as done from graphile_worker.force_unlock_workers(
          (select array_agg(distinct locked_by) from graphile_worker.jobs where locked_by is not null))`;
      this.#worker.process = await startProcess(['worker'], this.darkroom.env);
    });
  }

  #restart(target: RestartingProcess, start: () => Promise<void>): void {
    if (target.starting) return;
    const starting = async () => {
      await target.process.end('SIGKILL');
      await start();
      target.starting = null;
    };
    target.starting = starting();
    // `untilRunning` reports the error.
    target.starting.catch(() => {});
  }

  /** Suspends the worker, so that photos that are published meanwhile are fanned out late. */
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
    await Promise.all([...this.#apis, this.#worker].map(({ starting }) => starting));
    await this.#stalled;
  }

  /** Waits until all jobs have run and all counts are folded. */
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
