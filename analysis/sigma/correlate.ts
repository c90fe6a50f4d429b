/** Correlations over the hits of a run: what single rules saw, counted by group in the order in which it happened. */
import { textsOf, type LogEvent } from '../events/index.ts';
import type { CorrelationExplanation } from '../../protocol/index.ts';
import { explainCorrelation } from './explain-correlation.ts';
import { meets, type Correlation } from './correlation.ts';
import type { CorrelationRule, RuleHead } from './rule.ts';

/** One time a correlation held. */
export interface CorrelationAlert {
  rule: CorrelationRule;
  /** The values of the group fields. */
  group: Readonly<Record<string, string>>;
  /** The events it rests on, in their order; at most 20 of them. */
  locators: readonly string[];
  events: number;
  first_ms: number;
  last_ms: number;
}

/** Collects hits and answers what they add up to. */
export interface Correlator {
  /** Whether hits of the rule are only counted and not told: a correlation without `generate` speaks for it. */
  isSilent(rule: RuleHead): boolean;
  /** Takes one hit; arrival does not matter, the event's time does. */
  observe(rule: RuleHead, event: LogEvent): void;
  /** All alerts, in order of time. */
  finish(): CorrelationAlert[];
  /** What each correlation counted and why it fired or not; after all hits were observed. */
  explain(): CorrelationExplanation[];
  /** Hits that were not counted, and correlations that could not run. */
  gaps(): { what: string; why: string }[];
}

/** One hit as correlations remember it. */
export interface Observation {
  at_ms: number;
  /** Breaks ties of time by arrival. */
  order: number;
  rule: string;
  locator: string;
  /** The group fields and counted fields, under the names of the rule. */
  values: ReadonlyMap<string, string>;
  events: number;
}

/** A collector for these correlations over these rules. */
export function createCorrelator(correlations: readonly CorrelationRule[], rules: readonly RuleHead[]): Correlator {
  const ids = new Map(
    [...rules, ...correlations].flatMap(
      ({ id, name }) => [[id, id], ...(name ? [[name, id]] : [])] as [string, string][],
    ),
  );
  const runnable = correlations.map((rule) => ({
    rule,
    refers: rule.correlation.rules.map((reference) => ids.get(reference)),
  }));
  const listeners = new Map<string, CorrelationRule[]>();
  for (const { rule, refers } of runnable) {
    for (const id of refers) if (id !== undefined) listeners.set(id, [...(listeners.get(id) ?? []), rule]);
  }
  const seen = new Map<string, Observation[]>();
  let kept = 0;
  let dropped = 0;
  let timeless = 0;

  const keep = (id: string, observation: Omit<Observation, 'order' | 'rule'>): void => {
    if (kept >= OBSERVATIONS_MAX) {
      dropped++;
      return;
    }
    const list = seen.get(id) ?? [];
    list.push({ ...observation, rule: id, order: kept++ });
    seen.set(id, list);
  };
  const fieldsFor = (id: string): Set<string> =>
    new Set(
      (listeners.get(id) ?? []).flatMap(({ correlation }) => [
        ...groupNames(correlation, id, ids).map(({ name }) => name),
        ...correlation.fields,
      ]),
    );

  let told: CorrelationAlert[] | undefined;
  // What correlations found is observed by those that refer to them: it is worked out once.
  const finish = (): CorrelationAlert[] => (told ??= work());

  const missing = runnable.filter(({ refers }) => refers.includes(undefined));
  const order = inOrder(runnable.filter(({ refers }) => !refers.includes(undefined)));

  const isSilent = ({ id }: RuleHead): boolean => {
    const all = listeners.get(id) ?? [];
    return all.length > 0 && all.every(({ correlation }) => !correlation.generate);
  };

  function work(): CorrelationAlert[] {
    const alerts: CorrelationAlert[] = [];
    for (const { rule, refers } of order.sorted) {
      const observations = refers.flatMap((id) => (id === undefined ? [] : (seen.get(id) ?? [])));
      const own = correlate(rule, observations, ids);
      for (const { group, last_ms, locators, events } of own) {
        keep(rule.id, {
          at_ms: last_ms,
          locator: locators.at(-1) ?? '',
          values: new Map(Object.entries(group)),
          events,
        });
      }
      alerts.push(...own.filter(() => rule.correlation.generate || !isSilent(rule)));
    }
    return alerts.sort((left, right) => left.last_ms - right.last_ms || (left.rule.id < right.rule.id ? -1 : 1));
  }

  return {
    isSilent,
    observe({ id }, event) {
      if (!listeners.has(id)) return;
      if (Number.isNaN(event.at_ms)) {
        timeless++;
        return;
      }
      const values = new Map<string, string>();
      for (const field of fieldsFor(id)) {
        const [text] = textsOf(event, field);
        if (text !== undefined) values.set(field, text);
      }
      keep(id, { at_ms: event.at_ms, locator: event.locator, values, events: 1 });
    },
    finish,
    explain: () => {
      finish();
      return order.sorted.map(({ rule, refers }) =>
        explainCorrelation(rule, {
          hits: refers.map((id) => (id === undefined ? [] : (seen.get(id) ?? []))),
          names: new Map([...rules, ...correlations].map(({ id, title }) => [id, title])),
          ids,
        }),
      );
    },
    gaps: () => [
      ...missing.map(({ rule }) => ({
        what: `the correlation ${rule.title}`,
        why: 'a rule it refers to is not there',
      })),
      ...order.circular.map(({ rule }) => ({
        what: `the correlation ${rule.title}`,
        why: 'it refers to itself in a circle',
      })),
      ...(timeless > 0 ? [{ what: `${timeless} events in correlations`, why: 'they say no time' }] : []),
      ...(dropped > 0 ? [{ what: `${dropped} hits in correlations`, why: `only ${OBSERVATIONS_MAX} are kept` }] : []),
    ],
  };
}

