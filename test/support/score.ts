/** Asks a scored folder and holds each of its measures against its target. */
import { expect } from 'vitest';
import type { Outcome, ScoredFolder } from '../../score/folder.ts';
import { dataPath } from './data.ts';

/** Scores the cases beside the project and fails for every measure that misses its target, showing some of the misses. */
export async function expectTargets(scored: ScoredFolder, { fast = false } = {}): Promise<Outcome> {
  const outcome = await scored.score(dataPath(scored.folder), { fast, signal: new AbortController().signal });
  const shown = outcome.measures.map(({ metric, result, target }) => `${metric} ${result} (${target})`);
  console.log(`${scored.folder}: ${outcome.cases} cases; ${shown.join(', ')}; ${outcome.engine_ms} ms`);
  expect(outcome.cases).toBeGreaterThan(0);
  const below = outcome.measures.filter(({ result, target, better }) =>
    better === 'exact' ? result !== target : better === 'higher' ? result < target : result > target,
  );
  expect(below, outcome.misses.slice(0, 20).join('\n')).toEqual([]);
  return outcome;
}
