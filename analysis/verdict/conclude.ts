/** Verdict arithmetic, the one place: findings in, severity, confidence and a word out (specialists.md 2). */
import {
  maxSeverity,
  SEVERITY_ORDER,
  type AnalysisResult,
  type Checked,
  type Evidence,
  type Finding,
  type Ioc,
  type NotChecked,
  type Recommendation,
  type Severity,
  type Technique,
  type Verdict,
} from '../../protocol/index.ts';
import { ATTACK_VERSION, crosswalk } from '../attack/index.ts';
import { neutralize } from '../evidence/index.ts';
import { compareText } from '../order/index.ts';
import { CONFIDENCE_CAP, INCOMPLETE_CAP, WEIGHT } from './weight.ts';

/** A finding with its worth. Findings that rest on the same `basis` are not independent: only the weightiest counts. */
export interface WeighedFinding extends Finding {
  weight: number;
  basis: string;
  /** An act that administrators do as well. */
  is_everyday?: boolean;
}

/** What was not checked, and what follows from it. */
export interface Gap extends NotChecked {
  /** A part that had to be read was not: confidence is at most 0.5, `benign` becomes `inconclusive`, and no other verdict is lowered. */
  mandatory?: boolean;
  /** It was read, and no rule could speak about it: `benign` becomes `inconclusive`, and what was found weighs as much as before. */
  is_unjudged?: boolean;
}

/** Everything a verdict rests on. */
export interface Grounds {
  /** The subject of the summary sentence, e.g. "The mail"; a name that others gave may stand in it, it is made harmless here. */
  subject: string;
  findings: readonly WeighedFinding[];
  /** Those that are named beside what the findings carry themselves. */
  techniques?: readonly { id: string; evidence: readonly Evidence[] }[];
  iocs?: readonly Ioc[];
  checked: readonly Checked[];
  not_checked?: readonly Gap[];
  recommendations?: readonly Recommendation[];
  data_versions?: Readonly<Record<string, string>>;
  /** A warning list speaks for the subject: severity is lowered by one. */
  warning_listed?: boolean;
  /** The asset this is about is one that the tenant cannot do without: what is sure is raised by one. */
  critical_asset?: boolean;
}

/** Weighs the grounds. Deterministic: the same grounds in any order give the same result. */
export function conclude(grounds: Grounds): AnalysisResult {
  const findings = [...grounds.findings].sort(byGravity);
  const { techniques, unknown } = namedTechniques([...(grounds.techniques ?? []), ...carriedBy(findings)]);
  const not_checked = [...(grounds.not_checked ?? []), ...unknown];
  const incomplete = (grounds.not_checked ?? []).some((gap) => gap.mandatory) || isUnread(grounds.checked);

  const { confidence, found, formula } = confidenceOf(findings, incomplete);
  const { severity, reasons } = severityOf(findings, techniques, {
    is_sure: found >= MALICIOUS_FROM,
    is_listed: grounds.warning_listed ?? false,
    is_critical_asset: grounds.critical_asset ?? false,
  });
  const is_unjudged = (grounds.not_checked ?? []).some((gap) => gap.is_unjudged) || hasUnjudged(grounds.checked);
  const verdict = verdictOf(severity, found, incomplete || is_unjudged);

  return {
    severity,
    confidence,
    mitre_techniques: techniques.map((technique) => technique.id),
    iocs: distinctIocs(grounds.iocs ?? []),
    verdict,
    summary: summaryOf(neutralize(grounds.subject, SUBJECT_CHARS_MAX), verdict, findings),
    arithmetic: `confidence ${formula}; severity ${[severity, ...reasons].join(', ')}`,
    techniques,
    findings: findings.map(({ weight: _weight, basis: _basis, is_everyday: _everyday, ...finding }) => ({
      ...finding,
      title: neutralize(finding.title, TITLE_CHARS_MAX),
    })),
    not_checked: not_checked.map(({ what, why }) => ({ what, why })),
    checked: [...grounds.checked],
    recommendations: (grounds.recommendations ?? []).map(harmless),
    data_versions: { attack: ATTACK_VERSION, ...grounds.data_versions },
  };
}

