/** Shared intelligence: what it vouches for comes in, what breaks the rules is named, and its words stay words. */
import { expect, test } from 'vitest';
import { analyzeThreat } from '../../../analysis/ioc/index.ts';
import { exportStix, importIntel } from '../../../analysis/stix/index.ts';
import { AuroraError } from '../../../protocol/index.ts';
import { literalContent } from '../../../seams/index.ts';

const take = (document: unknown) =>
  importIntel(typeof document === 'string' ? document : JSON.stringify(document), {
    source: 'feed',
    content: literalContent(),
  });
const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const times = { spec_version: '2.1', created: '2026-01-01T00:00:00.000Z', modified: '2026-01-01T00:00:00.000Z' };
const indicator = (n: number, more: object = {}) => ({
  type: 'indicator',
  id: `indicator--${uuid(n)}`,
  ...times,
  pattern: `[ipv4-addr:value = '192.0.2.${n}']`,
  pattern_type: 'stix',
  valid_from: '2026-01-01T00:00:00Z',
  ...more,
});
const bundle = (...objects: object[]) => ({ type: 'bundle', id: `bundle--${uuid(0)}`, objects });

test('an indicator carries what it indicates; old technique ids become today’s', () => {
  const result = take(
    bundle(
      indicator(1, { name: 'C2' }),
      { type: 'malware', id: `malware--${uuid(2)}`, ...times, name: 'Foo', is_family: true },
      {
        type: 'attack-pattern',
        id: `attack-pattern--${uuid(3)}`,
        ...times,
        name: 'Disable tools',
        external_references: [{ source_name: 'mitre-attack', external_id: 'T1562.001' }],
      },
      { type: 'intrusion-set', id: `intrusion-set--${uuid(4)}`, ...times, name: 'Some Group' },
      ...[2, 3].map((n) => ({
        type: 'relationship',
        id: `relationship--${uuid(n + 10)}`,
        ...times,
        relationship_type: 'indicates',
        source_ref: `indicator--${uuid(1)}`,
        target_ref: `${n === 2 ? 'malware' : 'attack-pattern'}--${uuid(n)}`,
      })),
    ),
  );
  expect(result).toMatchObject({
    format: 'stix',
    verdict: 'inconclusive',
    confidence: 0,
    mitre_techniques: ['T1685'],
    groups: ['Some Group'],
    software: ['Foo'],
    rejected: [],
  });
  expect(result.findings.map(({ title }) => title)).toContain('The document vouches for 1 indicator');
  expect(result.indicators).toEqual([
    {
      type: 'ip',
      value: '192.0.2.1',
      locator: '/objects/0/pattern',
      sufficient: true,
      name: 'C2',
      first_seen: '2026-01-01T00:00:00Z',
      malware: ['Foo'],
      techniques: ['T1685'],
    },
  ]);
});

test('what was imported can be mounted, and then an exact match is found', () => {
  const { intel } = take(bundle(indicator(7, { name: 'C2' })));
  const mounted = literalContent([{ name: 'intel', version: 'imported', data: intel }]);
  const ask = (value: string) => analyzeThreat({ alert_id: 'a', iocs: [{ type: 'ip', value }] }, mounted).verdict;
  expect([ask('192.0.2.7'), ask('192.0.2.8')]).toEqual(['malicious', 'inconclusive']);
});

test('a value that holds only together with others is listed and never mounted; a revoked indicator is not taken over', () => {
  const result = take(
    bundle(
      indicator(1, { pattern: "[file:name = 'a.dll' AND file:size = 4]" }),
      indicator(2, { revoked: true }),
      indicator(3, { pattern: "[ipv4-addr:value != '192.0.2.3']" }),
    ),
  );
  expect(result.indicators).toMatchObject([{ type: 'file', value: 'a.dll', sufficient: false }]);
  expect(result.intel.indicators).toEqual([]);
});

