/** What a skill returns: a verdict, what it rests on and what was not checked (specialists.md 4). */
import { z } from 'zod';

/** How bad, highest last in `SEVERITY_ORDER`. */
export const Severity = z.enum(['critical', 'high', 'medium', 'low', 'info']);
export type Severity = z.infer<typeof Severity>;

/** The severities from harmless to worst, for comparing. */
export const SEVERITY_ORDER: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical'];

/** How grave a severity is: 0 is harmless, 4 the worst. */
export const severityRank = (severity: Severity): number => SEVERITY_ORDER.indexOf(severity);

/** The graver of two severities. */
export const maxSeverity = (left: Severity, right: Severity): Severity =>
  severityRank(left) >= severityRank(right) ? left : right;

/** The answer to "is it bad?"; `inconclusive` when a mandatory part was not checked. */
export const Verdict = z.enum(['malicious', 'suspicious', 'benign', 'inconclusive']);
export type Verdict = z.infer<typeof Verdict>;

/** An indicator as the reference writes it; `type` is open, peers name types we do not know yet (M08). */
export const Ioc = z.object({ type: z.string().min(1).max(64), value: z.string().min(1).max(4096) });
export type Ioc = z.infer<typeof Ioc>;

/** Where a statement can be checked by hand. `excerpt` is neutralised attacker text: data, never instruction. */
export const Evidence = z.object({
  source: z.string().describe('the input it stands in: a file name, a header, "params"'),
  locator: z.string().describe('where in it: "line 17", "header Reply-To", "/iocs/0", "offset 112-128"'),
  excerpt: z.string().max(512).describe('the neutralised text found there'),
});
export type Evidence = z.infer<typeof Evidence>;

/** One statement with the evidence it rests on. `id` is stable for the same input. */
export const Finding = z.object({
  id: z.string(),
  title: z.string(),
  severity: Severity,
  rule: z.string().optional(),
  techniques: z
    .array(z.string())
    .optional()
    .describe('ATT&CK ids its rule claims; the result names them only where the severity is above info'),
  evidence: z.array(Evidence).min(1),
});
export type Finding = z.infer<typeof Finding>;

/** An ATT&CK technique that evidence supports, with the ATT&CK version its id belongs to. */
export const Technique = z.object({
  id: z.string().regex(/^T\d{4}(\.\d{3})?$/),
  name: z.string(),
  attack_version: z.string(),
  evidence: z.array(Evidence).min(1),
});
export type Technique = z.infer<typeof Technique>;

/** Something an expert would have looked at and this run did not. */
export const NotChecked = z.object({ what: z.string(), why: z.string() });
export type NotChecked = z.infer<typeof NotChecked>;

/** The receipt behind a clean answer: the question, the corpus it was asked of, and the control that proves the asking. */
export const Checked = z.object({
  question: z.string(),
  corpus: z.object({
    sha256: z.string(),
    items: z.number().int().nonnegative(),
    items_read: z.number().int().nonnegative(),
    items_judged: z
      .number()
      .int()
      .nonnegative()
      .optional()
      .describe('of those read, how many any rule could speak about; all of them unless said'),
  }),
  control: z.string().optional().describe('a planted known-bad item of the same kind that this run did find'),
});
export type Checked = z.infer<typeof Checked>;

/** What an action may do at most (wire.md 8). */
export const ActionClass = z.enum(['read', 'low', 'medium', 'high', 'irreversible']);
export type ActionClass = z.infer<typeof ActionClass>;

/** What a person or the responder should do next; proposing is all an analysis skill ever does. */
export const Recommendation = z.object({
  action: z.string(),
  action_class: ActionClass,
  target: z.string(),
  reason: z.string(),
});
export type Recommendation = z.infer<typeof Recommendation>;

/** The common result of every analysis skill: the reference's four fields (M09), then ours. */
export const AnalysisResult = z.object({
  severity: Severity,
  confidence: z.number().min(0).max(1),
  mitre_techniques: z.array(z.string()),
  iocs: z.array(Ioc),
  verdict: Verdict,
  summary: z.string(),
  arithmetic: z.string().describe('how confidence and severity came about, so that it can be recomputed by hand'),
  techniques: z.array(Technique),
  findings: z.array(Finding),
  not_checked: z.array(NotChecked),
  checked: z.array(Checked),
  recommendations: z.array(Recommendation),
  data_versions: z.record(z.string(), z.string()),
});
export type AnalysisResult = z.infer<typeof AnalysisResult>;
