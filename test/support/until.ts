import { setTimeout as delay } from 'node:timers/promises';

const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 100;

/**
 * Waits for a condition. Probes less often the longer it waits, so that a long wait takes no CPU from the servers.
 *
 * @param probe answers something truthy when the condition holds; what it throws ends the waiting
 * @param seconds how long it may take
 * @param longestPauseMs the longest pause between two probes, for a condition that soon ceases to hold
 * @returns what the probe answered
 */
export async function until<T>(
  probe: () => Promise<T | undefined | null | false | ''>,
  seconds = 30,
  longestPauseMs = LONGEST_PAUSE_MS,
): Promise<T> {
  const start = Date.now();
  for (;;) {
    const answer = await probe();
    if (answer) return answer;
    const waited = Date.now() - start;
    if (waited > seconds * 1_000) throw new Error(`Not so within ${seconds} seconds: ${probe}`);
    await delay(Math.min(longestPauseMs, Math.max(FIRST_PAUSE_MS, waited / 10)));
  }
}
