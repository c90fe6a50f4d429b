/** A brand inside a longer name: the owner's own, a namesake's, or a disguise. */
import { expect, test } from 'vitest';
import {
  analyzeEmail,
  analyzeUrl,
  assessMailIndicators,
  checkAuthentication,
  mountedBrands,
  parseEmail,
} from '../../../analysis/email/index.ts';

async function judge(domain: string, { headers = '', body = '' } = {}) {
  const bytes = Buffer.from(
    `${headers}From: News <news@${domain}>\r\nTo: <reader@example.org>\r\nSubject: Hello\r\nContent-Type: text/html\r\n\r\n<a href="https://www.${domain}/">More</a>${body}`,
  );
  const reading = await parseEmail(bytes, { name: 'mail' });
  if (!reading.ok) throw new Error(reading.reason);
  return analyzeEmail(reading.mail, await checkAuthentication(bytes));
}
const rules = ({ findings }: Awaited<ReturnType<typeof judge>>) => findings.map(({ rule }) => rule);
const FAILED = 'Authentication-Results: mx.example.org; spf=pass; dmarc=fail\r\n';
const PASSED = 'Authentication-Results: mx.example.org; spf=pass; dmarc=pass\r\n';

test.each([
  'sharepointonline.com',
  'images-amazon.com',
  'amazon-adsystem.com',
  'dropboxusercontent.com',
  'paypal-community.com',
  'microsoftstore.com',
  'ebay-kleinanzeigen.de',
  'vodafone-kabel.de',
  'sparkasse-bremen.de',
  'sparkasse-koelnbonn.de',
  'kreissparkasse-augsburg.de',
  'volksbank-stuttgart.de',
])('a domain of a brand or of a member of it imitates nobody: %s', async (domain) => {
  expect(rules(await judge(domain)).filter((rule) => rule !== 'sender_trial')).toEqual([]);
  expect(analyzeUrl(`https://www.${domain}/`)).toMatchObject({ verdict: 'inconclusive', findings: [], iocs: [] });
});

test('what a member calls itself is its own claim', async () => {
  const bytes = Buffer.from(
    'From: "Sparkasse Bremen" <a@sparkasse-bremen.de>\r\nTo: <b@example.org>\r\nSubject: x\r\n\r\nx',
  );
  const reading = await parseEmail(bytes);
  expect(reading.ok && rules(await analyzeEmail(reading.mail, await checkAuthentication(bytes)))).toEqual([]);
});

test.each(['amazonas-reisen.de', 'telekom-dienste.de', 'zalando-freunde.de'])(
  'a longer name with a brand in it is a weak sign: %s',
  async (domain) => {
    expect(await judge(domain)).toMatchObject({ verdict: 'benign', severity: 'info' });
    expect(rules(await judge(domain))).toEqual(['sender_compound']);
    expect(analyzeUrl(`https://${domain}/`)).toMatchObject({ severity: 'info', verdict: 'inconclusive' });
    const threat = assessMailIndicators([{ type: 'domain', value: domain }], { content: { get: () => undefined } });
    expect(threat.findings.find(({ rule }) => rule === 'brand_lookalike')).toMatchObject({ severity: 'info' });
  },
);

test('it is an imitation where something else speaks: a failed check, or a password form', async () => {
  expect(rules(await judge('amazonas-reisen.de', { headers: FAILED }))).toContain('sender_lookalike');
  const form = '<form><input type=password></form>';
  expect(rules(await judge('amazonas-reisen.de', { body: form }))).toContain('sender_lookalike');
  expect(rules(await judge('amazonas-reisen.de', { headers: PASSED }))).toEqual(['sender_compound_passed']);
});

test.each([
  'paypal-secure.com',
  'sparkasse-pushtan.de',
  'sparkasse-kundenservice.de',
  'sparkasse-bremen.top',
  'sparkasse-bremen.com.example.net',
  'login.volksbank-stuttgart.de',
  'login-microsoftonline.com',
  'micros0ft-store.com',
  'amazonas-reisen.icu',
  'paypal.example.com',
])('bait, a cheap suffix, other letters or a place in front are a disguise, whoever vouches: %s', async (domain) => {
  expect(analyzeUrl(`https://${domain}/`)).toMatchObject({ severity: 'high' });
  expect(rules(await judge(domain, { headers: PASSED }))).toContain('sender_lookalike');
});

test('the open disguise of one brand is told before the weak trace of another', () => {
  expect(analyzeUrl('https://microsoft-paypa1.com/')!.urls[0]!.imitates?.brand).toBe('PayPal');
});

test('a mounted brand names its own members and words', () => {
  const brands = mountedBrands({
    version: '1',
    data: { brands: [{ name: 'Quell', domains: ['quell.de', 'garden.de'], words: ['garden'], members: ['quell'] }] },
  });
  expect(analyzeUrl('https://quell-nord.de/', brands)).toMatchObject({ findings: [] });
  expect(analyzeUrl('https://garden.example.com/', brands)!.urls[0]!.imitates).toBeNull();
  expect(analyzeUrl('https://quell.example.com/', brands)!.urls[0]!.imitates).not.toBeNull();
});
