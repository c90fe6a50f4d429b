/** One rule tried out over a recording: every event is asked, and what is shown is what somebody has to see. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { explainRule, testRule } from '../../../analysis/hunt/index.ts';
import { openRecording } from '../../../analysis/recordings/index.ts';
import { packIn } from '../../../score/sigma-pack.ts';
import { dataPath, describeWithData } from '../../support/data.ts';

const RULE = `title: Word starts PowerShell
id: 0c8f0a7e-3a43-4d0e-9d0b-6a7c9a1f5c01
logsource: {category: process_creation, product: windows}
detection:
  selection:
    ParentImage|endswith: '\\winword.exe'
    Image|endswith: '\\powershell.exe'
  condition: selection
`;
const UNDECIDABLE = RULE.replace("Image|endswith: '\\powershell.exe'", "Image|re: 'a(?=b)'");
const start = (parent: string, image: string, channel = 'Microsoft-Windows-Sysmon/Operational') =>
  JSON.stringify({ Channel: channel, EventID: 1, Image: `C:\\${image}`, ParentImage: `C:\\${parent}` });
const recorded = (...lines: string[]) =>
  openRecording({
    name: 'day.jsonl',
    bytes: (async function* () {
      yield await Promise.resolve(Buffer.from(lines.join('\n')));
    })(),
  });
const times = (count: number, line: string): string[] => Array.from({ length: count }, () => line);

test('the one match behind a hundred misses is found and shown first, and behind it the misses that came nearest', async () => {
  const explained = await explainRule(
    { text: RULE },
    recorded(
      ...times(60, start('explorer.exe', 'notepad.exe', 'Application')),
      ...times(39, start('explorer.exe', 'notepad.exe')),
      start('explorer.exe', 'powershell.exe'),
      start('winword.exe', 'powershell.exe'),
    ),
    undefined,
  );
  expect(explained.summary).toBe('It matches 1 of 101 events.');
  expect(explained.events.slice(0, 3).map(({ locator, matched }) => [locator, matched])).toEqual([
    ['line 101', true],
    ['line 100', false],
    ['line 61', false],
  ]);
  expect(explained.events).toHaveLength(6);
  expect(explained.more_events).toBe(95);
});

test('many matches are counted whole and shown up to a bound', async () => {
  const matches = times(300, start('winword.exe', 'powershell.exe'));
  const { summary, events, more_events } = await explainRule({ text: RULE }, recorded(...matches), undefined);
  expect([summary, events.length, more_events]).toEqual(['It matches 300 of 300 events.', 20, 280]);
});

test('a rule that cannot be decided has an answer of its own: neither hits, nor none, nor another log', async () => {
  const trial = await testRule(UNDECIDABLE, recorded(...times(50, start('winword.exe', 'powershell.exe'))));
  expect(trial.summary).toMatch(
    /cannot be decided here \(.*look.*\): whether it matches one of 50 events is not known/,
  );
  expect(trial.undecidable).toMatchObject([{ rule: '0c8f0a7e-3a43-4d0e-9d0b-6a7c9a1f5c01' }]);
  expect(trial.not_checked).toMatchObject([{ what: 'Word starts PowerShell, on every event' }]);
  expect(JSON.stringify(trial)).not.toContain('not for their log');
  const both = await testRule(
    `${UNDECIDABLE}---\n${RULE.replace('5c01', '5c02')}`,
    recorded(start('winword.exe', 'powershell.exe')),
  );
  expect(both.summary).toContain('1 hits in 1 events; 1 of 2 rules cannot be decided here');
});

describeWithData('a rule of the pack on a recorded attack', () => {
  test('all of its events are tried, and the hits come first', { timeout: 120_000 }, async () => {
    const pack = (await packIn(dataPath('sigma')))!;
    const rule = pack.rules.find(({ title }) => title === 'Dumping of Sensitive Hives Via Reg.EXE')!;
    const name = 'empire_shell_reg_dump_sam.zip';
    const bytes = createReadStream(join(dataPath('mordor'), name));
    const { events, summary } = await explainRule({ id: rule.id }, openRecording({ name, bytes }), pack);
    expect(summary).toMatch(/^It matches [1-9]\d* of 738 events\.$/);
    expect(events[0]!.matched).toBe(true);
  });
});
