import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits for a condition.
 *
 * @param probe answers something truthy when it holds; what it throws ends the waiting
 * @param seconds how long it may take
 * @returns what the probe answered
 */
export async function until<T>(probe: () => Promise<T | undefined | null | false | ''>, seconds = 30): Promise<T> {
  const deadline = Date.now() + seconds * 1_000;
  for (;;) {
    const answer = await probe();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`Not so within ${seconds} seconds: ${probe}`);
    await delay(20);
  }
}
