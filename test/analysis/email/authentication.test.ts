/** The own check of the sender: as right as its library, with DNS answers handed in and no network. */
import dns from 'node:dns';
import { afterEach, expect, test, vi } from 'vitest';
import {
  checkAuthentication,
  judgeSender,
  parseEmail,
  zoneResolver,
  type DnsZone,
} from '../../../analysis/email/index.ts';

const mail = Buffer.from('From: a@example.com\r\nTo: b@example.org\r\n\r\nx\r\n');
afterEach(() => vi.restoreAllMocks());

test('without DNS answers nothing is checked, and nobody is asked', async () => {
  const asked = vi.spyOn(dns.promises, 'resolve');
  expect(await checkAuthentication(mail, { client_ip: '192.0.2.1' })).toMatchObject({
    checked: false,
    spf: 'not_checked',
    dkim: 'not_checked',
    dmarc: 'not_checked',
    arc: 'not_checked',
  });
  expect(asked).not.toHaveBeenCalled();
});

test('with a zone the network is still not asked, and DMARC follows SPF', async () => {
  const asked = vi.spyOn(dns.promises, 'resolve');
  const zone: DnsZone = {
    'example.com': { TXT: ['v=spf1 ip4:192.0.2.1 -all'] },
    '_dmarc.example.com': { TXT: ['v=DMARC1; p=reject'] },
  };
  const from = { resolver: zoneResolver(zone), helo: 'mx.example.com', mail_from: 'a@example.com' };
  expect(await checkAuthentication(mail, { ...from, client_ip: '192.0.2.1' })).toMatchObject({
    spf: 'pass',
    dmarc: 'pass',
  });
  expect(await checkAuthentication(mail, { ...from, client_ip: '192.0.2.9' })).toMatchObject({
    spf: 'fail',
    dmarc: 'fail',
  });
  expect(await checkAuthentication(mail, from)).toMatchObject({ checked: true, spf: 'not_checked' });
  expect(asked).not.toHaveBeenCalled();
});

test('a report of the receiver never stands in for the own check', async () => {
  const claimed = Buffer.from(
    `Authentication-Results: mx.example.org; spf=pass; dkim=pass; dmarc=pass\r\n${mail.toString()}`,
  );
  expect(await checkAuthentication(claimed)).toMatchObject({ source: 'own check', checked: false, spf: 'not_checked' });
});

test('what was not asked has not failed: without the client’s address DMARC stays open unless a signature aligns', async () => {
  const zone: DnsZone = {
    'example.com': { TXT: ['v=spf1 ip4:192.0.2.1 -all'] },
    '_dmarc.example.com': { TXT: ['v=DMARC1; p=reject; aspf=s'] },
  };
  const about = { resolver: zoneResolver(zone), mail_from: 'a@example.com' };
  expect(await checkAuthentication(mail, about)).toMatchObject({
    dmarc: 'not_checked',
    alignment: { policy: 'reject', spf: null, dkim: null, strict: { spf: true, dkim: false } },
  });
  expect(await checkAuthentication(mail, { ...about, client_ip: '192.0.2.1' })).toMatchObject({
    dmarc: 'pass',
    alignment: { policy: 'reject', spf: 'example.com' },
  });
  expect(await checkAuthentication(mail, { ...about, client_ip: '192.0.2.9' })).toMatchObject({
    dmarc: 'fail',
    alignment: { policy: 'reject', spf: null },
  });
});

const strictZone = (policy: string): DnsZone => ({
  'example.com': { TXT: ['v=spf1 ip4:192.0.2.1 -all'] },
  'sub.example.com': { TXT: ['v=spf1 ip4:192.0.2.1 -all'] },
  '_dmarc.example.com': { TXT: [`v=DMARC1; p=reject; ${policy}`] },
});

test('a strict policy asks for the very domain, a relaxed one for its owner', async () => {
  const ask = (policy: string, mail_from: string) =>
    checkAuthentication(mail, { resolver: zoneResolver(strictZone(policy)), client_ip: '192.0.2.1', mail_from });
  const strict = await ask('aspf=s', 'b@sub.example.com');
  expect(strict).toMatchObject({ spf: 'pass', dmarc: 'fail', alignment: { spf: null, strict: { spf: true } } });
  expect(strict.details.join()).not.toContain('dmarc=pass');
  expect(await ask('aspf=s', 'b@example.com')).toMatchObject({ dmarc: 'pass', alignment: { spf: 'example.com' } });
  expect(await ask('aspf=r', 'b@sub.example.com')).toMatchObject({
    dmarc: 'pass',
    alignment: { spf: 'sub.example.com' },
  });
});

test('an empty sender without a HELO name leaves SPF open, and DMARC with it', async () => {
  const about = { resolver: zoneResolver(strictZone('')), client_ip: '192.0.2.1', mail_from: '' };
  expect(await checkAuthentication(mail, about)).toMatchObject({ spf: 'not_checked', dmarc: 'not_checked' });
  expect(await checkAuthentication(mail, { ...about, helo: 'example.com' })).toMatchObject({
    spf: 'pass',
    dmarc: 'pass',
  });
});

test('two authors are a finding, as DMARC is asked for neither', async () => {
  const two = Buffer.from('From: x@example.com, y@example.net\r\nTo: b@example.org\r\n\r\nx\r\n');
  const reading = await parseEmail(two, { name: 'two' });
  if (!reading.ok) throw new Error(reading.reason);
  const options = { resolver: zoneResolver(strictZone('')), client_ip: '192.0.2.1', mail_from: 'x@example.com' };
  const authentication = await checkAuthentication(two, options);
  expect(authentication.dmarc).toBe('none');
  const judged = await judgeSender(reading.mail, authentication);
  expect(judged.checked[0]?.control).toBe(
    'a planted sender that its domain denies was told, one that it vouches for was not',
  );
  expect(judged.findings).toMatchObject([
    { rule: 'sender_ambiguous', title: expect.stringContaining('2 addresses, and no header Sender') as string },
  ]);
});
