/** What the extractor finds in text, and what it takes nothing for. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { extractIocs, TEXT_LENGTH_MAX } from '../../../analysis/ioc/index.ts';
import { expectProportion } from '../../support/growth.ts';

const found = (text: string) =>
  extractIocs(text, { source: 'text' }).extracted.map(({ type, value, kind }) => `${kind} ${type} ${value}`);

test('a partially defanged address is one address', () => {
  expect(found('Seen at 192[.]0.2.17 twice.')).toEqual(['indicator ipv4 192.0.2.17']);
});

test('hxxp, bracketed dots, colons and slashes are undone, the path keeps its case', () => {
  expect(found('hxxps[:]//Gate[.]Example[.]com:8443/A[.]php?x=1, then')).toEqual([
    'indicator url https://gate.example.com:8443/A.php?x=1',
    'indicator domain gate.example.com',
  ]);
});

test('in a table of commas a URL ends with its cell, and in prose it keeps them', () => {
  const table =
    'indicator,type,comment\nhttp://evil-corp.net/x.exe,url,"a, b"\n"http://bad-corp.net/y,z.exe",url,third\n';
  const urls = (text: string, source: string) =>
    extractIocs(text, { source }).extracted.flatMap(({ type, value }) => (type === 'url' ? [value] : []));
  expect(urls(table, 'list.txt')).toEqual(['http://evil-corp.net/x.exe', 'http://bad-corp.net/y,z.exe']);
  expect(urls('http://evil-corp.net/x.exe,second\n', 'urls.csv')).toEqual(['http://evil-corp.net/x.exe']);
  expect(urls('Seen at http://evil-corp.net/a,b,c.\nIt beacons.', 'note.txt')).toEqual(['http://evil-corp.net/a,b,c']);
});

test.each([
  ['a log', 'log.txt', 'seen http://evil-corp.net/a,b,c twice\n'.repeat(3), ['http://evil-corp.net/a,b,c']],
  ['a row with one comma more', 'a.csv', 'url,weight\nhttp://evil-corp.net/a,b,high\n', ['http://evil-corp.net/a,b']],
  [
    'a row with two URLs',
    'a.csv',
    'url,found at\nhttp://evil-corp.net/a,hxxp://bad-corp.net/b,c\n',
    ['http://evil-corp.net/a', 'http://bad-corp.net/b,c'],
  ],
  ['a row with a remark', 'a.csv', 'url,remark\nhttp://evil-corp.net/a, seen, twice\n', ['http://evil-corp.net/a']],
])('a comma inside a URL belongs to it, unless the cells of the row need it: %s', (_what, source, text, urls) => {
  const { extracted } = extractIocs(text, { source });
  expect([...new Set(extracted.flatMap(({ type, value }) => (type === 'url' ? [value] : [])))]).toEqual(urls);
});

test('a row of thousands of commas takes time in proportion', async () => {
  await expectProportion('a,', 40_000, (text) =>
    extractIocs(`url,weight\nhttp://evil-corp.net/${text}\n`, { source: 'a.csv' }),
  );
});

test('a host is found at its own place inside the URL, as written', () => {
  const text = 'go to hxxp://user:pw@evil[.]example[.]com:81/x';
  const host = extractIocs(text, { source: 'text' }).extracted.find(({ type }) => type === 'domain')!;
  expect(text.slice(host.offset, host.offset + host.length)).toBe('evil[.]example[.]com');
});

test('a file name is never a domain, whatever top-level domain it ends like', () => {
  expect(found('README.adoc dtest.dll setup.sh update.zip libfoo.so evil[.]zip')).toEqual([
    'file_name file_name README.adoc',
    'file_name file_name dtest.dll',
    'file_name file_name setup.sh',
    'file_name file_name update.zip',
    'file_name file_name libfoo.so',
    'indicator domain evil.zip',
  ]);
});

test('detection names, package names and versions are nothing', () => {
  expect(found('Spy.AHK.AD Win32/Agent.AD com.example.system.upd v192.0.2.1 1.3.6.1.4.1 12:34:56 std::vector')).toEqual(
    [],
  );
});

test.each([
  'we upgraded nginx from 1.24.0.1 to 1.26.0.2 on it',
  'uses OpenSSL 1.1.1.17',
  'section 4.1.2.3',
  'pip install torch==2.1.0.1',
  'version 4.18.22.5 and version: 4.18.22.5',
  'phone 030.123.45.67',
  "console.info('x') this.id user.name document.body.style.top window.location.host",
  'foo.bar.at() map.info(x)',
])('four numbers that count, and properties of code, are nothing: %s', (text) => {
  expect(found(text)).toEqual([]);
});

test('an address is one beside words that only look like counting, and where its author defanged it', () => {
  expect(found('updated its server to use 203.0.113.9, from 203.0.113.8')).toHaveLength(2);
  expect(found('version 203[.]0.113.9')).toEqual(['indicator ipv4 203.0.113.9']);
  expect(found('console.cloud.example.com and user.evil.icu')).toHaveLength(2);
  expect(found('console[.]info')).toEqual(['indicator domain console.info']);
});

test('the last @ before the path ends the user name (WHATWG URL), and a key ends with its sentence', () => {
  expect(found('https://user:pw@paypal.com@evil.icu/a')).toEqual([
    'indicator url https://user:pw@paypal.com@evil.icu/a',
    'indicator domain evil.icu',
  ]);
  expect(found('http://paypal.com@evil.icu/a')[1]).toBe('indicator domain evil.icu');
  expect(found(String.raw`It wrote HKCU\Software\Windows\Run.`)).toEqual([
    String.raw`indicator registry_key HKCU\Software\Windows\Run`,
  ]);
});

test('a network is no address, an internal address nobody else’s', () => {
  expect(found('198.51.100.0/24 10.1.2.3 203.0.113.9:8080')).toEqual([
    'network cidr 198.51.100.0/24',
    'network ipv4 10.1.2.3',
    'indicator ipv4 203.0.113.9',
  ]);
});

test('in a report an ordinary link is a reference, and so is its host named elsewhere', () => {
  expect(found('Read https://blog.example.org/a[our post] on blog.example.org about evil[.]example[.]net')).toEqual([
    'reference url https://blog.example.org/a',
    'reference domain blog.example.org',
    'reference domain blog.example.org',
    'indicator domain evil.example.net',
  ]);
});

test('in a record of traffic an ordinary link is what it is about', () => {
  expect(found('GET http://192.0.2.5/x.exe HTTP/1.1 host=login.example.com')).toEqual([
    'indicator url http://192.0.2.5/x.exe',
    'indicator ipv4 192.0.2.5',
    'indicator domain login.example.com',
  ]);
});

test('hosts under a heading about targets are victims', () => {
  expect(found('## Banks targeted\n* bank.example.com\n## Servers\n* c2.example.net')).toEqual([
    'victim domain bank.example.com',
    'indicator domain c2.example.net',
  ]);
});

test('a bracket left open by whoever defanged is enough', () => {
  expect(found('evil[.example.com bad.]example.net')).toEqual([
    'indicator domain evil.example.com',
    'indicator domain bad.example.net',
  ]);
});

test('a link with its text in AsciiDoc makes a report of the text', () => {
  expect(found('Read https://blog.example.org/a[our post].')[0]).toBe('reference url https://blog.example.org/a');
});

test('markup around an indicator is not part of it', () => {
  const url = 'indicator url https://evil.example.com/a_(b)';
  expect(found('[text](hxxps://evil.example.com/a_(b))')[0]).toBe(url);
  expect(found('|`++https://evil[.]example.com/a_(b)++`|')[0]).toBe(url);
  expect(found('<a href="hxxps://evil.example.com/a_(b)">')[0]).toBe(url);
});

test('addresses of the sixth version, mail, hashes, paths, keys and CVEs are told apart', () => {
  const text = String.raw`2001[:]db8::1 a[@]evil[.]example[.]com ${'ab'.repeat(20)} C:\Users\x\evil.exe HKLM\Software\Run\x CVE-2021-44228`;
  expect(found(text)).toEqual([
    'indicator ipv6 2001:db8::1',
    'indicator email a@evil.example.com',
    `indicator sha1 ${'ab'.repeat(20)}`,
    String.raw`indicator file_path C:\Users\x\evil.exe`,
    String.raw`indicator registry_key HKLM\Software\Run\x`,
    'indicator cve CVE-2021-44228',
  ]);
});

test('whatever the text, every mention stands where it says, in order, and the same again', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom(
      'hxxp://',
      '[.]',
      'evil',
      '.com',
      '@',
      '192.0.2.1',
      '/',
      ' ',
      '\n',
      '::',
      'C:\\',
      '[',
      ')',
      '= targeted\n',
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = pieces.join('');
      const first = extractIocs(text, { source: 'text' });
      let offset = 0;
      for (const mention of first.extracted) {
        expect(mention.offset).toBeGreaterThanOrEqual(offset);
        expect(mention.offset + mention.length).toBeLessThanOrEqual(text.length);
        expect(text.slice(0, mention.offset).split('\n')).toHaveLength(mention.line);
        offset = mention.offset;
      }
      expect(extractIocs(text, { source: 'text' })).toEqual(first);
    }),
  );
});

test('text over the bound is left unread, and that is told', () => {
  const text = `${' '.repeat(TEXT_LENGTH_MAX)}evil[.]example[.]com`;
  expect(extractIocs(text, { source: 'text' })).toMatchObject({
    extracted: [],
    length: text.length,
    length_read: TEXT_LENGTH_MAX,
  });
});

test('hostile repetition takes time in proportion to its length (ATK-A9)', async () => {
  for (const unit of [
    'a.',
    'http://a@',
    'http://aaa.aa@',
    'a[ ',
    '{ . } ',
    '%a%\\',
    '0a:',
    'http://a.example/((((',
    '.',
    '-',
  ])
    await expectProportion(unit, 40_000, (text) => extractIocs(text, { source: 'text' }));
});
