/** Judges indicators by their form and by mounted content; what neither can tell is said, never guessed. */
import { createHash } from 'node:crypto';
import type { Content } from '../../seams/index.ts';
import type { Ioc, Recommendation } from '../../protocol/index.ts';
import { techniqueOf } from '../attack/index.ts';
import { evidence, neutralize } from '../evidence/index.ts';
import type { Grounds, WeighedFinding } from '../verdict/index.ts';
import { gapsOf, unknownTechniques } from './gaps.ts';
import { checkHost } from './host-checks.ts';
import { parseIndicator, type Indicator, type IndicatorType, type Unreadable } from './indicator.ts';
import { openContent, type Mounted } from './mounted.ts';
import { fact, type Observation } from './observation.ts';
import { assessOne, type Assessed } from './weigh.ts';

/** A place that a finding cites. */
export interface Origin {
  source: string;
  locator: string;
}

/** How to assess. */
export interface AssessOptions {
  content: Content;
  /** Where indicator n stands, for findings to cite; `params`, `/iocs/n/value` unless said. */
  originOf?: (index: number) => Origin | undefined;
  /** A specialist's own trade: indicators of other types are left to others, and that is said. */
  only?: { types: readonly IndicatorType[]; trade: string };
}

/**
 * The grounds of a verdict over indicators. Without mounted content only their form is judged, so that nothing ends as
 * benign; one that mounted `intel` names exactly weighs `WEIGHT.exact`; one on a harmless warning list weighs little.
 */
export function assessIndicators(iocs: readonly Ioc[], options: AssessOptions): Grounds {
  const mounted = openContent(options.content);
  const { judged, unreadable, left } = sort(iocs, options);
  const assessed = judged.map((indicator) => assessOne(indicator, mounted));
  const matched = assessed.some(({ sightings }) => sightings.length > 0);
  const settled = assessed.every(({ harmless }) => harmless) && unreadable.length === 0;

  const place = (index: number) => options.originOf?.(index) ?? { source: 'params', locator: `/iocs/${index}/value` };
  const findings = assessed.flatMap(({ indicator, observations }) =>
    observations.map((one, nth) => toFinding(one, `${indicator.index}-${nth}`, place(indicator.index))),
  );
  const contradictory = unreadable.filter(({ reason }) => reason === 'not_of_its_type');
  const all = toldOnce([
    ...findings,
    ...contradictory.map((one) => toFinding(contradiction(one), `${one.index}-0`, place(one.index))),
  ]);

  return {
    subject: iocs.length === 1 ? 'The indicator' : `The ${iocs.length} indicators`,
    findings: gravest(all),
    techniques: techniquesOf(assessed, place),
    iocs,
    checked: [receipt(judged, mounted)],
    not_checked: [
      ...gapsOf(unreadable, left, options.only?.trade, matched),
      ...mounted.gaps.map((gap) => ({ ...gap, mandatory: gap.mandatory && !matched && !settled })),
      ...unknownTechniques(assessed),
      ...(matched || settled || mounted.gaps.some(({ mandatory }) => mandatory) ? [] : [UNKNOWN]),
      ...(all.length > FINDINGS_MAX
        ? [{ what: `${all.length - FINDINGS_MAX} lesser findings`, why: `only ${FINDINGS_MAX} are listed` }]
        : []),
      ALWAYS_OPEN,
    ],
    recommendations: recommendationsFor(assessed),
    data_versions: mounted.versions,
    warning_listed: isSpokenFor(assessed),
  };
}

type Place = (index: number) => { source: string; locator: string };

function sort(iocs: readonly Ioc[], { only }: AssessOptions) {
  const judged: Indicator[] = [];
  const unreadable: Unreadable[] = [];
  const left: Indicator[] = [];
  iocs.forEach((ioc, index) => {
    const read = parseIndicator(ioc, index);
    if ('reason' in read) unreadable.push(read);
    else if (only && !only.types.includes(read.type)) left.push(read);
    else judged.push(read);
  });
  return { judged, unreadable, left };
}

function contradiction({ given }: Unreadable): Observation {
  return fact('not-of-its-type', `The value is no ${given.type}: it does not parse as one`, given.value);
}

