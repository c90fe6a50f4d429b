/** Which hits a correlation counts together: their groups, and the windows in which its condition holds. */
import { meets, type Correlation } from './correlation.ts';

/** One hit as correlations remember it. */
export interface Observation {
  at_ms: number;
  /** The field that the time was read from. */
  clock: string | undefined;
  /** Breaks ties of time by arrival. */
  order: number;
  rule: string;
  locator: string;
  /** The group fields and counted fields, under the names of the rule. */
  values: ReadonlyMap<string, string>;
  events: number;
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
export function groupNames({ group_by, aliases }: Correlation, id: string, ids: ReadonlyMap<string, string>) {
  return group_by.map((field) => {
    const names = [...(aliases.get(field) ?? [])];
    const own = names.find(([reference]) => ids.get(reference) === id);
    return { field, name: own?.[1] ?? field };
  });
}

const WINDOW_MAX = 20_000;
