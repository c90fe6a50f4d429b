/** The threat hunter, called as a peer calls it. */
import { expect, test } from 'vitest';
import { threatHunter } from '../../agents/threat-hunter.ts';
import { starterPack } from '../../boot/starter.ts';
import { literalContent } from '../../seams/index.ts';
import { zipOf } from '../analysis/readers/packed.ts';
import { callerOf } from '../support/caller.ts';

const pack = starterPack('sigma', { error: () => undefined })!;
const starter = { ...pack, name: 'sigma', data: { files: filesOf(pack.data) } };
const { call } = callerOf(threatHunter, { content: literalContent([starter]) });

/** The starter pack under the name by which the product mounts it. */
function filesOf(data: unknown): { path: string; text: string }[] {
  const { files } = data as { files: { path: string; text: string }[] };
  return files.map(({ path, text }) => ({ path: `starter/${path}`, text }));
}
const sysmon = (fields: object, second = 0): string =>
  JSON.stringify({
    '@timestamp': `2026-01-05T10:00:${String(second).padStart(2, '0')}Z`,
    Channel: 'Microsoft-Windows-Sysmon/Operational',
    EventID: 1,
    Hostname: 'WS-042',
    ...fields,
  });
const macro = sysmon({ Image: 'C:\\Windows\\System32\\cmd.exe', ParentImage: 'C:\\Office\\WINWORD.EXE' });
const quiet = sysmon({ Image: 'C:\\Windows\\System32\\notepad.exe', ParentImage: 'C:\\Windows\\explorer.exe' });
const OWN_RULE = `title: Shell
id: 11111111-1111-4111-8111-111111111111
logsource: {category: process_creation, product: windows}
detection:
  s:
    Image|endswith: '\\\\cmd.exe'
  condition: s
`;
const recording = (...lines: string[]) => ({ name: 'day.jsonl', text: lines.join('\n') });

test('every example of every skill is answered, and the same again', async () => {
  for (const { id, examples = [] } of threatHunter.skills) {
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      expect(JSON.stringify(await call(id, example))).toBe(JSON.stringify(await call(id, example)));
    }
  }
});

test('a hit is one finding that says which fields decided, where, and which technique that is', async () => {
  const result = await call('run_sigma', { events: recording(quiet, macro) });
  expect(result).toMatchObject({
    severity: 'high',
    findings: [
      {
        title: expect.stringContaining('Office program starts a shell') as string,
        evidence: [
          { source: 'day.jsonl', locator: 'line 2', excerpt: expect.stringContaining('WINWORD.EXE') as string },
        ],
      },
    ],
    mitre_techniques: ['T1059', 'T1204.002'],
    checked: [{ corpus: { items: 2, items_read: 2 }, control: expect.stringContaining('planted') as string }],
  });
  expect(JSON.stringify(result)).toContain('only the starter pack ran');
});

test('a hit that is only information keeps its tag and names no technique of the verdict', async () => {
  const rule = (level: string, tag: string, image: string) =>
    `title: ${level}\nid: ${level}\nlevel: ${level}\ntags: [attack.${tag}]\nlogsource: {product: windows}\ndetection:\n  s: {Image|endswith: ${image}}\n  condition: s\n`;
  const files = [
    { path: 'logoff.yml', text: rule('informational', 't1531', 'notepad.exe') },
    { path: 'shell.yml', text: rule('low', 't1059.003', 'cmd.exe') },
  ];
  const own = callerOf(threatHunter, { content: literalContent([{ ...starter, data: { files } }]) });
  expect(await own.call('run_sigma', { events: recording(quiet) })).toMatchObject({
    findings: [{ severity: 'info', techniques: ['T1531'] }],
    mitre_techniques: [],
    techniques: [],
  });
  expect(await own.call('run_sigma', { events: recording(quiet, macro) })).toMatchObject({
    findings: [{ techniques: ['T1059.003'] }, { techniques: ['T1531'] }],
    mitre_techniques: ['T1059.003'],
  });
});

test('evidence out of an archive names the archive once, and the file and line inside it', async () => {
  const base64 = zipOf([{ name: 'y.json', bytes: `${quiet}\n${macro}` }]).toString('base64');
  expect(await call('run_sigma', { events: { name: 'x.zip', base64 } })).toMatchObject({
    findings: [{ evidence: [{ source: 'x.zip', locator: 'y.json, line 2' }] }],
  });
});

