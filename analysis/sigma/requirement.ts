/** What an event must show before a rule can match it: asked first, as it is cheap, so that most rules are never asked (specialists.md 2). */
import { FOREIGN } from '../literals/index.ts';
import type { Condition } from './condition.ts';
import type { FieldTest } from './field-test.ts';
import type { Detection } from './rule.ts';
import type { Selection } from './selection.ts';

/** A text that must stand in a field (undefined: in any), lower-cased, or `FOREIGN`. */
export interface Literal {
  field: string | undefined;
  text: string;
}

/** What a match requires; undefined where nothing is required for certain. */
export interface Requirement {
  /** One of these stands in its field. */
  literals: readonly Literal[] | undefined;
  /** The event id is one of these. */
  event_ids: ReadonlySet<string> | undefined;
}

/** The requirement of a detection. */
export function requirementOf({ conditions, selections }: Detection): Requirement {
  const trees = conditions.map(({ tree }) => tree);
  const ask = <T>(ways: Ways<T>) => ways.any(trees.map((tree) => ofCondition(tree, selections, ways)));
  return { literals: ask(LITERALS), event_ids: ask(EVENT_IDS) };
}

/** How requirements are joined: by `all` the best of its parts, by `any` the sum, when every part has one. */
interface Ways<T> {
  all(parts: readonly (T | undefined)[]): T | undefined;
  any(parts: readonly (T | undefined)[]): T | undefined;
  test(test: FieldTest): T | undefined;
}

function ofCondition<T>(condition: Condition, selections: Detection['selections'], ways: Ways<T>): T | undefined {
  const named = (name: string): T | undefined => {
    const selection = selections.get(name);
    return selection && ofSelection(selection, ways);
  };
  switch (condition.kind) {
    case 'selection':
      return named(condition.name);
    case 'not':
      return undefined;
    case 'and':
      return ways.all(condition.of.map((each) => ofCondition(each, selections, ways)));
    case 'or':
      return ways.any(condition.of.map((each) => ofCondition(each, selections, ways)));
    case 'of':
      return condition.least === 'all' ? ways.all(condition.names.map(named)) : ways.any(condition.names.map(named));
  }
}

const ofSelection = <T>(selection: Selection, ways: Ways<T>): T | undefined => {
  if (selection.kind === 'field') return selection.is_negated ? undefined : ways.test(selection);
  const parts = selection.of.map((each) => ofSelection(each, ways));
  return selection.kind === 'all' ? ways.all(parts) : ways.any(parts);
};

function sum<T>(parts: readonly (readonly T[] | undefined)[]): readonly T[] | undefined {
  const all: T[] = [];
  for (const part of parts) {
    if (part === undefined) return undefined;
    all.push(...part);
  }
  return all.length > LITERALS_MAX ? undefined : all;
}

/** The set that will be met least often, as far as its texts tell. */
function rarest(sets: readonly (readonly Literal[] | undefined)[]): readonly Literal[] | undefined {
  let best: readonly Literal[] | undefined;
  for (const set of sets) if (set && (best === undefined || rarity(set) > rarity(best))) best = set;
  return best;
}

const rarity = (set: readonly Literal[]): number =>
  set.reduce((least, literal) => Math.min(least, rarityOf(literal)), Infinity) - Math.log2(set.length) / 2;

/** Long texts are rare; the few programs of a machine fill the fields that name programs, whatever their length. */
const rarityOf = ({ field, text }: Literal): number =>
  Math.min(text.length, TEXT_CHARS_MAX) * (COMMON.test(text) ? 0.25 : 1) * (CROWDED.has(field ?? '') ? 0.5 : 1);

const LITERALS: Ways<readonly Literal[]> = {
  all: rarest,
  any: sum,
  test: ({ field, is_every, matchers }) => {
    const sets = matchers.map(({ literals }) => {
      const texts = literals.map(plainPart).filter((text) => text !== '');
      return texts.length === 0 || texts.length < literals.length ? undefined : texts.map((text) => ({ field, text }));
    });
    return is_every ? rarest(sets) : sum(sets);
  },
};

const EVENT_IDS: Ways<ReadonlySet<string>> = {
  all: (parts) => parts.reduce((best, part) => (part && (!best || part.size < best.size) ? part : best), undefined),
  any: (parts) => {
    const all = sum(parts.map((part) => part && [...part]));
    return all && new Set(all);
  },
  test: ({ field, is_every, matchers }) =>
    field === 'EventID' && !is_every && matchers.every(({ is_exact }) => is_exact)
      ? new Set(matchers.map(({ text }) => text))
      : undefined,
};

/** The part of a literal that the automaton can look for: its end, as the starts of paths and keys are alike. */
function plainPart(literal: string): string {
  const runs = literal.match(/[\u0000-\u007f]+/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  return longest.length < FOREIGN_CHARS_MAX && hasForeign(literal) ? FOREIGN : longest.slice(-TEXT_CHARS_MAX);
}

/** Two do not count, as they match what is not foreign: the dot that lower-casing leaves of a dotted capital I, and the long s. */
const hasForeign = (literal: string): boolean => /[^\u0000-\u007f\u0307\u017f]/.test(literal);

const CROWDED = new Set([
  'Image',
  'ParentImage',
  'OriginalFileName',
  'SourceImage',
  'TargetImage',
  'Provider_Name',
  'CallTrace',
]);
const COMMON =
  /^(?:\.exe|\.dll|(?:.*\\)?(?:powershell|cmd|svchost|rundll32|explorer|lsass)\.exe|.?windows.?|.?system32.?|.*(?:ntdll|kernel32|kernelbase)\.dll.?)$/;
const TEXT_CHARS_MAX = 24;
/** Fewer plain characters are less rare than any that is not. */
const FOREIGN_CHARS_MAX = 4;
const LITERALS_MAX = 4_096;
