/** What kind of thing an input is: detected from its first bytes, or refused with what was seen. */
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { detectKind, refuseBinary, refuseEmpty, unreadOfText } from '../../orchestrator/kind.ts';
import type { InputKind } from '../../protocol/index.ts';
import { dataPath, describeWithData } from '../support/data.ts';
import { zipOf } from '../analysis/readers/packed.ts';

const MAIL = 'From: a@example.com\r\nTo: b@example.com\r\nSubject: hi\r\n\r\nhello\r\n';
const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const LOG = '192.0.2.1 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 12 "-" "curl/8"\n';

test.each<[InputKind, string, string]>([
  ['email', 'a mail', MAIL],
  ['email', 'a mail with a byte order mark', `\ufeff${MAIL}`],
  ['email', 'a mail from an mbox', `From a@example.com Thu Jan  1 00:00:00 2026\n${MAIL}`],
  ['email', 'a mail whose header lines are folded', `Received: from x\n\tby y\n\tfor z\nSubject: a\n\nbody`],
  ['access_log', 'a combined log', LOG.repeat(3)],
  ['access_log', 'a log with a virtual host before it', `www.example.com:443 ${LOG}`],
  ['access_log', 'a log of JSON lines', '{"time":1,"request_uri":"/a"}\n{"time":2,"request_uri":"/b"}\n'],
  ['access_log', 'a log with a few broken lines', `${LOG}${LOG}broken\n${LOG}`],
  ['alert', 'an alert', '{"alert_id":"A-1","iocs":[]}'],
  ['alert', 'an alert after white space', ' \n\t{"title":"x"}'],
  ['http', 'a request', 'POST /login HTTP/1.1\r\nHost: example.com\r\n\r\nuser=a'],
  ['report', 'a text', 'The actor used 198.51.100.7 to stage tools.'],
  ['report', 'a text that starts like a mail, once', 'From: what we know, the actor is new.\nNothing else is known.'],
  ['report', 'one word', 'hello'],
  ['intel', 'a bundle of STIX', '{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000001","objects":[]}'],
  [
    'intel',
    'one whose id stands first, over many lines',
    '{\n "id": "bundle--00000000-0000-4000-8000-000000000001",\n "spec_version": "2.0",\n "type": "bundle"\n}',
  ],
  [
    'intel',
    'an object of STIX',
    '{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-000000000001"}',
  ],
  ['intel', 'an event of MISP', '{"Event":{"info":"x","Attribute":[]}}'],
  ['intel', 'events of MISP as its search answers', '{"response":[{"Event":{"info":"x","Attribute":[]}}]}'],
  ['alert', 'an alert of type bundle', '{"type":"bundle","title":"x"}'],
  ['alert', 'an alert that carries a bundle', '{"alert_id":"A","x":{"type":"bundle","id":"bundle--1"}}'],
  ['certificate', 'a certificate in PEM', CERTIFICATE],
  ['certificate', 'a chain as openssl writes it', `subject=CN = a\nissuer=CN = b\n${CERTIFICATE}\n${CERTIFICATE}`],
  [
    'certificate',
    'a key with its certificate',
    `-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n${CERTIFICATE}`,
  ],
  ['certificate', 'with the line ends of Windows', CERTIFICATE.replaceAll('\n', '\r\n')],
  ['report', 'a text that quotes a certificate', `The actor used this one:\n${CERTIFICATE}`],
  ['report', 'a public key in PEM', '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n'],
  ['events', 'an event that Windows wrote', '{"Event":{"System":{"EventID":1},"info":"x"}}'],
])('%s: %s', (kind, _name, text) => {
  expect(detectKind(Buffer.from(text))).toBe(kind);
});

const EVENT = '{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Image":"x"}';
const W3C = '#Software: x\n#Fields: date time cs-method cs-uri-stem\n2026-01-01 00:00:00 GET /a.asp\n';
const TWO = `${EVENT}\n${EVENT}\n`;
const login = (name: string): Buffer => {
  const record = Buffer.alloc(384);
  record.writeInt32LE(7, 0);
  record.write(name, 8);
  return record;
};

