/** From what the sources did to the grounds of a verdict: one finding for each source and class, weighed by one table. */
import { isIP } from 'node:net';
import type { Evidence, NotChecked, Recommendation, Severity } from '../../protocol/index.ts';
import { evidence } from '../evidence/index.ts';
import { WEIGHT, type Grounds, type WeighedFinding } from '../verdict/index.ts';
import type { Attacker } from './access-log.ts';
import type { Deed, SourceRecord } from './attackers.ts';
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
): Omit<Grounds, 'subject' | 'checked'> & { attackers: Attacker[] } {
  const judged = records
    .map((record) => ({ record, deeds: judgeDeeds(record) }))
    .sort(
      (left, right) =>
        gravityOf(right.deeds) - gravityOf(left.deeds) || left.record.first_line - right.record.first_line,
    );
  const listed = judged.slice(0, ATTACKERS_LISTED_MAX);
  const cited = listed
    .flatMap(({ record, deeds }) => deeds.map((deed) => ({ source: record.source, ...deed })))
    .slice(0, FINDINGS_MAX);
  const findings = cited.map((deed): WeighedFinding => {
    const { titles, count } = deed.deed;
    return {
      id: `${deed.deed.class}_${deed.source}`,
      title: `${deed.source}: ${TRADE[deed.deed.class].title} (${titles.join('; ')}), ${count} line${count === 1 ? '' : 's'}; success ${deed.success}: ${deed.why}`,
      severity: deed.severity,
      rule: deed.deed.rule,
      weight: deed.weight,
      basis: `source ${deed.source}`,
      evidence: citing(name, deed.deed),
    };
  });
  const grave = cited.filter(({ severity }) => severity !== 'info');
  const techniques = grave.flatMap(({ deed, success }) =>
    techniquesOf(TRADE[deed.class], success).map((id) => ({ id, evidence: citing(name, deed).slice(0, 1) })),
  );
  const sources = [...new Set(grave.map(({ source }) => source))];
  return {
    attackers: listed.map(({ record, deeds }) => toAttacker(record, deeds)),
    findings,
    techniques,
    iocs: sources.filter((source) => isIP(source) !== 0).map((value) => ({ type: 'ip', value })),
    not_checked: gapsOf(
      judged.length - listed.length,
      listed.flatMap(({ deeds }) => deeds).length - cited.length,
      sources,
    ),
    recommendations: recommendationsOf(grave),
  };
}

function judgeDeeds({ deeds, watch }: SourceRecord): Judged[] {
  return [...deeds.values()]
    .map((deed) => {
      const { success, why } = deed.class === 'brute-force' ? loginSuccess(watch.login_succeeded()) : successOf(deed);
      return { deed, success, why, ...gravity(deed, success) };
    })
    .sort(
      (left, right) =>
        RANK[right.severity] - RANK[left.severity] ||
        right.weight - left.weight ||
        (left.deed.class < right.deed.class ? -1 : 1),
    );
}

const loginSuccess = (succeeded: boolean): { success: Success; why: string } =>
  succeeded
    ? { success: 'likely', why: 'after the failures the same form let the source through' }
    : { success: 'unlikely', why: 'no success followed the failures' };

/** How the server answered, read as likelihood. An answer that many different probes share is a page for everything. */
function successOf({ class: attack, answers }: Deed): { success: Success; why: string } {
  const trade = TRADE[attack];
  if (!trade.can_succeed) return { success: 'unknown', why: 'this by itself gains nothing' };
  const changed = [...answers.changed_sizes].find(([size, times]) => size > 0 && times < CATCH_ALL_FROM);
  if (changed)
    return {
      success: trade.path_probe ? 'likely' : 'possible',
      why: `accepted with ${changed[0]} bytes, where an ordinary answer is unknown or of another size`,
    };
  if (answers.changed_sizes.size > 0)
    return { success: 'possible', why: 'accepted, but all such answers have one size or none' };
  if (answers.failed > 0) return { success: 'possible', why: 'the server failed over it' };
  if (answers.same_size > 0) return { success: 'unlikely', why: 'the answer had the size of an ordinary one' };
  if (answers.refused + answers.redirected > 0)
    return { success: 'unlikely', why: answers.refused > 0 ? 'the server refused' : 'the server only redirected' };
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
  deeds.reduce((worst, { severity, weight }) => Math.max(worst, RANK[severity] + weight), 0);

function gapsOf(attackers_left: number, findings_left: number, sources: readonly string[]): NotChecked[] {
  const gaps: [boolean, NotChecked][] = [
    [
      attackers_left > 0,
      { what: `${attackers_left} further attackers`, why: `${ATTACKERS_LISTED_MAX} are listed, gravest first` },
    ],
    [findings_left > 0, { what: `${findings_left} lesser findings`, why: `${FINDINGS_MAX} are listed, gravest first` }],
    [
      sources.some((source) => PRIVATE.test(source)),
      {
        what: 'who stands behind private addresses',
        why: 'a proxy’s own address may be logged; X-Forwarded-For is not trusted',
      },
    ],
  ];
  return gaps.filter(([open]) => open).map(([, gap]) => gap);
}

function recommendationsOf(grave: readonly (Judged & { source: string })[]): Recommendation[] {
  const worked = grave.find(({ success }) => success === 'likely' || success === 'possible');
  const guessed = grave.find(({ deed, success }) => deed.class === 'brute-force' && success === 'likely');
  const steps: [string | undefined, Omit<Recommendation, 'target'>][] = [
    [
      worked?.source,
      {
        action: 'Examine the web server for what the accepted requests did',
        action_class: 'read',
        reason: 'The server answered attacks with success',
      },
    ],
    [
      guessed?.source,
      {
        action: 'Reset the password and end the sessions of the account that was guessed',
        action_class: 'medium',
        reason: 'A login succeeded after many failures',
      },
    ],
    [
      grave[0]?.source,
      {
        action: 'Block the attacking addresses at the edge',
        action_class: 'medium',
        reason: 'They probe for weaknesses; check for shared addresses first',
      },
    ],
  ];
  return steps.flatMap(([target, step]) => (target === undefined ? [] : [{ ...step, target }]));
}

/** What a log never shows. */
export const NEVER_CHECKED: readonly NotChecked[] = [
  { what: 'request bodies, cookies and other headers', why: 'a log of requests does not hold them' },
];
const RANK: Readonly<Record<Severity, number>> = { info: 0, low: 1, medium: 2, high: 3, critical: 4 };
const PRIVATE = /^(?:10\.|127\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|f[cd]|fe80|::1$)/i;
const CATCH_ALL_FROM = 3;
const ATTACKERS_LISTED_MAX = 500;
const FINDINGS_MAX = 300;
