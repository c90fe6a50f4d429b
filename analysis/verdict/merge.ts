/** Several specialists' results as one: nothing they found is lost, and what is missing is said (specialists.md 4). */
import {
  maxSeverity,
  severityRank,
  type AnalysisResult,
  type Evidence,
  type Finding,
  type NotChecked,
  type Severity,
  type Technique,
  type Verdict,
} from '../../protocol/index.ts';
import { techniqueOf } from '../attack/index.ts';
import { neutralize } from '../evidence/index.ts';
import { compareText } from '../order/index.ts';
import { collapse } from './collapse.ts';
import { headlineOf } from './conclude.ts';
import { independentShares } from './independent.ts';
import { CONFIDENCE_CAP, INCOMPLETE_CAP } from './weight.ts';

/** One specialist's part. */
export interface Part {
  agent_id: string;
  result: AnalysisResult;
  /** No specialist of the fleet's own: it comes after them, and where its word stands alone that is said. */
  is_guest?: boolean;
}

/**
 * Merges in the order of agent ids, guests last, so that it does not matter who answered first and guests overwrite nobody. `missing` are parts that were handed out
 * and did not come back: with any of them the verdict is never `benign`, and confidence is at most 0.5. `unread` is what nobody was
 * asked about: it keeps the verdict from being `benign` too.
 */
export function merge(
  parts: readonly Part[],
  missing: readonly NotChecked[],
  unread: readonly NotChecked[] = [],
): AnalysisResult {
  const ordered = [...parts].sort(byAgent);
  const results = ordered.map(({ result }) => result);
  const verdict = verdictOf(results, missing.length + unread.length > 0);
  const { confidence, formula } = confidenceOf(ordered, missing.length > 0);
  const severity = results.reduce((worst, result) => maxSeverity(worst, result.severity), maxSeverity('info', 'info'));
  const findings = collapse(
    ordered.flatMap(({ agent_id, result }) => result.findings.map((finding) => ({ agent_id, finding }))),
  ).sort((left, right) => severityRank(right.severity) - severityRank(left.severity));
  const techniques = mergeTechniques(results.flatMap((result) => result.techniques));
  const guests = guestsAlone(ordered, verdict);

  return {
    severity,
    confidence,
    mitre_techniques: techniques.map(({ id }) => id),
    iocs: distinct(
      results.flatMap((result) => result.iocs),
      ({ type, value }) => `${type} ${value}`,
    ),
    verdict,
    summary: summaryOf(ordered, { verdict, findings, guests, gaps: [...missing, ...unread] }),
    arithmetic: `confidence ${formula}; severity ${severity}${severityFrom(ordered, severity)}${guests === '' ? '' : `; verdict ${verdict} on the word of ${guests} alone`}`,
    techniques,
    findings,
    not_checked: distinct(
      [
        ...missing,
        ...unread,
        ...ordered.flatMap(({ agent_id, result }) =>
          result.not_checked.map(({ what, why }) => ({ what: `${agent_id}: ${what}`, why })),
        ),
      ],
      (gap) => JSON.stringify(gap),
    ),
    checked: results.flatMap((result) => result.checked),
    recommendations: distinct(
      results.flatMap((result) => result.recommendations),
      (item) => JSON.stringify(item),
    ),
    data_versions: mergeVersions(ordered),
  };
}

/** The gravest word that any part stands for; `benign` only when every part came back and says so. */
function verdictOf(results: readonly AnalysisResult[], is_incomplete: boolean): Verdict {
  const said = new Set(results.map(({ verdict }) => verdict));
  if (said.has('malicious')) return 'malicious';
  if (said.has('suspicious')) return 'suspicious';
  return is_incomplete || said.has('inconclusive') || said.size === 0 ? 'inconclusive' : 'benign';
}

/** The guests whose word a grave verdict is, when no specialist of the fleet's own says the same. */
function guestsAlone(parts: readonly Part[], verdict: Verdict): string {
  const saying = parts.filter(({ result }) => result.verdict === verdict);
  if (!GRAVE.has(verdict) || saying.some(({ is_guest }) => !is_guest)) return '';
  return [...new Set(saying.map(({ agent_id }) => neutralize(agent_id, NAME_CHARS_MAX)))].join(', ');
}

/**
 * The gravest finding of all and how many there are beside it, in the words of the whole: what one part says of itself holds for the
 * whole only where it is the whole.
 */