test.each<[InputKind, string, Buffer | string, string?]>([
  ['certificate', 'a certificate in DER', Buffer.from('308203a53082028da003020102021400', 'hex')],
  ['certificate', 'a short one in DER', Buffer.from('3082018a3081f2a003020102021400', 'hex')],
  ['events', 'events, one a line', TWO],
  ['events', 'one event', EVENT],
  ['events', 'one event over many lines', JSON.stringify(JSON.parse(EVENT), null, 2)],
  ['events', 'an array of events', `[${EVENT},${EVENT}]`],
  ['events', 'records of CloudTrail', '{"Records":[{"eventSource":"iam.amazonaws.com"}]}'],
  ['events', 'records of Azure Monitor', '{"records":[{"a":1}]}'],
  ['events', 'an answer of Microsoft Graph', '{"@odata.context":"https://x","value":[{"id":"x"}]}'],
  ['events', 'an answer of Elasticsearch', '{"took":1,"hits":{"total":1,"hits":[{"_source":{"a":1}}]}}'],
  ['events', 'one event of Okta', '{"eventType":"user.session.start","published":"x","actor":{"alternateId":"a"}}'],
  ['events', 'one login of Entra', '{"id":"x","userPrincipalName":"a@b.example","appDisplayName":"Office"}'],
  ['events', 'one connection of Zeek', '{"ts":1,"uid":"C","id.orig_h":"10.0.0.5","id.resp_h":"192.0.2.7"}'],
  ['events', 'one query of Suricata', '{"event_type":"dns","flow_id":1,"src_ip":"10.0.0.5","dns":{"rrname":"x"}}'],
  ['events', 'one record of PowerShell', '{"Id":4688,"LogName":"Security","MachineName":"WS1","Message":"x"}'],
  ['alert', 'an alert of Suricata', '{"event_type":"alert","flow_id":1,"alert":{"signature":"x","severity":1}}'],
  [
    'alert',
    'an alert about a login of Entra',
    '{"title":"x","severity":"high","userPrincipalName":"a","appDisplayName":"b"}',
  ],
  ['alert', 'one nested without end', `{"title":${'['.repeat(20_000)}${']'.repeat(20_000)},"uid":1}`],
  ['events', 'records nobody knows, one a line', '{"a":1}\n{"a":2}\n'],
  ['events', 'events whose last line is not whole', `${TWO}{"EventID":`],
  ['events', 'packed with gzip', gzipSync(TWO)],
  ['email', 'a mail packed with gzip', gzipSync(MAIL), 'reported.eml.gz'],
  ['artifact', 'a W3C log in a zip', zipOf([{ name: 'u_ex.log', bytes: W3C }]), 'logs.zip'],
  ['events', 'packed in a zip', zipOf([{ name: 'a.json', bytes: TWO }])],
  ['events', 'stored in a zip', zipOf([{ name: 'a.json', bytes: TWO, method: 0 }])],
  ['alert', 'an alert that carries an event', `{"alert_id":"A","event":${EVENT}}`],
  ['evtx', 'an event log', Buffer.from('ElfFile\0\0\0', 'latin1')],
  ['evtx', 'an event log packed with gzip', gzipSync(Buffer.from('ElfFile\0\0\0', 'latin1'))],
  ['artifact', 'a prefetch file', Buffer.from('MAM\x04\0\0\0\0', 'latin1')],
  ['artifact', 'an unpacked prefetch file', Buffer.from('\x1e\0\0\0SCCA\0', 'latin1')],
  ['artifact', 'a shell link', Buffer.from('4c0000000114020000000000c000000000000046ff', 'hex')],
  ['artifact', 'login records', Buffer.concat([login('tty1'), login('pts/0')])],
  ['artifact', 'a shell history by its name', 'ls -la\n', '.bash_history'],
  ['report', 'one command under another name', 'ls -la\n', 'notes.txt'],
  ['artifact', 'a W3C log', W3C, 'u_ex260101.log'],
  ['artifact', 'a W3C log with quotes in it, as an access log has', W3C.replace('/a.asp', '/"a"[b]'), 'x.txt'],
  [
    'artifact',
    'a syslog',
    'Mar  1 00:00:01 web sshd[3]: Failed password for root from 192.0.2.1 port 1 ssh2\n',
    'a.txt',
  ],
  ['artifact', 'a syslog as RFC 5424 has it', '<34>1 2026-01-01T00:00:00Z web su 12 ID47 - failed\n', 'a.txt'],
  ['artifact', 'a syslog with whole stamps', '2026-01-01T00:00:00.1+01:00 web sudo:  root : x\n', 'a.txt'],
  ['artifact', 'records of auditd', 'type=SYSCALL msg=audit(1700000000.123:4): arch=c000003e\n', 'a.txt'],
  ['artifact', 'a stamped history', '#1700000000\nfoo --bar\n', 'a.txt'],
  ['artifact', 'a history of zsh', ': 1457771210:0;cd a\n', 'a.txt'],
  ['artifact', 'a history of fish', '- cmd: ls\n  when: 1457771210\n', 'a.txt'],
  ['artifact', 'lines of commands', 'cd /srv\nsudo systemctl restart nginx\n./build.sh\ncat a.log | grep x\n', 'a.txt'],
  ['report', 'two commands in prose', 'The actor ran:\nwhoami\nls -la /root\nand then left the host.\n', 'a.txt'],
  ['report', 'prose of words that are programs too', 'find the actor\nmake a plan\nkill the process\nsort it out\n'],
  ['report', 'sentences that begin with programs', 'curl was used.\nssh was open.\nbash ran it.\nnmap found it.\n'],
  ['report', 'a chronicle', 'Mar 11 19:26:39 the actor logged in\nMar 11 19:27:00 they left\n'],
  ['report', 'a chronicle with whole stamps', '2026-01-01T00:00:00Z The actor logged in\n'],
  ['report', 'a text that quotes a W3C header', 'The log begins so:\n#Fields: date time s-ip\n'],
  ['report', 'a text with the number of a case', 'Case\n#1700000000\nis closed.\n'],
])('%s: %s', (kind, _name, bytes, name) => {
  expect(detectKind(Buffer.from(bytes), name)).toBe(kind);
});

