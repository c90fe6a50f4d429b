/** Why a rule matches an event, or why not: each selection, field and value, as an analyst would check them by hand. */
import type { Explanation, FieldExplanation, FilterExplanation, SelectionExplanation } from '../../protocol/index.ts';
import { textsOf, type LogEvent } from '../events/index.ts';
import { neutralize } from '../evidence/index.ts';
import type { Condition } from './condition.ts';
import { isHit, meetsCondition } from './decide.ts';
import { filtersFor } from './engine.ts';
import { holds, type FieldTest } from './field-test.ts';
import { isFor } from './lane.ts';
import { nameOfSource, type Detection, type SigmaFilter, type SigmaRule } from './rule.ts';
import { fieldTestsOf, selects } from './selection.ts';
import { viewOf, type View } from './view.ts';
import { TooMuchWork, Work } from './work.ts';

/**
 * Explains one rule on one event, with the filters that may take the hit away. Deterministic, and as exact as the engine: whether there is
 * a hit is asked first, as the engine asks it and under the same bound of work. To tell why takes more, since nothing is left out where it
 * does not matter any more: conditions, selections and filters have a bound of their own, and the verdict does not hang on them.
 */
export function explain(
  rule: SigmaRule,
  event: LogEvent,
  filters: readonly SigmaFilter[] = [],
  work = new Work(),
): Explanation {
  const view = viewOf(event, work);
  const wanted = nameOfSource(rule.logsource);
  const { product, service, categories } = event.origin;
  const logsource = {
    matched: isFor(rule.logsource, event.origin),
    wanted,
    event: nameOfSource({ product, service, category: categories.length > 0 ? categories.join('|') : undefined }),
  };
  const own = filtersFor(rule, filters);
  const is_asked = rule.not_evaluable.length === 0 && logsource.matched;
  work.begin();
  const is_hit = is_asked ? orUndefined(() => isHit(rule, own, view)) : false;

  work.begin();
  const conditions = shownOf(conditionsOf(rule, view));
  work.begin();
  const selections = selectionsOf(rule, view);
  const met = metOf(selections);
  const detects = is_asked && conditions.some(({ matched }) => matched);
  work.begin();
  const asked = detects ? explainFilters(own, view) : [];
  work.begin();

  const head = { logsource, conditions, selections, filters: asked };
  if (is_hit === undefined) return { matched: false, why: `It was ${GIVEN_UP}: the engine counts no hit.`, ...head };
  const suppressor = is_hit ? undefined : asked.find(({ suppresses }) => suppresses);
  const why = sentence(rule, { matched: detects, logsource, selections, met });
  return { matched: is_hit, why: suppressor ? `${why.slice(0, -1)}, and ${suppressor.why}` : why, ...head };
}

/** Undefined where one was given up. */
const conditionsOf = ({ selections, conditions }: Detection, view: View) =>
  conditions.map(({ text, tree }) => ({ text, met: orUndefined(() => meetsCondition(tree, selections, view)) }));

const shownOf = (conditions: ReturnType<typeof conditionsOf>) =>
  conditions.map(({ text, met }) => ({ text, matched: met ?? false }));

/** Whether each selection matches comes before what its lines say, which takes more. */
function selectionsOf({ selections }: Detection, view: View): SelectionExplanation[] {
  const asked = [...selections].map(([name, selection]) => ({
    name,
    selection,
    matched: orFalse(() => selects(selection, view)),
  }));
  return asked.map(({ name, selection, matched }) => ({
    name,
    matched,
    fields: fieldTestsOf(selection)
      .slice(0, FIELDS_MAX)
      .map((test) => explainField(test, view)),
  }));
}

const metOf = (selections: readonly SelectionExplanation[]): ReadonlySet<string> =>
  new Set(selections.filter(({ matched }) => matched).map(({ name }) => name));

/** The conditions of all come first: of one bound they need no more than the engine took up to the filter that it stopped at. */
function explainFilters(filters: readonly SigmaFilter[], view: View): FilterExplanation[] {
  const asked = filters.map((filter) => ({ filter, conditions: conditionsOf(filter, view) }));
  view.work.begin();
  return asked.map(({ filter, conditions }) => explainFilter(filter, conditions, view));
}

function explainFilter(
  filter: SigmaFilter,
  conditions: ReturnType<typeof conditionsOf>,
  view: View,
): FilterExplanation {
  const { id, title } = filter;
  const selections = selectionsOf(filter, view);
  const suppresses = conditions.every(({ met }) => met === false);
  const [condition] = filter.conditions;
  const blame = condition && blameOf(condition.tree, metOf(selections));
  const named = selections.find(({ name }) => name === blame?.name);
  const line = named?.fields.find(({ matched }) => matched === named.matched);
  const [value] = line?.event_values ?? [];
  const detail = line ? `: ${line.key}, ${line.why}${value === undefined ? '' : ` in ${value}`}` : '';
  const lets_pass = conditions.some(({ met }) => met);
  const end = lets_pass ? 'lets it pass' : `was ${GIVEN_UP}`;
  const why = suppresses
    ? `the filter ${cut(title)} takes the hit away: ${blame?.name ?? 'its condition'} ${named?.matched ? 'matches' : 'does not match'}${detail}.`
    : `the filter ${cut(title)} ${end}.`;
  return { id, title: cut(title), suppresses, why, conditions: shownOf(conditions), selections };
}

