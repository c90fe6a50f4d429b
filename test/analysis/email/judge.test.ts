/** Judging a mail: each sign with its place, the trade between recall and false alarms, and no clean answer by silence. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  analyzeEmail,
  assessMailIndicators,
  checkAuthentication,
  mountedBrands,
  parseEmail,
} from '../../../analysis/email/index.ts';
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

describeWithData('a real mail', () => {
  const { cases } = dataJson('phishing', 'expected.json') as { cases: { file: string }[] };

  test('twice the same mail gives the same bytes', async () => {
    const bytes = readFileSync(dataPath('phishing', cases[0]!.file));
    expect(JSON.stringify(await judge(bytes))).toBe(JSON.stringify(await judge(bytes)));
  });
});

const PLAIN = '<p>The minutes of the meeting are in the usual place.</p>';

test.each([
  ['answers to a free mailbox', 'Reply-To: <other.person@gmail.com>', 'inconclusive'],
  ['a softfail', 'Authentication-Results: mx.example.org; spf=softfail', 'inconclusive'],
  ['a failed composite check', 'Authentication-Results: mx.example.org; spf=pass; compauth=fail', 'inconclusive'],
  ['a passed check', 'Authentication-Results: mx.example.org; spf=pass; dkim=pass; dmarc=pass', 'benign'],
  ['no word about it', 'X-Note: 1', 'benign'],
])('a plain mail with %s, whose sender was not checked', async (_name, header, verdict) => {
  const found = await judge(mail(`From: "A. Writer" <writer@example.com>\r\n${header}\r\nSubject: Minutes`, PLAIN));
  expect(found.verdict).toBe(verdict);
});

test('a link to a name inside the network is no sign; one to a name that nobody can have is', async () => {
  const build = (host: string) =>
    judge(
      mail(
        'From: "Build" <build@example.org>\r\nAuthentication-Results: mx.example.org; spf=softfail; dmarc=fail\r\nSubject: Build failed',
        `<p>Look at the log of the build, which ends with an error.</p><a href="http://${host}:8080/job/7/">log</a>`,
      ),
    );
  const inside = await build('build.example.local');
  expect(inside.verdict).not.toBe('suspicious');
  expect(rules(inside)).not.toContain('link_unreal');
  expect(rules(await build('build.example.zzzz'))).toContain('link_unreal');
});

test('a link that asks for access to an account says so where another application gets it', async () => {
  const asking = (app: string) =>
    judge(
      mail(
        'From: <a@example.com>\r\nSubject: A document',
        `<a href="https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id=a&redirect_uri=https://${app}/cb&scope=Mail.Read">Open</a>`,
      ),
    );
  const foreign = await asking('evil-app.net');
  expect(foreign.findings.find(({ rule }) => rule === 'link_consent')?.title).toContain('evil-app.net');
  expect(rules(await asking('app.example.com'))).not.toContain('link_consent');
});

test('one sign that is enough is not called several', async () => {
  const found = await judge(
    [
      'From: <a@example.com>\r\nTo: <b@example.org>\r\nSubject: Invoice\r\nMIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\nSee it.\r\n--x',
      'Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="invoice.pdf.lnk"\r\n',
      'x\r\n--x--\r\n',
    ].join('\r\n'),
  );
  expect(found.findings.find(({ rule }) => rule === 'signs_together')?.title).toMatch(/^One sign is enough/);
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
    link_text_brand: 'html link 1',
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

const BRAND_LINK =
  '<a href="https://login.microsoftonline.com.acct-notice.example.com/x">https://login.microsoftonline.com</a>';

test('a link that wears a brand is seen on the sender’s own domain too, and its address is an indicator', async () => {
  const found = await judge(mail('From: Help <x@acct-notice.example.com>\r\nSubject: Hello', BRAND_LINK));
  expect(found.verdict).toBe('malicious');
  expect(rules(found)).toEqual(expect.arrayContaining(['link_lookalike', 'link_text_brand']));
  expect(found.iocs).toContainEqual({
    type: 'url',
    value: 'https://login.microsoftonline.com.acct-notice.example.com/x',
  });
  expect(found.iocs).toContainEqual({ type: 'domain', value: 'login.microsoftonline.com.acct-notice.example.com' });
});

test.each([
  'login.live.com.notice.example.com',
  'login-live-com.notice.example.com',
  'login.microsoftonline.example.com',
  'xn--pypal-4ve.example.com',
])('a brand inside the labels of the sender’s own domain is a sign: %s', async (host) => {
  const found = await judge(
    mail('From: Help <x@example.com>\r\nSubject: Hello', `<a href="https://${host}/">here</a>`),
  );
  expect(rules(found)).toContain('link_lookalike');
});

test('a sender’s own click counter is excused, unless it shows a brand’s address or the sender check failed', async () => {
  const linked = (text: string, headers = '') =>
    judge(
      mail(
        `${headers}From: News <x@example.com>\r\nSubject: Hello`,
        `<a href="https://click.example.com/1">${text}</a>`,
      ),
    ).then(rules);
  const failed = 'Authentication-Results: mx.example.org; spf=pass; dmarc=fail\r\n';
  expect(await linked('https://www.example.org/')).toEqual([]);
  expect(await linked('https://www.example.org/', failed)).toContain('link_text');
  expect(await linked('https://www.paypal.com/')).toEqual(['link_text_brand']);
});

test('a brand’s own mail may show one of its addresses and lead to another', async () => {
  const found = await judge(
    mail(
      'From: Microsoft <x@microsoft.com>\r\nSubject: Hello',
      '<a href="https://www.office.com/">https://login.microsoftonline.com/</a>',
    ),
  );
  expect(rules(found).filter((rule) => rule?.startsWith('link_'))).toEqual([]);
});

test.each([
  ['a forged From', 'Return-Path: <x@example.com>\r\nFrom: PayPal <x@paypal.com>'],
  ['a forged Return-Path', 'Return-Path: <x@paypal.com>\r\nFrom: Help <x@example.com>'],
])('a brand in one sender header excuses no link to the owner of the other: %s', async (_, headers) => {
  const link = '<a href="https://www.example.com/login">https://www.paypal.com/</a>';
  expect(rules(await judge(mail(`${headers}\r\nSubject: Hello`, link)))).toContain('link_text');
});

test('a user name before the host is seen behind an innocent link to the same host', async () => {
  const found = await judge(
    mail(
      'From: News <x@example.com>\r\nSubject: Hello',
      '<a href="https://www.example.com/">a</a><a href="https://www.paypal.com@www.example.com/">b</a>',
    ),
  );
  expect(rules(found)).toContain('link_credentials');
});

test('the links of a flagged mail are indicators, but not those of a brand it borrows, and at most 100', async () => {
  const many = Array.from({ length: 300 }, (_, index) => `<a href="https://w${index}.acct-notice.example.com/">x</a>`);
  const flagged = (body: string) =>
    judge(mail('From: Help <x@acct-notice.example.com>\r\nSubject: Hello', `${BRAND_LINK}${body}`));
  const { iocs } = await flagged(
    '<a href="https://www.acct-notice.example.com/">x</a><a href="https://www.paypal.com/">x</a>',
  );
  expect(iocs).toContainEqual({ type: 'url', value: 'https://www.acct-notice.example.com/' });
  expect(iocs.map(({ value }) => value)).not.toContain('https://www.paypal.com/');
  const crowd = (await flagged(many.join(''))).iocs;
  expect(crowd).toHaveLength(100);
  expect(crowd).toContainEqual({ type: 'domain', value: 'login.microsoftonline.com.acct-notice.example.com' });
});

test('one place is cited once in a finding and once in a technique, however many signs stand there', async () => {
  const found = await judge(
    mail(
      'From: "PayPal Service" <a@paypal1.example.com>, "PayPal" <b@micros0ft.com>\r\nSubject: Your PayPal account is suspended, urgent',
      `${BRAND_LINK}<a href="http://192.0.2.7/">https://www.paypal.com/</a>`,
    ),
  );
  expect(found.verdict).toBe('malicious');
  for (const { evidence } of [...found.findings, ...found.techniques]) {
    const rows = evidence.map((row) => JSON.stringify(row));
    expect(rows).toEqual([...new Set(rows)]);
  }
});

test('a name that claims what the domain imitates is one finding, and a namesake imitates no neighbour', async () => {
  const pretence = (from: string) => judge(mail(`From: ${from}\r\nSubject: Hello`, 'x')).then(rules);
  const both = await pretence('PayPal <a@paypal.example.com>');
  expect(both).toContain('sender_lookalike');
  expect(both).not.toContain('sender_brand');
  // The two posts are one letter apart.
  const namesake = await pretence('Correios <a@correios>');
  expect(namesake).toContain('sender_brand');
  expect(namesake).not.toContain('sender_lookalike');
});

test('the weak signs of a benign mail are told and give no confidence in badness', async () => {
  const found = await judge(mail('From: News <x@example.com>\r\nSubject: Hello', 'x', 'To: undisclosed:;'));
  expect(found).toMatchObject({ verdict: 'benign', severity: 'info', confidence: 0, iocs: [] });
  expect(rules(found)).toEqual(['recipients_hidden']);
});

test('an imitating indicator is titled as a name, not as a sender', () => {
  const { findings } = assessMailIndicators([{ type: 'domain', value: 'trustwallet-unlock.example.com' }], {
    content: { get: () => undefined },
  });
  expect(findings.find(({ rule }) => rule === 'brand_lookalike')?.title).toMatch(/^The name imitates a brand: Trust/);
});

test('long lines and many links are judged in bounded time', async () => {
  const body = `${'a@'.repeat(50_000)} ${'<a href="http://x.example.com/">http://y.example.com/</a>'.repeat(3_000)}${'<b>x'.repeat(1_900)}${'<i>y</i>'.repeat(100_000)}`;
  const started = performance.now();
  await judge(mail('From: a@example.com\r\nSubject: ' + 'verify your '.repeat(2_000), body));
  expect(performance.now() - started).toBeLessThan(5_000);
});

test('where a redirector in a link says it sends its reader on to is judged and cited like the link itself', async () => {
  const inner = 'http://192.0.2.7/login';
  const found = await judge(
    mail(
      'From: "Service" <help@billing.example.com>\r\nSubject: Your account is suspended',
      `<a href="https://l.facebook.com/l.php?u=${encodeURIComponent(inner)}&h=1">Verify</a>`,
    ),
  );
  const sign = found.findings.find(({ rule }) => rule === 'link_address');
  expect(sign?.evidence[0]).toMatchObject({ locator: 'html link 1, sent on to', excerpt: inner });
  expect(found.iocs).toContainEqual({ type: 'url', value: inner });
});