test('what breaks the rules is named with its place, all else is taken over', () => {
  const result = take(
    bundle(
      indicator(1, { pattern: '[file:size = ]' }),
      indicator(2, { id: 'indicator--2' }),
      indicator(3, { created: 'yesterday' }),
      indicator(4, { pattern_type: 'yara', pattern: 'rule a {}' }),
      indicator(5),
    ),
  );
  expect(result.indicators.map(({ value }) => value)).toEqual(['192.0.2.5']);
  expect(result.rejected.map(({ locator }) => locator)).toEqual([
    '/objects/1',
    '/objects/2',
    '/objects/0/pattern',
    '/objects/3/pattern',
  ]);
  expect(result.findings.find(({ id }) => id === 'intel-rejected')!.evidence[0]!.excerpt).toContain('UUID');
});

test('a MISP event: what is meant for detection is an indicator, the rest was only seen; composite values are two things', () => {
  const result = take({
    response: [
      {
        Event: {
          info: 'x',
          Orgc: { name: 'Some CERT' },
          Attribute: [
            {
              type: 'filename|sha1',
              value: `a.exe|${'ab'.repeat(20)}`,
              to_ids: true,
              comment: 'dropper',
              timestamp: '1600000000',
            },
            { type: 'domain', value: 'seen.example', to_ids: false },
            { type: 'ip-dst', value: '192.0.2.9', to_ids: true, deleted: true },
            { type: 'telfhash', value: 'x', to_ids: true },
          ],
          Tag: [
            { name: 'misp-galaxy:mitre-attack-pattern="Disable or Modify Tools - T1562.001"' },
            { name: 'misp-galaxy:threat-actor="Some Group"' },
            { name: 'tlp:white' },
          ],
        },
      },
    ],
  });
  expect(result).toMatchObject({ format: 'misp', mitre_techniques: ['T1685'], groups: ['Some Group'] });
  expect(result.indicators.map(({ type, value }) => `${type} ${value}`)).toEqual([
    'file a.exe',
    `sha1 ${'ab'.repeat(20)}`,
  ]);
  expect(result.indicators[0]).toMatchObject({
    locator: '/response/0/Event/Attribute/0',
    first_seen: '2020-09-13T12:26:40.000Z',
  });
  expect(result.intel.indicators[0]).toMatchObject({ source: 'Some CERT' });
  expect(result.rejected).toMatchObject([{ locator: '/response/0/Event/Attribute/3' }]);
});

test.each(['', '{', '[]', '{"type":"bundle"}', '{"Event":{"Attribute":{}}}', 'null', '{"type":"indicator"}'])(
  'what is no shared intelligence is refused (4220): %s',
  (text) => {
    expect(() => take(text)).toThrow(AuroraError);
  },
);

test('the same findings give the same bytes; ids follow from content; what has no place is named', () => {
  const findings = {
    title: 'Case',
    producer: 'Team',
    created_at: '2026-01-01T00:00:00.000Z',
    iocs: [
      { type: 'ip', value: '192.0.2.1' },
      { type: 'ip', value: '192.0.2.1' },
      { type: 'domain', value: "it's.example" },
      { type: 'sha256', value: 'short' },
      { type: 'mutex', value: 'x' },
      { type: 'cve', value: 'CVE-2024-0001' },
    ],
    techniques: ['T1562.001', 'T1685', 'T9999'],
  };
  const first = exportStix(findings);
  expect(JSON.stringify(exportStix(findings))).toBe(JSON.stringify(first));
  expect(first.bundle.objects.map(({ type }) => type)).toEqual([
    'identity',
    'report',
    'indicator',
    'indicator',
    'vulnerability',
    'attack-pattern',
  ]);
  expect(first.left_out).toEqual([
    'an indicator that is no sha256',
    'an indicator of type mutex',
    'the technique T9999, which our ATT&CK table does not hold',
  ]);
  expect(take(first.bundle).rejected).toEqual([]);
  expect(first.verdict).toBe('inconclusive');
});

test('names of shared objects reach the result without control, bidi and tag characters (ATK-F3)', () => {
  const evil = '\u001b[31m\u202eignore\u200b\u{e0049} %%REPORT_REQUEST%%';
  const result = take(
    bundle(
      indicator(1, { name: evil }),
      { type: 'malware', id: `malware--${uuid(2)}`, ...times, name: evil },
      {
        type: 'intrusion-set',
        id: `intrusion-set--${uuid(3)}`,
        ...times,
        name: evil,
      },
    ),
  );
  expect(JSON.stringify(result)).not.toMatch(/\\u001b|\u202e|\u200b|\u{e0049}/u);
});
