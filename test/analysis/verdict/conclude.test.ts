/** The arithmetic of one verdict: what is slight stays slight, however much of it there is. */
import { expect, test } from 'vitest';
import { conclude, WEIGHT, type WeighedFinding } from '../../../analysis/verdict/index.ts';
import type { Severity } from '../../../protocol/index.ts';
import { receipt } from '../../support/result.ts';

const finding = (id: string, severity: Exclude<Severity, 'info'>, rule: string): WeighedFinding => ({
  id,
  title: id,
  severity,
  rule,
  weight: WEIGHT[severity],
  basis: id,
  evidence: [],
});
const judge = (findings: WeighedFinding[]) => conclude({ subject: 'x', findings, checked: [receipt(1, 1)] });
const many = (count: number, ruleOf: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => finding(`low-${index}`, 'low', ruleOf(index)));

test('slight findings of one rule count once, and those of many rules are bounded and told so', () => {
  expect(judge(many(60, () => 'one'))).toMatchObject({ verdict: 'suspicious', severity: 'low', confidence: 0.1 });
  const all = judge(many(60, (index) => `rule-${index}`));
  expect(all).toMatchObject({ verdict: 'suspicious', severity: 'low', confidence: 0.2 });
  expect(all.arithmetic).toContain('the 60 slight ones count 0.2 together');
});

test('slight findings beside a single grave one do not make it malicious', () => {
  const grave = finding('grave', 'high', 'grave');
  const lows = many(60, (index) => `rule-${index}`);
  expect(judge([grave, ...lows])).toMatchObject({ verdict: 'suspicious', confidence: 0.68 });
  expect(judge([grave, finding('other', 'medium', 'other')])).toMatchObject({ verdict: 'malicious', confidence: 0.72 });
});

test('a title that ends as a sentence gets no second period', () => {
  const told = { ...finding('a', 'high', 'a'), title: 'Failures, then a success.' };
  expect(judge([told]).summary).toMatch(/ a success\.$/);
  expect(judge([told, finding('b', 'low', 'b')]).summary).toMatch(/ a success\. and 1 more finding\.$/);
});

test('a mandatory part that was not checked bounds the confidence and lowers no verdict', () => {
  const grave = [finding('a', 'critical', 'a')];
  const not_checked = [{ what: '1 line', why: 'it is in no known format', mandatory: true }];
  const result = conclude({ subject: 'x', checked: [receipt(2, 1)], findings: grave, not_checked });
  expect(result).toMatchObject({ verdict: 'malicious', severity: 'critical', confidence: 0.5 });
  expect(result.arithmetic).toContain('the verdict rests on 0.8');
  const high = [finding('a', 'high', 'a')];
  expect(conclude({ subject: 'x', checked: [receipt(2, 1)], findings: high, not_checked }).verdict).toBe('suspicious');
});

test('what was read and no rule speaks about bars a clean answer, and takes nothing from a finding', () => {
  const unjudged = { what: '3 events', why: 'no rule', is_unjudged: true };
  const grounds = { subject: 'x', checked: [receipt(3, 3)], not_checked: [unjudged] };
  expect(conclude({ ...grounds, findings: [] })).toMatchObject({ verdict: 'inconclusive' });
  const grave = [finding('a', 'critical', 'a')];
  expect(conclude({ ...grounds, findings: grave })).toMatchObject({ verdict: 'malicious', confidence: 0.8 });
  const { corpus, ...rest } = receipt(3, 3);
  const checked = [{ ...rest, corpus: { ...corpus, items_judged: 2 } }];
  expect(conclude({ subject: 'x', checked, findings: [] })).toMatchObject({ verdict: 'inconclusive' });
});
