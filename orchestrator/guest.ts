/** What an agent answers that only its card brought into an investigation: judged before it counts, and made harmless. */
import { neutralize } from '../analysis/evidence/index.ts';
import { AnalysisResult, SEVERITY_ORDER, type Severity, type Verdict } from '../protocol/index.ts';
import type { TaskRow } from './ledger.ts';

/** A row whose result may count; one that may not bears an error that says why, and no result. */
export function judgeGuest<R extends Pick<TaskRow, 'state' | 'result' | 'error'>>(row: R): R {
  if (row.state !== 'completed') return row;
  const parsed = AnalysisResult.safeParse(row.result);
  const [issue] = parsed.error?.issues ?? [];
  const why = issue
    ? `its answer is no result: /${issue.path.join('/')} ${issue.message}`
    : contradictionIn(parsed.data);
  if (why !== undefined) return { ...row, result: undefined, error: { code: -32603, message: neutralize(why) } };
  return { ...row, result: harmless(parsed.data) };
}

/** What it says of the whole must rest on what it says it found: a word without a finding weighs nothing. */
function contradictionIn(result: AnalysisResult | undefined): string | undefined {
  const { verdict, severity, confidence, findings } = result ?? EMPTY;
  const gravest = Math.max(-1, ...findings.map((finding) => rank(finding.severity)));
  const least = LEAST[verdict];
  if (least !== undefined && gravest < rank(least))
    return `it says ${verdict} without a finding that is ${least} at least`;
  if (rank(severity) > Math.max(0, gravest + 1)) return `it says ${severity} of findings that are not`;
  if (confidence > 0 && findings.length === 0) return 'it is confident without a finding';
  return undefined;
}

/** Our own specialists make their texts harmless where they quote; a guest's are made so here, whole. */
function harmless(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return neutralize(value, CHARS_MAX.get(name) ?? TEXT_CHARS_MAX);
  if (Array.isArray(value)) return value.map((item) => harmless(item, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [neutralize(key), harmless(item, key)]));
}

const rank = (severity: Severity): number => SEVERITY_ORDER.indexOf(severity);

/** The least grave finding that such a word may rest on. */
const LEAST: Readonly<Partial<Record<Verdict, Severity>>> = { malicious: 'high', suspicious: 'low' };
const EMPTY: Pick<AnalysisResult, 'verdict' | 'severity' | 'confidence' | 'findings'> = {
  verdict: 'inconclusive',
  severity: 'info',
  confidence: 0,
  findings: [],
};
const TEXT_CHARS_MAX = 4_096;
/** What their schemas allow less: a text grows when what hides in it is shown. */
const CHARS_MAX: ReadonlyMap<string, number> = new Map([
  ['excerpt', 512],
  ['type', 64],
]);
