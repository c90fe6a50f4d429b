/** From what the sources did to the grounds of a verdict: one finding for each source and class, weighed by one table. */
import { isIP } from 'node:net';
import { severityRank, type Evidence, type NotChecked, type Severity } from '../../protocol/index.ts';
import { evidence } from '../evidence/index.ts';
import { WEIGHT, type Grounds, type WeighedFinding } from '../verdict/index.ts';
import type { Attacker } from './access-log.ts';
import { isNear, type Deed, type Site, type SourceRecord } from './attackers.ts';
import { hiddenSources, recommendationsOf, type Accused } from './log-actions.ts';
import type { LoginSuccess } from './scenarios.ts';
import { TRADE, type Trade } from './trade.ts';

type Success = Attacker['classes'][number]['success'];

interface Judged {
  deed: Deed;
  success: Success;
  why: string;
  severity: Severity;
  weight: number;
}

/** The attackers, gravest first, with the findings that name them. Sources that did nothing grave are findings of level info. */
export function groundsOf(
  name: string,
  records: readonly SourceRecord[],
  site: Site,
): Omit<Grounds, 'subject' | 'checked'> & { attackers: Attacker[] } {
  const judged = records
    .map((record) => ({ record, deeds: judgeDeeds(record, site) }))
    .sort(
      (left, right) =>
        gravityOf(right.deeds) - gravityOf(left.deeds) || left.record.first_line - right.record.first_line,
    );
  const listed = judged.slice(0, ATTACKERS_LISTED_MAX);
  const deeds = listed.flatMap(({ record, deeds }) =>
    deeds.map((deed) => ({ source: record.source, named: record.named_clients, ...deed })),
  );
  const grave = deeds.filter(({ severity }) => severity !== 'info');
  const harmless = deeds.filter(({ severity }) => severity === 'info');
  const findings = [...grave.map((deed) => toFinding(name, deed)), ...toGroups(name, harmless)];
  const techniques = grave.flatMap(({ deed, success }) =>
    techniquesOf(TRADE[deed.class], success).map((id) => ({ id, evidence: citing(name, deed).slice(0, 1) })),
  );
  const accused = accusedOf(grave);
  return {
    attackers: listed.map(({ record, deeds }) => toAttacker(record, deeds)),
    findings: findings.slice(0, FINDINGS_MAX),
    techniques,
    iocs: accused.filter(({ source }) => isIP(source) !== 0).map(({ source }) => ({ type: 'ip', value: source })),
    not_checked: [...gapsOf(judged.length - listed.length, findings.length - FINDINGS_MAX), ...hiddenSources(accused)],
    recommendations: recommendationsOf(accused),
  };
}

type Accusation = Judged & { source: string; named: ReadonlySet<string> };

function toFinding(name: string, { source, deed, success, why, severity, weight }: Accusation): WeighedFinding {
  const outcome = success === 'unknown' && !TRADE[deed.class].can_succeed ? '' : `, ${OUTCOME[success]} (${why})`;
  return {
    id: `${deed.class}_${source}`,
    title: `${source}: ${TRADE[deed.class].title} (${deed.titles.join('; ')}), ${plural(deed.count, 'line')}${outcome}`,
    severity,
    rule: deed.rule,
    weight,
    basis: `source ${source}`,
    evidence: citing(name, deed),
  };
}

/** One finding a class for all that did nothing grave: a busy log holds hundreds of them, and each by itself says little. */
function toGroups(name: string, harmless: readonly Accusation[]): WeighedFinding[] {
  const classes = new Map<string, Accusation[]>();
  for (const deed of harmless) classes.set(deed.deed.class, [...(classes.get(deed.deed.class) ?? []), deed]);
  return [...classes.values()].flatMap((group): WeighedFinding[] => {
    const [first] = group;
    if (!first) return [];
    if (group.length === 1) return [toFinding(name, first)];
    const lines = group.reduce((sum, { deed }) => sum + deed.count, 0);
    return [
      {
        id: `${first.deed.class}_sources`,
        title: `${group.length} sources: ${TRADE[first.deed.class].title} (${first.deed.titles.join('; ')}), ${plural(lines, 'line')}`,
        severity: 'info',
        rule: first.deed.rule,
        weight: 0,
        basis: `class ${first.deed.class}`,
        evidence: group.slice(0, GROUP_EVIDENCE_MAX).flatMap(({ deed }) => citing(name, deed).slice(0, 1)),
      },
    ];
  });
}

/** The sources of grave deeds in their order, each once. */
function accusedOf(grave: readonly Accusation[]): Accused[] {
  const found = new Map<string, Accused>();
  for (const { source, named, deed, success } of grave) {
    const known = found.get(source) ?? {
      source,
      named: [...named],
      worked: false,
      guessed: false,
      calls_out: false,
    };
    known.worked ||= success === 'likely' || success === 'possible';
    known.calls_out ||= deed.calls_out;
    known.guessed ||= deed.class === 'brute-force' && success === 'likely';
    found.set(source, known);
  }
  return [...found.values()];
}

function judgeDeeds({ deeds, watch }: SourceRecord, site: Site): Judged[] {
  return [...deeds.values()]
    .map((deed) => {
      const { success, why } =
        deed.class === 'brute-force' ? loginSuccess(watch.login_success()) : successOf(deed, site);
      return { deed, success, why, ...gravity(deed, success) };
    })
    .sort(
      (left, right) =>
        severityRank(right.severity) - severityRank(left.severity) ||
        right.weight - left.weight ||
        (left.deed.class < right.deed.class ? -1 : 1),
    );
}

