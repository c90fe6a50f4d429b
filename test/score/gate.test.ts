/** The regression gate: the fast part of every scored folder stays at its targets, or where it was below them at what was reached. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Outcome } from '../../score/folder.ts';
import { folders } from '../../score/folders/index.ts';
import { isGood, isHeld, isMet, scoreFolder } from '../../score/row.ts';
import { toPage, toTerminal } from '../../score/scorecard.ts';
import { dataPath, describeWithData } from '../support/data.ts';

describeWithData('the scorecard, its fast part', () => {
  test.each(Object.entries(folders))(
    '%s is at its targets, or no further below them than before',
    async (name, load) => {
      const signal = new AbortController().signal;
      const row = await scoreFolder(name, load, { data: dataPath(), fast: true, signal });
      expect(row.fault).toBeUndefined();
      const lost = row.outcome?.measures.filter((measure) => !isHeld(measure));
      expect(lost, row.outcome?.misses.slice(0, 10).join('\n')).toEqual([]);
      // What reaches its target has no lower mark any more.
      const stale = row.outcome?.measures.filter((measure) => measure.held_at !== undefined && isMet(measure));
      expect(stale).toEqual([]);
    },
    120_000,
  );
});

test('every scorer in the folder has its line, under the name of its folder', async () => {
  const files = readdirSync(join(import.meta.dirname, '..', '..', 'score', 'folders'))
    .filter((name) => name !== 'index.ts')
    .map((name) => name.replace(/\.ts$/, ''));
  expect(Object.keys(folders).sort()).toEqual(files.sort());
  for (const [name, load] of Object.entries(folders)) expect((await load()).folder).toBe(name);
});

const options = { data: join(import.meta.dirname, '..'), fast: false, signal: new AbortController().signal };
const outcome = {
  cases: 2,
  measures: [
    { metric: 'recall', result: 0.9, target: 0.8, better: 'higher' as const },
    { metric: 'wrong', result: 1, target: 0, better: 'exact' as const },
  ],
  misses: ['a | b `c`\nd'],
  engine_ms: 1_500,
};
const scored = (score: () => Promise<Outcome>) => () => Promise.resolve({ folder: 'score', score });

test('a number below its target, a folder that throws, one that measured nothing and one that is not there are not good', async () => {
  const below = await scoreFolder(
    'score',
    scored(() => Promise.resolve(outcome)),
    options,
  );
  const thrown = await scoreFolder(
    'score',
    scored(() => Promise.reject(new Error('broken'))),
    options,
  );
  const empty = await scoreFolder(
    'score',
    scored(() => Promise.resolve({ ...outcome, cases: 0 })),
    options,
  );
  const absent = await scoreFolder(
    'nowhere',
    scored(() => Promise.resolve(outcome)),
    options,
  );
  expect([below, thrown, empty, absent].map(isGood)).toEqual([false, false, false, false]);
  expect([thrown, empty, absent].map(({ fault }) => fault)).toEqual([
    'broken',
    'nothing was measured',
    'the folder is not there',
  ]);
  const good = await scoreFolder(
    'score',
    scored(() => Promise.resolve({ ...outcome, measures: outcome.measures.slice(0, 1) })),
    options,
  );
  expect(isGood(good)).toBe(true);
  expect(isMet({ metric: 'x', result: Number.NaN, target: 0, better: 'higher' })).toBe(false);
});

test('a number below its target is held at what was reached: shown as not met, and lost when it falls further', async () => {
  const measured = async (result: number) =>
    scoreFolder(
      'score',
      scored(() =>
        Promise.resolve({
          ...outcome,
          measures: [{ metric: 'recall', result, target: 0.95, better: 'higher' as const, held_at: 0.4 }],
        }),
      ),
      options,
    );
  const [as_before, fallen] = [await measured(0.4), await measured(0.39)];
  expect([as_before, fallen].map(isGood)).toEqual([true, false]);
  expect(toPage([as_before])).toContain('| recall | 0.4 | ≥ 0.95, held at ≥ 0.4 | 1.5 s |  | **no** |');
});

test('table and page show every measure, the target, and the misses made harmless', async () => {
  const row = await scoreFolder(
    'score',
    scored(() => Promise.resolve(outcome)),
    options,
  );
  const page = toPage([row]);
  expect(page).toContain('| score | 2 | recall | 0.9 | ≥ 0.8 | 1.5 s |  | yes |');
  expect(page).toContain('|  |  | wrong | 1 | 0 |  |  | **no** |');
  expect(page).toContain('- a \\| b \\`c\\` d');
  expect(toTerminal([row])).toContain('a | b `c` d');
});