function sentence(
  rule: SigmaRule,
  {
    matched,
    logsource,
    selections,
    met,
  }: Pick<Explanation, 'matched' | 'logsource' | 'selections'> & { met: ReadonlySet<string> },
): string {
  const [obstacle] = rule.not_evaluable;
  if (obstacle !== undefined) return `It cannot be decided here: ${obstacle}.`;
  if (!logsource.matched) return `It is for ${logsource.wanted}, and the event is from ${logsource.event}.`;
  if (matched) return `It matches by ${[...met].join(', ')}.`;
  const [condition] = rule.conditions;
  const blame = condition && blameOf(condition.tree, met);
  const failed = selections.find(({ name }) => name === blame?.name);
  const line = failed?.fields.find((field) => !field.matched);
  if (blame?.is_negated) return `${blame.name} matches, and the condition rules it out.`;
  return `${blame?.name ?? 'The condition'} does not match${line ? `: ${line.key}, ${line.why}` : ''}.`;
}

/** The first selection that keeps a condition from holding. */
function blameOf(condition: Condition, met: ReadonlySet<string>): { name: string; is_negated: boolean } | undefined {
  switch (condition.kind) {
    case 'selection':
      return met.has(condition.name) ? undefined : { name: condition.name, is_negated: false };
    case 'not': {
      const name = firstMet(condition.of, met);
      return name === undefined ? undefined : { name, is_negated: true };
    }
    case 'of': {
      const name = condition.names.find((each) => !met.has(each));
      return name === undefined ? undefined : { name, is_negated: false };
    }
    case 'and':
    case 'or':
      return condition.of.map((each) => blameOf(each, met)).find((blame) => blame !== undefined);
  }
}

const firstMet = (condition: Condition, met: ReadonlySet<string>): string | undefined => {
  if (condition.kind === 'selection') return met.has(condition.name) ? condition.name : undefined;
  if (condition.kind === 'of') return condition.names.find((name) => met.has(name));
  if (condition.kind === 'not') return undefined;
  return condition.of.map((each) => firstMet(each, met)).find((name) => name !== undefined);
};

function explainField(test: FieldTest, view: View): FieldExplanation {
  const reading = test.field === undefined ? view.readAll() : view.read(test.field);
  const says = test.matchers.map((matcher) => {
    try {
      return { text: matcher.text, matched: matcher.matches(reading, view), is_over: false };
    } catch (reason) {
      if (!(reason instanceof TooMuchWork)) throw reason;
      return { text: matcher.text, matched: false, is_over: true };
    }
  });
  const answers = new Map(test.matchers.map((matcher, index) => [matcher, says[index]?.matched ?? false]));
  const matched = holds(test, (matcher) => answers.get(matcher) ?? false);
  const values = test.field === undefined ? [] : textsOf(view.event, test.field);
  const hits = says.filter((each) => each.matched).map(({ text }) => text);
  const misses = says.filter((each) => !each.matched).map(({ text }) => text);
  return {
    key: test.key === '' ? 'keywords' : test.key,
    line: test.line,
    matched,
    event_values: values.slice(0, VALUES_MAX).map(cut),
    matched_values: hits.slice(0, VALUES_MAX).map(cut),
    missed_values: misses.slice(0, VALUES_MAX).map(cut),
    why: says.some(({ is_over }) => is_over) ? GIVEN_UP : whyField(test, reading, { matched, hits, misses }),
  };
}

function whyField(
  { field, is_every, is_negated }: FieldTest,
  { is_present, raw }: { is_present: boolean; raw: readonly string[] },
  { matched, hits, misses }: { matched: boolean; hits: readonly string[]; misses: readonly string[] },
): string {
  const count = hits.length + misses.length;
  if (is_negated)
    return matched ? 'no value of the rule is there, as it must be' : `${cut(hits[0] ?? '')} is there, and must not be`;
  if (matched) return is_every && count > 1 ? `all ${count} values are there` : `${cut(hits[0] ?? '')} fits`;
  if (field !== undefined && !is_present) return 'the event has no such field';
  if (field !== undefined && raw.length === 0) return 'the field is empty';
  if (is_every && hits.length > 0)
    return `${misses.length} of ${count} values are missing, first ${cut(misses[0] ?? '')}`;
  return count === 1 ? `${cut(misses[0] ?? '')} does not fit` : `none of ${count} values fits`;
}
/** Attacker text: neutralised and cut. */
const cut = (text: string): string => neutralize(text, TEXT_CHARS_MAX);

/** Nothing where it was given up. */
const orUndefined = (ask: () => boolean): boolean | undefined => {
  try {
    return ask();
  } catch (reason) {
    if (!(reason instanceof TooMuchWork)) throw reason;
    return undefined;
  }
};

const orFalse = (ask: () => boolean): boolean => orUndefined(ask) ?? false;

const GIVEN_UP = 'given up at the bound of work';

const FIELDS_MAX = 200;
const VALUES_MAX = 5;
const TEXT_CHARS_MAX = 200;
