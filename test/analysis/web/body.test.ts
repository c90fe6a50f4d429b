/** The body of a request: whatever its headers say, an attack in it is found, or the result says how else it may be read. */
import { expect, test } from 'vitest';
import { analyzeRequests, parseRawRequest, type HttpRequest } from '../../../analysis/web/index.ts';
import { expectProportion } from '../../support/growth.ts';

const SQL = "1' UNION SELECT name FROM users-- ";
const XSS = '<svg onload=alert(1)>';
const FORM = 'application/x-www-form-urlencoded';
const part = (text: string, head = 'Content-Disposition: form-data; name="id"', boundary = 'B') =>
  `--${boundary}\r\n${head}\r\n\r\n${text}\r\n`;
const posted = (type: string | Record<string, string>, body: string): HttpRequest => ({
  method: 'POST',
  target: '/',
  headers: typeof type === 'string' ? { 'Content-Type': type } : type,
  body,
});
const judged = (request: HttpRequest) => analyzeRequests([request], 'params');
const multipart = (body: string) => posted('multipart/form-data; boundary=B', body);
const FILE = 'Content-Disposition: form-data; name="f"; ';
const long = 'b'.repeat(180);
const inUtf7 = (text: string) =>
  text.replace(
    /[^\w ().:/]+/g,
    (run) => `+${Buffer.from(run, 'utf16le').swap16().toString('base64').replace(/=+$/, '')}-`,
  );
const SOAP =
  '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.example/s"><s:Body><Name>Ann</Name></s:Body></s:Envelope>';
