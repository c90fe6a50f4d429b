/** Why a correlation fires, or not: the hits it counted, by group, the best window of each, and what was missing. */
import type { CorrelationExplanation, GroupExplanation } from '../../protocol/index.ts';
import { toIso } from '../../seams/index.ts';
import { neutralize } from '../evidence/index.ts';
import type { Correlation } from './correlation.ts';
import type { CorrelationRule } from './rule.ts';
import { groupsOf, wantedOf, windowsOf, type Observation } from './windows.ts';

/** What a correlation had to count. */
export interface Counted {
  /** The hits of each rule it refers to, in their order. */
  hits: readonly (readonly Observation[])[];
  /** Rule id -> title. */
  names: ReadonlyMap<string, string>;
  /** Reference -> rule id. */
  ids: ReadonlyMap<string, string>;
}

/** Explains one correlation by the windows that were really asked. */
export function explainCorrelation(rule: CorrelationRule, { hits, names, ids }: Counted): CorrelationExplanation {
  const { correlation } = rule;
  const all = hits.flat();
  const wanted = wantedOf(correlation, ids);
  const wants = wordsOf(correlation);
  const groups = groupsOf(correlation, all, ids)
    .map(({ group, list }) => explainGroup(rule, { group, list }, { wanted, names, ids }))
    .sort((left, right) => right.fired - left.fired || nearness(right, correlation) - nearness(left, correlation));
  const fired = groups.reduce((sum, each) => sum + each.fired, 0);
  const ungrouped = all.length - groups.reduce((sum, each) => sum + each.hits, 0);
  const [best] = groups;
  const quiet = best
    ? `In none of ${groups.length} groups: ${best.why}`
    : all.length === 0
      ? 'No rule it refers to has a hit.'
      : `None of ${all.length} hits has the fields ${correlation.group_by.join(', ')}.`;
  return {
    id: rule.id,
    title: neutralize(rule.title),
    level: rule.level,
    type: correlation.type,
    fired,
    why: fired > 0 ? `It fired ${fired === 1 ? 'once' : `${fired} times`}: ${best?.why ?? ''}` : quiet,
    wants,
    rules: wanted.map((id, index) => ({ id, title: neutralize(names.get(id) ?? id), hits: hits[index]?.length ?? 0 })),
    ungrouped,
    groups: groups.slice(0, GROUPS_SHOWN_MAX),
    more_groups: Math.max(0, groups.length - GROUPS_SHOWN_MAX),
  };
}

function explainGroup(
  { correlation }: CorrelationRule,
  { group, list }: { group: Readonly<Record<string, string>>; list: readonly Observation[] },
  { wanted, names, ids }: Omit<Counted, 'hits'> & { wanted: readonly string[] },
): GroupExplanation {
  let best: { window: readonly Observation[]; reached: number | undefined } | undefined;
  const fired = windowsOf(list, correlation, ids, (window, reached) => {
    const is_nearer = distance(reached, correlation) < distance(best?.reached, correlation);
    if (best === undefined || is_nearer) best = { window: [...window], reached };
  });
  const [first] = fired;
  const window = first ?? best?.window ?? [];
  // A window that fired is the one shown; what was measured in it is measured again, as nothing else was kept of it.
  let reached = best?.reached;
  if (first) windowsOf(first, correlation, ids, (_, value) => (reached = value ?? reached));
  const seen = new Set(window.map(({ rule }) => rule));
  const is_temporal = correlation.type.startsWith('temporal');
  const missing = is_temporal ? wanted.filter((id) => !seen.has(id)).map((id) => names.get(id) ?? id) : [];
  const shown = Object.entries(group).map(([field, value]) => [field, neutralize(value, VALUE_CHARS_MAX)] as const);
  const from = atOf(window[0]);
  const to = atOf(window.at(-1));
  const where =
    shown.length === 0 ? 'all hits together' : shown.map(([field, value]) => `${field}=${value}`).join(', ');
  const number = reached === undefined ? 'shares as wanted' : `${UNIT[correlation.type]} ${round(reached)}`;
  const waits = missing.length === 0 ? '' : `, without ${missing.map((title) => neutralize(title)).join(', ')}`;
  return {
    group: Object.fromEntries(shown),
    hits: list.length,
    fired: fired.length,
    fired_at: fired.slice(0, TIMES_SHOWN_MAX).map((each) => atOf(each.at(-1))),
    reached: reached === undefined ? null : round(reached),
    window: { from, to, hits: window.length },
    locators: window.slice(0, LOCATORS_SHOWN_MAX).map(({ locator }) => locator),
    missing,
    why: first
      ? `${where}: ${number} from ${from} to ${to}, wanted ${wordsOf(correlation)}.`
      : `${where}: at best ${reached === undefined ? 'no such share' : number} from ${from} to ${to}${waits}, wanted ${wordsOf(correlation)}.`,
  };
}

/** How far a number is from what the first condition wants; 0 where there is no such number. */
function distance(reached: number | undefined, { conditions }: Correlation): number {
  if (reached === undefined) return Number.POSITIVE_INFINITY;
  const [condition] = conditions;
  return condition ? Math.abs(condition.value - reached) : -reached;
}

const nearness = ({ reached, hits }: GroupExplanation, correlation: Correlation): number =>
  reached === null ? hits : -distance(reached, correlation);

function wordsOf({ type, conditions, fields, timespan_ms, group_by, rules }: Correlation): string {
  const needs = conditions.map(({ operator, value }) => `${SIGN[operator]} ${value}`).join(' and ');
  const what = `${UNIT[type]}${fields.length > 0 ? ` of ${fields.join(', ')}` : ''} ${needs || `= ${rules.length}`}`;
  const by = group_by.length > 0 ? `, by ${group_by.join(', ')}` : '';
  return `${what} within ${spanOf(timespan_ms)}${by}`;
}

function spanOf(timespan_ms: number): string {
  const [unit, size] = UNITS.find(([, ms]) => timespan_ms % ms === 0) ?? ['s', 1_000];
  return `${timespan_ms / size}${unit}`;
}

const atOf = (observation: Observation | undefined): string =>
  observation === undefined ? '' : toIso(observation.at_ms);
const round = (value: number): number => Math.round(value * 1_000) / 1_000;

const UNIT: Readonly<Record<Correlation['type'], string>> = {
  event_count: 'events',
  value_count: 'different values',
  value_sum: 'a sum',
  value_avg: 'an average',
  value_percentile: 'a percentile',
  temporal: 'different rules',
  temporal_ordered: 'rules in order',
};
const SIGN = { gt: '>', gte: '>=', lt: '<', lte: '<=', eq: '=', neq: '!=' } as const;
const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;
const GROUPS_SHOWN_MAX = 20;
const TIMES_SHOWN_MAX = 10;
const LOCATORS_SHOWN_MAX = 20;
const VALUE_CHARS_MAX = 120;
