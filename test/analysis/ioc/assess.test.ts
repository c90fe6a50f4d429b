/** What indicators are worth by themselves and with mounted content, and that nothing unknown ends as clean. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { analyzeText, analyzeThreat } from '../../../analysis/ioc/index.ts';
import { AnalysisResult, type Ioc } from '../../../protocol/index.ts';
import { literalContent } from '../../../seams/index.ts';
import { dataJsonLines, describeWithData } from '../../support/data.ts';

const nothing = literalContent();
const intel = (...indicators: object[]) => ({ name: 'intel', version: 'test 1', data: { indicators } });
const warnings = (...lists: object[]) => ({ name: 'warninglists', version: 'test 2', data: lists });
const ask = (iocs: Ioc[], ...packs: Parameters<typeof literalContent>[0] & object) =>
  analyzeThreat({ alert_id: 'a-1', iocs }, packs.length > 0 ? literalContent(packs) : nothing);
const domain = (value: string): Ioc => ({ type: 'domain', value });
const weighing = (result: AnalysisResult) => result.findings.filter(({ severity }) => severity !== 'info');
const titles = (result: AnalysisResult) => result.findings.map(({ title }) => title).join('\n');

test('an indicator nobody knows is neither hostile nor harmless (M08)', () => {
  const result = ask([domain('quiet-garden.example')]);
  expect(result).toMatchObject({
    verdict: 'inconclusive',
    severity: 'info',
    confidence: 0,
    mitre_techniques: [],
  });
  expect(result.not_checked.map(({ what }) => what).join()).toMatch(/vouches.*warning lists.*live reputation/);
});

test('a public mining pool is told as one, by its registered name', () => {
  const result = ask([domain('xmr-eu1.nanopool.org')]);
  expect(result).toMatchObject({ verdict: 'suspicious', severity: 'low', mitre_techniques: ['T1496'] });
  expect(titles(result)).toContain('mining pool');
  expect(titles(ask([domain('nanopool.example')]))).not.toContain('mining pool');
});

test('mounted intel that does not know it does not make it harmless either', () => {
  expect(ask([domain('quiet-garden.example')], intel()).verdict).toBe('inconclusive');
});

test('an exact match in mounted intel is hostile, with its source, its techniques and a proposal to block', () => {
  const seen = {
    type: 'domain',
    value: 'c2.quiet-garden.example',
    source: 'sharing group',
    malware: 'Foo',
    techniques: ['T1071.001', 'T9999'],
  };
  const result = ask([domain('C2.quiet-garden[.]example'), domain('other.example')], intel(seen));
  expect(result).toMatchObject({
    verdict: 'malicious',
    severity: 'high',
    confidence: 0.9,
    mitre_techniques: ['T1071.001'],
  });
  expect(result.findings[0]).toMatchObject({ title: 'c2.quiet-garden.example is known as Foo to sharing group' });
  expect(result.findings[0]!.evidence[0]).toMatchObject({ source: 'params', locator: '/iocs/0/value' });
  expect(result.recommendations).toMatchObject([{ action: 'block_indicator', action_class: 'medium' }]);
  expect(result.not_checked.some(({ what }) => what.includes('T9999'))).toBe(true);
  expect(result.data_versions['intel']).toBe('test 1');
});

test('an address for a host is no technique: the form of a URL does not tell what it carries', () => {
  const result = ask([{ type: 'url', value: 'http://198.51.100.7/index.html' }]);
  expect(result.mitre_techniques).toEqual([]);
  expect(titles(result)).toContain('names an address instead of a host');
});

test('blocking is never proposed of special ranges, public resolvers and whole well-known sites, whoever names them', () => {
  const actionOf = (type: string, value: string) => {
    const [first] = ask([{ type, value }], intel({ type, value, source: 'x' }), lots).recommendations;
    return first?.action;
  };
  const lots = warnings({ name: 'List of LOTS sites', type: 'hostname', list: ['pages-for-all.com'] });
  for (const [type, value] of [
    ...[
      '127.0.0.1',
      '0.0.0.0',
      '10.0.0.5',
      '100.64.0.1',
      '169.254.169.254',
      '203.0.113.9',
      '::1',
      'fe80::1',
      'fd00::1',
    ].map((value) => ['ip', value] as const),
    ...['8.8.8.8', '1.1.1.1', '9.9.9.9', '2001:4860:4860:0:0:0:0:8888'].map((value) => ['ip', value] as const),
    ['cidr', '10.0.0.0/8'],
    ['url', 'http://10.0.0.5/x'],
    ['url', 'https://github.com/'],
    ['url', 'https://www.github.com'],
    ['domain', 'github.com'],
    ['url', 'https://pages-for-all.com/'],
    ['domain', 'dns.google'],
  ] as const)
    expect([value, actionOf(type, value)]).toEqual([value, 'review_indicator']);
  for (const [type, value] of [
    ['ip', '45.33.32.156'],
    ['url', 'https://github.com/someone/raw/a.exe'],
    ['url', 'https://evil.pages-for-all.com/'],
    ['url', 'https://quiet-garden.com/'],
    ['domain', 'd111111abcdef8.cloudfront.net'],
  ] as const)
    expect([value, actionOf(type, value)]).toEqual([value, 'block_indicator']);
});

test('a sub- or superdomain of a known one is no match', () => {
  const seen = { type: 'domain', value: 'c2.quiet-garden.example', source: 'x' };
  expect(ask([domain('quiet-garden.example'), domain('a.c2.quiet-garden.example')], intel(seen)).confidence).toBe(0);
});

test('what a harmless warning list names ends as benign, with the list named', () => {
  const result = ask(
    [{ type: 'ip', value: '203.0.113.9' }],
    intel(),
    warnings({ name: 'Public resolvers', type: 'cidr', matching_attributes: ['ip-dst'], list: ['203.0.113.0/24'] }),
  );
  expect(result).toMatchObject({ verdict: 'benign', severity: 'info' });
  expect(titles(result)).toContain('"Public resolvers"');
});

test('an indicator on many lists is one finding that names them; an example address is called one', () => {
  const lists = ['One', 'Two', 'List of known Amazon AWS IP address ranges'].map((name) => ({
    name,
    type: 'cidr',
    list: ['203.0.113.0/24'],
  }));
  const [only, ...others] = ask([{ type: 'ip', value: '203.0.113.9' }], warnings(...lists)).findings.filter(
    ({ rule }) => rule === 'warning-list',
  );
  expect(others).toEqual([]);
  expect(only?.title).toMatch(/on 3 warning lists: "One", "Two" \(reserved for documentation.*; "List .*AWS.*\(shared/);
  const page = warnings({ name: 'Popular', type: 'hostname', list: ['quiet-garden.example'] });
  expect(titles(ask([{ type: 'url', value: 'https://quiet-garden.example/x' }], page))).toContain(
    'they speak of its host',
  );
});

test('intel against a warning list: a person decides, nothing is proposed for blocking', () => {
  const result = ask(
    [domain('cdn.quiet-garden.example')],
    intel({ type: 'domain', value: 'cdn.quiet-garden.example', source: 'x' }),
    warnings({ name: 'Popular sites', type: 'hostname', list: ['quiet-garden.example'] }),
  );
  expect(result.verdict).not.toBe('malicious');
  expect(result.recommendations).toMatchObject([{ action: 'review_indicator', action_class: 'read' }]);
});

test('a list of shared infrastructure excuses nothing', () => {
  const result = ask(
    [{ type: 'ip', value: '203.0.113.9' }],
    intel({ type: 'ipv4', value: '203.0.113.9', source: 'x' }),
    warnings({ name: 'List of known Amazon AWS IP address ranges', type: 'cidr', list: ['203.0.113.9'] }),
  );
  expect(result).toMatchObject({ verdict: 'malicious', severity: 'high' });
});

test('every type of warning list is read, at networks of odd length and of both versions too', () => {
  const list = (type: string, entry: string) => warnings({ name: 'One', type, list: [entry] });
  const isListed = (ioc: Ioc, type: string, entry: string) => titles(ask([ioc], list(type, entry))).includes('"One"');
  expect(isListed(domain('a.quiet-garden.example'), 'string', 'a.quiet-garden.example')).toBe(true);
  expect(isListed(domain('a.quiet-garden.example'), 'string', 'quiet-garden.example')).toBe(false);
  expect(isListed(domain('a.quiet-garden.example'), 'string', '.quiet-garden.example')).toBe(true);
  expect(isListed(domain('notquiet-garden.example'), 'hostname', 'quiet-garden.example')).toBe(false);
  expect(isListed(domain('a.quiet-garden.example'), 'substring', 'et-gar')).toBe(true);
  expect(isListed({ type: 'ip', value: '198.51.103.255' }, 'cidr', '198.51.96.0/21')).toBe(true);
  expect(isListed({ type: 'ip', value: '198.51.104.0' }, 'cidr', '198.51.96.0/21')).toBe(false);
  expect(isListed({ type: 'ip', value: '2001:db8:1::5' }, 'cidr', '2001:db8::/33')).toBe(true);
  expect(isListed({ type: 'email', value: 'abuse@quiet-garden.example' }, 'regex', '/^abuse@.*$/i')).toBe(true);
});

test('a pattern whose time cannot be bounded is left out, and that is told (ATK-A9)', () => {
  const result = ask(
    [domain(`${'a'.repeat(40)}.example`)],
    warnings({ name: 'Trap', type: 'regex', list: ['/^(a+)+$/', '/(/'] }),
  );
  expect(result.not_checked.some(({ what }) => what === '2 patterns of the warning lists')).toBe(true);
});

test('content of another shape is a gap, not a crash', () => {
  const result = ask(
    [domain('quiet-garden.example')],
    { name: 'intel', version: '1', data: 'x' },
    { name: 'warninglists', version: '1', data: { a: 1 } },
  );
  expect(result.not_checked.filter(({ why }) => why.includes('another shape'))).toHaveLength(2);
});

test('private, reserved and documentation addresses cannot be internet indicators', () => {
  const result = ask(
    ['10.0.0.8', '192.0.2.1', '127.0.0.1', '2001:db8::7', '::ffff:192.168.1.1'].map((value) => ({ type: 'ip', value })),
  );
  expect(result).toMatchObject({ verdict: 'inconclusive', severity: 'info', confidence: 0 });
  expect(result.findings).toHaveLength(5);
  expect(titles(result)).toContain('192.0.2.1 lies in a documentation');
});

test('a generated name is suspicious with its numbers printed, ordinary names are not', () => {
  const result = ask([domain('xkqjzvwtrbpqhdfg.example')]);
  expect(result).toMatchObject({
    verdict: 'suspicious',
    severity: 'medium',
    confidence: 0.3,
    mitre_techniques: ['T1568.002'],
  });
  expect(result.findings[0]!.evidence[0]!.excerpt).toMatch(/16 characters, entropy \d\.\d\d bits, rare pairs \d\.\d\d/);
  const ordinary = [
    'wikipedia.org',
    'stackoverflow.com',
    'nationalgeographic.com',
    'bundesregierung.de',
    'churchofengland.org',
  ];
  expect(ask(ordinary.map(domain)).findings).toEqual([]);
});

test('the receipt names a planted generated name that the same checks found', () => {
  expect(ask([domain('quiet-garden.example')]).checked).toMatchObject([
    { corpus: { items: 1, items_read: 1 }, control: expect.stringContaining('xkqjzvwtrbpqhdfg') as string },
  ]);
});

test('a random name that a platform hands out is no sign', () => {
  expect(titles(ask([domain('d1xkqjzvwtrbpq.cloudfront.net')]))).not.toContain('generated');
});

test('many indicators of one trait are one kind of evidence', () => {
  const generated = ['xkqjzvwtrbpqhdfg', 'qzjxkvbwpfhgtrdm', 'vvkqzjxwpbtrhgfd', 'zqxjkvwbpgfhdtrm'].map((label) =>
    domain(`${label}.example`),
  );
  const result = ask(generated);
  expect(weighing(result)).toHaveLength(4);
  expect(result.confidence).toBe(0.3);
});

test('a name in other letters than it seems is a look-alike; the brand itself is not', () => {
  expect(ask([domain('xn--pypal-4ve.com')])).toMatchObject({ severity: 'medium', mitre_techniques: ['T1583.001'] });
  expect(ask([domain('rnicrosoft.com')])).toMatchObject({ severity: 'medium', mitre_techniques: ['T1583.001'] });
  expect(ask(['paypal.com', 'www.microsoft.com', 'google.de'].map(domain)).findings).toEqual([]);
});

test('a word in other letters imitates the brand of that name; as an ordinary word it imitates nobody', () => {
  expect(ask([domain('xn--pple-43d.com')])).toMatchObject({ severity: 'medium', mitre_techniques: ['T1583.001'] });
  expect(titles(ask([domain('xn--pple-43d.com')]))).toContain('reads like Apple');
  expect(ask(['apple-orchard.de', 'livery.com', 'targets.de', 'visas.org'].map(domain)).findings).toEqual([]);
});

test('a name told as a domain and again in a URL is one finding that cites both places', () => {
  const url: Ioc = { type: 'url', value: 'https://xn--pypal-4ve.com/login' };
  const { findings, confidence } = ask([domain('xn--pypal-4ve.com'), url, domain('rnicrosoft.com')]);
  const lookalikes = findings.filter(({ rule }) => rule === 'lookalike');
  expect(lookalikes.map(({ evidence }) => evidence.map(({ locator }) => locator))).toEqual([
    ['/iocs/0/value', '/iocs/1/value'],
    ['/iocs/2/value'],
  ]);
  expect(confidence).toBe(0.3);
});

test('a URL that serves a program from a bare address at an odd port says so three times, and its mere form names no technique', () => {
  const result = ask([{ type: 'url', value: 'hxxp://user:pw@203.0.113[.]9:4444/a/update.exe' }]);
  expect(result).toMatchObject({
    verdict: 'suspicious',
    severity: 'medium',
    mitre_techniques: [],
  });
  expect(
    weighing(result)
      .map(({ rule }) => rule)
      .sort(),
  ).toEqual(['address-url', 'credentials-in-url', 'serves-program', 'unusual-port']);
});

test('the digest of the empty file is harmless, a digest of the wrong length is no digest of its type', () => {
  const empty = createHash('sha256').digest('hex');
  expect(ask([{ type: 'sha256', value: empty }])).toMatchObject({ verdict: 'benign', severity: 'info' });
  const wrong = ask([{ type: 'md5', value: empty }]);
  expect(wrong.verdict).toBe('inconclusive');
  expect(titles(wrong)).toContain('no md5');
});

test('a type nobody judges is told and keeps the verdict open', () => {
  const result = ask([{ type: 'mutex', value: 'Global\\x' }], intel());
  expect(result.verdict).toBe('inconclusive');
  expect(result.not_checked[0]).toEqual({ what: 'indicators of type mutex', why: 'nothing here judges that type' });
});

test('a specialist that judges only its trade says what it left to others', () => {
  const result = analyzeThreat(
    { alert_id: 'a', iocs: [domain('quiet-garden.example'), { type: 'sha1', value: 'ab'.repeat(20) }] },
    literalContent([intel()]),
    { only: { types: ['hash'], trade: 'malware analysis' } },
  );
  expect(result.not_checked[0]).toMatchObject({ what: '1 indicators of other trades' });
  expect(result.checked[0]!.corpus.items).toBe(1);
});

test('whatever peers claim, the answer fits its schema, is the same again, and shows no control characters (ATK-F3)', () => {
  const type = fc.oneof(
    fc.constantFrom('ip', 'domain', 'url', 'email', 'sha1', 'cve', 'cidr', 'file'),
    fc.string({ minLength: 1, maxLength: 64 }),
  );
  const value = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }),
    fc.webUrl(),
    fc.domain(),
    fc.ipV4(),
    fc.ipV6(),
    fc.constantFrom('\u001b[31m.com', 'http://[::]', '0/0', 'http://a@b@c/', 'xn--.com', '%00', '1.2.3', '٣.com', '..'),
  );
  const content = literalContent([
    intel({ type: 'x', value: '' }, { type: 'ip', value: '203.0.113.9', source: 'x' }),
    warnings({ name: 'All', type: 'cidr', list: ['0.0.0.0/0', '::/0', 'x', '1.1.1.1/99'] }),
  ]);
  fc.assert(
    fc.property(fc.array(fc.record({ type, value }), { minLength: 1, maxLength: 8 }), (iocs) => {
      const first = analyzeThreat({ alert_id: 'a', iocs }, content);
      expect(AnalysisResult.safeParse(first).success).toBe(true);
      expect(new Set(first.findings.map(({ id }) => id)).size).toBe(first.findings.length);
      expect(first.verdict === 'benign' && first.not_checked.length === 0).toBe(false);
      expect(JSON.stringify(first.findings)).not.toContain('\\u001b');
      expect(JSON.stringify(analyzeThreat({ alert_id: 'a', iocs }, content))).toBe(JSON.stringify(first));
    }),
  );
});

test('a text is read, listed with places and counts, and judged', () => {
  const text =
    'C2 at hxxp://xkqjzvwtrbpqhdfg[.]example/a and again xkqjzvwtrbpqhdfg[.]example\nsee https://example.com/report';
  const result = analyzeText({ text, complete: true, legible: true }, 'note.txt', nothing);
  expect(result.extracted.map(({ kind, type, value, count }) => `${kind} ${type} ${value} ${count}`)).toEqual([
    'indicator url http://xkqjzvwtrbpqhdfg.example/a 1',
    'indicator domain xkqjzvwtrbpqhdfg.example 2',
    'reference url https://example.com/report 1',
    'reference domain example.com 1',
  ]);
  expect(result).toMatchObject({ verdict: 'suspicious', mitre_techniques: ['T1568.002'] });
  expect(result.findings[0]!.evidence[0]!.source).toBe('note.txt');
  expect(result.findings[0]!.evidence[0]!.locator).toMatch(/^line 1, offset \d+$/);
});

test('a text without indicators, or one that was not read whole, never ends as benign', () => {
  const read = { text: 'hello', complete: true, legible: true };
  for (const one of [read, { ...read, complete: false }, { ...read, legible: false }]) {
    expect(analyzeText(one, 'note.txt', literalContent([intel()])).verdict).toBe('inconclusive');
  }
});

describeWithData('warning lists', () => {
  const data = dataJsonLines('warninglists', 'warninglists.json.gz');
  const pack = { name: 'warninglists', version: 'data', data: data.length === 1 ? data[0] : data };

  test('real lists speak for public resolvers, popular names and the digest of nothing', () => {
    const listed = (ioc: Ioc) => titles(ask([ioc], pack));
    expect(listed({ type: 'ip', value: '2606:4700:4700::1111' })).toMatch(/resolver|Cloudflare/i);
    expect(listed(domain('www.wikipedia.org'))).toContain('Tranco');
    expect(listed({ type: 'md5', value: createHash('md5').digest('hex') })).toContain('empty files');
    expect(listed(domain('xkqjzvwtrbpqhdfg.example'))).not.toContain('warning list');
  });
});
