import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A server that is measured, in a process of its own. */
export interface MeasuredServer {
  url: string;
  stop(): Promise<void>;
}

/**
 * Starts a server that prints its address, `http://…/graphql`, once it listens.
 *
 * @param file relative to this folder
 */
export async function startServer(file: string, args: string[], env: Record<string, string>): Promise<MeasuredServer> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(file, import.meta.url)), ...args], {
    env: {
      PATH: process.env.PATH ?? '',
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'info',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${file} did not start:\n${printed}`)), 30_000);
    child.once('exit', () => reject(new Error(`${file} ended:\n${printed}`)));
    child.stdout.on('data', (data: Buffer) => {
      printed = (printed + data).slice(-10_000);
      const found = /http:\/\/[\w.]+:\d+\/graphql/.exec(printed)?.[0];
      if (!found) return;
      clearTimeout(timer);
      resolve(found);
    });
  });
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
