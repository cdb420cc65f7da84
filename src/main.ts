/** Starts the roles named on the command line: `node src/main.ts api`, `worker`, or both. */
import { type Logger, pino } from 'pino';
import { type Config, loadConfig } from './config.ts';
import { surviveFaults } from './server/faults.ts';
import { startApi } from './server/http.ts';
import { startWork } from './server/worker.ts';
import { openStores } from './stores/stores.ts';

/** What a process can do. */
export type Role = 'api' | 'worker';

/** A running Darkroom process. */
export interface Darkroom {
  /** The API's address; undefined in a process without the role `api`. */
  url: string | undefined;
  /** Finishes what is running, and disconnects from the stores. */
  stop(): Promise<void>;
}

/** How long stopping may take, in milliseconds. After that the process ends at once. */
const STOP_WITHIN_MS = 15_000;
/** The maximum time between two signals that stem from one Ctrl-C, in milliseconds. */
const SAME_SIGNAL_MS = 1_000;

/**
 * Starts roles in this process.
 *
 * @throws Error when a store cannot be reached or the port is in use
 */
export async function startRoles(roles: readonly Role[], config: Config, log: Logger): Promise<Darkroom> {
  const stores = await openStores(config, log);
  const running: { stop(): Promise<void> }[] = [];
  try {
    const api = roles.includes('api') ? await startApi(stores) : undefined;
    if (api) running.push(api);
    if (roles.includes('worker')) running.push(await startWork(stores));
    return {
      url: api?.url,
      async stop() {
        await Promise.all(running.map((role) => role.stop()));
        await stores.close();
      },
    };
  } catch (error) {
    await Promise.all(running.map((role) => role.stop()));
    await stores.close();
    throw error;
  }
}

/**
 * At SIGINT or SIGTERM, runs `stop` and then ends the process. A second signal ends the process at once.
 *
 * @returns does the same without a signal; its argument is the exit code of the process
 */
export function stopAtSignal(log: Logger, stop: () => Promise<void>): (exitCode: number) => Promise<void> {
  let stoppingSince = 0;
  const end = async (exitCode: number) => {
    if (stoppingSince > 0) return;
    stoppingSince = performance.now();
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    try {
      await stop();
      process.exit(exitCode);
    } catch (err) {
      log.error({ err }, 'could not stop cleanly');
      process.exit(1);
    }
  };
  const onSignal = (signal: NodeJS.Signals) => {
    // Under npm, one Ctrl-C arrives twice: from the terminal, and passed on by npm.
    if (stoppingSince > 0 && performance.now() - stoppingSince > SAME_SIGNAL_MS) process.exit(1);
    if (stoppingSince === 0) log.info({ signal }, 'stopping');
    return end(0);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return end;
}

/** Ends a process with too many faults, so that a supervisor starts a fresh one. */
export function stopAfterFaults(log: Logger, end: (exitCode: number) => Promise<void>): void {
  surviveFaults(log, () => {
    log.fatal('too many faults in a short time; stopping');
    void end(1);
  });
}

if (import.meta.main) {
  const roles = process.argv.slice(2);
  if (roles.length === 0 || !roles.every((role): role is Role => role === 'api' || role === 'worker')) {
    console.error('Usage: node src/main.ts api, worker, or both');
    process.exit(2);
  }
  try {
    const config = loadConfig();
    const log = pino({ level: config.LOG_LEVEL });
    const darkroom = await startRoles(roles as Role[], config, log);
    log.info({ roles, url: darkroom.url }, 'Darkroom runs');
    stopAfterFaults(log, stopAtSignal(log, darkroom.stop));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