test('a rule that fires a hundred times in one process tree and hour is one finding with a count', async () => {
  const many = Array.from({ length: 100 }, (_, index) =>
    sysmon(
      {
        Image: 'C:\\Windows\\System32\\cmd.exe',
        ParentImage: 'C:\\Office\\WINWORD.EXE',
        ProcessGuid: `{child-${index}}`,
        ParentProcessGuid: '{word}',
      },
      index % 60,
    ),
  );
  const { findings } = (await call('run_sigma', { events: recording(...many) })) as { findings: { title: string }[] };
  expect(findings.map(({ title }) => title)).toEqual([expect.stringContaining('100 events')]);
  const elsewhere = macro.replace('WS-042', 'WS-043');
  const two = (await call('run_sigma', { events: recording(macro, elsewhere) })) as { findings: unknown[] };
  expect(two.findings).toHaveLength(2);
});

test('a quiet recording is benign with a receipt; one that no rule speaks about, or that is empty, is not', async () => {
  expect(await call('run_sigma', { events: recording(quiet) })).toMatchObject({ verdict: 'benign', findings: [] });
  const strange = JSON.stringify({ hello: 'world' });
  expect(await call('run_sigma', { events: recording(strange) })).toMatchObject({
    verdict: 'inconclusive',
    not_checked: expect.arrayContaining([
      { what: '1 of 1 events', why: expect.stringContaining('no rule is for their log') as string },
    ]) as unknown,
  });
  expect(await call('run_sigma', { events: recording(quiet, strange) })).toMatchObject({
    verdict: 'inconclusive',
    checked: [{ corpus: { items: 2, items_read: 2, items_judged: 1 } }],
  });
  expect(await call('run_sigma', { events: recording('') })).toMatchObject({ verdict: 'inconclusive' });
  const broken = await call('run_sigma', { events: recording(quiet, '{"broken":') });
  expect(broken).toMatchObject({ verdict: 'inconclusive' });
});

test('a saved hive is told; what Windows itself exports of other keys below it is not', async () => {
  const reg = (CommandLine: string) => sysmon({ Image: 'C:\\Windows\\System32\\reg.exe', CommandLine });
  const titles = async (command: string) =>
    ((await call('run_sigma', { events: recording(reg(command)) })) as { findings: { title: string }[] }).findings.map(
      ({ title }) => title,
    );
  const told = [expect.stringContaining('Registry keys with credentials')];
  expect(await titles('reg save HKLM\\SYSTEM C:\\s.hiv')).toEqual(told);
  expect(await titles('reg.exe  export "HKEY_LOCAL_MACHINE\\system" s.reg /y')).toEqual(told);
  expect(await titles('reg save hklm\\sam\\ s')).toEqual(told);
  expect(await titles('reg export HKLM\\SAM\\SAM\\Domains\\Account s.reg')).toEqual(told);
  expect(await titles('reg save hklm\\security\\policy\\secrets s')).toEqual(told);
  // gatherNetworkInfo.vbs, which Windows ships
  expect(await titles('reg export HKLM\\SYSTEM\\CurrentControlSet\\Control\\Winlogon\\Notifications n.txt /y')).toEqual(
    [],
  );
  expect(await titles('reg export "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services" s.reg')).toEqual([]);
});

test('without any rules a hunt says so', async () => {
  const bare = callerOf(threatHunter);
  expect(await bare.call('run_sigma', { events: recording(quiet) })).toMatchObject({
    checked: [{ question: expect.stringContaining('0 Sigma rules') as string }],
    verdict: 'inconclusive',
  });
});

test('rules that come with the call are run instead, and one that is wrong is 4222 with its place', async () => {
  const rules =
    'title: t\nlogsource: {product: windows}\ndetection:\n  s:\n    Image|endswith: notepad.exe\n  condition: s\n';
  const result = await call('run_sigma', { events: recording(quiet), rules });
  expect(result).toMatchObject({ findings: [{ title: expect.stringContaining('t on WS-042') as string }] });
  await expect(
    call('run_sigma', { events: recording(quiet), rules: rules.replace('endswith', 'endswit') }),
  ).rejects.toMatchObject({
    code: 4222,
    message: expect.stringMatching(/^5:5 .*endswit is not known/) as string,
  });
});

test('a spray of passwords is told once, its single failures not at all', async () => {
  const failures = Array.from({ length: 12 }, (_, index) =>
    JSON.stringify({
      '@timestamp': `2026-01-05T10:00:${10 + index}Z`,
      Channel: 'Security',
      EventID: 4625,
      TargetUserName: `user${index}`,
      IpAddress: '10.0.0.9',
    }),
  );
  const result = (await call('run_sigma', { events: recording(...failures) })) as { findings: { title: string }[] };
  expect(result.findings.map(({ title }) => title)).toEqual([expect.stringMatching(/^One address fails .*10 events/)]);
});

