/** What an agent answers that only its card brought into an investigation: judged before it counts, and made harmless. */
import { neutralize } from '../analysis/evidence/index.ts';
import { WEIGHT } from '../analysis/verdict/index.ts';
import {
  AnalysisResult,
  SEVERITY_ORDER,
  type Evidence,
  type NotChecked,
  type Severity,
  type Verdict,
} from '../protocol/index.ts';
import type { TaskRow } from './ledger.ts';

/** A row whose result may count, as far as it speaks of the input; one that may not bears an error that says why, and no result. */
export function judgeGuest<R extends Pick<TaskRow, 'state' | 'result' | 'error'>>(row: R, input_name: string): R {
  if (row.state !== 'completed') return row;
  const parsed = AnalysisResult.safeParse(row.result);
  const [issue] = parsed.error?.issues ?? [];
  const result = parsed.data && aboutInput(withinBounds(parsed.data), input_name);
  const why = issue
    ? `its answer is no result: /${issue.path.join('/')} ${issue.message}`
    : contradictionIn(result, parsed.data);
  if (why !== undefined)
    return { ...row, result: undefined, error: { code: -32603, message: neutralize(why, REASON_CHARS_MAX) } };
  return { ...row, result: harmless(result) };
}

/** Without what cites a source that is no input: whatever it says about that, nobody showed it. */
function aboutInput(result: AnalysisResult, input_name: string): AnalysisResult {
  const isCited = ({ source }: Evidence) => isNameOf(source, input_name);
  const findings = result.findings.filter(({ evidence }) => evidence.every(isCited));
  const techniques = result.techniques.filter(({ evidence }) => evidence.every(isCited));
  const foreign = result.findings.find(({ evidence }) => !evidence.every(isCited));
  const kept = { ...result, findings, techniques };
  if (foreign === undefined) return kept;
  const source = foreign.evidence.find((each) => !isCited(each))?.source ?? '';
  const gravest = findings.reduce(
    (most, { severity }) => Math.max(most, severity === 'info' ? 0 : WEIGHT[severity]),
    0,
  );
  return passingOver(
    { ...kept, confidence: Math.min(result.confidence, gravest) },
    {
      what: `${result.findings.length - findings.length} of its ${result.findings.length} findings`,
      why: `they cite a source that is not the input, such as ${neutralize(source, NAME_CHARS_MAX)}`,
    },
  );
}

/** As many indicators as one guest may put to threat intelligence. */
function withinBounds(result: AnalysisResult): AnalysisResult {
  const over = result.iocs.length - GUEST_IOCS_MAX;
  if (over <= 0) return result;
  return passingOver(
    { ...result, iocs: result.iocs.slice(0, GUEST_IOCS_MAX) },
    {
      what: `${over} of its ${result.iocs.length} indicators`,
      why: `at most ${GUEST_IOCS_MAX} of an agent that asked by its card are judged`,
    },
  );
}

/** What is passed over is said, and is not benign. */
const passingOver = (result: AnalysisResult, gap: NotChecked): AnalysisResult => ({
  ...result,
  verdict: result.verdict === 'benign' ? 'inconclusive' : result.verdict,
  not_checked: [gap, ...result.not_checked],
});

/** Whether a cited source is the input or a part of it (`alert.json#/email`), however it was made printable or cut. */
function isNameOf(source: string, input_name: string): boolean {
  const [cited, name] = [spelledOut(source), spelledOut(input_name)];
  const beginning = cited.length > CUT_CHARS_MIN && cited.endsWith('…') ? cited.slice(0, -1) : undefined;
  return cited === name || cited.startsWith(`${name}#`) || (beginning !== undefined && name.startsWith(beginning));
}

/** With the characters that `neutralize`, here or at the guest's, made visible. */
const spelledOut = (text: string): string =>
  text.replace(/\\u\{([0-9a-f]{1,5}|10[0-9a-f]{4})\}/gi, (_, hex: string) => String.fromCodePoint(parseInt(hex, 16)));

/** What it says of the whole must rest on what it says it found: a word without a finding weighs nothing. */
function contradictionIn(result: AnalysisResult | undefined, told: AnalysisResult | undefined): string | undefined {
  const { verdict, severity, confidence, findings } = result ?? EMPTY;
  const gravest = findings.reduce((most, finding) => Math.max(most, rank(finding.severity)), -1);
  const least = LEAST[verdict];
  const gap = findings.length === told?.findings.length ? undefined : result?.not_checked[0];
  const foreign = gap ? `; ${gap.what} do not count: ${gap.why}` : '';
  if (least !== undefined && gravest < rank(least))
    return `it says ${verdict} without a finding that is ${least} at least${foreign}`;
  if (rank(severity) > Math.max(0, gravest + 1)) return `it says ${severity} of findings that are not${foreign}`;
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
/** Indicators of one guest that are judged: a few calls of threat intelligence for all guests together. */
export const GUEST_IOCS_MAX = 200;
/** A name that is cut has at least so many characters left; what is shorter could be the beginning of anything. */
const CUT_CHARS_MIN = 64;
const NAME_CHARS_MAX = 120;
const REASON_CHARS_MAX = 500;
const TEXT_CHARS_MAX = 4_096;
/** What their schemas allow less: a text grows when what hides in it is shown. */
const CHARS_MAX: ReadonlyMap<string, number> = new Map([
  ['excerpt', 512],
  ['type', 64],
]);