const loginSuccess = (after: LoginSuccess): { success: Success; why: string } => LOGIN_SUCCESS[after];

const LOGIN_SUCCESS: Readonly<Record<LoginSuccess, { success: Success; why: string }>> = {
  followed: { success: 'likely', why: 'a login followed the failures' },
  answered: { success: 'unknown', why: 'what was refused was answered afterwards, to nobody that the log names' },
  none: { success: 'unlikely', why: 'no login followed the failures' },
};

/** What has the server call another host leaves no trace in its answer: only one that looks like success says something. */
function successOf(deed: Deed, site: Site): { success: Success; why: string } {
  const answered = answeredOf(deed, site);
  const is_open = answered.success === 'unlikely' || answered.success === 'unknown';
  return is_open && deed.calls_out ? OUT_OF_BAND : answered;
}

/**
 * How the server answered, read as likelihood. An answer that many different probes share is a page for everything, and one with
 * nothing to compare it to says something only of a line that leaves no doubt.
 */
function answeredOf({ class: attack, answers }: Deed, site: Site): { success: Success; why: string } {
  const trade = TRADE[attack];
  if (!trade.can_succeed) return { success: 'unknown', why: 'it gains nothing by itself' };
  const page = trade.path_probe ? site.unknown : site.usual;
  const changed = [...answers.changed_sizes].filter(
    ([size, { usual_size }]) => usual_size !== undefined || page === undefined || !isNear(size, page),
  );
  const telling = changed.find(
    ([size, { times, usual_size, is_sure }]) =>
      size > 0 && times < CATCH_ALL_FROM && (is_sure || usual_size !== undefined),
  );
  if (telling) {
    const [size, { usual_size }] = telling;
    const usual = usual_size === undefined ? '' : ` where this page usually has ${usual_size}`;
    return { success: trade.path_probe ? 'likely' : 'possible', why: `the server sent ${size} bytes${usual}` };
  }
  if (changed.some(([, { is_sure }]) => is_sure))
    return { success: 'possible', why: 'the server accepted it, but all such answers look alike' };
  if (answers.failed > 0) return { success: 'possible', why: 'the server failed with an error' };
  if (changed.length > 0) return { success: 'unknown', why: 'the server sent a page that nothing can be compared to' };
  if (answers.changed_sizes.size > 0)
    return { success: 'unlikely', why: PAGE_OF_MOST[trade.path_probe ? 'unknown' : 'usual'] };
  if (answers.same_size > 0) return { success: 'unlikely', why: 'the server sent the usual page' };
  if (answers.refused + answers.redirected > 0)
    return { success: 'unlikely', why: answers.refused > 0 ? 'the server refused it' : 'the server only redirected' };
  return { success: 'unknown', why: 'the lines carry no status' };
}

function gravity({ class: attack, count }: Deed, success: Success): { severity: Severity; weight: number } {
  const trade = TRADE[attack];
  if (success === 'likely') return { severity: trade.if_likely, weight: WEIGHT.critical };
  if (success === 'possible' && trade.can_succeed) return { severity: trade.if_possible, weight: WEIGHT.high };
  if (count < trade.few) return { severity: trade.if_few, weight: trade.if_few === 'info' ? 0 : WEIGHT.low };
  return { severity: trade.severity, weight: trade.severity === 'info' ? 0 : WEIGHT[trade.severity] };
}

const techniquesOf = (trade: Trade, success: Success) => [
  ...trade.techniques,
  ...(success === 'likely' ? trade.techniques_if_likely : []),
];

const citing = (name: string, { lines }: Deed): Evidence[] =>
  lines.map(({ number, text }) => evidence({ source: name, locator: `line ${number}`, text }));

const toAttacker = ({ source, requests, first_line, last_line }: SourceRecord, deeds: readonly Judged[]): Attacker => ({
  source,
  requests,
  first_line,
  last_line,
  classes: deeds.map(({ deed, success, why }) => ({ class: deed.class, count: deed.count, success, why })),
});

const gravityOf = (deeds: readonly Judged[]): number =>
  deeds.reduce((worst, { severity, weight }) => Math.max(worst, severityRank(severity) + weight), 0);

function gapsOf(sources_left: number, findings_left: number): NotChecked[] {
  const gaps: [number, string, number][] = [
    [sources_left, 'further sources', ATTACKERS_LISTED_MAX],
    [findings_left, 'lesser findings', FINDINGS_MAX],
  ];
  return gaps
    .filter(([left]) => left > 0)
    .map(([left, what, listed]) => ({ what: `${left} ${what}`, why: `${listed} are listed, gravest first` }));
}

const plural = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`;

/** What a log never shows. */
export const NEVER_CHECKED: readonly NotChecked[] = [
  { what: 'request bodies, cookies and other headers', why: 'a log of requests does not hold them' },
];
const OUTCOME: Readonly<Record<Success, string>> = {
  likely: 'probably worked',
  possible: 'may have worked',
  unlikely: 'probably failed',
  unknown: 'outcome unknown',
};
const PAGE_OF_MOST: Readonly<Record<keyof Site, string>> = {
  usual: 'the server sent the page that it sends for most paths',
  unknown: 'the server sends such a page for most paths that it does not know',
};
const OUT_OF_BAND = { success: 'unknown', why: 'it works out of band: look for outgoing connections' } as const;
const CATCH_ALL_FROM = 3;
const ATTACKERS_LISTED_MAX = 500;
const FINDINGS_MAX = 300;
const GROUP_EVIDENCE_MAX = 5;
