/** The correlation part of a rule: what is counted over which events, in which span, by which groups. */
import { toNumber } from './matcher.ts';
import type { SigmaProblem } from '../../protocol/index.ts';
import { problem } from './problem.ts';
import type { Entry, MapNode, Node } from './yaml-tree.ts';

/** What a correlation does with the hits of its rules. */
export type CorrelationType =
  'event_count' | 'value_count' | 'temporal' | 'temporal_ordered' | 'value_sum' | 'value_avg' | 'value_percentile';

/** A correlation, checked. */
export interface Correlation {
  type: CorrelationType;
  /** Ids or names of rules or correlations. */
  rules: readonly string[];
  group_by: readonly string[];
  timespan_ms: number;
  /** All must hold: a range is two. */
  conditions: readonly { operator: Operator; value: number }[];
  /** What is counted or summed; several fields count as one value. */
  fields: readonly string[];
  /** Group field -> rule -> the name it has there. */
  aliases: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** The rules it refers to raise hits of their own too. */
  generate: boolean;
}

/** How a count is compared. */
export type Operator = 'gt' | 'gte' | 'lt' | 'lte' | 'eq' | 'neq';

/** Whether a count meets one condition. */
export const meets = (count: number, { operator, value }: { operator: Operator; value: number }): boolean =>
  OPERATORS[operator](count, value);

/** Reads `correlation:`. What is wrong goes to `problems`. */
export function parseCorrelation(node: Node, problems: SigmaProblem[]): Correlation | undefined {
  const before = problems.length;
  if (node.kind !== 'map') {
    problems.push(problem(node, 'correlation', 'must be a map'));
    return undefined;
  }
  const report = (at: Node | Entry, path: string, message: string) =>
    void problems.push(problem(at, `correlation${path === '' ? '' : `.${path}`}`, message));
  const entry = (key: string) => node.entries.find((each) => each.key === key);
  for (const { key, ...at } of node.entries) if (!KEYS.has(key)) report({ key, ...at }, key, 'is not known here');

  const type = textOf(entry('type'));
  if (!isType(type)) report(entry('type') ?? node, 'type', `must be one of ${TYPES.join(', ')}`);
  const rules = textsOf(entry('rules'));
  if (rules.length === 0) report(entry('rules') ?? node, 'rules', 'name at least one rule');
  const timespan_ms = spanOf(textOf(entry('timespan')) ?? '');
  if (timespan_ms === undefined)
    report(entry('timespan') ?? node, 'timespan', 'say a number and s, m, h or d, like 5m');
  const condition = conditionOf(entry('condition'), report);
  const is_temporal = type === 'temporal' || type === 'temporal_ordered';
  if (!is_temporal && condition.conditions.length === 0) {
    report(entry('condition') ?? node, 'condition', 'say what the count must be: gt, gte, lt, lte, eq or neq');
  }
  if (type?.startsWith('value_') && condition.fields.length === 0) {
    report(entry('condition') ?? node, 'condition', `${type} needs a field`);
  }
  const generate = entry('generate')?.value;
  if (problems.length > before || !isType(type) || timespan_ms === undefined) return undefined;
  return {
    type,
    rules,
    group_by: textsOf(entry('group-by')),
    timespan_ms,
    ...condition,
    aliases: aliasesOf(entry('aliases'), report),
    generate: generate?.kind === 'scalar' && generate.value === true,
  };
}

function conditionOf(
  entry: Entry | undefined,
  report: (at: Node | Entry, path: string, message: string) => void,
): Pick<Correlation, 'conditions' | 'fields'> {
  const conditions: { operator: Operator; value: number }[] = [];
  const fields: string[] = [];
  if (entry === undefined) return { conditions, fields };
  if (entry.value.kind !== 'map') {
    report(entry, 'condition', 'must be a map like gte: 10');
    return { conditions, fields };
  }
  for (const each of entry.value.entries) {
    const number = toNumber(textOf(each) ?? '');
    if (each.key === 'field') fields.push(...textsOf(each));
    else if (!isOperator(each.key)) report(each, `condition.${each.key}`, 'is not known here');
    else if (number === undefined) report(each, `condition.${each.key}`, 'must be a number');
    else conditions.push({ operator: each.key, value: number });
  }
  return { conditions, fields };
}

function aliasesOf(
  entry: Entry | undefined,
  report: (at: Node | Entry, path: string, message: string) => void,
): Correlation['aliases'] {
  if (entry === undefined) return new Map();
  if (entry.value.kind !== 'map') {
    report(entry, 'aliases', 'must be a map');
    return new Map();
  }
  return new Map(
    entry.value.entries.map((alias) => {
      const names = alias.value.kind === 'map' ? (alias.value satisfies MapNode).entries : [];
      if (names.length === 0) report(alias, `aliases.${alias.key}`, 'must say the field of each rule');
      return [alias.key, new Map(names.map((each) => [each.key, textOf(each) ?? '']))];
    }),
  );
}

function spanOf(text: string): number | undefined {
  const parts = /^(\d{1,6})([smhd])$/.exec(text);
  const unit = UNITS.get(parts?.[2] ?? '');
  return parts && unit && Number(parts[1]) > 0 ? Number(parts[1]) * unit : undefined;
}

const textOf = (entry: Entry | undefined): string | undefined =>
  entry?.value.kind === 'scalar' ? entry.value.text : undefined;

function textsOf(entry: Entry | undefined): string[] {
  if (entry === undefined) return [];
  const items = entry.value.kind === 'list' ? entry.value.items : [entry.value];
  return items.flatMap((item) => (item.kind === 'scalar' && item.text !== '' ? [item.text] : []));
}

const isType = (text: string | undefined): text is CorrelationType => TYPES.some((type) => type === text);
const isOperator = (text: string): text is Operator => Object.hasOwn(OPERATORS, text);

const TYPES = [
  'event_count',
  'value_count',
  'temporal',
  'temporal_ordered',
  'value_sum',
  'value_avg',
  'value_percentile',
] as const satisfies readonly CorrelationType[];
const KEYS = new Set(['type', 'rules', 'group-by', 'timespan', 'condition', 'aliases', 'generate']);
const OPERATORS: Readonly<Record<Operator, (count: number, value: number) => boolean>> = {
  gt: (count, value) => count > value,
  gte: (count, value) => count >= value,
  lt: (count, value) => count < value,
  lte: (count, value) => count <= value,
  eq: (count, value) => count === value,
  neq: (count, value) => count !== value,
};
const UNITS = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);
