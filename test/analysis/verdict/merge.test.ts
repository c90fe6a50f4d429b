/** Several results as one: the same record counts once, and who answered first or under which name changes nothing. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { merge, type Part } from '../../../analysis/verdict/index.ts';
import { SEVERITY_ORDER, type AnalysisResult, type Finding } from '../../../protocol/index.ts';
import { resultOf } from '../../support/result.ts';

const on = (locator: string, severity: Finding['severity'] = 'high'): Finding => ({
  id: `f-${locator}`,
  title: `Seen in ${locator}`,
  severity,
  evidence: [{ source: 'Security.evtx', locator, excerpt: 'x' }],
});
const saying = (confidence: number, ...findings: Finding[]): AnalysisResult =>
  resultOf({ confidence, severity: findings[0]?.severity ?? 'info', verdict: 'suspicious', findings });

test('three specialists who judge the same record are one piece of evidence, and the arithmetic says so', () => {
  const same = ['endpoint-security', 'forensic-analyst', 'threat-hunter'].map((agent_id) => ({
    agent_id,
    result: saying(0.72, on('record 4')),
  }));
  const merged = merge(same, []);
  expect(merged.confidence).toBe(0.72);
  expect(merged.arithmetic).toContain(
    '0.72 = 1 - (1-0.72 endpoint-security), forensic-analyst, threat-hunter citing only records that count already',
  );
});

test('a record in a gzip is the same whether the file in it is named or not', () => {
  const at = (locator: string) =>
    saying(0.37, { ...on(locator), evidence: [{ source: 'a.evtx.gz', locator, excerpt: 'x' }] });
  const parts = [
    { agent_id: 'endpoint-security', result: at('a.evtx, record 7023') },
    { agent_id: 'forensic-analyst', result: at('record 7023') },
  ];
  expect(merge(parts, []).confidence).toBe(0.37);
});

test('what stands on another record adds up, what stands on it in part adds its gravest other finding', () => {
  const hunter = { agent_id: 'threat-hunter', result: saying(0.6, on('record 9')) };
  const endpoint = { agent_id: 'endpoint-security', result: saying(0.7, on('record 4')) };
  expect(merge([endpoint, hunter], []).confidence).toBe(0.88);
  const both = { agent_id: 'threat-hunter', result: saying(0.6, on('record 4'), on('record 9', 'medium')) };
  const merged = merge([endpoint, both], []);
  expect(merged.confidence).toBe(0.79);
  expect(merged.arithmetic).toContain('(1-0.7 endpoint-security)·(1-0.3 threat-hunter on other records)');
});

test('the summary leads with the gravest finding of all and counts those of every part', () => {
  const loud = saying(0.9, on('record 1', 'low'), on('record 2', 'low'));
  const grave = saying(0.4, on('record 9', 'high'));
  const parts = [
    { agent_id: 'a', result: { ...loud, verdict: 'malicious' as const } },
    { agent_id: 'b', result: grave },
  ];
  expect(merge(parts, []).summary).toBe('All in all: malicious. Seen in record 9 and 2 more findings.');
});

test('the summary says what is missing, who answered, and that nothing came back only when nothing did', () => {
  const missing = [{ what: 'threat-intel', why: 'it did not answer' }];
  const clean = [
    { agent_id: 'a', result: resultOf() },
    { agent_id: 'b', result: resultOf() },
  ];
  expect(merge(clean, missing).summary).toBe(
    'All in all: inconclusive. Nothing found by a, b. Not checked: threat-intel.',
  );
  expect(merge(clean.slice(0, 1), missing).summary).toBe(
    'All in all: inconclusive. Nothing found by a. Not checked: threat-intel.',
  );
  expect(merge(clean.slice(0, 1), []).summary).toBe(resultOf().summary);
  expect(merge([], missing, missing).summary).toBe('Nothing came back. Not checked: threat-intel and 1 more.');
});

test('what two specialists say alike of one record is one finding that names both, in whatever order they answered', () => {
  const endpoint = { agent_id: 'endpoint-security', result: saying(0.72, on('record 4'), on('record 5')) };
  const forensic = { agent_id: 'forensic-analyst', result: saying(0.72, { ...on('record 4'), id: 'other-id' }) };
  const merged = merge([forensic, endpoint], []);
  expect(merged.findings.map(({ id, title }) => [id, title])).toEqual([
    ['endpoint-security/f-record 4', 'Seen in record 4 (told by endpoint-security, forensic-analyst)'],
    ['endpoint-security/f-record 5', 'Seen in record 5'],
  ]);
  expect(merged.confidence).toBe(0.72);
  expect(JSON.stringify(merge([endpoint, forensic], []))).toBe(JSON.stringify(merged));
});

test('another record, another gravity or another title is another finding; a technique that one of them names is kept', () => {
  const first = on('record 4');
  const others = [
    { ...on('record 5'), title: first.title },
    on('record 4', 'medium'),
    { ...first, title: 'Another' },
    { ...first, techniques: ['T1059'] },
  ];
  const merged = merge(
    [
      { agent_id: 'a', result: saying(0.5, first) },
      { agent_id: 'b', result: saying(0.5, ...others) },
    ],
    [],
  );
  expect(merged.findings).toHaveLength(4);
  expect(merged.findings[0]).toMatchObject({ id: 'a/f-record 4', techniques: ['T1059'] });
});

const evidenceOf = (source: string, count: number) =>
  Array.from({ length: count }, (_, nth) => ({ source, locator: `line ${nth}`, excerpt: 'x' }));

test('a guest comes last: it renames no technique, pushes no evidence out and overwrites no version, whatever it is called', () => {
  const technique = (name: string, source: string, count: number) => ({
    id: 'T1059',
    name,
    attack_version: '1',
    evidence: evidenceOf(source, count),
  });
  const guest = (agent_id: string) => ({
    agent_id,
    is_guest: true,
    result: resultOf({
      techniques: [technique('Harmless housekeeping', agent_id, 10)],
      data_versions: { attack: '0' },
    }),
  });
  const own = {
    agent_id: 'endpoint-security',
    result: resultOf({
      techniques: [technique('Command and Scripting Interpreter', 'own', 3)],
      data_versions: { attack: '19' },
    }),
  };
  const merged = merge([guest('aaa'), own, guest('zzz')], []);
  expect(merged.techniques).toMatchObject([
    { id: 'T1059', name: 'Command and Scripting Interpreter', attack_version: '19' },
  ]);
  expect(merged.techniques[0]?.evidence.slice(0, 3)).toEqual(evidenceOf('own', 3));
  expect(merged.techniques[0]?.evidence).toHaveLength(10);
  expect(merged.data_versions).toEqual({ attack: '19', 'aaa/attack': '0', 'zzz/attack': '0' });
});

test('a technique is called what our table calls it, and one that no table knows what the first calls it', () => {
  const named = (agent_id: string, id: string, name: string) => ({
    agent_id,
    is_guest: true,
    result: resultOf({ techniques: [{ id, name, attack_version: '19', evidence: evidenceOf('a', 1) }] }),
  });
  const parts = [named('b', 'T9999', 'second'), named('a', 'T9999', 'first'), named('a', 'T1059', 'Harmless')];
  expect(merge(parts, []).techniques.map(({ id, name }) => [id, name])).toEqual([
    ['T1059', 'Command and Scripting Interpreter'],
    ['T9999', 'first'],
  ]);
});

test('a grave word that only guests say is told as theirs, and as nobody’s when a specialist of ours says it too', () => {
  const guests = ['zoe', 'bob'].map((agent_id) => ({ agent_id, is_guest: true, result: saying(0.7, on('record 4')) }));
  const alone = merge([...guests, { agent_id: 'threat-intel', result: resultOf() }], []);
  expect(alone.verdict).toBe('suspicious');
  expect(alone.summary).toContain('This is the word of bob, zoe alone.');
  expect(alone.arithmetic).toContain('; verdict suspicious on the word of bob, zoe alone');
  const agreed = merge([...guests, { agent_id: 'threat-intel', result: saying(0.6, on('record 9')) }], []);
  expect(`${agreed.summary} ${agreed.arithmetic}`).not.toContain('alone');
});

const aFinding = fc
  .record({
    record: fc.integer({ min: 1, max: 6 }),
    severity: fc.constantFrom(...SEVERITY_ORDER),
  })
  .map(({ record, severity }) => on(`record ${record}`, severity));
const aResult = fc
  .record({
    confidence: fc.integer({ min: 0, max: 95 }).map((percent) => percent / 100),
    severity: fc.constantFrom(...SEVERITY_ORDER),
    findings: fc.array(aFinding, { maxLength: 4 }),
    verdict: fc.constantFrom('malicious' as const, 'suspicious' as const, 'benign' as const),
  })
  .map(resultOf);
const someParts = fc.array(fc.record({ agent_id: fc.constantFrom('b', 'c', 'd', 'e'), result: aResult }), {
  minLength: 1,
  maxLength: 6,
});

test('a copy of a result under another name changes neither severity nor confidence', () => {
  fc.assert(
    fc.property(someParts, fc.nat(), fc.constantFrom('a', 'cc', 'z'), (parts, nth, agent_id) => {
      const copied: Part[] = [...parts, { agent_id, result: parts[nth % parts.length]?.result ?? resultOf() }];
      const before = merge(parts, []);
      expect(merge(copied, [])).toMatchObject({ severity: before.severity, confidence: before.confidence });
    }),
    { numRuns: 500 },
  );
});

test('the order in which parts come changes no byte', () => {
  const permuted = someParts.chain((parts) =>
    fc.tuple(fc.constant(parts), fc.shuffledSubarray(parts, { minLength: parts.length })),
  );
  fc.assert(
    fc.property(permuted, ([parts, shuffled]) => {
      expect(JSON.stringify(merge(shuffled, []))).toBe(JSON.stringify(merge(parts, [])));
    }),
    { numRuns: 200 },
  );
});

test('one part alone keeps its own confidence', () => {
  fc.assert(
    fc.property(aResult, (result) => {
      expect(merge([{ agent_id: 'a', result }], []).confidence).toBe(result.confidence);
    }),
  );
});

test('what is only noted is no finding, in the headline of one part and of the whole', () => {
  const noting = (locator: string): AnalysisResult =>
    resultOf({
      confidence: 0,
      severity: 'info',
      verdict: 'benign',
      findings: [on(locator, 'info'), on(`${locator}b`, 'info')],
    });
  const parts = ['a', 'b'].map((agent_id) => ({ agent_id, result: noting(agent_id) }));
  const { summary, arithmetic } = merge(parts, []);
  expect(summary).toBe('All in all: benign. Nothing weighs against it; noted: Seen in a and 3 more notes.');
  expect(arithmetic).toContain('0 (no finding of weight)');
  const grave = { agent_id: 'c', result: saying(0.6, on('record 1'), on('record 2', 'low')) };
  expect(merge([...parts, grave], []).summary).toMatch(/Seen in record 1 and 1 more finding and 4 notes\.$/);
});
