/** The scorer of event logs: the real cases reach the target, and a log that lost a record does not. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { evtx } from '../../score/folders/evtx.ts';
import { dataPath, describeWithData } from '../support/data.ts';

const { signal } = new AbortController();

describeWithData('event logs', () => {
  test('every record of every log parses and every histogram is exact', async () => {
    const { cases, measures, misses } = await evtx.score(dataPath('evtx'), { fast: false, signal });
    expect(misses).toEqual([]);
    expect(cases).toBeGreaterThan(40);
    expect(measures.map(({ result }) => result)).toEqual([1, 1]);
  });

  test('a log with a damaged record falls short of the target', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'score-'));
    const file = 'DE_1102_security_log_cleared.evtx.gz';
    const bytes = gunzipSync(readFileSync(dataPath('evtx', file)));
    bytes.fill(0, 4096 + 512, 4096 + 560); // the first record's header
    writeFileSync(join(folder, file), gzipSync(bytes));
    cpSync(dataPath('evtx', 'expected.json'), join(folder, 'all.json'));
    const all = JSON.parse(readFileSync(join(folder, 'all.json'), 'utf8')) as { cases: { file: string }[] };
    writeFileSync(
      join(folder, 'expected.json'),
      JSON.stringify({ cases: all.cases.filter((each) => each.file === file) }),
    );
    const { measures, misses } = await evtx.score(folder, { fast: false, signal });
    expect(measures[0]?.result).toBeLessThan(1);
    expect(measures[1]?.result).toBe(0);
    expect(misses).toHaveLength(1);
    rmSync(folder, { recursive: true });
  });
});
