import { readdirSync } from 'node:fs';
import { constants, getPriority, setPriority } from 'node:os';

const PRIORITY = constants.priority.PRIORITY_BELOW_NORMAL;

/**
 * Lets other processes of this machine go first when they need its processors. A process that already has a lower
 * priority keeps it, and one that may not change its priority goes on without.
 */
export function lowerPriority(): void {
  for (const id of threads()) {
    try {
      if (getPriority(id) < PRIORITY) setPriority(id, PRIORITY);
    } catch {
      // The system does not allow it, or the thread has ended.
    }
  }
}

/**
 * The ids of what has a priority of its own: on Linux each thread. The threads that decode exist before any of our code
 * runs. A thread that is created later has the priority of the one that creates it.
 */
function threads(): number[] {
  return process.platform === 'linux' ? readdirSync('/proc/self/task').map(Number) : [process.pid];
}
