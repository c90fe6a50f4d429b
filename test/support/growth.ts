/** Whether work grows with its input in proportion: four times the input may cost somewhat more than four times, never its square. */
import { expect } from 'vitest';

/**
 * Runs the work over a repeated unit of `length` characters and of four times as many. Processor time of this process counts, so a
 * busy machine changes nothing; of three runs the best, as a cold compiler or the collector can only add to it. What is over at once
 * is never held against itself: below `FREE_MS` there is nothing to measure. So `length` is such that a square could not hide there:
 * the square of four times 15 000 is some seconds.
 */
export async function expectProportion(unit: string, length: number, run: (text: string) => unknown): Promise<void> {
  const small = await bestOf(repeated(unit, length), run);
  const large = await bestOf(repeated(unit, length * 4), run);
  expect(
    large,
    `${JSON.stringify(unit)}: ${small.toFixed(1)} ms, four times as much ${large.toFixed(1)} ms`,
  ).toBeLessThan(Math.max(small, FREE_MS) * FACTOR_MAX);
}

const repeated = (unit: string, length: number): string =>
  unit.repeat(Math.ceil(length / unit.length)).slice(0, length);

async function bestOf(text: string, run: (text: string) => unknown): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 3; turn += 1) {
    const from = process.cpuUsage();
    await run(text);
    const { user, system } = process.cpuUsage(from);
    best = Math.min(best, (user + system) / 1_000);
    if (best < FREE_MS) break;
  }
  return best;
}

/** Four would be exact, sixteen the square. */
const FACTOR_MAX = 10;
const FREE_MS = 10;
