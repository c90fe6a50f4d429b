/** Results of specialists that never were: clean unless said, with a receipt. */
import type { AnalysisResult, Finding, Severity } from '../../protocol/index.ts';

/** A clean result whose one corpus was read whole. */
export const resultOf = (more: Partial<AnalysisResult> = {}): AnalysisResult => ({
  severity: 'info',
  confidence: 0,
  mitre_techniques: [],
  iocs: [],
  verdict: 'benign',
  summary: 'Nothing found.',
  arithmetic: 'confidence 0 (no finding of weight)',
  techniques: [],
  findings: [],
  not_checked: [],
  checked: [receipt(1, 1)],
  recommendations: [],
  data_versions: {},
  ...more,
});

/** A receipt for so many items, so many of them read. */
export const receipt = (items: number, items_read: number): AnalysisResult['checked'][number] => ({
  question: 'is it bad?',
  corpus: { sha256: '0'.repeat(64), items, items_read },
  control: 'a planted one was found',
});

/** A finding with evidence. */
export const finding = (id: string, severity: Severity): Finding => ({
  id,
  title: `Finding ${id}`,
  severity,
  evidence: [{ source: 'input', locator: 'line 1', excerpt: 'x' }],
});