function summaryOf(
  parts: readonly Part[],
  {
    verdict,
    findings,
    guests,
    gaps,
  }: { verdict: Verdict; findings: readonly Finding[]; guests: string; gaps: readonly NotChecked[] },
): string {
  const [only, ...others] = parts;
  const [gap] = gaps;
  const beside = gaps.length > 1 ? ` and ${gaps.length - 1} more` : '';
  const alone = guests === '' ? '' : ` This is the word of ${guests} alone.`;
  const open = `${alone}${gap === undefined ? '' : ` Not checked: ${neutralize(gap.what, NAME_CHARS_MAX)}${beside}.`}`;
  if (!only) return `Nothing came back.${open}`;
  if (others.length === 0 && only.result.verdict === verdict) return `${only.result.summary}${open}`;
  const [gravest, ...rest] = findings;
  if (!gravest) {
    const asked = [...new Set(parts.map(({ agent_id }) => neutralize(agent_id, NAME_CHARS_MAX)))].join(', ');
    return `All in all: ${verdict}. Nothing found by ${asked}.${open}`;
  }
  return `All in all: ${verdict}. ${headlineOf(gravest, rest)}${open}`;
}

/** What specialists find on different records adds up like independent evidence; the same record counts once. */
function confidenceOf(parts: readonly Part[], is_incomplete: boolean): { confidence: number; formula: string } {
  const shares = independentShares(parts);
  const weighed = shares.filter(({ worth }) => worth > 0);
  const raw = 1 - weighed.reduce((product, { worth }) => product * (1 - worth), 1);
  const cap = is_incomplete ? INCOMPLETE_CAP : CONFIDENCE_CAP;
  const confidence = Math.round(Math.min(raw, cap) * 100) / 100;
  const terms = weighed
    .map(({ agent_id, worth, is_partial }) => `(1-${worth} ${agent_id}${is_partial ? ' on other records' : ''})`)
    .join('·');
  const again = shares.filter(({ worth }) => worth === 0).map(({ agent_id }) => agent_id);
  const once = again.length === 0 ? '' : `, ${again.join(', ')} citing only records that count already`;
  const capped = raw > cap ? `, capped at ${cap}${is_incomplete ? ' as a part did not come back' : ''}` : '';
  return {
    confidence,
    formula: terms === '' ? '0 (no finding of weight)' : `${confidence} = 1 - ${terms}${once}${capped}`,
  };
}

/** Whose severity it is, in that specialist's own words. */
function severityFrom(parts: readonly Part[], severity: Severity): string {
  const part = parts.find(({ result }) => result.severity === severity);
  const own = part?.result.arithmetic.split('; severity ')[1];
  return part === undefined || own === undefined ? '' : ` as ${part.agent_id} says (${own})`;
}

/** Whoever comes first names it, unless our own table does. */
function mergeTechniques(techniques: readonly Technique[]): Technique[] {
  const by_id = new Map<string, Technique>();
  for (const technique of techniques) {
    const told = by_id.get(technique.id) ?? { ...technique, ...namesOf(technique.id), evidence: [] };
    const evidence: Evidence[] = [...told.evidence, ...technique.evidence];
    by_id.set(technique.id, { ...told, evidence: evidence.slice(0, EVIDENCE_MAX) });
  }
  return [...by_id.values()].sort((left, right) => compareText(left.id, right.id));
}

function namesOf(id: string): Pick<Technique, 'name' | 'attack_version'> | undefined {
  const known = techniqueOf(id) ?? techniqueOf(id, '18.1');
  return known && { name: known.name, attack_version: known.attack_version };
}

/** Whoever comes first says it; what guests used bears their name. */
function mergeVersions(parts: readonly Part[]): Record<string, string> {
  const versions = new Map<string, string>();
  for (const { agent_id, result, is_guest } of parts) {
    for (const [name, version] of Object.entries(result.data_versions)) {
      const key = is_guest ? `${agent_id}/${name}` : name;
      if (!versions.has(key)) versions.set(key, version);
    }
  }
  return Object.fromEntries(versions);
}

/** Guests last; several parts of one agent are ordered by what they say. */
const byAgent = (left: Part, right: Part): number =>
  Number(left.is_guest ?? false) - Number(right.is_guest ?? false) ||
  compareText(left.agent_id, right.agent_id) ||
  compareText(JSON.stringify(left.result), JSON.stringify(right.result));
const distinct = <T>(items: readonly T[], keyOf: (item: T) => string): T[] => [
  ...new Map(items.map((item) => [keyOf(item), item])).values(),
];

const GRAVE: ReadonlySet<Verdict> = new Set(['malicious', 'suspicious']);
const EVIDENCE_MAX = 10;
const NAME_CHARS_MAX = 200;
