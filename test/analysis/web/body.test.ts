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

test.each<[string, HttpRequest]>([
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
  ['a form that speaks of XML', posted(`${FORM}; a=xml`, `id=${XSS}`)],
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
  ['UTF-7', posted(`${FORM}; charset=utf-7`, 'id=+ADw-script+AD4-alert(1)+ADw-/script+AD4-')],
  ['UTF-16', posted('text/plain; charset=utf-16le', SQL.replace(/[^]/g, '$&\0'))],
  [
    'UTF-7 in a part',
    multipart(
      `${part('+ADw-script+AD4-alert(1)', 'Content-Disposition: form-data; name="id"\r\nContent-Type: text/plain; charset=utf-7')}--B--`,
    ),
  ],
  ['an unquoted attribute in XML', posted('text/xml', `<a>${XSS}</a>`)],
  ['a script of its own in XML', posted('text/xml', '<a><script src="//evil.example/x"></script></a>')],
  ['an instruction in XML', posted('text/xml', `<?x ' <script>alert(1)</script> ' ?><a/>`)],
  ['a comment in XML', posted('application/xml', `<a><!-- <script>alert(1)</script> --></a>`)],
  ['a name that comes twice in JSON', posted('application/json', `{"id":"${SQL}","id":"x"}`)],
  [
    'chunks',
    posted(
      { 'Content-Type': FORM, 'Transfer-Encoding': 'chunked' },
      "8\r\nid=1'+un\r\na\r\nion+select\r\n13\r\n+name+from+users--+\r\n0\r\n\r\n",
    ),
  ],
])('an attack is found behind %s', (_, request) => {
  expect(judged(request)).toMatchObject({ verdict: 'malicious' });
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
  ['a charset nobody reads', posted(`${FORM}; charset=ibm037`, 'abc=def')],
  ['a charset in a field', multipart(`${part('ibm037', 'Content-Disposition: form-data; name="_charset_"')}--B--`)],
  ['chunks that do not fit', posted({ 'Transfer-Encoding': 'chunked' }, '8\r\nid=1\r\n0\r\n\r\n')],
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
  ['chunks', posted({ 'Content-Type': FORM, 'Transfer-Encoding': 'chunked' }, '6\r\na=Grü\r\n4\r\n&b=1\r\n0\r\n\r\n')],
])('%s as honest clients send it leaves no doubt', (_, request) => {
  expect(judged(request)).toMatchObject({ verdict: 'benign', checked: [{ corpus: { items: 1, items_read: 1 } }] });
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
])('a body of nothing but %s costs time in proportion to its length (ATK-A9)', async (_, unit, bodyOf) => {
  for (const type of ['multipart/form-data; boundary=B', 'text/xml', 'multipart/form-data; boundary=B; boundary=C'])
    await expectProportion(unit, 500_000, (text) => judged(posted(type, bodyOf(text))));
});
