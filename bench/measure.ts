/**
 * One of the implementations that a benchmark compares. `round` works for one round and returns its rate per second.
 */
export interface Contestant {
  name: string;
  round(): Promise<number>;
}

/** A claim, the measured figure, and whether the figure meets the claim. */
export interface Verdict {
  claim: string;
  figure: string;
  met: boolean;
}

/**
 * Lets contestants take turns, round after round, so that other load on the machine affects all of them alike.
 *
 * @param rounds the number of counted rounds, after one that is not counted
 * @returns the median rate of each, in the order of the contestants
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

/** The median; of an even number of values, the lower of the middle two. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** A quantile, such as 0.99: the smallest value that at least this part of the values does not exceed. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * part) - 1] ?? Number.NaN;
}

/** Prints the median of each contestant, and how many times as fast the first one is. */
export function printTable(unit: string, contestants: readonly Contestant[], medians: readonly number[]): void {
  const width = Math.max(...contestants.map((contestant) => contestant.name.length));
  const first = medians[0] ?? Number.NaN;
  for (const [index, { name }] of contestants.entries()) {
    const value = medians[index] ?? Number.NaN;
    const times = index === 0 ? '' : `   Darkroom is ${(first / value).toFixed(2)} × this`;
    console.log(`  ${name.padEnd(width)}  ${Math.round(value).toLocaleString('en').padStart(8)} ${unit}${times}`);
  }
}

/** The claim that `subject` is at least `times` × `other`. @param what names `other` */
export function atLeast(times: number, subject: number, other: number, what: string): Verdict {
  const ratio = subject / other;
  return { claim: `at least ${times} × ${what}`, figure: `${ratio.toFixed(2)} ×`, met: ratio >= times };
}

/** The claim that `subject` is at most `times` × `other`. @param what names `other` */
export function atMost(times: number, subject: number, other: number, what: string): Verdict {
  const ratio = subject / other;
  return { claim: `at most ${times} × ${what}`, figure: `${ratio.toFixed(2)} ×`, met: ratio <= times };
}
