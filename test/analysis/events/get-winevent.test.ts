/** Records as `Get-WinEvent | ConvertTo-Json` writes them: read as those of the log itself, their data out of the message. */
import { expect, test } from 'vitest';
import { normalizeEvent } from '../../../analysis/events/index.ts';
import { accusations, assessed } from '../endpoint/assessed.ts';

const record = (Id: number, Message: string, more: object = {}) => ({
  Id,
  Version: 2,
  LogName: 'Security',
  ProviderName: 'Microsoft-Windows-Security-Auditing',
  RecordId: 7,
  ProcessId: 4,
  ThreadId: 5,
  MachineName: 'WS1.corp.example',
  UserId: null,
  TimeCreated: '/Date(1764000000000)/',
  Properties: [{ Value: 'x' }],
  Message,
  ...more,
});
const START =
  'A new process has been created.\r\n\r\nCreator Subject:\r\n\tSecurity ID:\t\tS-1-5-21-1-2-3-1104\r\n\tAccount Name:\t\tmallory\r\n\tAccount Domain:\t\tCORP\r\n\tLogon ID:\t\t0x3E7\r\n\r\nTarget Subject:\r\n\tSecurity ID:\t\tS-1-0-0\r\n\tAccount Name:\t\t-\r\n\r\nProcess Information:\r\n\tNew Process ID:\t\t0x1a2c\r\n\tNew Process Name:\tC:\\Windows\\System32\\vssadmin.exe\r\n\tCreator Process ID:\t0x4d2\r\n\tCreator Process Name:\tC:\\Windows\\System32\\cmd.exe\r\n\tProcess Command Line:\tvssadmin delete shadows /all /quiet\r\n\r\nToken Elevation Type indicates the type of token that was assigned.';

test('names, times and the lines of the message become the fields of the record', () => {
  const event = normalizeEvent(record(4688, START), 'record 1');
  expect(event?.origin).toMatchObject({ channel: 'Security', event_id: '4688', categories: ['process_creation'] });
  expect(event?.host).toBe('WS1.corp.example');
  expect(event?.at_ms).toBe(1_764_000_000_000);
  expect(Object.fromEntries(event?.fields ?? [])).toMatchObject({
    CommandLine: 'vssadmin delete shadows /all /quiet',
    Image: 'C:\\Windows\\System32\\vssadmin.exe',
    ParentImage: 'C:\\Windows\\System32\\cmd.exe',
    NewProcessId: '0x1a2c',
    ProcessId: '0x4d2',
    ExecutionProcessID: 4,
    SubjectUserName: 'mallory',
    User: 'CORP\\mallory',
    EventRecordID: 7,
  });
});

test('what was started is judged as in the log itself, with newer times and messages of Sysmon as well', async () => {
  expect(accusations(await assessed([record(4688, START)]))).toEqual(['critical command/recovery-inhibited']);
  const sysmon = record(
    1,
    'Process Create:\nRuleName: -\nUtcTime: 2026-11-24 09:12:01.100\nProcessGuid: {a-1}\nImage: C:\\Windows\\System32\\vssadmin.exe\nCommandLine: vssadmin delete shadows /all\nUser: CORP\\bob',
    {
      LogName: 'Microsoft-Windows-Sysmon/Operational',
      ProviderName: 'Microsoft-Windows-Sysmon',
      TimeCreated: '2026-11-24T09:12:01.1234567Z',
    },
  );
  expect(accusations(await assessed([sysmon]))).toEqual(['critical command/recovery-inhibited']);
  const quiet = START.replace('vssadmin delete shadows /all /quiet', 'vssadmin list shadows');
  expect((await assessed([record(4688, quiet)])).verdict).toBe('benign');
});

test('passwords tried for many accounts are told from messages', async () => {
  const failed = (account: string) =>
    record(
      4625,
      `An account failed to log on.\r\n\r\nSubject:\r\n\tAccount Name:\t\t-\r\n\r\nLogon Type:\t\t\t3\r\n\r\nAccount For Which Logon Failed:\r\n\tSecurity ID:\t\tS-1-0-0\r\n\tAccount Name:\t\t${account}\r\n\tAccount Domain:\t\tCORP\r\n\r\nFailure Information:\r\n\tFailure Reason:\t\tUnknown user name or bad password.\r\n\tStatus:\t\t\t0xC000006D\r\n\tSub Status:\t\t0xC000006A\r\n\r\nNetwork Information:\r\n\tWorkstation Name:\tKALI\r\n\tSource Network Address:\t10.0.0.66\r\n\tSource Port:\t\t5022`,
    );
  const result = await assessed(Array.from({ length: 12 }, (_, nth) => failed(`user${nth}`)));
  expect(accusations(result)).toEqual(['medium login/spraying']);
});

test('blocks of scripts, and rights over several lines, are read whole', () => {
  const block = record(
    4104,
    'Creating Scriptblock text (1 of 2):\nGet-Date\nScriptBlock ID: fake\n\nGet-Item x\n\nScriptBlock ID: 3f5e-1\nPath: C:\\x.ps1',
    {
      LogName: 'Microsoft-Windows-PowerShell/Operational',
      ProviderName: 'Microsoft-Windows-PowerShell',
    },
  );
  expect(Object.fromEntries(normalizeEvent(block, 'a')?.fields ?? [])).toMatchObject({
    ScriptBlockText: 'Get-Date\nScriptBlock ID: fake\n\nGet-Item x\n',
    ScriptBlockId: '3f5e-1',
    MessageNumber: 1,
    MessageTotal: 2,
  });
  const asked = record(
    4662,
    'An operation was performed on an object.\r\n\r\nSubject :\r\n\tAccount Name:\t\tbob\r\n\r\nOperation:\r\n\tAccess Mask:\t\t0x100\r\n\tProperties:\t\tControl Access\r\n\t\t\t{1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}\r\n\t\t\t{19195a5b-6da0-11d0-afd3-00c04fd930c9}\r\n',
  );
  expect(normalizeEvent(asked, 'a')?.fields.get('SubjectUserName')).toBe('bob');
  expect(normalizeEvent(asked, 'a')?.fields.get('Properties')).toBe(
    'Control Access\n{1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}\n{19195a5b-6da0-11d0-afd3-00c04fd930c9}',
  );
});

test('a message in another language names nothing, and is never benign; a line without end ends', async () => {
  const german = record(4688, 'Ein neuer Prozess wurde erstellt.\r\n\tName des neuen Prozesses:\tC:\\x.exe');
  expect(normalizeEvent(german, 'a')?.fields.has('CommandLine')).toBe(false);
  for (const hostile of [
    `Label:${' '.repeat(100_000)}x`,
    'a: '.repeat(40_000),
    `Creating Scriptblock text (1 of 1):\n${'\n'.repeat(100_000)}`,
  ])
    expect(normalizeEvent(record(4688, hostile), 'a')?.fields.has('CommandLine')).toBe(false);
  const result = await assessed([german]);
  expect(result.verdict).toBe('inconclusive');
  expect(result.not_checked?.map(({ why }) => why).join()).toContain('hand in the .evtx file itself');
});
