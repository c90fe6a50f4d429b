/** Correlations over the hits of a run: what single rules saw, counted by group in the order in which it happened. */
import { textsOf, type LogEvent } from '../events/index.ts';
import type { CorrelationExplanation } from '../../protocol/index.ts';
import { explainCorrelation } from './explain-correlation.ts';
import type { CorrelationRule, RuleHead } from './rule.ts';
import { groupNames, groupsOf, windowsOf, type Observation } from './windows.ts';

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
  /** The field that the first of its times was read from. */
  clock: string | undefined;
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
      for (const { group, last_ms, locators, events, clock } of own) {
        keep(rule.id, {
          at_ms: last_ms,
          clock,
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
      keep(id, { at_ms: event.at_ms, clock: event.clock, locator: event.locator, values, events: 1 });
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
  clock: window[0]?.clock,
});

const OBSERVATIONS_MAX = 200_000;
const LOCATORS_MAX = 20;