type Runnable = { rule: CorrelationRule; refers: (string | undefined)[] };

/** Correlations behind those they refer to; what refers in a circle cannot run. */
function inOrder(runnable: readonly Runnable[]): { sorted: Runnable[]; circular: Runnable[] } {
  const sorted: Runnable[] = [];
  let waiting = [...runnable];
  for (;;) {
    const open = new Set(waiting.map(({ rule }) => rule.id));
    const ready = waiting.filter(({ refers }) => refers.every((id) => id === undefined || !open.has(id)));
    if (ready.length === 0) return { sorted, circular: waiting };
    sorted.push(...ready);
    waiting = waiting.filter((each) => !ready.includes(each));
  }
}

function correlate(
  rule: CorrelationRule,
  observations: readonly Observation[],
  ids: ReadonlyMap<string, string>,
): CorrelationAlert[] {
  const { correlation } = rule;
  return groupsOf(correlation, observations, ids).flatMap(({ group, list }) =>
    windowsOf(list, correlation, ids).map((window) => toAlert(rule, group, window)),
  );
}

/** The hits by their group, each in order of time; an event without the group field belongs to no group and does not count. */
export function groupsOf(
  correlation: Correlation,
  observations: readonly Observation[],
  ids: ReadonlyMap<string, string>,
): { group: Record<string, string>; list: Observation[] }[] {
  const groups = new Map<string, { group: Record<string, string>; list: Observation[] }>();
  for (const observation of observations) {
    const named = groupNames(correlation, observation.rule, ids).map(
      ({ field, name }) => [field, observation.values.get(name)] as const,
    );
    if (named.some(([, value]) => value === undefined)) continue;
    const group = Object.fromEntries(named.map(([field, value]) => [field, value ?? '']));
    const key = JSON.stringify(named);
    const known = groups.get(key) ?? { group, list: [] };
    known.list.push(observation);
    groups.set(key, known);
  }
  for (const { list } of groups.values())
    list.sort((left, right) => left.at_ms - right.at_ms || left.order - right.order);
  return [...groups.values()];
}

/** The windows of a group in which the condition holds. `onWindow` is shown every window that was asked, also the others. */
export function windowsOf(
  list: readonly Observation[],
  correlation: Correlation,
  ids: ReadonlyMap<string, string>,
  onWindow: (window: readonly Observation[], reached: number | undefined) => void = () => undefined,
): Observation[][] {
  const wanted = wantedOf(correlation, ids);
  const ask = (window: readonly Observation[]): boolean => {
    const reached = measure(window, correlation, wanted);
    onWindow(window, reached);
    return reached !== undefined && isEnough(reached, correlation, wanted);
  };
  return slides(correlation) ? slide(list, correlation, ask) : tumble(list, correlation, ask);
}

/** The ids of the rules that it refers to. */
export const wantedOf = (correlation: Correlation, ids: ReadonlyMap<string, string>): string[] =>
  correlation.rules.map((reference) => ids.get(reference) ?? reference);

/** Only what grows can hold before its span is over; a count that must stay small is known at the end. */
const slides = ({ type, conditions }: Correlation): boolean =>
  type.startsWith('temporal') ||
  (type !== 'value_avg' &&
    type !== 'value_percentile' &&
    conditions.every(({ operator }) => operator.startsWith('gt')));

