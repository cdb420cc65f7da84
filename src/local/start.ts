/** `npm start`: all of Darkroom on this machine, with its data in `.darkroom/`. */
import { resolve } from 'node:path';
import { pino } from 'pino';
import { migrate } from '../../prisma/migrate.ts';
import { loadConfig } from '../config.ts';
import { startRoles, stopAtSignal } from '../main.ts';
import { startStack } from './stack.ts';

const dataDir = resolve('.darkroom');
const print = (line: string) => console.log(line);
// What a person should see is printed here; the log is for trouble.
const log = pino({ level: process.env.LOG_LEVEL || 'warn' });

try {
  print('Starting Darkroom …');
  const stack = await startStack({ dataDir, external: process.env, ports: 'stable', log: print });
  let stop = stack.stop;
  stopAtSignal(log, () => stop());
  try {
    const config = loadConfig({ HOST: '127.0.0.1', ...process.env, ...stack.env });
    const applied = await migrate(config.DATABASE_URL);
    if (applied.length > 0) print(`The database has been brought up to date: ${applied.join(', ')}.`);
    const darkroom = await startRoles(['api', 'worker'], config, log);
    stop = async () => {
      await darkroom.stop();
      await stack.stop();
    };
    print(`
  Sandbox  ${darkroom.url}   (open it in a browser)
  API      ${darkroom.url}   (HTTP, and WebSocket at ${darkroom.url?.replace('http', 'ws')})
  Data     ${dataDir}

Ctrl-C stops everything; the next start finds the data again.`);
  } catch (error) {
    await stack.stop();
    throw error;
  }
} catch (error) {
  const { code, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE') {
    console.error(`Port ${port} is in use by another program. Choose another one: PORT=4001 npm start`);
  } else {
    console.error(error instanceof Error ? error.message : error);
  }
  process.exit(1);
}
