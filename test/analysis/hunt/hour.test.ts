/** Times as findings and searches say them: in UTC, though a collector stamped the local time of the host as UTC. */
import { createReadStream } from 'node:fs';
import { expect, test } from 'vitest';
import { huntWithRules, searchEvents } from '../../../analysis/hunt/index.ts';
import { openRecording } from '../../../analysis/recordings/index.ts';
import { compileRuleset } from '../../../analysis/sigma/index.ts';
import { dataPath, describeWithData } from '../../support/data.ts';

const RULE =
  'title: Dumped\nlevel: high\nlogsource: {product: windows}\ndetection:\n  s: {CommandLine|contains: MiniDump}\n  condition: s\n';
const COUNT =
  'title: Many\ncorrelation: {type: event_count, rules: [dump], group-by: [Hostname], timespan: 1h, condition: {gte: 2}}\nlevel: high\n';
const event = (fields: object) => ({
  '@timestamp': '2023-08-18T09:00:03.500Z',
  Channel: 'Microsoft-Windows-Sysmon/Operational',
  EventID: 1,
  Hostname: 'PRD01',
  Image: 'C:\\Windows\\System32\\rundll32.exe',
  CommandLine: 'rundll32 comsvcs.dll MiniDump 628',
  UtcTime: '2023-08-18 16:00:03.100',
  ...fields,
});
const open = (...events: object[]) =>
  openRecording({
    name: 'x.jsonl',
    bytes: (async function* () {
      yield await Promise.resolve(Buffer.from(events.map((each) => JSON.stringify(each)).join('\n')));
    })(),
  });
const hunted = async (rules: string, ...events: object[]) => {
  const { findings, not_checked } = await huntWithRules({
    name: 'x.jsonl',
    recording: open(...events),
    ruleset: await compileRuleset([{ path: 'r.yml', text: rules }], 'v'),
  });
  return { titles: findings.map(({ title }) => title), gaps: JSON.stringify(not_checked) };
};

test('a hit is in the hour that UtcTime says', async () => {
  expect((await hunted(RULE, event({}))).titles).toEqual(['Dumped on PRD01 in the hour of 2023-08-18T16:00Z']);
  const india = event({ '@timestamp': '2023-08-18T21:30:03.500Z' });
  expect((await hunted(RULE, india)).titles).toEqual(['Dumped on PRD01 in the hour of 2023-08-18T15:30Z']);
  const alike = event({ '@timestamp': '2023-08-18T16:00:04Z' });
  expect((await hunted(RULE, alike)).titles).toEqual(['Dumped on PRD01 in the hour of 2023-08-18T16:00Z']);
});

test('what carries no UtcTime is corrected as the Sysmon events of the same collector are, and that is said', async () => {
  const told = Array.from({ length: 5 }, () => event({ CommandLine: 'x' }));
  const audit = event({ Channel: 'Security', EventID: 4688, UtcTime: undefined });
  const { titles, gaps } = await hunted(RULE, ...told, audit);
  expect(titles).toEqual(['Dumped on PRD01 in the hour of 2023-08-18T16:00Z']);
  expect(gaps).toContain('@timestamp differs from UtcTime of 5 Sysmon events by -7 h');
});

test('an hour that nobody knows in UTC names its clock', async () => {
  const local = event({ '@timestamp': undefined, UtcTime: undefined, EventTime: '2023-08-18 09:00:03' });
  expect((await hunted(RULE, local)).titles).toEqual(['Dumped on PRD01 in the hour of 2023-08-18T09:00 by EventTime']);
  const replayed = event({ '@timestamp': '2026-01-01T09:07:03Z' });
  expect((await hunted(RULE, replayed)).titles).toEqual([
    'Dumped on PRD01 in the hour of 2026-01-01T09:00 by @timestamp',
  ]);
});

test('a correlation spans what UtcTime says', async () => {
  const dump = RULE.replace('level:', 'name: dump\nlevel:');
  const { titles } = await hunted(`${dump}---\n${COUNT}`, ...Array.from({ length: 5 }, () => event({})));
  expect(titles[0]).toMatch(/^Many: \d events from 2023-08-18T16:00:03.500Z to 2023-08-18T16:00:03.500Z$/);
});

test('a search shows the time that UtcTime says, under its ECS name too', async () => {
  expect(await searchEvents(open(event({})), { query: 'MiniDump', results_max: 1 })).toMatchObject({
    newest_at: '2023-08-18T16:00:03.500Z',
    events: [
      { at: '2023-08-18T16:00:03.500Z', clock: '@timestamp', ecs: { '@timestamp': '2023-08-18T16:00:03.500Z' } },
    ],
  });
});

describeWithData('the campaign', () => {
  test('the dump is found in the hour of the answer key', async () => {
    const recording = openRecording({
      name: 'host-events.zip',
      bytes: createReadStream(dataPath('campaign', 'host-events.zip')),
    });
    const { events } = await searchEvents(recording, { query: 'EventID:1 AND MiniDump', results_max: 5 });
    expect(events.map(({ at }) => at)).toEqual([expect.stringMatching(/^2023-08-18T16:00:0/)]);
  }, 60_000);
});