/** `found` is what the findings are worth whatever was not checked: whoever adds a part that cannot be read lowers no verdict. */
function confidenceOf(findings: readonly WeighedFinding[], incomplete: boolean) {
  const best = new Map<string, WeighedFinding>();
  for (const finding of findings) {
    if (finding.weight > (best.get(finding.basis)?.weight ?? 0)) best.set(finding.basis, finding);
  }
  const weighed = [...best.values()].sort(
    (left, right) => right.weight - left.weight || compareText(left.id, right.id),
  );
  if (weighed.length === 0) return { confidence: 0, found: 0, formula: '0 (no finding of weight)' };

  const grave = weighed.filter((finding) => !isSlight(finding) && !isWeak(finding));
  const weak = weighed.filter(isWeak);
  const slight = oncePerRule(weighed.filter(isSlight));
  const weak_worth = Math.min(1 - doubtAfter(weak), WEAK_TOGETHER_MAX);
  const slight_worth = Math.min(1 - doubtAfter(slight), SLIGHT_TOGETHER_MAX);
  const raw = 1 - doubtAfter(grave) * (1 - weak_worth) * (1 - slight_worth);
  const cap = incomplete ? INCOMPLETE_CAP : CONFIDENCE_CAP;
  const confidence = rounded(Math.min(raw, cap));
  const found = rounded(Math.min(raw, CONFIDENCE_CAP));
  const terms = [...grave, ...weak, ...slight];
  const shown = terms
    .slice(0, TERMS_SHOWN_MAX)
    .map(({ weight, id }) => `(1-${weight} ${neutralize(id, ID_CHARS_MAX)})`);
  const more = terms.length > shown.length ? `·…${terms.length - shown.length} more` : '';
  const bounded = [
    { kind: 'weak', findings: weak, most: WEAK_TOGETHER_MAX },
    { kind: 'slight', findings: slight, most: SLIGHT_TOGETHER_MAX },
  ]
    .filter(({ findings, most }) => 1 - doubtAfter(findings) > most)
    .map(({ kind, findings, most }) => `, where the ${findings.length} ${kind} ones count ${most} together`)
    .join('');
  const capped =
    raw > cap
      ? `, capped at ${cap}${incomplete ? ` as a mandatory part was not checked, the verdict rests on ${found}` : ''}`
      : '';
  return { confidence, found, formula: `${confidence} = 1 - ${shown.join('·')}${more}${bounded}${capped}` };
}

const rounded = (worth: number): number => Math.round(worth * 100) / 100;

/** What stays in doubt when all of them are held to be independent. */
const doubtAfter = (findings: readonly WeighedFinding[]): number =>
  findings.reduce((product, { weight }) => product * (1 - weight), 1);

/** What an administrator's day is full of: more of it is a longer day, no better proof. */
const isSlight = ({ severity, weight }: WeighedFinding): boolean => severity === 'low' && weight <= WEIGHT.low;

/** What administrators do as well, each with its reason: different ones in one day are a day of work, and no proof without a grave one. */
const isWeak = ({ severity, weight, is_everyday }: WeighedFinding): boolean =>
  is_everyday === true && severity === 'medium' && weight <= WEIGHT.medium;

/** A rule that speaks again says nothing new; the first is the weightiest. */
function oncePerRule(findings: readonly WeighedFinding[]): WeighedFinding[] {
  const first = new Map<string, WeighedFinding>();
  for (const finding of findings) {
    const key = finding.rule ?? finding.basis;
    if (!first.has(key)) first.set(key, finding);
  }
  return [...first.values()];
}

/** Breadth raises what is sure already: many refused tries in many ways are still refused. */
function severityOf(
  findings: readonly WeighedFinding[],
  techniques: readonly Technique[],
  { is_sure, is_listed, is_critical_asset }: { is_sure: boolean; is_listed: boolean; is_critical_asset: boolean },
) {
  const highest = findings.reduce<Severity>((worst, finding) => maxSeverity(worst, finding.severity), 'info');
  const reasons: string[] = [];
  let rank = SEVERITY_ORDER.indexOf(highest);

  const tactics = new Set(techniques.map(({ id }) => crosswalk(id)?.technique.tactics[0]).filter(Boolean));
  if (is_sure && tactics.size >= TACTICS_THAT_RAISE && rank >= SEVERITY_ORDER.indexOf('medium') && rank < 4) {
    rank += 1;
    reasons.push(`raised by ${tactics.size} tactics`);
  }
  if (is_sure && is_critical_asset && rank > 0 && rank < 4) {
    rank += 1;
    reasons.push('raised as the asset is critical');
  }
  if (is_listed && rank > 0) {
    rank -= 1;
    reasons.push('lowered by a warning list');
  }
  return { severity: SEVERITY_ORDER[rank] ?? highest, reasons };
}

function verdictOf(severity: Severity, confidence: number, incomplete: boolean): Verdict {
  if (isAtLeast(severity, 'high') && confidence >= MALICIOUS_FROM) return 'malicious';
  if (isAtLeast(severity, 'low') && confidence >= SUSPICIOUS_FROM) return 'suspicious';
  return incomplete ? 'inconclusive' : 'benign';
}

