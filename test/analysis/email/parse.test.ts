/** Reading a mail: facts equal to an independent oracle, bounds kept, and bytes that are no mail recognised. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  analyzeEmail,
  checkAuthentication,
  parseEmail,
  zoneResolver,
  type ParsedMail,
} from '../../../analysis/email/index.ts';

const read = async (text: string | Uint8Array): Promise<ParsedMail> => {
  const reading = await parseEmail(typeof text === 'string' ? Buffer.from(text) : text, { name: 'mail' });
  if (!reading.ok) throw new Error(reading.reason);
  return reading.mail;
};
const mail = (headers: string, body: string, type = 'text/html') =>
  `${headers}\r\nTo: <reader@example.org>\r\nContent-Type: ${type}; charset=utf-8\r\n\r\n${body}\r\n`;

test.each([
  ['', 'empty'],
  ['GET / HTTP/1.1\r\nHost: example.com\r\n\r\n', 'header block'],
  ['just some words', 'header block'],
  ['\x7fELF\x02\x01\x00\x00', 'binary'],
])('what is no mail is refused with the reason: %j', async (text, reason) => {
  const reading = await parseEmail(Buffer.from(text, 'latin1'));
  expect(reading.ok ? '' : reading.reason).toContain(reason);
});

test('a mail without its closing boundary is read, and says that it was cut', async () => {
  const head = 'From: a@example.com\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n';
  const whole = `${head}--b\r\nContent-Type: text/plain\r\n\r\nHello http://example.net/x\r\n--b--\r\n`;
  expect((await read(whole)).unread).toEqual([]);
  const cut = await read(whole.replace('--b--\r\n', ''));
  expect(cut.facts.url_hosts).toEqual(['example.net']);
  expect(cut.unread.map(({ why }) => why).join()).toContain('closing MIME boundary');
});

test('nested deeper than the bound, a mail is refused instead of followed', async () => {
  const depth = 60;
  const parts = Array.from(
    { length: depth },
    (_, i) => `Content-Type: multipart/mixed; boundary="b${i}"\r\n\r\n--b${i}\r\n`,
  );
  const reading = await parseEmail(Buffer.from(`From: a@example.com\r\n${parts.join('')}\r\nend`));
  expect(reading).toMatchObject({ ok: false, reason: expect.stringContaining('bounds') as string });
});

test('an address header that programs read differently names no single domain', async () => {
  for (const from of [
    'a@example.com, b@example.net',
    'x@example.com <y@example.net>',
    'Somebody, <a@example.com>',
    '<>',
  ]) {
    expect((await read(mail(`From: ${from}`, 'x'))).facts.from_domain, from).toBeNull();
  }
  expect((await read(mail('From: "Miller, Ann" <ann@Example.COM.>', 'x'))).facts.from_domain).toBe('example.com');
});

test('links carry their text, forms and password fields are counted, hidden text is kept apart', async () => {
  const html =
    '<p>Hi <a href="http://example.net/a">www.example.com</a></p><div style="display: none">secret words</div>' +
    '<form action="https://198.51.100.4/x"><input type=PASSWORD></form><!--[if mso]><v:rect href="http://example.org/o"><![endif]-->';
  const parsed = await read(mail('From: a@example.com', html));
  expect(parsed.links.map(({ kind, host, text }) => [kind, host, text])).toEqual([
    ['link', 'example.net', 'www.example.com'],
    ['form', '198.51.100.4', ''],
    ['link', 'example.org', ''],
  ]);
  expect(parsed.facts).toMatchObject({ html_forms: 1, password_inputs: 1 });
  expect(parsed.hidden).toMatchObject([{ text: 'secret words', why: 'display:none' }]);
  expect(parsed.body.join(' ')).not.toContain('secret');
});

test('an attachment is hashed as it decodes', async () => {
  const part =
    '--b\r\nContent-Type: application/pdf; name="a.pdf"\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n';
  const parsed = await read(`From: a@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${part}`);
  expect(parsed.facts.attachments).toEqual([
    {
      filename: 'a.pdf',
      content_type: 'application/pdf',
      size: 5,
      sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
    },
  ]);
});

test('whatever bytes come, reader, judge and sender check answer and never throw', async () => {
  const chunk = fc.constantFrom(
    ...['From: ', 'a@b', '\r\n', '\r\n\r\n', '--b', '<a href=', 'http://', 'Content-Type: multipart/mixed; boundary=b'],
    ...['=?utf-8?B?', '\u0000', '"', '<', '[', '%', 'DKIM-Signature: v=1; d=b; s=', 'ARC-Seal: i=1; cv=', 'Reply-To: '],
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.array(chunk, { maxLength: 40 }).map((chunks) => Buffer.from(`From: x\r\n${chunks.join('')}`)),
  );
  let mails = 0;
  const answers = async (input: Uint8Array) => {
    const reading = await parseEmail(input);
    const authentication = await checkAuthentication(input, { resolver: zoneResolver({}), client_ip: '192.0.2.1' });
    if (!reading.ok) return;
    mails += 1;
    expect((await analyzeEmail(reading.mail, authentication)).checked).toHaveLength(1);
  };
  await fc.assert(fc.asyncProperty(bytes, answers), { numRuns: 200, seed: 7 });
  expect(mails).toBeGreaterThan(50);
});
