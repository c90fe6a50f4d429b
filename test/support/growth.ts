/** Whether work grows with its input in proportion: four times the input may cost somewhat more than four times, never its square. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'vitest';

/**
 * Runs the work over a repeated unit of `length` characters and of four times as many. Processor time of this process counts, so a
 * busy machine changes nothing, and of some runs the best, as a cold compiler or the collector can only add to it: it adds most in a
 * process that has run other tests, so a round that is out of proportion is run again with a collected heap, and a square is out of
 * proportion in each. Below `FREE_MS` there is nothing to measure, so `length` is such that a square could not hide there: the square
 * of four times 15 000 is some seconds.
 */
export async function expectProportion(unit: string, length: number, run: (text: string) => unknown): Promise<void> {
  const texts = [repeated(unit, length), repeated(unit, length * 4)] as const;
  let small = await bestOf(texts[0], run, FREE_MS);
  let large = await bestOf(texts[1], run, boundOf(small));
  for (let round = 1; round < ROUNDS && large >= boundOf(small); round += 1) {
    small = Math.min(small, await bestOf(texts[0], run, FREE_MS, collect));
    large = Math.min(large, await bestOf(texts[1], run, boundOf(small), collect));
  }
  const told = `${JSON.stringify(unit)}: ${small.toFixed(1)} ms, four times as much ${large.toFixed(1)} ms`;
  expect(large, told).toBeLessThan(boundOf(small));
}

const repeated = (unit: string, length: number): string =>
  unit.repeat(Math.ceil(length / unit.length)).slice(0, length);

const boundOf = (small: number): number => Math.max(small, FREE_MS) * FACTOR_MAX;

/** The least of some turns, ms; below `enough_ms` no other turn would change the answer. */
async function bestOf(
  text: string,
  run: (text: string) => unknown,
  enough_ms: number,
  before = () => {},
): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < TURNS && best >= enough_ms; turn += 1) {
    before();
    const from = process.cpuUsage();
    await run(text);
    const { user, system } = process.cpuUsage(from);
    best = Math.min(best, (user + system) / 1_000);
  }
  return best;
}

/** Collects garbage now: the collector is not in reach unless V8 is asked for it. */
function collect(): void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  gc();
}

/** Four would be exact, sixteen the square. */
const FACTOR_MAX = 10;
const FREE_MS = 10;
const ROUNDS = 5;
const TURNS = 3;
