/** The scorers of artefacts and command lines: the real cases reach their targets, and a changed answer is seen. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { atomic } from '../../score/folders/atomic.ts';
import { forensics } from '../../score/folders/forensics.ts';
import { dataPath, describeWithData } from '../support/data.ts';

const { signal } = new AbortController();

describeWithData('artefacts and command lines', () => {
  test('every fact of every artefact is exact', async () => {
    const { cases, measures, misses } = await forensics.score(dataPath('forensics'), { fast: false, signal });
    expect(misses).toEqual([]);
    expect(cases).toBeGreaterThan(8);
    expect(measures[0]?.result).toBe(1);
  });

  test('an answer that is not what the artefact says is a miss with both values', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'score-'));
    cpSync(dataPath('forensics'), folder, { recursive: true, mode: 0 });
    const answers = readFileSync(dataPath('forensics', 'expected.json'), 'utf8').replace(
      '"run_count": 7',
      '"run_count": 8',
    );
    rmSync(join(folder, 'expected.json'), { force: true });
    writeFileSync(join(folder, 'expected.json'), answers);
    const { measures, misses } = await forensics.score(folder, { fast: false, signal });
    expect(misses).toEqual(['BYTECODEGENERATOR.EXE-C1E9BCE6.pf run_count: 7, expected 8']);
    expect(measures[0]?.result).toBeLessThan(1);
    rmSync(folder, { recursive: true, force: true });
  });

  test('the family of technique is right for more than six commands of ten, each with what says so', async () => {
    const { cases, measures } = await atomic.score(dataPath('atomic'), { fast: false, signal });
    expect(cases).toBeGreaterThan(1_000);
    for (const { metric, result, target } of measures) expect(result, metric).toBeGreaterThanOrEqual(target);
  }, 60_000);
});
