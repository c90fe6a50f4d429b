/** Judges indicators by their form and by mounted content; what neither can tell is said, never guessed. */
import { createHash } from 'node:crypto';
import type { Content } from '../../seams/index.ts';
import type { Ioc, Recommendation } from '../../protocol/index.ts';
import { techniqueOf } from '../attack/index.ts';
import { evidence, neutralize } from '../evidence/index.ts';
import { WEIGHT, type Grounds, type WeighedFinding } from '../verdict/index.ts';
import { checkHost } from './host-checks.ts';
import { parseIndicator, type Indicator, type IndicatorType, type Unreadable } from './indicator.ts';
import { intelOf, type Sighting } from './intel.ts';
import { fact, type Observation } from './observation.ts';
import { checkUrl } from './url-checks.ts';
import { warningListsOf, type Listing } from './warninglists.ts';

/** How to assess. */
export interface AssessOptions {
  content: Content;
  /** What findings cite; `params` unless said. */
  source?: string;
  /** Where indicator n stands; `/iocs/n/value` unless said. */
  locatorOf?: (index: number) => string;
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

  const place = (index: number) => ({
    source: options.source ?? 'params',
    locator: options.locatorOf?.(index) ?? `/iocs/${index}/value`,
  });
  const findings = assessed.flatMap(({ indicator, observations }) =>
    observations.map((observation) => toFinding(observation, indicator.index, place(indicator.index))),
  );
  const contradictory = unreadable.filter(({ reason }) => reason === 'not_of_its_type');
  const all = [...findings, ...contradictory.map((one) => toFinding(contradiction(one), one.index, place(one.index)))];

