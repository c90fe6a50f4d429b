/** Mail in the reader's own domain that the receiving server calls forged, and the honest mail that looks like it. */
import { expect, test } from 'vitest';
import { analyzeEmail, checkAuthentication, parseEmail } from '../../../analysis/email/index.ts';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const PDF = Buffer.from('%PDF-1.4\n%\xe2\xe3\n1 0 obj\n<< >>\nendobj\n', 'latin1').toString('base64');
const picture = ['Content-Type: image/png; name="qr.png"', 'Content-Disposition: inline; filename="qr.png"'];
const file = ['Content-Type: application/pdf; name="a.pdf"', 'Content-Disposition: attachment; filename="a.pdf"'];

interface Made {
  results: string;
  from?: string;
  to?: string;
  headers?: string[];
  text?: string;
  part?: string[];
}

async function judged({ results, from = 'it@acme.test', to = 'anna@acme.test', headers = [], text, part }: Made) {
  const lines = [
    `Authentication-Results: mx.acme.test; ${results}`,
    ...headers,
    `From: "IT" <${from}>`,
    `To: ${to}`,
    'Subject: Document',
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary="b"',
    '',
    '--b',
    'Content-Type: text/html; charset=utf-8',
    '',
    `<p>${text ?? 'Please see below.'}</p>`,
    ...(part ? ['--b', ...part, 'Content-Transfer-Encoding: base64', '', part === file ? PDF : PNG] : []),
    '--b--',
    '',
  ];
  const bytes = Buffer.from(lines.join('\r\n').replaceAll('acme.test', 'acme-widgets.com'));
  const reading = await parseEmail(bytes, { name: 'mail' });
  if (!reading.ok) throw new Error(reading.reason);
  return analyzeEmail(reading.mail, await checkAuthentication(bytes));
}

const FORGED = 'spf=fail smtp.mailfrom=acme.test; dkim=none; dmarc=fail action=none header.from=acme.test';
const DENIED = 'spf=softfail; dkim=none; dmarc=fail (p=REJECT dis=NONE) header.from=acme.test';

test.each([
  ['a picture', { results: FORGED, part: picture }],
  ['a file', { results: FORGED, part: file }],
  [
    'a file, to a crowd that is not named',
    { results: FORGED, to: 'undisclosed-recipients:;', headers: ['Delivered-To: anna@acme.test'], part: file },
  ],
  ['a sub-domain', { results: FORGED, from: 'it@hr.acme.test', part: picture }],
  ['nothing, where the domain refuses it', { results: DENIED }],
  [
    'a picture, where the domain refuses it and another one passed',
    { results: DENIED.replace('softfail', 'pass'), part: picture },
  ],
])(
  'a forged mail of the own domain with little but %s is suspicious, by the word of the server',
  async (_what, made: Made) => {
    const { verdict, findings } = await judged(made);
    expect(['suspicious', 'malicious']).toContain(verdict);
    const [sign] = findings.filter(({ rule }) => rule?.startsWith('own_domain'));
    expect(sign).toMatchObject({ severity: 'medium', evidence: [{ locator: 'header Authentication-Results' }] });
    expect(sign?.title).toContain('acme-widgets.com');
  },
);

const FOREIGN = 'dkim=none; dmarc=fail action=none header.from=acme.test';
test.each([
  ['an SPF pass of a stranger', { results: `spf=pass smtp.mailfrom=evil.example; ${FOREIGN}`, part: file }],
  [
    'a DKIM pass of a stranger',
    { results: 'spf=none; dkim=pass header.d=evil.example; dmarc=fail (p=none)', part: file },
  ],
  ['arc=pass in an address', { results: `spf=none smtp.mailfrom=arc=pass@evil.example; ${FOREIGN}`, part: file }],
  [
    'arc=pass in a quoted address',
    { results: `spf=none smtp.mailfrom="x; arc=pass"@evil.example; ${FOREIGN}`, part: file },
  ],
  ['arc=pass in a comment', { results: `spf=none (helo (x); arc=pass); ${FOREIGN}`, part: file }],
  ['an open quote before arc=pass', { results: `${FOREIGN}; x="; arc=pass`, part: file }],
  ['arc=pass behind a refusal by policy', { results: `${DENIED} smtp.mailfrom=a@arc=pass; x=y`, part: file }],
  ['a list, where the domain refuses it', { results: DENIED, headers: ['List-Id: <a.evil.example>'], part: file }],
  [
    'a forwarder, where the server put it aside',
    { results: `${FORGED} dis=QUARANTINE`, headers: ['X-Forwarded-For: a@evil.example'] },
  ],
  ['Resent-From, where the domain refuses it', { results: DENIED, headers: ['Resent-From: bob@evil.example'] }],
])('%s vouches for nothing that a forger can write too', async (_what, made: Made) => {
  const { verdict } = await judged(made);
  expect(['suspicious', 'malicious']).toContain(verdict);
});

const LONG = 'The figures of the month are attached, as every month. '.repeat(8);
test.each([
  [
    'of an own system that is aligned',
    { results: 'spf=pass smtp.mailfrom=out.acme.test; dmarc=fail (p=none)', part: file },
  ],
  ['whose own signature holds', { results: 'dkim=pass header.d=acme.test; spf=fail; dmarc=fail', part: file }],
  ['through a list', { results: FORGED, headers: ['List-Id: <all.acme.test>'], part: file }],
  ['that was forwarded', { results: FORGED, headers: ['Resent-From: bob@elsewhere.example'], part: file }],
  ['whose chain of servers is sound', { results: `${DENIED}; arc=pass`, part: file }],
  ['of an own system that says what it sends', { results: FORGED, text: LONG, part: file }],
  ['to somebody elsewhere', { results: FORGED, to: 'bob@other.example', part: file }],
  ['from one free mailbox to another', { results: FORGED, from: 'a@gmail.com', to: 'b@gmail.com', part: file }],
  ['that passed', { results: 'spf=pass; dkim=pass; dmarc=pass', part: file }],
])('a mail %s is not', async (_which, made: Made) => {
  expect(['inconclusive', 'benign']).toContain((await judged(made)).verdict);
});
