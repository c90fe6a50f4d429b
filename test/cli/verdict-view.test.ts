/** A verdict for people: its headline says what its body does. */
import { expect, test } from 'vitest';
import { toVerdictText } from '../../cli/verdict-view.ts';
import type { Finding } from '../../protocol/index.ts';
import { resultOf } from '../support/result.ts';

const saying = (severity: Finding['severity']): Finding => ({
  id: severity,
  title: `Something ${severity}`,
  severity,
  evidence: [{ source: 'a.log', locator: 'line 1', excerpt: 'x' }],
});
const shown = (overrides: Parameters<typeof resultOf>[0]): string =>
  toVerdictText({ ...resultOf(overrides), kind: 'report', steps: [] }, []);

test('where only notes were taken nothing is called a finding, and zero is no doubt', () => {
  const text = shown({ verdict: 'benign', severity: 'info', confidence: 0, findings: [saying('info')] });
  expect(text).toContain('nothing weighs against it');
  expect(text).toContain('\nNotes');
  expect(text).not.toMatch(/confidence 0 {2}|\nFindings|confidence 0$/m);
});

test('findings stand before the notes, with the confidence over them', () => {
  const text = shown({
    verdict: 'malicious',
    severity: 'high',
    confidence: 0.85,
    findings: [saying('info'), saying('high')],
  });
  expect(text).toContain('confidence 0.85');
  expect(text.indexOf('Something high')).toBeLessThan(text.indexOf('\nNotes'));
  expect(text.indexOf('\nNotes')).toBeLessThan(text.indexOf('Something info'));
});

test('what two specialists did not look at either is said once, under both names', () => {
  const text = shown({
    not_checked: [
      { what: 'endpoint-security: memory', why: 'only events are read' },
      { what: 'forensic-analyst: memory', why: 'only events are read' },
      { what: 'forensic-analyst: memory', why: 'none was given' },
      { what: 'Whether it rained', why: 'nobody looked' },
    ],
  });
  expect(text.slice(text.indexOf('\nNot checked')).split('\n').slice(2, 5)).toEqual([
    '  endpoint-security, forensic-analyst: memory: only events are read',
    '  forensic-analyst: memory: none was given',
    '  Whether it rained: nobody looked',
  ]);
});
