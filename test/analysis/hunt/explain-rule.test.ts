/** An explanation says what a trial of the same rule says: filters and correlations decide in both. */
import { expect, test } from 'vitest';
import { explainRule, testRule } from '../../../analysis/hunt/index.ts';
import { openRecording } from '../../../analysis/recordings/index.ts';
import { compileRuleset } from '../../../analysis/sigma/index.ts';

const recorded = (...events: object[]) =>
  openRecording({
    name: 'day.jsonl',
    bytes: (async function* () {
      yield await Promise.resolve(Buffer.from(events.map((each) => JSON.stringify(each)).join('\n')));
    })(),
  });

const FILTERED = `title: Encoded
id: 11111111-1111-4111-8111-111111111111
logsource: {category: process_creation, product: windows}
detection:
  s:
    CommandLine|contains: ' -enc '
  condition: s
---
title: Ours
id: 44444444-4444-4444-8444-444444444444
logsource: {category: process_creation, product: windows}
filter:
  rules: [11111111-1111-4111-8111-111111111111]
  f:
    ParentImage|endswith: '\\explorer.exe'
  condition: not f
`;
const start = (parent: string) => ({
  Channel: 'Microsoft-Windows-Sysmon/Operational',
  EventID: 1,
  CommandLine: 'x -enc y',
  ParentImage: parent,
});
const both = [start('C:\\Windows\\explorer.exe'), start('C:\\b.exe')];

test('a hit that a filter takes away is no match, and filter, selection, field and value are named', async () => {
  const explained = await explainRule({ text: FILTERED }, recorded(...both), undefined);
  const trial = await testRule(FILTERED, recorded(...both));
  expect(explained.summary).toBe('It matches 1 of 2 events; 1 more is taken away by filters.');
  expect(trial.hits).toMatchObject([{ count: 1, locators: ['line 2'] }]);
  expect(explained.events.map(({ locator, matched }) => [locator, matched])).toEqual([
    ['line 2', true],
    ['line 1', false],
  ]);
  expect(explained.events[1]!.why).toBe(
    'It matches by s, and the filter Ours takes the hit away: f matches: ParentImage|endswith, \\explorer.exe fits in C:\\Windows\\explorer.exe.',
  );
  expect(explained.events[1]!.filters).toMatchObject([
    {
      title: 'Ours',
      suppresses: true,
      conditions: [{ text: 'not f', matched: false }],
      selections: [{ name: 'f', matched: true, fields: [{ key: 'ParentImage|endswith', matched: true }] }],
    },
  ]);
  expect(explained.events[0]!.filters).toMatchObject([{ title: 'Ours', suppresses: false }]);
});

test('the filters of the mounted rules count for a mounted rule too', async () => {
  const ruleset = await compileRuleset([{ path: 'a.yml', text: FILTERED }], 'v');
  const id = '11111111-1111-4111-8111-111111111111';
  const { summary } = await explainRule({ id }, recorded(both[0]!), ruleset);
  expect(summary).toContain('the filter Ours takes the hit away');
});

const correlation = (body: string): string => `title: Failed
id: 22222222-2222-4222-8222-222222222222
name: failed
logsource: {product: windows, service: security}
detection:
  s: {EventID: 4625}
  condition: s
---
title: Success
id: 22222222-2222-4222-8222-222222222223
name: success
logsource: {product: windows, service: security}
detection:
  s: {EventID: 4624}
  condition: s
---
title: Corr
id: 33333333-3333-4333-8333-333333333333
correlation:
  group-by: [TargetUserName]
  timespan: 5m
  ${body}
level: high
`;
const logon = (at: string, user: string | null, EventID = 4625, IpAddress = '10.0.0.5') => ({
  EventID,
  Channel: 'Security',
  TimeCreated: `2026-11-28T${at}Z`,
  Computer: 'DC1',
  TargetUserName: user,
  IpAddress,
});
const day = [
  logon('10:00:00', 'anna'),
  logon('10:02:00', 'anna'),
  logon('10:04:00', 'anna'),
  logon('10:30:00', null),
  logon('11:00:00', 'bob'),
  logon('11:06:00', 'bob'),
];

test('a correlation that fires is told with its group, its window, what it counted and when, as the trial counts it', async () => {
  const text = correlation('type: event_count\n  rules: [failed]\n  condition: {gte: 3}');
  const { correlations, summary } = await explainRule({ text }, recorded(...day), undefined);
  const trial = await testRule(text, recorded(...day));
  expect(trial.hits.find(({ rule }) => rule.startsWith('3333'))?.count).toBe(correlations[0]!.fired);
  expect(summary).toBe(
    'Failed matches 6 of 6 events. Success matches 0 of 6 events. Correlation Corr: It fired once: TargetUserName=anna: events 3 from 2026-11-28T10:00:00.000Z to 2026-11-28T10:04:00.000Z, wanted events >= 3 within 5m, by TargetUserName.',
  );
  expect(correlations).toMatchObject([
    {
      fired: 1,
      ungrouped: 1,
      rules: [{ title: 'Failed', hits: 6 }],
      groups: [
        { group: { TargetUserName: 'anna' }, fired_at: ['2026-11-28T10:04:00.000Z'], reached: 3, window: { hits: 3 } },
        { group: { TargetUserName: 'bob' }, fired: 0, reached: 1, hits: 2, locators: ['line 5'] },
      ],
    },
  ]);
});

test.each<[string, string, object[], number, object]>([
  ['values', 'type: value_count\n  rules: [failed]\n  condition: {gte: 2, field: IpAddress}', day, 0, { reached: 1 }],
  [
    'rules that must come together',
    'type: temporal\n  rules: [failed, success]',
    day,
    0,
    { reached: 1, missing: ['Success'] },
  ],
  [
    'rules in order',
    'type: temporal_ordered\n  rules: [failed, success]',
    [logon('10:00:00', 'anna'), logon('10:01:00', 'anna', 4624)],
    1,
    { reached: 2, missing: [] },
  ],
  [
    'rules in the wrong order',
    'type: temporal_ordered\n  rules: [failed, success]',
    [logon('10:00:00', 'anna', 4624), logon('10:01:00', 'anna')],
    0,
    { reached: 1 },
  ],
  [
    'a count that must stay small',
    'type: event_count\n  rules: [failed]\n  condition: {lt: 3}',
    day,
    2,
    { reached: 1 },
  ],
])('a correlation of %s says what it reached', async (_, body, events, fired, group) => {
  const text = correlation(body);
  const { correlations } = await explainRule({ text }, recorded(...events), undefined);
  expect(correlations[0]).toMatchObject({ fired, groups: [group, ...correlations[0]!.groups.slice(1)] });
});

test('a mounted correlation is explained over the rules that it rests on, and without any hit that is what it says', async () => {
  const text = correlation('type: event_count\n  rules: [failed]\n  condition: {gte: 3}');
  const ruleset = await compileRuleset([{ path: 'a.yml', text }], 'v');
  const id = '33333333-3333-4333-8333-333333333333';
  const explained = await explainRule({ id }, recorded(logon('10:00:00', 'anna', 4624)), ruleset);
  expect(explained.rule.title).toBe('Corr');
  expect(explained.correlations).toMatchObject([{ fired: 0, why: 'No rule it refers to has a hit.', groups: [] }]);
});
