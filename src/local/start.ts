/** `npm start`: runs all of Darkroom on this machine, with its data in `.darkroom/`. */
import { rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pino } from 'pino';
import { migrate } from '../../prisma/migrate.ts';
import { loadConfig } from '../config.ts';
import { startRoles, stopAfterFaults, stopAtSignal } from '../main.ts';
import { startStack } from './stack.ts';

const dataDir = resolve('.darkroom');
/** `npm run admin` reads the addresses of the stores from this file. */
const envFile = join(dataDir, 'env');
const print = (line: string) => console.log(line);
// The terminal shows what `print` prints; the log is for trouble.
const log = pino({ level: process.env.LOG_LEVEL || 'warn' });

/** Starts everything. @returns a function that stops it */
async function start(): Promise<() => Promise<void>> {
  print('Starting Darkroom …');
  const stack = await startStack({ dataDir, external: process.env, ports: 'stable', log: print });
  try {
    const config = loadConfig({ HOST: '127.0.0.1', ...process.env, ...stack.env });
    const applied = await migrate(config.DATABASE_URL);
    await writeFile(envFile, describeStores({ ...process.env, ...stack.env }), { mode: 0o600 });
    if (applied.length > 0) print(`The database has been brought up to date: ${applied.join(', ')}.`);
    const darkroom = await startRoles(['api', 'worker'], config, log);
    print(`
  Sandbox  ${darkroom.url}   (open it in a browser)
  API      ${darkroom.url}   (HTTP, and WebSocket at ${darkroom.url?.replace('http', 'ws')})
  Data     ${dataDir}

Ctrl-C stops everything; the next start finds the data again.`);
    return async () => {
      await darkroom.stop();
      await rm(envFile, { force: true });
      await stack.stop();
    };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/** The variables with the addresses of the stores, in the format of an env file. */
function describeStores(env: Record<string, string | undefined>): string {
  const stores = Object.entries(env).filter(([name]) => /^(DATABASE|REDIS|S3|MEDIA|MAIL)_/.test(name));
  return stores.map(([name, value]) => `${name}="${value}"\n`).join('');
}

function explain(error: unknown): string {
  const { code, port, message } = error as NodeJS.ErrnoException & { port?: number };
  if (code !== 'EADDRINUSE') return message;
  return `Port ${port} is in use by another program. Choose another one: PORT=${Number(port) + 1} npm start`;
}

const starting = start();
// The servers would outlive this process, so a signal during the start waits for the end of the start, and then stops
// everything.
const end = stopAtSignal(log, async () => (await starting)());
try {
  await starting;
  stopAfterFaults(log, end);
} catch (error) {
  console.error(explain(error));
  process.exit(1);
}
