/** The own check of the sender: as right as its library, with DNS answers handed in and no network. */
import dns from 'node:dns';
import { afterEach, expect, test, vi } from 'vitest';
import { checkAuthentication, zoneResolver, type DnsZone } from '../../../analysis/email/index.ts';
import { dataJson, describeWithData } from '../../support/data.ts';

const mail = Buffer.from('From: a@example.com\r\nTo: b@example.org\r\n\r\nx\r\n');
afterEach(() => vi.restoreAllMocks());

interface SpfScenario {
  zonedata: Record<string, ('TIMEOUT' | Record<string, string | (string | number)[]>)[]>;
  tests: Record<string, { helo: string; host: string; mailfrom: string; result: string | string[] }>;
}
interface ArcScenario {
  'txt-records': Record<string, string>;
  tests: Record<string, { message: string; cv: string }>;
}

describeWithData('the suites for SPF and ARC', () => {
  test('at least 95% of the RFC 7208 cases come out as they must', async () => {
    const wrong: string[] = [];
    let cases = 0;
    for (const { zonedata, tests } of dataJson('email-auth', 'spf-rfc7208.json') as SpfScenario[]) {
      const resolver = zoneResolver(toZone(zonedata));
      for (const [name, { helo, host, mailfrom, result }] of Object.entries(tests)) {
        const { spf } = await checkAuthentication(mail, { resolver, client_ip: host, helo, mail_from: mailfrom });
        cases += 1;
        if (![result].flat().includes(spf)) wrong.push(`${name}: ${spf}`);
      }
    }
    console.log(`SPF: ${cases - wrong.length} of ${cases}; ${wrong.join(', ')}`);
    expect(cases).toBeGreaterThan(50);
    expect(1 - wrong.length / cases).toBeGreaterThanOrEqual(0.95);
  });

  test('at least 95% of the ARC chains come out as they must', async () => {
    const wrong: string[] = [];
    let cases = 0;
    for (const { 'txt-records': records, tests } of dataJson('email-auth', 'arc-validation.json') as ArcScenario[]) {
      const resolver = zoneResolver(
        Object.fromEntries(Object.entries(records).map(([name, text]) => [name, { TXT: [text] }])),
      );
      for (const [name, { message, cv }] of Object.entries(tests)) {
        const { arc } = await checkAuthentication(Buffer.from(message.replace(/\r?\n/g, '\r\n')), { resolver });
        cases += 1;
        if (arc !== cv.toLowerCase()) wrong.push(`${name}: ${arc}`);
      }
    }
    console.log(`ARC: ${cases - wrong.length} of ${cases}; ${wrong.join(', ')}`);
    expect(cases).toBeGreaterThan(50);
    expect(1 - wrong.length / cases).toBeGreaterThanOrEqual(0.95);
  });
});

/** The suite writes SPF for what a publisher puts into TXT; a name with TXT records of its own means just those. */
function toZone(zonedata: SpfScenario['zonedata']): DnsZone {
  const zone: DnsZone = {};
  for (const [name, rows] of Object.entries(zonedata)) {
    const records: Record<string, string[]> = {};
    for (const row of rows) {
      if (row === 'TIMEOUT') continue;
      for (const [type, value] of Object.entries(row))
        (records[type] ??= []).push([value].flat().join(type === 'MX' ? ' ' : ''));
    }
    const TXT = (records['TXT'] ?? records['SPF'] ?? []).filter((text) => text !== 'NONE');
    const { SPF: _spf, ...others } = records;
    zone[name] = { ...others, ...(TXT.length > 0 ? { TXT } : { TXT: undefined }), timeout: rows.includes('TIMEOUT') };
  }
  return zone;
}

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
