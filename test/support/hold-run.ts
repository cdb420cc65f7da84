/**
 * Starts a watchdog and a process with a stack below the folder named, prints the pids, and waits: watchdog.test.ts
 * kills it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startWatchdog, watchProcess } from './watchdog.ts';

const [folder = ''] = process.argv.slice(2);
process.env.TMPDIR = folder;
startWatchdog(folder);
const dataDir = join(folder, 'stack');
const holdStack = fileURLToPath(new URL('../local/hold-stack.ts', import.meta.url));
const child = spawn(process.execPath, [holdStack, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
watchProcess(child);
await once(child.stdout, 'data');
const files = ['postgres/postmaster.pid', 'redis.pid'].map((name) => readFile(join(dataDir, name), 'utf8'));
const servers = (await Promise.all(files)).map((text) => Number.parseInt(text, 10));
console.log(JSON.stringify([child.pid, ...servers]));