/** Windows that end at each event; the first that holds is told, and counting starts anew behind it. */
function slide(list: readonly Observation[], correlation: Correlation, isMet: Ask): Observation[][] {
  const found: Observation[][] = [];
  let window: Observation[] = [];
  for (const observation of list) {
    window.push(observation);
    const start = observation.at_ms - correlation.timespan_ms;
    window = window.filter(({ at_ms }) => at_ms >= start).slice(-WINDOW_MAX);
    if (!isMet(window)) continue;
    found.push(window);
    window = [];
  }
  return found;
}

/** Windows one behind the other, each opened by the first event that the one before it did not hold. */
function tumble(list: readonly Observation[], correlation: Correlation, isMet: Ask): Observation[][] {
  const windows: Observation[][] = [];
  for (const observation of list) {
    const [first] = windows.at(-1) ?? [];
    if (first && observation.at_ms - first.at_ms <= correlation.timespan_ms) windows.at(-1)?.push(observation);
    else windows.push([observation]);
  }
  const asked = windows.filter((window) => isMet(window));
  if (correlation.type === 'value_percentile') return windows.flatMap((window) => rareIn(window, correlation));
  return asked;
}

type Ask = (window: readonly Observation[]) => boolean;

/** What is held against the condition: a count, a sum, an average, the rules seen; undefined where there is no such number. */
function measure(
  window: readonly Observation[],
  { type, fields }: Correlation,
  wanted: readonly string[],
): number | undefined {
  const numbers = () =>
    window
      .flatMap(({ values }) => fields.map((field) => Number(values.get(field))))
      .filter((each) => !Number.isNaN(each));
  switch (type) {
    case 'event_count':
      return window.length;
    case 'value_count':
      return new Set(window.flatMap((each) => valueIn(each, fields) ?? [])).size;
    case 'value_sum':
      return numbers().reduce((sum, value) => sum + value, 0);
    case 'value_avg': {
      const values = numbers();
      return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
    }
    case 'value_percentile':
      return undefined;
    case 'temporal':
      return new Set(window.map(({ rule }) => rule)).size;
    case 'temporal_ordered':
      return window.reduce((next, { rule }) => (rule === wanted[next] ? next + 1 : next), 0);
  }
}

function isEnough(reached: number, { type, conditions }: Correlation, wanted: readonly string[]): boolean {
  if (conditions.length > 0) return conditions.every((condition) => meets(reached, condition));
  return reached >= (type === 'temporal_ordered' ? wanted.length : new Set(wanted).size);
}

/** The events whose value stands where the condition says: numbers by their rank, texts by their share, both in percent. */
function rareIn(window: readonly Observation[], { conditions, fields }: Correlation): Observation[][] {
  const counted = window.flatMap((observation) => {
    const value = valueIn(observation, fields);
    return value === undefined ? [] : [{ observation, value }];
  });
  const is_numeric = counted.every(({ value }) => value.trim() !== '' && !Number.isNaN(Number(value)));
  const by_value = new Map<string, Observation[]>();
  for (const { observation, value } of counted) by_value.set(value, [...(by_value.get(value) ?? []), observation]);
  return [...by_value].flatMap(([value, own]) => {
    const standing = is_numeric ? counted.filter((each) => Number(each.value) <= Number(value)).length : own.length;
    return conditions.every((condition) => meets((standing / counted.length) * 100, condition)) ? [own] : [];
  });
}

function valueIn({ values }: Observation, fields: readonly string[]): string | undefined {
  const all = fields.map((field) => values.get(field));
  return all.includes(undefined) ? undefined : all.length === 1 ? all[0] : JSON.stringify(all);
}

/** Under which name a rule's events carry each group field. */
function groupNames({ group_by, aliases }: Correlation, id: string, ids: ReadonlyMap<string, string>) {
  return group_by.map((field) => {
    const names = [...(aliases.get(field) ?? [])];
    const own = names.find(([reference]) => ids.get(reference) === id);
    return { field, name: own?.[1] ?? field };
  });
}

const toAlert = (
  rule: CorrelationRule,
  group: Record<string, string>,
  window: readonly Observation[],
): CorrelationAlert => ({
  rule,
  group,
  locators: window.slice(0, LOCATORS_MAX).map(({ locator }) => locator),
  events: window.reduce((sum, { events }) => sum + events, 0),
  first_ms: window[0]?.at_ms ?? 0,
  last_ms: window.at(-1)?.at_ms ?? 0,
});

const OBSERVATIONS_MAX = 200_000;
const WINDOW_MAX = 20_000;
const LOCATORS_MAX = 20;
