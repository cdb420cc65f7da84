import { GraphQLError } from 'graphql';
import type { Logger } from 'pino';

/** More faults than this within FAULTS_WITHIN_MS, and the process ends. */
const MAX_FAULTS = 10;
const FAULTS_WITHIN_MS = 60_000;

/** Where faults are reported: the process. */
interface FaultEvents {
  on(event: 'uncaughtException' | 'unhandledRejection', listener: (error: unknown) => void): unknown;
}

/**
 * Keeps the process alive when an exception or a rejected promise escapes: it serves other clients, and what the
 * exception interrupted was one of many requests. Each is logged as a fault, with the number of faults so far. Faults
 * that repeat quickly show that the process is broken as a whole.
 *
 * Call it after the start, because a fault before that must end the process.
 *
 * @param onTooMany ends the process; called once, when more than 10 faults have happened within a minute
 */
export function surviveFaults(log: Logger, onTooMany: () => void, events: FaultEvents = process): void {
  let faults = 0;
  let recent: number[] = [];
  const onFault = (error: unknown, kind: string) => {
    faults++;
    log.fatal({ err: error instanceof Error ? error : new Error(String(error)), faults }, `a fault: ${kind}`);
    if (recent.length > MAX_FAULTS) return;
    const now = performance.now();
    recent = [...recent.filter((time) => time > now - FAULTS_WITHIN_MS), now];
    if (recent.length > MAX_FAULTS) onTooMany();
  };
  events.on('uncaughtException', (error) => onFault(error, 'an exception that nothing caught'));
  events.on('unhandledRejection', (error) => {
    // graphql-js leaves the error of a field unhandled when another one has made their parent null already. The answer
    // is right all the same, and clients must not end the process with such errors.
    if (error instanceof GraphQLError && error.path) return;
    onFault(error, 'a rejected promise that nothing handled');
  });
}