const numbered = (text: string) => text.replace(/#/g, (_, at: number) => String(at));
const XXE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>';
const base64 = Buffer.from(SQL.repeat(4)).toString('base64');

/** In pieces of so many bytes, each behind a line that says so. */
const inChunks = (text: string, size: number, sizeOf = (bytes: number) => bytes.toString(16)) =>
  text.replace(new RegExp(`[^]{1,${size}}`, 'g'), (piece) => `${sizeOf(piece.length)}\r\n${piece}\r\n`);
const IN_CHUNKS = { 'Content-Type': FORM, 'Transfer-Encoding': 'chunked' };
const FORM_SQL = "id=1'+union+select+name+from+users--+";
const IN_PARTS = { 'Content-Type': 'multipart/form-data; boundary=B', 'Transfer-Encoding': 'chunked' };
const PART_SQL = `${part(base64, 'Content-Disposition: form-data; name="id"\r\nContent-Transfer-Encoding: base64')}--B--\r\n`;

/** By what each is found: the rule with what it cites, unless it is the statement of `SQL`. */
const IN_TAGS = /^xss\/tag: .*<\/?(?:svg|script)/;
const IN_SQL = /^sqli\/terminator: .*union.select/i;
test.each<[string, HttpRequest, RegExp?]>([
  [
    'another parameter that ends in boundary',
    posted('multipart/form-data; x-boundary=A1; boundary=B', `${part(SQL)}--B--`),
  ],
  [
    'the boundary of another parameter',
    posted('multipart/form-data; x-boundary=A1; boundary=B', `${part(SQL, undefined, 'A1')}--A1--`),
  ],
  ['two boundaries', posted('multipart/form-data; boundary=A; boundary=B', `${part(SQL)}--B--`)],
  [
    'a continued boundary',
    posted('multipart/form-data; boundary*0=A; boundary*1=B', `${part(SQL, undefined, 'AB')}--AB--`),
  ],
  ['an escaped boundary', posted(String.raw`multipart/form-data; boundary="\B"`, `${part(SQL)}--B--`)],
  ['a boundary without its semicolon', posted('multipart/form-data boundary=B', `${part(SQL)}--B--`)],
  ['no boundary', posted('multipart/form-data', `${part(SQL)}--B--`)],
  ['a boundary of another case', multipart(`${part(SQL, undefined, 'b')}--b--`)],
  ['a form that speaks of multipart', posted(`${FORM}; a=multipart/; boundary=zz`, `id=${encodeURIComponent(SQL)}`)],
  ['a form that speaks of XML', posted(`${FORM}; a=xml`, `id=${XSS}`), IN_TAGS],
  ['a form that looks like XML', posted(FORM, `<?xml ?>&id=1'+union+select+name+from+users--`)],
  ['a form that is JSON as well', posted(FORM, `["&id=1'+union+select+name+from+users--+"]`)],
  ['a form called text', posted('text/plain', `id=1'+union+select+name+from+users--+`)],
  ['a form in a type that nearly is one', posted(`${FORM}x`, `id=1'+union+select+name+from+users--+`)],
  [
    'letters that grow in lower case',
    posted(
      `multipart/form-data; boundary=${long}`,
      `${part('İ'.repeat(56), undefined, long)}${part(SQL, undefined, long)}--${long}--`,
    ),
  ],
  [
    'such letters and a file name',
    multipart(`${part('İ'.repeat(80))}${part('x', `${FILE}filename="shell.php"`)}--B--`),
    /^php-injection\/upload: /,
  ],
  [
    'two content types',
    posted({ 'Content-Type': 'text/xml', 'content-type': 'multipart/form-data; boundary=B' }, `${part(SQL)}--B--`),
  ],
  ['text before the parts', multipart(`id=${SQL}\r\n${part('x')}--B--`)],
  ['text behind the parts', multipart(`${part('x')}--B--\r\nid=${SQL}`)],
  ['a part behind the last one', multipart(`${part('x')}--B--\r\n${part(SQL)}--B--`)],
  ['no end', multipart(part(SQL))],
  [
    'a boundary inside a line',
    multipart(`${part('x')}x--B\r\nContent-Disposition: form-data; name="id"\r\n\r\n${SQL}\r\n--B--`),
  ],
  ['a part without an empty line', multipart(`--B\r\nContent-Disposition: form-data; name="id"\r\n${SQL}\r\n--B--`)],
  ['a part without headers', multipart(`--B\r\n\r\n${SQL}\r\n--B--`)],
  [
    'a disposition that holds more',
    multipart(`${part('x', `Content-Disposition: form-data; name="id"; x=${XSS}`)}--B--`),
    IN_TAGS,
  ],
  [
    'parts in parts',
    multipart(
      `${part(part(SQL, undefined, 'C') + '--C--', 'Content-Disposition: form-data; name="a"\r\nContent-Type: multipart/mixed; boundary=C')}--B--`,
    ),
  ],
  [
    'base64 in lines',
    multipart(
      `${part(Buffer.from(SQL.repeat(4)).toString('base64').replace(/.{20}/g, '$&\r\n'), 'Content-Disposition: form-data; name="id"\r\nContent-Transfer-Encoding: base64')}--B--`,
    ),
  ],
  [
    'quoted-printable',
    multipart(
      `${part(
        SQL.replace(/[a-z]/gi, (letter) => `=${letter.charCodeAt(0).toString(16)}`),
        'Content-Disposition: form-data; name="id"\r\nContent-Transfer-Encoding: quoted-printable',
      )}--B--`,
    ),
  ],
  ['UTF-7', posted(`${FORM}; charset=utf-7`, 'id=+ADw-script+AD4-alert(1)+ADw-/script+AD4-'), IN_TAGS],
  ['UTF-16', posted('text/plain; charset=utf-16le', SQL.replace(/[^]/g, '$&\0'))],
  [
    'UTF-7 in a part',
    multipart(
      `${part('+ADw-script+AD4-alert(1)', 'Content-Disposition: form-data; name="id"\r\nContent-Type: text/plain; charset=utf-7')}--B--`,
    ),
    IN_TAGS,
  ],
  [
    'UTF-7 between other charsets of a part',
    multipart(
      `${part('+ADw-script+AD4-alert(1)', 'Content-Disposition: form-data; name="id"\r\nContent-Type: text/plain; charset=utf-8; charset=utf-7; charset=latin1')}--B--`,
    ),
    IN_TAGS,
  ],
  ['an unquoted attribute in XML', posted('text/xml', `<a>${XSS}</a>`), IN_TAGS],
  ['a script of its own in XML', posted('text/xml', '<a><script src="//evil.example/x"></script></a>'), IN_TAGS],
  ['an instruction in XML', posted('text/xml', `<?x ' <script>alert(1)</script> ' ?><a/>`), IN_TAGS],
  ['a comment in XML', posted('application/xml', `<a><!-- <script>alert(1)</script> --></a>`), IN_TAGS],
  ['a name that comes twice in JSON', posted('application/json', `{"id":"${SQL}","id":"x"}`)],
  [
    'chunks',
    posted(
      { 'Content-Type': FORM, 'Transfer-Encoding': 'chunked' },
      "8\r\nid=1'+un\r\na\r\nion+select\r\n13\r\n+name+from+users--+\r\n0\r\n\r\n",
    ),
  ],
  [
    'a page in XML',
    posted('text/xml', `<a xmlns:b="http://www.w3.org/1999/xhtml"><b:script>run</b:script></a>`),
    IN_TAGS,
  ],
  ...['\u00e9', 'a'.repeat(41), '\u00b5-\u4e2d.1'].map((prefix): [string, HttpRequest, RegExp] => [
    `a page in XML under the prefix ${prefix.slice(0, 5)}`,
    posted('text/xml', `<${prefix}:script xmlns:${prefix}="http://www.w3.org/1999/xhtml">run</${prefix}:script>`),
    IN_TAGS,
  ]),
  [
    'a page in XML whose name is spelled otherwise',
    posted('text/xml', '<a xmlns="http://www.w3.org/1999/xhtm&#108;"><script>run</script></a>'),
    IN_TAGS,
  ],
  [
    'a picture that acts',
    posted('image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg" onload="run"/>'),
    /^xss\/tag: <svg/,
  ],
  ['XML of two types', posted('text/xml, text/xml', `<a>${XSS}</a>`), IN_TAGS],
  [
    'XML that declares UTF-7',
    posted('text/xml', `<?xml version="1.0" encoding="UTF-7"?>${inUtf7(XXE)}`),
    /^xxe\/entity: .*ENTITY/,
  ],
  [
    'a part that declares UTF-7',
    multipart(
      `${part(`<?xml version="1.0" encoding="UTF-7"?>${inUtf7(XXE)}`, `${FILE}filename="a.xml"\r\nContent-Type: text/xml`)}--B--`,
    ),
    /^xxe\/entity: .*ENTITY/,
  ],
  ...['base64\r\nContent-Transfer-Encoding: 7bit', '7bit\r\nContent-Transfer-Encoding: base64'].map(
    (twice): [string, HttpRequest] => [
      `two transfer encodings, ${twice.slice(0, 4)} first`,
      multipart(
        `${part(base64.replace(/.{20}/g, '$&\r\n'), `Content-Disposition: form-data; name="id"\r\nContent-Transfer-Encoding: ${twice}`)}--B--`,
      ),
    ],
  ),
  [
    'two types of a part',
    multipart(
      `${part(part(base64, 'Content-Disposition: form-data; name="id"\r\nContent-Transfer-Encoding: base64', 'C') + '--C--', 'Content-Disposition: form-data; name="a"\r\nContent-Type: multipart/mixed; boundary=C\r\nContent-Type: text/plain')}--B--`,
    ),
  ],
  [
    'a trailer',
    posted({ 'Content-Type': 'text/plain', 'Transfer-Encoding': 'chunked' }, `2\r\nhi\r\n0\r\nX-A: ${XSS}\r\n\r\n`),
    IN_TAGS,
  ],
  ['the size of a chunk', posted({ 'Transfer-Encoding': 'chunked' }, `1;${SQL}\r\nx\r\n0\r\n\r\n`)],
  ...['0', '00000000', '0 ', '0\t ', `0;${'a'.repeat(300)}`].flatMap((last): [string, HttpRequest][] => [
    [`chunks that end with ${last.slice(0, 9)}`, posted(IN_CHUNKS, `${inChunks(FORM_SQL, 3)}${last}\r\n\r\n`)],
    [`parts in chunks that end with ${last.slice(0, 9)}`, posted(IN_PARTS, `${inChunks(PART_SQL, 12)}${last}\r\n\r\n`)],
  ]),
  ...(
    [
      ['zeros', (bytes) => `0000000${bytes}`],
      ['a blank', (bytes) => `${bytes} `],
      ['many blanks', (bytes) => `${bytes}${' \t'.repeat(200)}`],
      ['a long extension', (bytes) => `${bytes};${'a'.repeat(300)}`],
      ['a blank in front', (bytes) => ` ${bytes}`],
      ['a sign', (bytes) => `+${bytes}`],
      ['0x', (bytes) => `0x${bytes}`],
    ] satisfies [string, (bytes: number) => string][]
  ).map(([name, sizeOf]): [string, HttpRequest] => [
    `sizes with ${name}`,
    posted(IN_CHUNKS, `${inChunks(FORM_SQL, 3, sizeOf)}0\r\n\r\n`),
  ]),
  ['chunks whose end does not fit', posted(IN_CHUNKS, `${inChunks(FORM_SQL, 9)}zz\r\n`)],
  ['parts in chunks whose end does not fit', posted(IN_PARTS, `${inChunks(PART_SQL, 12)}zz\r\n`)],
  ['one chunk whose end does not fit', posted(IN_CHUNKS, `3\r\nid=\r\n${FORM_SQL.slice(3)}`)],
  [
    'short chunks without an end',
    posted(
      { 'Content-Type': FORM, 'Transfer-Encoding': 'chunked' },
      `5\r\nid=1'\r\n8\r\n UNION S\r\nE\r\nELECT name FR\r\n`,
    ),
    /^sqli\/union: UNION SELECT/,
  ],
])('an attack is found behind %s', (_, request, found = IN_SQL) => {
  const { verdict, findings } = judged(request);
  expect(verdict).toBe('malicious');
  const cited = findings.flatMap(({ rule, evidence }) => evidence.map(({ excerpt }) => `${rule}: ${excerpt}`));
  expect(cited).toContainEqual(expect.stringMatching(found));
});

test.each([
  `${FILE}filename="shell.php"`,
  `${FILE}filename='shell.php'`,
  `${FILE}filename=shell.php`,
  `${FILE}filename = "shell.php"`,
  `${FILE}filename*=UTF-8''shell%2Ephp`,
  `${FILE}filename*0="shell."; filename*1="php"`,
  `${FILE}filename="a.png"; filename="shell.php"`,
  `${FILE}filename="=?utf-8?B?c2hlbGwucGhw?="`,
  `Content-Disposition: form-data; name="f";\r\n filename="shell.php"`,
  `content-disposition : form-data; name="f"; filename="shell.php"`,
])('a program is an upload however its name is written: %s', (head) => {
  expect(judged(multipart(`${part('x', head)}--B--`)).findings).toContainEqual(
    expect.objectContaining({ rule: 'php-injection/upload' }),
  );
});

test.each<[string, HttpRequest]>([
  ['a packed body', posted({ 'Content-Type': FORM, 'Content-Encoding': 'gzip' }, '\u001f\ufffdxyz')],
  ['letters that deflate made', posted({ 'Content-Type': FORM, 'Content-Encoding': 'deflate' }, 'x^D0Up0IZUnnn=')],
  ...['deflate', 'br, deflate'].map((coding): [string, HttpRequest] => [
    `JSON that ${coding} may have made`,
    posted({ 'Content-Type': 'application/json', 'Content-Encoding': coding }, '["D0Up0IZUnnn"]'),
  ]),
  ['a packed transfer', posted({ 'Content-Type': FORM, 'Transfer-Encoding': 'gzip' }, '\u001f\ufffd\bxyz')],
  [
    'a packed transfer in chunks',
    posted({ 'Content-Type': FORM, 'Transfer-Encoding': 'gzip, chunked' }, '5\r\n\u001f\ufffd\b\r\n0\r\n\r\n'),
  ],
  ['a charset of XML nobody reads', posted('text/xml', '<?xml version="1.0" encoding="ibm037"?><a/>')],
  ...['IBM1160', 'IBM1164', 'IBM1166', 'IBM1132', 'IBM16804', 'ibm870'].map((name): [string, HttpRequest] => [
    `XML that declares ${name}`,
    posted('text/xml', `<?xml version="1.0" encoding="${name}"?><a/>`),
  ]),
  ['JSON that parts may be looked for in', posted('application/json; x="multipart/form-data', '{"a":1}')],
  ['a charset nobody reads', posted(`${FORM}; charset=ibm037`, 'abc=def')],
  ['a charset in a field', multipart(`${part('ibm037', 'Content-Disposition: form-data; name="_charset_"')}--B--`)],
  ['chunks that do not fit', posted({ 'Transfer-Encoding': 'chunked' }, '8\r\nid=1\r\n0\r\n\r\n')],
  ['chunks that were cut', posted({ 'Transfer-Encoding': 'chunked' }, `20\r\n${'a'.repeat(32)}\r\n20\r\naa`)],
  ['chunks of which two fit', posted({ 'Transfer-Encoding': 'chunked' }, '2\r\nid\r\n2\r\n=1\r\nzz')],
  ['two chunks without an end', posted({ 'Transfer-Encoding': 'chunked' }, '2\r\nid\r\n2\r\n=1\r\n')],
  ['a size that ends without its line', posted(IN_CHUNKS, '3;a\rb\r\nid=\r\n0\r\n\r\n')],
  ['a size behind a sign and 0x', posted(IN_CHUNKS, '+0x3\r\nid=\r\n0\r\n\r\n')],
  ['a size that not all read', posted(IN_CHUNKS, '0x3\r\nid=\r\n0\r\n\r\n')],
  ['a second request', posted({ 'Transfer-Encoding': 'chunked' }, '4\r\nid=1\r\n0\r\n\r\nid=2')],
  ['lines that end in two ways', multipart(`${part('x')}--B\nContent-Disposition: form-data; name="b"\n\ny\r\n--B--`)],
  [
    'an unknown transfer encoding',
    multipart(`${part('x', 'Content-Disposition: form-data; name="id"\r\nContent-Transfer-Encoding: x-uue')}--B--`),
  ],
  ['two types', posted(`text/plain, ${FORM}`, 'a=b')],
])('%s is never benign: it counts as not judged, and the result says why', (_, request) => {
  const result = judged(request);
  expect(result).toMatchObject({ verdict: 'inconclusive', checked: [{ corpus: { items: 1, items_judged: 0 } }] });
  expect(result.not_checked[0]?.what).toMatch(/^request 1: /);
});

test.each<[string, HttpRequest]>([
  ['a form', posted(`${FORM}; charset=UTF-8`, 'name=Ann+Lee&text=rock+%26+roll')],
  ['JSON called a form', posted(FORM, '{"name":"Ann Lee","tags":["a","b"]}')],
  ['JSON', posted('application/vnd.api+json', '{"name":"Ann \\"Lee\\"","n":1}')],
  ['text', posted('text/plain;charset=UTF-8', 'Hello there, see you at 5')],
  [
    'XML',
    posted(
      'application/soap+xml; charset=utf-8; action="urn:a#b"',
      '<?xml version="1.0" encoding="utf-8"?>\n<s:Envelope xmlns:s="http://schemas.example/soap"><s:Body a = \'1\'><Name>Ann</Name><Empty/></s:Body></s:Envelope>',
    ),
  ],
  [
    'parts',
    posted(
      'multipart/form-data; boundary=----WebKitFormBoundaryA1',
      `${part('Ann', undefined, '----WebKitFormBoundaryA1')}${part('PNG', `${FILE}filename="a b.png"\r\nContent-Type: image/png`, '----WebKitFormBoundaryA1')}------WebKitFormBoundaryA1--\r\n`,
    ),
  ],
  [
    'parts by their quoted boundary',
    posted(
      'multipart/related; boundary="----=_Part_1"; type="text/xml"; start="<a@b.example>"',
      `${part('Ann', 'Content-Type: text/xml; charset=utf-8', '----=_Part_1')}------=_Part_1--`,
    ),
  ],
  ['parts in lines of a text file', multipart(`${part('x')}--B--\r\n`.replaceAll('\r\n', '\n'))],
  ...[
    'text/xml; charset=windows-31j',
    'text/xml; charset=utf_8',
    'text/xml; charset=ANSI_X3.4-1968',
    "text/xml; charset='utf-8'",
    'application/xml; charset=binary',
  ].map((type): [string, HttpRequest] => [`XML of ${type}`, posted(type, SOAP)]),
  ...['IBM850', 'cp437', 'macintosh', 'TIS-620', 'x-sjis', 'unicode', 'ISO-10646-UCS-2'].map(
    (name): [string, HttpRequest] => [
      `XML that declares ${name}`,
      posted('text/xml', `<?xml version="1.0" encoding="${name}"?><a>b</a>`),
    ],
  ),
  ['XML of an older charset', posted('text/xml', '<?xml version="1.0" encoding="ISO_8859-1:1987"?><a>b</a>')],
  [
    'XML that was written to a string',
    posted('text/xml; charset=utf-8', '<?xml version="1.0" encoding="utf-16"?><a>b</a>'),
  ],
  ['XML called a form', posted(FORM, SOAP)],
  ['XML called text', posted('text/plain', SOAP)],
  ['XML in a part', multipart(`${part(SOAP, `${FILE}filename="a.xml"\r\nContent-Type: text/xml`)}--B--`)],
  ['a job of a build server', posted('application/xml', '<project><script>echo hi</script></project>')],
  [
    'a task of a process',
    posted(
      'application/xml',
      '<b:d xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL"><b:script>a + b</b:script></b:d>',
    ),
  ],
  ...['gzip', 'UTF-8', 'amz-1.0', 'aws-chunked', 'br', 'gzip, aws-chunked'].map((coding): [string, HttpRequest] => [
    `JSON with the coding ${coding}`,
    posted({ 'Content-Type': 'application/json', 'Content-Encoding': coding }, '{"a":1}'),
  ]),
  ['text that was unpacked', posted({ 'Content-Type': 'text/plain', 'Content-Encoding': 'gzip' }, 'Hello there\r\n')],
  ...[
    'application/json; charset=utf8mb4',
    'application/json charset=utf-8',
    'application/json, text/plain, */*',
    'application/json; charset=',
  ].map((type): [string, HttpRequest] => [`JSON of ${type}`, posted(type, '{"name":"Ann Lee"}')]),
  [
    'a part in UTF-8',
    multipart(`${part('Ann', 'Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: UTF-8')}--B--`),
  ],
  ...[
    '1\n2\n3\n',
    '1\r\n2\r\n3\r\n',
    '1\n2\n',
    '2026\nAnn\n',
    '1\n2\n1\n2\n',
    ' 1.5\n 2\n',
    '1;Ann\n2;Bob\n',
    '1;Ann',
  ].map((body): [string, HttpRequest] => [
    `a list of numbers that came in chunks, ${JSON.stringify(body)},`,
    posted({ 'Content-Type': 'text/csv', 'Transfer-Encoding': 'chunked' }, body),
  ]),
  [
    'a trailer',
    posted(
      { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked', Trailer: 'X-Sum' },
      '7\r\n{"a":1}\r\n0\r\nX-Sum: abc\r\nX-Time: 1\r\n\r\n',
    ),
  ],
  ['chunks', posted({ 'Content-Type': FORM, 'Transfer-Encoding': 'chunked' }, '6\r\na=Grü\r\n4\r\n&b=1\r\n0\r\n\r\n')],
])('%s as honest clients send it leaves no doubt', (_, request) => {
  expect(judged(request)).toMatchObject({ verdict: 'benign', checked: [{ corpus: { items: 1, items_read: 1 } }] });
});

test.each([
  'text/xml; charset=utf-16',
  'text/xml charset=utf-8',
  'text/xml, text/xml',
  'text/xml; charset=',
  'multipart/form-data, text/xml',
])('a doubt accuses no honest XML: %s', (type) => {
  expect(judged(posted(type, SOAP))).toMatchObject({ verdict: 'inconclusive', findings: [] });
});

test.each(['GET http://a.example/ HTTP/1.1\r\n\r\n', 'X-A: b\r\n\r\nGET / HTTP/1.1\r\n\r\n'])(
  'a second request is no trailer: %j',
  (rest) => {
    const { verdict, not_checked } = judged(posted({ 'Transfer-Encoding': 'chunked' }, `2\r\nhi\r\n0\r\n${rest}`));
    expect(verdict).not.toBe('benign');
    expect(not_checked[0]?.what).toBe('request 1: what follows the last chunk');
  },
);

test('a doubt accuses no XML in a part', () => {
  const head = `${FILE}filename="a.xml"\r\nContent-Type: text/xml; charset=utf-16`;
  expect(judged(multipart(`${part(SOAP, head)}--B--`))).toMatchObject({ verdict: 'inconclusive', findings: [] });
});

test('a page that is left by a statement alone is found, also where its tag is only a name of XML', () => {
  const rules = (request: HttpRequest) => judged(request).findings.map(({ rule }) => rule);
  expect(rules(posted('text/xml', "<script>location='//evil.example'</script>"))).toContain('xss/script');
  expect(rules(posted(FORM, "q=%27;location.href='//evil.example'"))).toContain('xss/script');
});

test('an address in a description of a service is no statement', () => {
  const wsdl = '<w:port xmlns:w="http://schemas.example/w"><w:address location="https://shop.example/a"/></w:port>';
  expect(judged(multipart(`${part(wsdl, `${FILE}filename="a.wsdl"`)}--B--`))).toMatchObject({ verdict: 'benign' });
});

test('each of two content types of a raw request is read', () => {
  const raw = `POST / HTTP/1.1\r\nContent-Type: text/xml\r\nContent-Type: multipart/form-data; boundary=B\r\n\r\n${part(SQL)}--B--`;
  expect(judged(parseRawRequest(raw)!)).toMatchObject({ verdict: 'malicious' });
});

test.each<[string, string, (text: string) => string]>([
  ['delimiters', '--B\r\n', (text) => text],
  ['headers', 'a: b\r\n', (text) => `--B\r\n${text}`],
  ['tags', "<a b='", (text) => text],
  ['names', 'a b ', (text) => `<${text}`],
  ['types', 'Content-Type: multipart/a; boundary=#\r\n', (text) => `--B\r\n${numbered(text)}\r\n${text}\r\n--B--`],
  ['charsets', 'Content-Type: a/a; charset=utf-7#\r\n', (text) => `--B\r\n${numbered(text)}\r\n${text}\r\n--B--`],
  ['prefixes', 'a:', (text) => `<${text} xmlns="http://www.w3.org/1999/xhtml">`],
])('a body of nothing but %s costs time in proportion to its length (ATK-A9)', async (_, unit, bodyOf) => {
  for (const type of ['multipart/form-data; boundary=B', 'text/xml', 'multipart/form-data; boundary=B; boundary=C'])
    await expectProportion(unit, 500_000, (text) => judged(posted(type, bodyOf(text))));
});

test.each<[string, (text: string) => string]>([
  ['1\r\na\r\n', (text) => text],
  ['0', (text) => text],
  ['0', (text) => `${text}\r\nx`],
  [' ', (text) => `1${text}`],
  [' ', (text) => `1${text}\r\na\r\n`],
  ['\n0', (text) => `1;a\r\nb\r\n${text}`],
  ['\n0 ;', (text) => `1;a\r\nb\r\n${text}`],
  [';', (text) => `1${text}\r\na\r\n`],
])('chunks of nothing but %j cost time in proportion to their length (ATK-A9)', async (unit, bodyOf) => {
  for (const headers of [IN_CHUNKS, IN_PARTS])
    await expectProportion(unit, 500_000, (text) => judged(posted(headers, bodyOf(text))));
});
