/** The email specialist, called as a peer calls it. */
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { emailSecurity } from '../../agents/email-security.ts';
import { callerOf } from '../support/caller.ts';

const { call, steps } = callerOf(emailSecurity);

test('every example of every skill is answered, and the same again', async () => {
  for (const { id, examples = [] } of emailSecurity.skills) {
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      expect(JSON.stringify(await call(id, example))).toBe(JSON.stringify(await call(id, example)));
    }
  }
  expect(new Set(steps)).toEqual(
    new Set(['parse mail', 'check sender authentication', 'judge mail', 'take URL apart', 'assess mail indicators']),
  );
});

test('the example mail is a phish, with facts and the sender check it lacked', async () => {
  expect(await call('analyze_email', emailSecurity.skills[0]!.examples![0])).toMatchObject({
    verdict: 'malicious',
    facts: { from_domain: 'billing.example.com', url_hosts: ['192.0.2.7'] },
    authentication: { checked: false, spf: 'not_checked' },
  });
});

test('given DNS answers are used, and a failing sender check is a finding', async () => {
  const email = { text: 'From: a@example.com\r\nTo: b@example.org\r\nSubject: Hi\r\n\r\nx\r\n' };
  const dns_zone = { 'example.com': { TXT: ['v=spf1 -all'] }, '_dmarc.example.com': { TXT: ['v=DMARC1; p=reject'] } };
  expect(
    await call('analyze_email', { email, dns_zone, client_ip: '192.0.2.1', mail_from: 'a@example.com' }),
  ).toMatchObject({
    authentication: { checked: true, spf: 'fail', dmarc: 'fail' },
    findings: [{ rule: 'checked_failure' }],
  });
});

test('a mail in a gzip is judged as the mail that it is, and the evidence names both', async () => {
  const [{ examples: [example] = [] } = {}] = emailSecurity.skills;
  const { email } = example as { email: { text: string } };
  const packed = { name: 'reported.eml.gz', base64: gzipSync(email.text).toString('base64') };
  const result = (await call('analyze_email', { email: packed })) as { verdict: string; findings: unknown[] };
  expect(result.verdict).toBe('malicious');
  expect(JSON.stringify(result.findings)).toContain('"source":"reported.eml in reported.eml.gz"');
});

test('what is no mail is refused with its reason (4220)', async () => {
  for (const email of [
    { text: 'hello' },
    { base64: Buffer.alloc(64).toString('base64') },
    { text: 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' },
  ]) {
    await expect(call('analyze_email', { email })).rejects.toMatchObject({ code: 4220 });
  }
});

test('a mail that is too large is refused as that (4130), and not read to its end', async () => {
  let pieces = 0;
  const blobs = {
    async *open() {
      for (; pieces < 1_000; pieces++) yield await Promise.resolve(Buffer.alloc(65_536, 'a'));
    },
  };
  const asked = callerOf(emailSecurity, { blobs }).call('analyze_email', { email: { text: 'From: a@example.com' } });
  await expect(asked).rejects.toMatchObject({ code: 4130 });
  expect(pieces).toBeLessThan(520);
});

test('analyze_threat sees a borrowed brand, and leaves other trades their indicators', async () => {
  const iocs = [
    { type: 'domain', value: 'trustwallet-unlock.example.com' },
    { type: 'ip', value: '192.0.2.9' },
  ];
  const result = (await call('analyze_threat', { alert_id: 'a', iocs })) as {
    findings: { rule: string; evidence: { locator: string }[] }[];
    not_checked: { what: string; why: string }[];
  };
  expect(result.findings).toContainEqual(expect.objectContaining({ rule: 'brand_lookalike' }));
  expect(JSON.stringify(result.not_checked)).toContain('mail');
});

test('a sender check tells the own check, the receiver’s word and where they differ apart, and never calls a mail clean', async () => {
  const email = {
    text: 'Authentication-Results: mx.example.org; spf=pass; dmarc=pass\r\nFrom: a@example.com\r\nTo: b@example.org\r\n\r\nx\r\n',
  };
  const dns_zone = {
    'example.com': { TXT: ['v=spf1 ip4:192.0.2.1 -all'] },
    '_dmarc.example.com': { TXT: ['v=DMARC1; p=reject'] },
  };
  const about = { email, dns_zone, mail_from: 'a@example.com' };
  expect(await call('check_authentication', { ...about, client_ip: '192.0.2.9' })).toMatchObject({
    authentication: { source: 'own check', spf: 'fail', dmarc: 'fail', alignment: { policy: 'reject' } },
    reported_authentication: { source: 'header Authentication-Results', spf: 'pass', dmarc: 'pass' },
    disagreements: ['spf', 'dmarc'],
    verdict: 'suspicious',
  });
  expect(await call('check_authentication', { ...about, client_ip: '192.0.2.1' })).toMatchObject({
    authentication: { spf: 'pass', dmarc: 'pass' },
    disagreements: [],
    verdict: 'inconclusive',
    findings: [],
  });
  expect(await call('check_authentication', { email })).toMatchObject({
    authentication: { checked: false, spf: 'not_checked', alignment: null },
    disagreements: [],
    verdict: 'inconclusive',
  });
});

test('what is no web address is refused (4220)', async () => {
  await expect(call('analyze_url', { url: 'mailto:a@example.com' })).rejects.toMatchObject({ code: 4220 });
});
