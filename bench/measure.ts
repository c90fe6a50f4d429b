/** How a ratio comes about: product and peer take turns inside one run, each round gives one, the median counts. */

/** Figures of several rounds. */
export interface Spread {
  median: number;
  least: number;
  most: number;
}

/** The middle one; of two middle ones their mean. NaN of nothing. */
export function medianOf(figures: readonly number[]): number {
  const sorted = figures.toSorted((left, right) => left - right);
  const half = sorted.length >> 1;
  const [upper = NaN, lower = NaN] = [sorted[half], sorted[half - 1]];
  return sorted.length % 2 === 1 ? upper : (lower + upper) / 2;
}

export const spreadOf = (figures: readonly number[]): Spread => ({
  median: medianOf(figures),
  least: Math.min(...figures),
  most: Math.max(...figures),
});

/**
 * Lets everybody act once a round, in turns: every other round goes backwards, so that nobody always comes after the same
 * neighbour. Answers what each told, round by round.
 */
export async function takeTurns<K, T>(
  rounds: number,
  who: readonly K[],
  act: (who: K, round: number) => Promise<T>,
): Promise<Map<K, T[]>> {
  const told = new Map<K, T[]>(who.map((each) => [each, []]));
  for (let round = 0; round < rounds; round++) {
    for (const each of round % 2 === 0 ? who : who.toReversed()) told.get(each)?.push(await act(each, round));
  }
  return told;
}

/** One ratio a round; both were measured in the same one. */
export const ratiosOf = (ours: readonly number[], theirs: readonly number[]): number[] =>
  ours.map((figure, round) => figure / (theirs[round] ?? NaN));
