/** W3C extended logs: fields by their header, guessing seen over lines, and said what cannot be judged. */
import { expect, test } from 'vitest';
import { judgeArtifact, readArtifact } from '../../../analysis/forensics/index.ts';
import { analyzeAccessLog } from '../../../analysis/web/index.ts';

const IIS =
  '#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken';
const at = (second: number) =>
  `2026-01-01 00:${String(Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')}`;
const owa = (second: number, status: string, method = 'POST') =>
  `${at(second)} 10.0.0.4 ${method} /owa/auth.owa - 443 - 203.0.113.9 Mozilla/5.0+(X11) - ${status} 10`;
const times = <T>(count: number, of: (index: number) => T) => Array.from({ length: count }, (_, index) => of(index));
async function* once(text: string) {
  yield await Promise.resolve(Buffer.from(text));
}
async function accessLog(lines: readonly string[]) {
  const reading = await analyzeAccessLog(once(lines.join('\n')), { name: 'u_ex.log' });
  if (!reading.ok) throw new Error(reading.reason);
  return reading.result;
}
const artifact = (lines: readonly string[]) => judgeArtifact(readArtifact(Buffer.from(lines.join('\n')), 'u_ex.log'));

test('guessing in a W3C log is found as in any other, and so is the login after it', async () => {
  const lines = ['#Software: IIS', IIS, ...times(299, (index) => owa(index, '401 1 1326')), owa(300, '302 0 0')];
  for (const result of [await accessLog(lines), artifact(lines)])
    expect(result).toMatchObject({
      verdict: 'malicious',
      mitre_techniques: ['T1078', 'T1110.001'],
      iocs: [{ type: 'ip', value: '203.0.113.9' }],
      findings: [{ rule: 'brute-force/fast' }],
      checked: [{ corpus: { items: 300, items_read: 300 } }],
    });
});

test('each header says anew what stands where, by tabs and in quotes as well', async () => {
  const result = await accessLog([
    '#Fields: date time c-ip cs-method cs-uri-stem sc-status cs(User-Agent)',
    '2026-01-01 00:00:00 203.0.113.1 GET /c99.php 404 "a ""b"" c"',
    '#Date: 2026-01-02 00:00:00',
    '#Fields: sc-status cs-uri-query cs-uri-stem cs-method c-ip time',
    "404 id=1'+UNION+SELECT+a+FROM+b--+ /item GET 203.0.113.2 00:00:00",
    '#Fields: date time c-ip cs(User-Agent) cs-uri-stem',
    '2026-01-03\t00:00:00\t203.0.113.3\tsqlmap/1.8 (https://sqlmap.org)\t/',
  ]);
  expect(result.attackers.map(({ source, classes }) => [source, classes.map((each) => each.class)])).toEqual([
    ['203.0.113.1', ['webshell']],
    ['203.0.113.2', ['sqli']],
    ['203.0.113.3', ['scanner']],
  ]);
  expect(result.checked[0]?.corpus).toMatchObject({ items: 3, items_read: 3 });
});

test('a server that asks for a password first, as Windows sign-in does, refuses nobody by it', async () => {
  const handshake = times(100, (index) => [
    owa(index * 3, '401 2 5', 'GET'),
    owa(index * 3, '401 1 2148074254', 'GET'),
    owa(index * 3, '200 0 0', 'GET'),
  ]).flat();
  expect(await accessLog([IIS, ...handshake])).toMatchObject({ verdict: 'benign', findings: [] });
});

test('a W3C log that does not say who asked is not benign, and its requests are judged', () => {
  const head = '#Fields: date time cs-method cs-uri-stem cs-uri-query';
  expect(artifact([head, `${at(0)} GET /a.asp -`])).toMatchObject({ verdict: 'inconclusive', findings: [] });
  const attacked = artifact([head, `${at(0)} GET /a.asp id=1%27%20or%201%3D%40%40version--`]);
  expect(attacked.findings[0]).toMatchObject({ rule: expect.stringMatching(/^sqli/) as string });
});

test('a line that does not fit its header is unread', async () => {
  expect(await accessLog([IIS, owa(0, '200 0 0'), `${owa(1, '200 0 0')} more`])).toMatchObject({
    verdict: 'inconclusive',
    checked: [{ corpus: { items: 2, items_read: 1 } }],
  });
});

test('a log between tabs, as CloudFront writes it, is whole', () => {
  const head = '#Version: 1.0\n#Fields: date time c-ip cs-method cs-uri-stem sc-status cs-uri-query cs(User-Agent)';
  const attack = "2026-01-01\t00:00:00\t203.0.113.9\tGET\t/item\t200\tid=1'%20UNION%20SELECT%20a%20FROM%20b--%20\tx y";
  const result = artifact([...head.split('\n'), attack, attack, attack]);
  expect(result.findings[0]).toMatchObject({ rule: expect.stringMatching(/^sqli/) as string });
  expect(JSON.stringify(result.not_checked)).not.toContain('no iis-w3c record');
  const nobody = artifact([
    '#Fields: date time cs-method cs-uri-stem cs-uri-query',
    attack
      .split('\t')
      .filter((_, at) => [0, 1, 3, 4, 6].includes(at))
      .join('\t'),
  ]);
  expect(nobody.findings[0]).toMatchObject({ rule: expect.stringMatching(/^sqli/) as string });
});

test('Windows says of a password that it was wrong, also where no form was sent', async () => {
  const guesses = [IIS, ...times(60, (index) => owa(index, '401 1 1326', 'GET'))];
  expect((await accessLog(guesses)).findings[0]).toMatchObject({ rule: 'brute-force/fast' });
});