test.each([
  [
    'a document of Office',
    zipOf(['[Content_Types].xml', 'word/document.xml'].map((name) => ({ name, bytes: '<?xml version="1.0"?>' }))),
    /a document of Office \(a zip: docx, xlsx, pptx\), which no specialist reads/,
  ],
  ['a packed alert', gzipSync('{"alert_id":"A"}'), /packed \(alert in it\)/],
  [
    'a damaged zip',
    Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), Buffer.alloc(40, 0xff)]),
    /nothing in it can be seen/,
  ],
  ['a gzip of which only the head is there', gzipSync(TWO).subarray(0, 9), /nothing in it can be seen/],
])('%s is refused with 4220 that says so', (_name, bytes, message) => {
  expect(() => detectKind(bytes)).toThrow(
    expect.objectContaining({ code: 4220, message: expect.stringMatching(message) as string }),
  );
});

test('a mail in an eight-bit charset is a mail', () => {
  expect(detectKind(Buffer.concat([Buffer.from(MAIL), Buffer.from([0xe4, 0xf6, 0xfc, 0xdf])]))).toBe('email');
});

test.each([
  ['nothing', Buffer.alloc(0), /empty/],
  ['white space', Buffer.from(' \r\n\t\n '), /white space/],
  ['a byte order mark', Buffer.from('\ufeff'), /white space/],
  ['a NUL', Buffer.from('abc\0def'), /binary/],
  ['an executable', Buffer.from([0x4d, 0x5a, 0x90, 0x00, 0x03, 0x00]), /program of Windows \(PE\).*SHA-256/],
  ['a capture of packets', Buffer.from([0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0]), /pcap.*Zeek/],
  ['control characters', Buffer.from('\x01\x02\x03\x04abcdefgh'), /binary/],
  ['UTF-16', Buffer.from('hello', 'utf16le'), /UTF-16.*iconv/],
  ['events in UTF-16 with its mark', Buffer.from(`\ufeff${TWO}`, 'utf16le'), /UTF-16.*iconv/],
  ['events in UTF-16, the other way round', Buffer.from(TWO, 'utf16le').swap16(), /UTF-16.*iconv/],
])('%s is refused with 4220 that says so', (_name, bytes, message) => {
  expect(() => detectKind(bytes)).toThrow(
    expect.objectContaining({ code: 4220, message: expect.stringMatching(message) as string }),
  );
});

describeWithData('texts of others', () => {
  test('every report is a report, every log and history an artefact', () => {
    const kindIn = (folder: string, file: string) =>
      detectKind(readFileSync(dataPath(folder, file)).subarray(0, 65_536), 'x.txt');
    const reports = readdirSync(dataPath('ioc-text')).filter((file) => /(?<!README|LICENSE)\.txt$/.test(file));
    expect(reports.length).toBeGreaterThan(30);
    expect(reports.filter((file) => kindIn('ioc-text', file) !== 'report')).toEqual([]);
    expect(kindIn('ioc-text', 'README.md')).toBe('report');
    for (const file of ['iis7_sqli.log', 'syslog_ssh.log', 'bash_history'])
      expect(kindIn('forensics', file)).toBe('artifact');
    expect(kindIn('forensics', 'apache_access.log')).toBe('access_log');
  });
});

test('a single character is not empty', () => {
  expect(() => refuseEmpty(Buffer.from(' x'))).not.toThrow();
});

test('a line of a megabyte is judged as fast as a short one', () => {
  const text = `${'a:'.repeat(500_000)}\n${'['.repeat(500_000)}`;
  expect(detectKind(Buffer.from(text))).toBe('report');
});

