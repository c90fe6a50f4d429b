/** One line of a selection: which field, which modifiers, which values. */
import { createMatcher, emptyMatcher, isCompare, type Matcher, type Modifiers, type Transform } from './matcher.ts';
import type { SigmaProblem } from '../../protocol/index.ts';
import { problem, type Place } from './problem.ts';
import { placeholdersIn } from './transforms.ts';
import type { View } from './view.ts';
import type { Node, ScalarNode } from './yaml-tree.ts';

/** A compiled line of a selection. */
export interface FieldTest {
  kind: 'field';
  /** Undefined: keywords, looked for in all values. */
  field: string | undefined;
  /** The line's key as written. */
  key: string;
  /** All values must match, not just one. */
  is_every: boolean;
  is_negated: boolean;
  matchers: readonly Matcher[];
  line: number;
}

/** Where lines are compiled, and what comes of it beside them. */
export interface FieldContext {
  path: string;
  /** Values for `%name%` of the modifier expand. */
  placeholders: Readonly<Record<string, readonly string[]>>;
  problems: SigmaProblem[];
  /** Why the rule, though sound, cannot be decided here. */
  not_evaluable: Set<string>;
  /** What the whole file has taken so far: steps of regular expressions, names that conditions were asked about. */
  spent: { steps: number; names: number };
}

/** Compiles `Image|endswith: [...]`. What is wrong goes to `context.problems`. */
export function compileField(key: string, node: Node, place: Place, context: FieldContext): FieldTest {
  const [field = '', ...names] = key.split('|');
  const report = (message: string, at: Place = place) =>
    void context.problems.push(problem(at, `${context.path}.${key}`, message));
  const modifiers = readModifiers(names, report);
  if (field === '' && names.some((name) => name !== 'all')) report('keywords take no modifier but all');

  const values = node.kind === 'list' ? node.items : [node];
  if (values.length === 0) report('an empty list matches nothing');
  const matchers = values.flatMap((value) => {
    if (value.kind === 'scalar')
      return matchersOf(value, { ...modifiers, is_keyword: field === '' }, names, context, report);
    report('a value must be plain: text, a number, true, false or null', value);
    return [];
  });
  return {
    kind: 'field',
    field: field === '' ? undefined : field,
    key,
    is_every: names.includes('all'),
    is_negated: names.includes('neq'),
    matchers,
    line: place.line,
  };
}

/** Keywords: plain values looked for anywhere in the event, one of them (or all) enough. */
export const compileKeywords = (nodes: readonly ScalarNode[], place: Place, context: FieldContext): FieldTest =>
  compileField('', { kind: 'list', items: [...nodes], ...place }, place, context);

/** Whether the event passes the line. */
export function passes(test: FieldTest, view: View): boolean {
  const reading = test.field === undefined ? view.readAll() : view.read(test.field);
  return holds(test, (matcher) => matcher.matches(reading, view));
}

/** What the line says, given what each value says. */
export const holds = ({ is_every, is_negated, matchers }: FieldTest, says: (matcher: Matcher) => boolean): boolean =>
  (is_every ? matchers.every(says) : matchers.some(says)) !== is_negated;

function readModifiers(names: readonly string[], report: (message: string) => void): Modifiers {
  const compares = names.filter(isCompare);
  const transforms = names.flatMap((name) => TRANSFORMS[name] ?? []);
  const regex = new Set(names.filter((name) => name === 'i' || name === 'm' || name === 's'));
  for (const name of names) {
    const is_known = isCompare(name) || Object.hasOwn(TRANSFORMS, name) || MARKS.has(name) || /^[ims]$/.test(name);
    if (!is_known) report(name === '' ? 'an empty modifier' : `the modifier ${name} is not known`);
  }
  if (compares.length > 1) report(`${compares.join(' and ')} exclude each other`);
  if (new Set(names).size < names.length) report('a modifier stands there twice');
  if (regex.size > 0 && !names.includes('re')) report('i, m and s belong behind re');
  if (names.includes('re') && transforms.length > 0) report('re takes no encoding');
  return {
    compare: compares[0] ?? 'equals',
    transforms,
    regex,
    is_cased: names.includes('cased'),
    is_reference: names.includes('fieldref'),
  };
}

function matchersOf(
  node: ScalarNode,
  { is_keyword, ...modifiers }: Modifiers & { is_keyword: boolean },
  names: readonly string[],
  context: FieldContext,
  report: (message: string, at: Place) => void,
): Matcher[] {
  if (node.value === null) return [emptyMatcher];
  if (node.text.length > VALUE_CHARS_MAX) {
    report(`a value longer than ${VALUE_CHARS_MAX} characters`, node);
    return [];
  }
  const texts = names.includes('expand') ? expand(node.text, context) : [node.text];
  return texts.flatMap((text) => {
    // Each may be small, and thousands of them hold the process up all the same (ATK-H5).
    if (context.spent.steps > STEPS_MAX) return [];
    const asked = { text, is_true: node.value === true };
    const made = createMatcher(asked, is_keyword ? { ...modifiers, compare: 'contains' } : modifiers);
    context.spent.steps += made.steps ?? 0;
    if (context.spent.steps > STEPS_MAX) report(`the regular expressions take more than ${STEPS_MAX} steps`, node);
    if ('matches' in made) return [made];
    if (made.error !== undefined) report(made.error, node);
    if (made.not_evaluable !== undefined) context.not_evaluable.add(made.not_evaluable);
    return [];
  });
}

/** The value once for each value of its placeholders; one without values makes the rule not evaluable, never silent. */
function expand(text: string, { placeholders, not_evaluable }: FieldContext): string[] {
  return placeholdersIn(text).reduce<string[]>(
    (texts, name) => {
      const values = Object.hasOwn(placeholders, name) ? placeholders[name] : undefined;
      if (values === undefined) {
        not_evaluable.add(`the placeholder %${name}% has no value here`);
        return texts;
      }
      return texts.flatMap((each) => values.map((value) => each.replaceAll(`%${name}%`, value))).slice(0, EXPANDED_MAX);
    },
    [text],
  );
}

const TRANSFORMS: Readonly<Record<string, Transform>> = {
  windash: 'windash',
  base64: 'base64',
  base64offset: 'base64offset',
  wide: 'utf16le',
  utf16le: 'utf16le',
  utf16be: 'utf16be',
  utf16: 'utf16',
};
const MARKS = new Set(['all', 'cased', 'neq', 'fieldref', 'expand']);
const VALUE_CHARS_MAX = 16_384;
/** Of all regular expressions in one file, together. */
const STEPS_MAX = 50_000;
const EXPANDED_MAX = 10_000;
