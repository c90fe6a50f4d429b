/** Mails that are padded: what stands behind the padding is judged, or the result says that it was not. */
import { expect, test } from 'vitest';
import { analyzeEmail, checkAuthentication, parseEmail } from '../../../analysis/email/index.ts';
import { readHtml } from '../../../analysis/email/html.ts';
import { expectProportion } from '../../support/growth.ts';

async function judged(lines: readonly string[]) {
  const bytes = Buffer.from(lines.join('\r\n'));
  const reading = await parseEmail(bytes, { name: 'padded.eml' });
  if (!reading.ok) throw new Error(reading.reason);
  return analyzeEmail(reading.mail, await checkAuthentication(bytes, {}));
}
const HEAD = ['From: <help@billing.example.com>', 'To: <reader@example.org>', 'Subject: Hello', 'MIME-Version: 1.0'];
const part = (name: string) => [
  '--X',
  'Content-Type: application/octet-stream',
  `Content-Disposition: attachment; filename="${name}"`,
  '',
  'x',
];
const withFiles = (names: readonly string[]) => [
  ...HEAD,
  'Content-Type: multipart/mixed; boundary=X',
  '',
  '--X',
  '',
  'hi',
  ...names.flatMap(part),
  '--X--',
  '',
];
const many = (count: number, of: (index: number) => string) => Array.from({ length: count }, (_, index) => of(index));

test('the kind of each of hundreds of attachments is judged, though the facts list 200', async () => {
  const { verdict, findings, facts } = await judged(
    withFiles([...many(250, (index) => `photo-${index}.dat`), 'invoice.pdf.exe', 'b.dat']),
  );
  expect(verdict).not.toBe('benign');
  expect(findings.map(({ rule }) => rule)).toContain('attachment_disguised');
  expect(facts.attachments).toHaveLength(200);
});

test('a file name of 300 characters keeps the ending that opens it', async () => {
  const { findings } = await judged(withFiles([`${'a'.repeat(300)}.exe`]));
  expect(findings.map(({ rule }) => rule)).toContain('attachment_program');
});

const LURE = 'Verify your account now';
test.each<[string, string[]]>([
  ['line 3 000', [...HEAD, '', ...many(3_000, (index) => `line ${index}`), LURE]],
  ['character 12 000 of a line', [...HEAD, '', `${'word '.repeat(2_400)}${LURE}`]],
  ['character 1 500 000', [...HEAD, '', ...many(30_000, () => 'w'.repeat(50)), LURE]],
  [
    'two million characters of HTML',
    [...HEAD, 'Content-Type: text/html', '', ...many(50_000, () => `<p>${'w'.repeat(45)}</p>`), `<p>${LURE}</p>`],
  ],
  [
    'character 5 000 of the subject',
    [...HEAD.filter((line) => !line.startsWith('Subject')), `Subject: ${'word '.repeat(1_000)}`, ` ${LURE}`, '', 'x'],
  ],
])('a lure is found at %s', async (_, lines) => {
  const { findings } = await judged(lines);
  expect(findings.map(({ rule }) => rule)).toEqual(expect.arrayContaining([expect.stringMatching(/^lure_/)]));
});

test.each<[string, string[], string]>([
  ['lines', [...HEAD, '', ...many(12_000, () => 'a'), LURE, ...many(12_000, () => 'a')], 'lines of the text'],
  ['headers', [...HEAD, ...many(21_000, () => 'X-A: b'), '', 'x'], 'headers'],
  [
    'addresses',
    [...HEAD.slice(1), `From: ${many(1_500, (index) => `<a${index}@example.com>`).join(',')}`, '', 'x'],
    'addresses of the header from',
  ],
  ['links', [...HEAD, '', ...many(5_000, (index) => `https://www.example.org/${index}`)], 'links'],
])('a mail with more %s than are read is not benign, and says so', async (_, lines, what) => {
  const { verdict, not_checked, checked } = await judged(lines);
  expect(verdict).not.toBe('benign');
  expect(not_checked[0]?.what).toContain(what);
  expect(checked[0]?.corpus.items_read).toBeLessThan(checked[0]?.corpus.items ?? 0);
});

test('a body between one bound and two is read once, and nothing of it is said to be unread', async () => {
  const link = 'https://example.org/reset';
  const text = [...many(13_000, () => 'w'.repeat(50)), link, ...many(13_000, () => 'w'.repeat(50))];
  const { facts, not_checked } = await judged([...HEAD, '', ...text]);
  expect(facts.urls).toBe(1);
  expect(not_checked.filter(({ what }) => what.includes('middle'))).toEqual([]);
  const forms = many(40_000, () => `<p>${'w'.repeat(45)}</p>`);
  const html = [...forms, `<a href="${link}">once</a>`, ...forms.slice(0, 20_000)];
  const read = await judged([...HEAD, 'Content-Type: text/html', '', ...html]);
  expect(read.facts.urls).toBe(1);
  expect(read.not_checked.filter(({ what }) => what.includes('HTML'))).toEqual([]);
});

const page = (html: string) => [...HEAD, 'Content-Type: text/html', '', html];
const TARGET = 'https://login.example.net/x';
test.each([
  ['zeros of a jump', `<meta http-equiv=refresh content="${'0'.repeat(9)};url=${TARGET}">`],
  ['blanks of a jump', `<meta http-equiv=refresh content="0;${' '.repeat(65)}url${' '.repeat(20_000)}=${TARGET}">`],
])('where a page sends on by itself is found behind many %s', (_, html) => {
  expect(readHtml(html).jumps).toEqual([TARGET]);
});

test('a link of a conditional comment is found behind many blanks', async () => {
  const { facts } = await judged(
    page(`<!--[if mso]><a href${' '.repeat(65)}=${' '.repeat(65)}"${TARGET}">go</a><![endif]-->`),
  );
  expect(facts.urls).toBe(1);
});

test('a text is hidden wherever its style says so', () => {
  const { visible, hidden } = readHtml(
    `<p style="${'a:b;'.repeat(5_000)}display:none;${'a:b;'.repeat(5_000)}">${LURE}</p>`,
  );
  expect({ visible, hidden }).toMatchObject({ visible: [], hidden: [{ text: LURE, why: 'display:none' }] });
});

test.each<[string, string, (text: string) => readonly string[]]>([
  ['the end of an address', '.', (text) => [...HEAD, '', `see https://a.example/${text}x`]],
  ['a jump', ' ', (text) => [...HEAD, 'Content-Type: text/html', '', `<meta http-equiv=refresh content="${text}x">`]],
  ['a jump of digits', '0', (text) => [...HEAD, 'Content-Type: text/html', '', `<meta content="${text}x">`]],
  ['a style of blanks', ' ', (text) => [...HEAD, 'Content-Type: text/html', '', `<p style="${text}x">hi</p>`]],
  ['a style', ';height:0', (text) => [...HEAD, 'Content-Type: text/html', '', `<p style="${text}">hi</p>`]],
  ['a comment', ' href', (text) => [...HEAD, 'Content-Type: text/html', '', `<!--[if mso]>${text}<![endif]-->`]],
  ['the name of a sender', 'a@a-', (text) => [`From: "${text}" <a@example.com>`, ...HEAD.slice(1), '', 'hi']],
])('%s of a mail costs time in proportion to its length (ATK-A9)', async (_, unit, mailOf) => {
  await expectProportion(unit, 60_000, (text) => judged(mailOf(text)));
});
