import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { basename } from 'node:path';
import type { Stores } from '../../src/stores/stores.ts';
import { until } from './until.ts';
import { watchProcess } from './watchdog.ts';

/** A Redis server that was killed. */
export interface KilledRedis {
  /** Starts an empty one in its place. */
  restart(): Promise<{ stop(): Promise<void> }>;
}

/** Kills the Redis server of `ownStores`. */
export async function killRedis({ redis }: Stores): Promise<KilledRedis> {
  const info = await redis.info('server');
  const field = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? '';
  const [pid, port] = [Number(field('process_id')), Number(field('tcp_port'))];
  // Redis takes what it was called by for a path.
  const program = basename(field('executable'));
  process.kill(pid, 'SIGKILL');
  await until(async () => !(await listens(port)));
  return {
    async restart() {
      const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
      const server = spawn(program, args, { stdio: 'ignore' });
      watchProcess(server);
      await until(() => listens(port));
      return {
        async stop() {
          const ended = once(server, 'exit');
          server.kill('SIGTERM');
          await ended;
        },
      };
    },
  };
}

/** Whether something listens on a port. */
async function listens(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
  }).finally(() => socket.destroy()) as Promise<boolean>;
}
