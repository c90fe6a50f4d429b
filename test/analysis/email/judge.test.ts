/** Judging a mail: each sign with its place, the trade between recall and false alarms, and no clean answer by silence. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { analyzeEmail, checkAuthentication, mountedBrands, parseEmail } from '../../../analysis/email/index.ts';
import { dataJson, dataPath, describeWithData } from '../../support/data.ts';

async function judge(text: string | Uint8Array, brands?: Parameters<typeof analyzeEmail>[2]) {
  const bytes = Buffer.from(text);
  const reading = await parseEmail(bytes, { name: 'mail' });
  if (!reading.ok) throw new Error(reading.reason);
  return analyzeEmail(reading.mail, await checkAuthentication(bytes), brands);
}
const mail = (headers: string, body: string, to = 'To: <reader@example.org>') =>
  `${headers}\r\n${to}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${body}\r\n`;
const rules = ({ findings }: Awaited<ReturnType<typeof judge>>) => findings.map(({ rule }) => rule);

describeWithData('the verdicts on 195 real mails', () => {
  const { cases } = dataJson('phishing', 'expected.json') as { cases: { file: string; label: string }[] };
  const isFlagged = (verdict: string) => verdict === 'malicious' || verdict === 'suspicious';
  const measure = async (change: (text: Buffer) => Buffer) => {
    const verdicts: Record<string, string[]> = { malicious: [], benign: [], spam: [] };
    for (const { file, label } of cases)
      verdicts[label]!.push((await judge(change(readFileSync(dataPath('phishing', file))))).verdict);
    return verdicts;
  };
  const share = (verdicts: string[], count: (verdict: string) => boolean) =>
    verdicts.filter(count).length / verdicts.length;

  test('at least 70% of the phish are flagged at no more than 2% of the benign', async () => {
    const { malicious, benign, spam } = await measure((text) => text);
    const recall = share(malicious!, isFlagged);
    console.log(
      `phishing: recall ${recall.toFixed(3)} (malicious ${share(malicious!, (v) => v === 'malicious').toFixed(3)}), ` +
        `benign flagged ${share(benign!, isFlagged).toFixed(3)}, spam flagged ${share(spam!, isFlagged).toFixed(3)}`,
    );
    expect(recall).toBeGreaterThanOrEqual(0.7);
    expect(share(benign!, isFlagged)).toBeLessThanOrEqual(0.02);
  });

  test('and it does not lean on what only newer mails carry: receivers’ reports, X- headers, dates', async () => {
    const strip = (text: Buffer) => {
      const [head = '', ...rest] = text.toString('latin1').split(/(?<=\r?\n)\r?\n/);
      const kept = head.replace(
        /^(?:x-[^:]*|date|received|arc-[^:]*|dkim-signature|authentication-results[^:]*|mime-version|message-id):.*\r?\n(?:[ \t].*\r?\n)*/gim,
        '',
      );
      return Buffer.from([kept, ...rest].join('\r\n'), 'latin1');
    };
    const { malicious, benign } = await measure(strip);
    console.log(`phishing without vintage headers: recall ${share(malicious!, isFlagged).toFixed(3)}`);
    expect(share(malicious!, isFlagged)).toBeGreaterThanOrEqual(0.7);
    expect(share(benign!, isFlagged)).toBeLessThanOrEqual(0.02);
  });

  test('twice the same mail gives the same bytes', async () => {
    const bytes = readFileSync(dataPath('phishing', cases[0]!.file));
    expect(JSON.stringify(await judge(bytes))).toBe(JSON.stringify(await judge(bytes)));
  });
});

test('a brand in the sender name, a foreign reply address and a bare address make a phish, each cited where it stands', async () => {
  const found = await judge(
    mail(
      'From: "PayPal Service" <help@billing.example.com>\r\nReply-To: <collector@gmail.com>\r\nSubject: Your account is suspended',
      '<a href="http://192.0.2.7/login">https://www.paypal.com/</a><form action="http://192.0.2.7/in"><input type=password></form>',
    ),
  );
  expect(found.verdict).toBe('malicious');
  const places: Record<string, string | undefined> = {};
  for (const { id, evidence } of found.findings) places[id] = evidence[0]?.locator;
  expect(places).toMatchObject({
    sender_brand: 'header From',
    reply_freemail: 'header Reply-To',
    link_address: 'html link 1',
    link_text: 'html link 1',
    form_password: 'html form 2',
    lure_subject: 'header Subject',
  });
  expect(found.mitre_techniques).toEqual(['T1566.002', 'T1598.003', 'T1684.001']);
  expect(found.iocs).toContainEqual({ type: 'email', value: 'collector@gmail.com' });
  expect(found.iocs).toContainEqual({ type: 'ip', value: '192.0.2.7' });
});

