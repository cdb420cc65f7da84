/** One of the things that a part compares: does its work for one round and tells how much it got done per second. */
export interface Contestant {
  name: string;
  round(): Promise<number>;
}

/** A figure that must be reached, and whether it was. */
export interface Verdict {
  claim: string;
  figure: string;
  met: boolean;
}

/**
 * Lets contestants take turns, round after round, so that what else the machine does meets them all alike.
 *
 * @param rounds how many count, after one that does not
 * @returns the median of each, in the order of the contestants
 */
export async function takeTurns(contestants: readonly Contestant[], rounds: number): Promise<number[]> {
  const results = contestants.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      const result = await contestant.round();
      if (round >= 0) results[index]?.push(result);
    }
  }
  return results.map(median);
}

/** The middle one; of an even number, the lower of the two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

/** Prints what each contestant did, beside the first. */
export function printTable(unit: string, contestants: readonly Contestant[], medians: readonly number[]): void {
  const width = Math.max(...contestants.map((contestant) => contestant.name.length));
  const first = medians[0] ?? Number.NaN;
  for (const [index, { name }] of contestants.entries()) {
    const value = medians[index] ?? Number.NaN;
    const times = index === 0 ? '' : `   Darkroom is ${(first / value).toFixed(2)} × this`;
    console.log(`  ${name.padEnd(width)}  ${Math.round(value).toLocaleString('en').padStart(8)} ${unit}${times}`);
  }
}

/** A claim that one figure is at least so many times another. */
export function atLeast(times: number, subject: number, other: number, what: string): Verdict {
  const ratio = subject / other;
  return { claim: `at least ${times} × ${what}`, figure: `${ratio.toFixed(2)} ×`, met: ratio >= times };
}

/** A claim that one figure is at most so many times another. */
export function atMost(times: number, subject: number, other: number, what: string): Verdict {
  const ratio = subject / other;
  return { claim: `at most ${times} × ${what}`, figure: `${ratio.toFixed(2)} ×`, met: ratio <= times };
}