const wide = (text: string, mark = '\ufeff'): Buffer => Buffer.from(`${mark}${text}`, 'utf16le');

test.each<[InputKind, string, string]>([
  ['access_log', LOG.repeat(3), 'access.log'],
  ['artifact', 'whoami\r\nls -la /srv\r\ncat /etc/passwd\r\n', 'a.txt'],
  ['artifact', 'whoami\r\nls -la /srv\r\n', 'ConsoleHost_history.txt'],
  ['report', 'evil.example.top\r\n198.51.100.7\r\n', 'iocs.txt'],
])('%s in UTF-16 is told by its mark or its zeros: %j', (kind, text, name) => {
  for (const bytes of [wide(text), wide(text).swap16(), wide(text, ''), gzipSync(wide(text))]) {
    expect(detectKind(bytes, name)).toBe(kind);
    expect(unreadOfText(kind, wide(text))).toEqual([]);
  }
  expect(() => refuseBinary(wide(text), kind)).not.toThrow();
  expect(() => refuseBinary(wide(text), 'email')).toThrow(/UTF-16.*iconv/);
});

test.each<[InputKind, string, string]>([
  ['access_log', 'of Zeek', '{"ts":1,"id.orig_h":"192.0.2.1","method":"GET","uri":"/a","status_code":200}\n'],
  ['access_log', 'of Caddy', '{"ts":1,"request":{"remote_ip":"192.0.2.1","method":"GET","uri":"/a"},"status":200}\n'],
  ['events', 'whose fields have the same names', '{"ts":1,"uri":"urn:a"}\n{"ts":2,"request":"x"}\n'],
])('%s: lines of JSON %s', (kind, _whose, text) => {
  expect(detectKind(Buffer.from(text))).toBe(kind);
});

test.each([
  ['a FortiGate', 'date=2026-11-24 time=03:00:00 devname="a" srcip=192.0.2.1\n'],
  ['CEF', 'CEF:0|a|b|1|2|3|9|src=192.0.2.1\n'],
  ['LEEF', '<13>LEEF:2.0|a|b|1|2|x\n'],
  ['Suricata', '11/24/2026-03:00:00.123456  [**] [1:2027865:4] x [**]\n'],
  ['Get-WinEvent', `"TimeCreated","Id"\n${'"11/24/2026 3:00:00 AM","4625"\n'.repeat(3)}`],
])('a log that nobody reads is said to be one: %s', (_whose, text) => {
  expect(detectKind(Buffer.from(text))).toBe('report');
  expect(unreadOfText('report', Buffer.from(text))).toMatchObject([{ what: 'the lines of the log' }]);
});

test.each([
  ['in one line', '<?xml version="1.0"?><Events><Event>'],
  ['behind a declaration of its own', '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\r\n<Events><Event>'],
])('the events of an XML that nobody reads are said to be there: %s', (_where, text) => {
  expect(unreadOfText('report', Buffer.from(text))).toMatchObject([{ what: 'the events in the XML' }]);
});

test.each([
  ['procs.csv', 'host,user,command_line\nWS-042,bob,"powershell.exe -enc SQBFAFgA, x"\n'],
  ['viewer.csv', 'Keywords,Source,Event ID\nAudit Success,Security,4688,"A new process,\nhas been created."\n'],
  ['a.txt', 'host;user;process\nWS-042;bob;a.exe\nWS-043;eve;b.exe\n'],
])('the rows of a table are said to be unread: %s', (name, text) => {
  expect(detectKind(Buffer.from(text), name)).toBe('report');
  expect(unreadOfText('report', Buffer.from(text), name)).toMatchObject([{ what: 'the rows of the table' }]);
});

test.each([
  ['a letter', 'Hello Anna, Bob, and Carl\nkind regards, Dora, the helpdesk\n'],
  ['a longer one', 'Hello Anna, Bob, and Carl\nwe met, we ate, we left\nkind regards, Dora, the helpdesk\n'],
  ['two lines', 'one, two, three\nfour, five, six\n'],
  ['lines with URLs', 'GET http://example.com/a,b,c 200\n'.repeat(3)],
])('%s with as many commas in each line is no table', (_what, text) => {
  expect(unreadOfText('report', Buffer.from(text), 'a.txt')).toEqual([]);
});

test('a text with dates in it is no log', () => {
  const text = 'On 11/24/2026 we met.\nThe date=2026 is in it.\nCEF is a format.\n';
  expect(unreadOfText('report', Buffer.from(text))).toEqual([]);
});
