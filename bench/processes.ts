import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A measured process. */
export interface MeasuredProcess {
  /** Its current memory usage, in bytes. @param collect whether to collect garbage first */
  memory(collect: boolean): Promise<NodeJS.MemoryUsage>;
  stop(): Promise<void>;
}

/** A measured server in its own process. */
export interface MeasuredServer extends MeasuredProcess {
  url: string;
}

const START_TIMEOUT_MS = 30_000;
const SETTLE_TIMEOUT_MS = 15_000;
/** Two readings that differ by less count as equal. */
const SETTLED_BYTES = 500_000;

/**
 * Starts a server that prints its URL, `http://…/graphql`, when it listens.
 *
 * @param file the path of its code, relative to this folder
 */
export async function startServer(file: string, args: string[], env: Record<string, string>): Promise<MeasuredServer> {
  const { match, ...server } = await start(file, args, env, /http:\/\/[\w.]+:\d+\/graphql/);
  return { url: match, ...server };
}

/** Starts a worker process of Darkroom, as `npm run worker` does. */
export async function startWorker(env: Record<string, string>): Promise<MeasuredProcess> {
  const giveWay = ['nice', '-n', '5'];
  return start('../src/main.ts', ['worker'], { ...env, MALLOC_ARENA_MAX: '2' }, /Darkroom runs/, giveWay);
}

/**
 * The memory usage of an idle process: collects garbage until two consecutive readings are equal.
 *
 * @throws Error if that does not happen in time
 */
export async function settledMemory(server: MeasuredProcess): Promise<NodeJS.MemoryUsage> {
  const deadline = performance.now() + SETTLE_TIMEOUT_MS;
  let last = await server.memory(true);
  while (performance.now() < deadline) {
    await delay(300);
    const memory = await server.memory(true);
    if (Math.abs(memory.rss - last.rss) < SETTLED_BYTES) return memory;
    last = memory;
  }
  throw new Error('The memory usage does not settle.');
}

async function start(
  file: string,
  args: string[],
  env: Record<string, string>,
  ready: RegExp,
  wrapper: readonly string[] = [],
): Promise<MeasuredProcess & { match: string }> {
  const probe = new URL('memory-probe.ts', import.meta.url).href;
  const path = fileURLToPath(new URL(file, import.meta.url));
  const [command = '', ...commandArgs] = [
    ...wrapper,
    process.execPath,
    '--expose-gc',
    '--import',
    probe,
    path,
    ...args,
  ];
  const child = spawn(command, commandArgs, {
    env: {
      PATH: process.env.PATH ?? '',
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'info',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let printed = '';
  const match = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${file} did not start:\n${printed}`)), START_TIMEOUT_MS);
    child.once('exit', () => reject(new Error(`${file} ended:\n${printed}`)));
    child.stdout?.on('data', (data: Buffer) => {
      printed = (printed + data).slice(-10_000);
      const text = ready.exec(printed)?.[0];
      if (!text) return;
      clearTimeout(timer);
      resolve(text);
    });
  });
  return {
    match,
    async memory(collect) {
      const response = once(child, 'message');
      child.send({ collect });
      const [memory] = (await response) as [NodeJS.MemoryUsage];
      return memory;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