function toFinding(
  observation: Observation,
  suffix: string,
  place: { source: string; locator: string },
): WeighedFinding {
  const { check, title, severity, weight, shown } = observation;
  return {
    id: `${check.replace(/[^a-z0-9]+/gi, '-').toLowerCase()}-${suffix}`,
    title: neutralize(title, 200),
    severity,
    rule: neutralize(check, 120),
    evidence: [evidence({ ...place, text: shown })],
    weight,
    // Many indicators that show the same trait are one kind of evidence: their number must not add up to certainty.
    basis: check,
  };
}

/** A name that is told as a domain and again in a URL is one observation with both places as its evidence. */
function toldOnce(findings: readonly WeighedFinding[]): WeighedFinding[] {
  const by_title = new Map<string, WeighedFinding>();
  for (const finding of findings) {
    const key = JSON.stringify([finding.rule, finding.title, finding.severity, finding.weight]);
    const known = by_title.get(key);
    const rows = [...(known?.evidence ?? []), ...finding.evidence].map((row) => [JSON.stringify(row), row] as const);
    const cited = [...new Map(rows).values()].slice(0, EVIDENCE_MAX);
    by_title.set(key, { ...(known ?? finding), evidence: cited });
  }
  return [...by_title.values()];
}

function techniquesOf(assessed: readonly Assessed[], place: Place): NonNullable<Grounds['techniques']> {
  return assessed.flatMap(({ indicator, observations }) =>
    observations.flatMap(({ techniques = [], shown }) =>
      techniques
        .filter((id) => techniqueOf(id) !== undefined)
        .map((id) => ({ id, evidence: [evidence({ ...place(indicator.index), text: shown })] })),
    ),
  );
}

function recommendationsFor(assessed: readonly Assessed[]): Recommendation[] {
  return assessed
    .filter(({ sightings }) => sightings.length > 0)
    .slice(0, RECOMMENDATIONS_MAX)
    .map(({ indicator, sightings, harmless, spared }) => {
      const against = harmless ? 'on a warning list: never block it unseen' : spared;
      return {
        action: against === undefined ? 'block_indicator' : 'review_indicator',
        action_class: against === undefined ? 'medium' : 'read',
        target: neutralize(indicator.value),
        reason: neutralize(
          `known to ${sightings.map(({ source }) => source).join(', ')}${against === undefined ? '' : `, but ${against}`}`,
        ),
      };
    });
}

/** Whether harmless lists speak for everything that weighs. */
function isSpokenFor(assessed: readonly Assessed[]): boolean {
  const weighing = assessed.filter(({ observations }) => observations.some(({ severity }) => severity !== 'info'));
  return weighing.length > 0 && weighing.every(({ harmless }) => harmless);
}

function receipt(judged: readonly Indicator[], { intel, warnings }: Mounted) {
  const asked = ['their form', ...(intel ? ['mounted intel'] : []), ...(warnings ? ['mounted warning lists'] : [])];
  const found = checkHost(PLANTED_HOST).find(({ check }) => check === 'generated-name');
  return {
    question: `Does anything speak against these indicators? Asked: ${asked.join(', ')}.`,
    corpus: {
      sha256: createHash('sha256')
        .update(JSON.stringify(judged.map(({ given }) => [given.type, given.value])))
        .digest('hex'),
      items: judged.length,
      items_read: judged.length,
    },
    ...(found && { control: `the planted ${PLANTED_HOST} was found: ${found.shown}` }),
  };
}

const gravest = (findings: readonly WeighedFinding[]): WeighedFinding[] =>
  findings.length <= FINDINGS_MAX
    ? [...findings]
    : [...findings].sort((left, right) => right.weight - left.weight).slice(0, FINDINGS_MAX);

/** Under a reserved root (RFC 2606): it can belong to nobody. */
const PLANTED_HOST = 'xkqjzvwtrbpqhdfg.example';
const FINDINGS_MAX = 500;
/** Places that one finding cites. */
const EVIDENCE_MAX = 5;
const RECOMMENDATIONS_MAX = 100;
const UNKNOWN = {
  what: 'reputation of the indicators that no mounted content names',
  why: 'being unknown is not being harmless',
  mandatory: true,
};
const ALWAYS_OPEN = {
  what: 'live reputation, passive DNS, sightings on the own network',
  why: 'this specialist works offline',
};