function summaryOf(subject: string, verdict: Verdict, findings: readonly WeighedFinding[]): string {
  const [first, ...rest] = findings;
  if (!first) {
    return verdict === 'inconclusive'
      ? `${subject}: nothing found, but a part that it takes for a clean answer was not checked.`
      : `${subject}: nothing found.`;
  }
  return `${subject}: ${verdict}. ${headlineOf(first, rest)}`;
}

/** The gravest of what was found and what there is beside it; what is only noted is not called a finding. */
export function headlineOf(first: Finding, rest: readonly Finding[]): string {
  const title = neutralize(first.title, TITLE_CHARS_MAX);
  const isNote = ({ severity }: Finding): boolean => severity === 'info';
  const notes = rest.filter(isNote).length;
  const findings = rest.length - notes;
  const beside = [
    ...(findings > 0 ? [`${findings} more finding${findings === 1 ? '' : 's'}`] : []),
    ...(notes > 0 ? [`${notes} ${isNote(first) ? 'more ' : ''}note${notes === 1 ? '' : 's'}`] : []),
  ].map((what) => ` and ${what}`);
  const said = `${title}${beside.join('')}`;
  const end = /[.!?…]$/.test(said) ? '' : '.'; // a sensor's title may be a sentence already
  return `${isNote(first) ? 'Nothing weighs against it; noted: ' : ''}${said}${end}`;
}

/** A finding that weighs nothing names no technique of the verdict: it keeps its tags, and nothing follows from them. */
const carriedBy = (findings: readonly WeighedFinding[]) =>
  findings
    .filter(({ severity }) => severity !== 'info')
    .flatMap(({ techniques = [], evidence }) => techniques.map((id) => ({ id, evidence })));

/** Ids of any version become current ones, so that one technique is told once; what no version knows is said. */
function namedTechniques(supported: readonly { id: string; evidence: readonly Evidence[] }[]) {
  const merged = new Map<string, Technique>();
  const unknown = new Set<string>();
  for (const { id, evidence } of supported) {
    const known = crosswalk(id)?.technique;
    if (!known) unknown.add(neutralize(id, ID_CHARS_MAX));
    else {
      const told = [...(merged.get(known.id)?.evidence ?? []), ...evidence].slice(0, EVIDENCE_MAX);
      merged.set(known.id, { id: known.id, name: known.name, attack_version: known.attack_version, evidence: told });
    }
  }
  const why = `neither ATT&CK v${ATTACK_VERSION} nor an older version knows them`;
  return {
    techniques: [...merged.values()].sort((left, right) => compareText(left.id, right.id)),
    unknown: unknown.size === 0 ? [] : [{ what: `techniques ${[...unknown].sort(compareText).join(', ')}`, why }],
  };
}

/** What is proposed may name a file or a host: as others named it, harmless to print. */
const harmless = (proposed: Recommendation): Recommendation => ({
  ...proposed,
  action: neutralize(proposed.action, TITLE_CHARS_MAX),
  target: neutralize(proposed.target, TITLE_CHARS_MAX),
  reason: neutralize(proposed.reason, TITLE_CHARS_MAX),
});

function distinctIocs(iocs: readonly Ioc[]): Ioc[] {
  const by_key = new Map(iocs.map(({ type, value }) => [`${type} ${value}`, { type, value }]));
  return [...by_key].sort(([left], [right]) => compareText(left, right)).map(([, ioc]) => ioc);
}

const isAtLeast = (severity: Severity, floor: Severity) =>
  SEVERITY_ORDER.indexOf(severity) >= SEVERITY_ORDER.indexOf(floor);
const isUnread = (checked: readonly Checked[]) =>
  checked.length === 0 || checked.some(({ corpus }) => corpus.items_read < corpus.items);
const hasUnjudged = (checked: readonly Checked[]) =>
  checked.some(({ corpus }) => (corpus.items_judged ?? corpus.items_read) < corpus.items_read);
const byGravity = (left: WeighedFinding, right: WeighedFinding) =>
  SEVERITY_ORDER.indexOf(right.severity) - SEVERITY_ORDER.indexOf(left.severity) ||
  right.weight - left.weight ||
  compareText(left.id, right.id);

/** Two slight ones: beside a single grave finding they leave it short of malicious. */
const SLIGHT_TOGETHER_MAX = 0.2;
/** Two weak ones: with all the slight ones beside them still short of malicious. */
const WEAK_TOGETHER_MAX = 0.51;
const MALICIOUS_FROM = 0.7;
const SUSPICIOUS_FROM = 0.1;
const TACTICS_THAT_RAISE = 3;
const TERMS_SHOWN_MAX = 8;
const EVIDENCE_MAX = 5;
const ID_CHARS_MAX = 64;
const SUBJECT_CHARS_MAX = 400;
const TITLE_CHARS_MAX = 1_000;