test.each([
  ['another script', 'p\u0430ypal.com'],
  ['punycode', 'xn--pypal-4ve.com'],
  ['a digit for a letter', 'paypa1.com'],
  ['one letter off', 'paypaal.com'],
  ['the brand before another domain', 'paypal.example.com'],
  ['the brand inside another name', 'my-paypalsecure.example'],
])('a sender domain that imitates a brand is seen: %s', async (_, domain) => {
  expect(rules(await judge(mail(`From: Help <a@${domain}>\r\nSubject: Hi`, 'x')))).toContain('sender_lookalike');
});

test.each(['paypal.com', 'mail.paypal.de', 'example.com', 'outlook.example.com', 'storage.googleapis.com'])(
  'a name that imitates nobody is left alone: %s',
  async (domain) => {
    expect(rules(await judge(mail(`From: Help <a@${domain}>\r\nSubject: Hi`, 'x')))).not.toContain('sender_lookalike');
  },
);

test('a mailing list that answers for its members, and a plain letter, are benign with a receipt', async () => {
  const list = await judge(
    mail(
      'From: Ann <ann@example.com>\r\nReply-To: <talk@lists.example.net>\r\nReturn-Path: <bounce@lists.example.net>\r\nSubject: Re: build',
      'See http://www.example.com/',
      'To: <talk@lists.example.net>',
    ),
  );
  expect(list).toMatchObject({ verdict: 'benign', severity: 'info', findings: [], iocs: [] });
  expect(list.checked[0]).toMatchObject({
    corpus: { items: 1, items_read: 1 },
    control: expect.stringContaining('planted') as string,
  });
  expect(list.not_checked.map(({ what }) => what)).toContain('SPF, DKIM, DMARC and ARC');
});

test('a truncated mail never ends as clean', async () => {
  const cut =
    'From: Ann <ann@example.com>\r\nTo: <b@example.org>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello';
  const found = await judge(cut);
  expect(found.verdict).toBe('inconclusive');
  expect(found.not_checked.map(({ why }) => why).join()).toContain('cut short');
});

test.each([
  ['invoice.pdf.exe', 'attachment_disguised'],
  ['run.js', 'attachment_program'],
  ['voicemail.htm', 'attachment_page'],
  ['list.xlsm', 'attachment_macro'],
  ['pictures.zip', 'attachment_archive'],
])('an attachment is judged by its kind: %s', async (name, rule) => {
  const part = `--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="${name}"\r\n\r\nx\r\n--b--\r\n`;
  const found = await judge(
    `From: a@example.com\r\nTo: <b@example.org>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${part}`,
  );
  expect(rules(found)).toContain(rule);
});

test('an archive with its password in the text is worse than an archive', async () => {
  const part =
    '--b\r\nContent-Type: text/plain\r\n\r\nPassword: 1234abc\r\n--b\r\nContent-Type: application/zip; name=a.zip\r\nContent-Disposition: attachment\r\n\r\nx\r\n--b--\r\n';
  const found = await judge(
    `From: a@example.com\r\nTo: <b@example.org>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${part}`,
  );
  expect(rules(found)).toContain('attachment_locked');
});

test('mounted brands replace our own list, and the result names their version', async () => {
  const brands = mountedBrands({
    version: '2026-11-01',
    data: { brands: [{ name: 'Examplebank', domains: ['examplebank.test'] }] },
  });
  const found = await judge(
    mail('From: "Examplebank" <a@mail.example.com>\r\nSubject: Verify your account', 'x'),
    brands,
  );
  expect(rules(found)).toContain('sender_brand');
  expect(found.data_versions['brands']).toBe('2026-11-01');
  expect(mountedBrands({ version: '1', data: { brands: 'none' } })).toBeUndefined();
});

test('text of the attacker reaches the result without control or bidi characters (ATK-F3)', async () => {
  const found = await judge(
    mail('From: "PayPal\u202e Service" <a@b.example.com>\r\nSubject: Verify your account\u001b[31m', 'x'),
  );
  expect(found.findings.length).toBeGreaterThan(0);
  expect(JSON.stringify(found.findings)).not.toMatch(/\\u001b|\u202e/);
});

test('long lines and many links are judged in bounded time', async () => {
  const body = `${'a@'.repeat(50_000)} ${'<a href="http://x.example.com/">http://y.example.com/</a>'.repeat(3_000)}${'<b>x'.repeat(1_900)}${'<i>y</i>'.repeat(100_000)}`;
  const started = performance.now();
  await judge(mail('From: a@example.com\r\nSubject: ' + 'verify your '.repeat(2_000), body));
  expect(performance.now() - started).toBeLessThan(5_000);
});