test('search finds by field and word, newest first, in the range, and stacks values rarest first', async () => {
  const late = sysmon({ Image: 'C:\\late.exe' }, 50);
  const found = await call('search_logs', {
    events: recording(macro, late, quiet),
    query: 'Image:*.exe NOT notepad',
    stack_by: 'Image',
  });
  expect(found).toMatchObject({ matched: 2, searched: 3, events: [{ locator: 'line 2' }, { locator: 'line 1' }] });
  expect(found).toMatchObject({
    stack: [{ value: 'C:\\Windows\\System32\\cmd.exe', count: 1 }, { value: 'C:\\late.exe' }],
  });
  const recent = await call('search_logs', { events: recording(macro, late), time_range: '10s' });
  expect(recent).toMatchObject({ matched: 1, events: [{ locator: 'line 2' }] });
  await expect(call('search_logs', { events: recording(macro), query: 'a AND (b' })).rejects.toMatchObject({
    code: 4220,
  });
});

test('what was not read is said by a search and by an explanation, and values outside the range are not counted', async () => {
  const broken = '{"Image": "C:\\\\x';
  const gap = [
    expect.objectContaining({ what: expect.stringMatching(/day.jsonl: (?:line|record) [12]/) as string }),
  ] as unknown[];
  expect(await call('search_logs', { events: recording(broken) })).toMatchObject({ searched: 0, not_checked: gap });
  expect(await call('search_logs', { events: recording(macro) })).toMatchObject({ searched: 1, not_checked: [] });
  expect(await call('explain_rule', { rule: OWN_RULE, events: recording(macro, broken) })).toMatchObject({
    not_checked: gap,
  });
  await expect(call('explain_rule', { rule: OWN_RULE, events: recording(broken) })).rejects.toMatchObject({
    code: 4220,
    message: expect.stringMatching(/no event in it: .*record 1/) as string,
  });
  const late = sysmon({ Image: 'C:\\late.exe' }, 50);
  expect(
    await call('search_logs', { events: recording(macro, late, quiet), time_range: '10s', stack_by: 'Image' }),
  ).toMatchObject({ matched: 1, stack: [{ value: 'C:\\late.exe', count: 1, first: 'line 2' }] });
});

test('a hypothesis names its rules and logs; a technique that no rule covers is said to be one', async () => {
  expect(await call('hunt_hypothesis', { technique: 'T1003.001', events: recording(macro) })).toMatchObject({
    hypothesis: {
      technique: { id: 'T1003.001', name: 'LSASS Memory' },
      rules: expect.arrayContaining([expect.objectContaining({ match: 'exact' })]) as unknown,
      logs: expect.arrayContaining([expect.objectContaining({ logsource: 'windows/process_access' })]) as unknown,
    },
  });
  const uncovered = await call('hunt_hypothesis', { technique: 'T1222' });
  expect(uncovered).toMatchObject({
    verdict: 'inconclusive',
    hypothesis: { rules: [], gaps: ['no rule covers T1222'] },
  });
  expect(JSON.stringify(uncovered)).toContain('T1222: no rule covers T1222');
  // An id of an older version leads to today's.
  expect(await call('hunt_hypothesis', { technique: 'T1562.002' })).toMatchObject({
    hypothesis: { technique: { id: 'T1685.001', asked_as: 'T1562.002' } },
  });
});

test('an explanation names the selection, the field, the value and the reason', async () => {
  const [example] = threatHunter.skills.find(({ id }) => id === 'explain_rule')!.examples!;
  expect(await call('explain_rule', example)).toMatchObject({
    events: [
      { matched: true, locator: expect.any(String) as string, selections: [{ name: 'selection', matched: true }] },
    ],
  });
  const missed = { ...(example as object), events: recording(quiet) };
  expect(await call('explain_rule', missed)).toMatchObject({
    summary: expect.stringContaining('ParentImage|endswith') as string,
    events: [
      {
        matched: false,
        selections: [
          {
            fields: [
              {
                key: 'ParentImage|endswith',
                matched: false,
                event_values: ['C:\\Windows\\explorer.exe'],
                missed_values: ['\\winword.exe'],
              },
              { key: 'Image|endswith', matched: false },
            ],
          },
        ],
      },
    ],
  });
  await expect(call('explain_rule', { rule_id: 'nobody', events: recording(quiet) })).rejects.toMatchObject({
    code: 4220,
  });
});

test('a rule under test: its problems with places, its hits, and what was not tried', async () => {
  const rule =
    'title: t\nlogsource: {product: windows}\ndetection:\n  s: {Image|endswith: notepad.exe}\n  condition: s or q\n';
  expect(await call('test_rule', { rule })).toMatchObject({
    valid: false,
    problems: [{ severity: 'error', path: 'detection.condition', line: 5, column: 19 }],
  });
  const sound = rule.replace(' or q', '');
  expect(await call('test_rule', { rule: sound, events: recording(quiet, macro) })).toMatchObject({
    valid: true,
    events: 2,
    hits: [{ rule: 't', count: 1, locators: ['line 1'] }],
  });
  expect(await call('test_rule', { rule: sound })).toMatchObject({ not_checked: [{ what: 'what it matches' }] });
});