  return {
    subject: iocs.length === 1 ? 'The indicator' : `The ${iocs.length} indicators`,
    findings: gravest(all),
    techniques: techniquesOf(assessed, place),
    iocs,
    checked: [receipt(judged, mounted)],
    not_checked: [
      ...gapsOf(unreadable, left, options, matched),
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

interface Assessed {
  indicator: Indicator;
  observations: Observation[];
  sightings: readonly Sighting[];
  /** A harmless list names it, or it is the digest of nothing. */
  harmless: boolean;
}

type Mounted = ReturnType<typeof openContent>;
type Place = (index: number) => { source: string; locator: string };

function openContent(content: Content) {
  const gaps: { what: string; why: string; mandatory: boolean }[] = [];
  const versions: Record<string, string> = {};
  const open = <T>(
    name: string,
    what: string,
    mandatory: boolean,
    read: (data: unknown) => T | undefined,
  ): T | undefined => {
    const pack = content.get(name);
    const opened = pack && read(pack.data);
    if (pack) versions[name] = pack.version;
    if (!opened)
      gaps.push({
        what,
        why: pack ? `the mounted content "${name}" has another shape` : `no content "${name}" is mounted`,
        mandatory,
      });
    return opened;
  };
  const intel = open('intel', 'whether anybody vouches for these indicators being hostile', true, intelOf);
  const warnings = open(
    'warninglists',
    'warning lists of known harmless and shared infrastructure',
    false,
    warningListsOf,
  );
  if (warnings && warnings.patterns_left_out > 0) {
    const what = `${warnings.patterns_left_out} patterns of the warning lists`;
    gaps.push({ what, why: 'their evaluation cannot be bounded', mandatory: false });
  }
  return { intel, warnings, gaps, versions };
}

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

function assessOne(indicator: Indicator, { intel, warnings }: Mounted): Assessed {
  const sightings = intel?.lookup(indicator) ?? [];
  const listings = warnings?.lookup(indicator) ?? [];
  const empty = indicator.type === 'hash' && EMPTY_DIGESTS.has(indicator.value);
  const harmless = empty || listings.some(({ kind }) => kind === 'harmless');
  const against = [...sightings.map((sighting) => sighted(indicator, sighting)), ...checkForm(indicator)];
  return {
    indicator,
    sightings,
    harmless,
    observations: [
      ...against.map((observation) =>
        harmless ? { ...observation, weight: Math.min(observation.weight, WEIGHT.low) } : observation,
      ),
      ...listings.map((listing) => listed(indicator, listing)),
      ...(empty
        ? [
            fact(
              'empty-digest',
              `${indicator.value} is the digest of the empty file and tells no file from another`,
              indicator.value,
            ),
          ]
        : []),
    ],
  };
}

function checkForm({ type, value, host }: Indicator): Observation[] {
  const onHost = host === undefined ? [] : checkHost(host);
  return type === 'url' ? [...onHost, ...checkUrl(value)] : onHost;
}

function sighted({ value }: Indicator, { source, malware, first_seen, techniques }: Sighting): Observation {
  const as = malware === undefined ? 'hostile' : malware;
  const since = first_seen === undefined ? '' : `, first seen ${first_seen}`;
  return {
    check: `intel ${source}`,
    title: `${value} is known as ${as} to ${source}${since}`,
    severity: 'high',
    weight: WEIGHT.exact,
    shown: value,
    techniques: techniques ?? [],
  };
}

const listed = ({ value }: Indicator, { list, kind }: Listing): Observation =>
  fact(`warning-list ${list}`, `${value} is on the warning list "${list}" (${LIST_MEANING[kind]})`, value);

function contradiction({ given }: Unreadable): Observation {
  return fact('not-of-its-type', `The value is no ${given.type}: it does not parse as one`, given.value);
}

function toFinding(
  observation: Observation,
  index: number,
  place: { source: string; locator: string },
): WeighedFinding {
  const { check, title, severity, weight, shown } = observation;
  return {
    id: `${check.replace(/[^a-z0-9]+/gi, '-').toLowerCase()}-${index}`,
    title: neutralize(title, 200),
    severity,
    rule: neutralize(check, 120),
    evidence: [evidence({ ...place, text: shown })],
    weight,
    // Many indicators that show the same trait are one kind of evidence: their number must not add up to certainty.
    basis: check,
  };
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

function unknownTechniques(assessed: readonly Assessed[]) {
  const named = assessed.flatMap(({ sightings }) => sightings.flatMap(({ techniques }) => techniques ?? []));
  const unknown = [...new Set(named)].filter((id) => techniqueOf(id) === undefined).sort();
  if (unknown.length === 0) return [];
  return [
    {
      what: `techniques ${neutralize(unknown.join(', '))}`,
      why: 'the mounted intel names them, our ATT&CK table does not hold them',
    },
  ];
}

function gapsOf(
  unreadable: readonly Unreadable[],
  left: readonly Indicator[],
  { only }: AssessOptions,
  matched: boolean,
) {
  const types = [
    ...new Set(unreadable.filter(({ reason }) => reason === 'unknown_type').map(({ given }) => given.type)),
  ].sort();
  const odd = unreadable.filter(({ reason }) => reason === 'not_of_its_type').length;
  return [
    ...(types.length > 0
      ? [
          {
            what: `indicators of type ${neutralize(types.join(', '))}`,
            why: 'nothing here judges that type',
            mandatory: !matched,
          },
        ]
      : []),
    ...(odd > 0
      ? [{ what: `${odd} of the indicators`, why: 'they do not parse as the type they claim', mandatory: !matched }]
      : []),
    ...(left.length > 0
      ? [
          {
            what: `${left.length} indicators of other trades`,
            why: `${only?.trade ?? 'this specialist'} does not judge them; threat-intel does`,
            mandatory: !matched,
          },
        ]
      : []),
  ];
}

function recommendationsFor(assessed: readonly Assessed[]): Recommendation[] {
  return assessed
    .filter(({ sightings }) => sightings.length > 0)
    .slice(0, RECOMMENDATIONS_MAX)
    .map(({ indicator, sightings, harmless }) => ({
      action: harmless ? 'review_indicator' : 'block_indicator',
      action_class: harmless ? 'read' : 'medium',
      target: neutralize(indicator.value),
      reason: neutralize(
        `known to ${sightings.map(({ source }) => source).join(', ')}${harmless ? ', but on a warning list: never block it unseen' : ''}`,
      ),
    }));
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
const RECOMMENDATIONS_MAX = 100;
const LIST_MEANING = {
  harmless: 'known harmless',
  shared: 'shared by friend and foe, so it excuses nothing',
  sensor: 'a sinkhole, block page or parking place',
};
const UNKNOWN = {
  what: 'reputation of the indicators that no mounted content names',
  why: 'being unknown is not being harmless',
  mandatory: true,
};
const ALWAYS_OPEN = {
  what: 'live reputation, passive DNS, sightings on the own network',
  why: 'this specialist works offline',
};
/** MD5, SHA-1, SHA-256 and SHA-512 of no bytes. */
const EMPTY_DIGESTS = new Set(['md5', 'sha1', 'sha256', 'sha512'].map((name) => createHash(name).digest('hex')));
