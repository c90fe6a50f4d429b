/** What is allowed in a rule and still a mistake more often than not: the second look of an experienced author. */
import { compareText } from '../order/index.ts';
import { namesIn } from './condition.ts';
import { lintHead } from './lint-head.ts';
import { parseSigma, type ParseOptions } from './parse.ts';
import type { SigmaProblem } from '../../protocol/index.ts';
import { problem, SigmaError } from './problem.ts';
import { requirementOf } from './requirement.ts';
import type { Detection, SigmaRule } from './rule.ts';
import { fieldTestsOf } from './selection.ts';
import { parseYaml, type Entry, type MapNode } from './yaml-tree.ts';

/** All errors of a text, and the warnings when there are none; in order of place. */
export function lintSigma(text: string, options: ParseOptions = {}): SigmaProblem[] {
  try {
    const { rules, correlations, filters, warnings } = parseSigma(text, options);
    const documents = parseYaml(text).filter((document) => document.kind === 'map');
    const placed = placesIn(documents);
    return [
      ...warnings,
      ...documents.flatMap(lintHead),
      ...[...rules, ...correlations].flatMap((rule) => headWarnings(rule)),
      ...rules.flatMap((rule, index) => [
        ...unusedWarnings(rule, placed.detection[index]),
        ...ruleWarnings(rule, text),
      ]),
      ...filters.flatMap((filter, index) => unusedWarnings(filter, placed.filter[index])),
    ].sort(byPlace);
  } catch (reason) {
    if (!(reason instanceof SigmaError)) throw reason;
    return [...reason.problems].sort(byPlace);
  }
}

/** Where rules and filters name their selections, in the order in which they are parsed. */
function placesIn(documents: readonly MapNode[]): Record<'detection' | 'filter', Entry[]> {
  const found: Record<'detection' | 'filter', Entry[]> = { detection: [], filter: [] };
  for (const { entries } of documents) {
    const [correlation, filter, detection] = ['correlation', 'filter', 'detection'].map((key) =>
      entries.find((each) => each.key === key),
    );
    if (correlation) continue;
    if (filter) found.filter.push(filter);
    else if (detection) found.detection.push(detection);
  }
  return found;
}

function unusedWarnings({ conditions, selections }: Detection, entry: Entry | undefined): SigmaProblem[] {
  const used = new Set(conditions.flatMap(({ tree }) => namesIn(tree)));
  const places = entry?.value.kind === 'map' ? entry.value.entries : [];
  return [...selections.keys()]
    .filter((name) => !used.has(name) && !name.startsWith('_'))
    .map((name) => {
      const { line, column } = places.find(({ key }) => key === name) ?? entry ?? { line: 1, column: 1 };
      return problem(
        { line, column },
        `${entry?.key ?? 'detection'}.${name}`,
        'is not used in the condition',
        'warning',
      );
    });
}

const warn = (path: string, message: string, line = 1): SigmaProblem =>
  problem({ line, column: 1 }, path, message, 'warning');

function headWarnings({
  level,
  techniques,
  tags,
  description,
}: Pick<SigmaRule, 'level' | 'techniques' | 'tags' | 'description'>): SigmaProblem[] {
  return [
    ...(description === undefined ? [warn('description', 'is missing: whoever gets the alert reads it first')] : []),
    ...(level !== 'informational' && techniques.length === 0 && !tags.some((tag) => tag.startsWith('attack.'))
      ? [warn('tags', 'name the ATT&CK technique, like attack.t1059.001')]
      : []),
  ];
}

function ruleWarnings(rule: SigmaRule, text: string): SigmaProblem[] {
  const tests = [...rule.selections].flatMap(([name, selection]) =>
    fieldTestsOf(selection).map((test) => ({ name, test })),
  );
  const values = tests.flatMap(({ name, test }) => test.matchers.map((matcher) => ({ name, test, matcher })));
  const is_windows = rule.logsource.product === 'windows';
  return [
    ...values.flatMap(({ name, test, matcher }) => {
      const path = `detection.${name}.${test.key}`;
      const is_plain = !/\|(?:re|cidr|fieldref|base64)/.test(test.key);
      return [
        ...(is_plain && /^\*.*\*$/.test(matcher.text) && test.key.split('|').length === 1
          ? [warn(path, 'write |contains instead of * around the value', test.line)]
          : []),
        ...(is_windows && is_plain && /^[a-z]:\//i.test(matcher.text)
          ? [warn(path, 'paths of Windows are written with backslashes', test.line)]
          : []),
        ...(is_plain && matcher.text !== matcher.text.trim() && matcher.text.trim() === ''
          ? [warn(path, 'only white space', test.line)]
          : []),
        ...(test.field !== undefined &&
        /\|(?:endswith)/.test(test.key) &&
        /^[^\\/*]+\.exe$/i.test(matcher.text) &&
        /image$/i.test(test.field)
          ? [
              warn(
                path,
                `\\${matcher.text} means that program only; without the backslash others that end alike match too`,
                test.line,
              ),
            ]
          : []),
      ];
    }),
    ...rule.not_evaluable.map((why) => warn('detection', `cannot be decided here: ${why}`)),
    ...(requirementOf(rule).literals === undefined && requirementOf(rule).event_ids === undefined
      ? [warn('detection', 'no text is required for certain: it is asked of every event of its log')]
      : []),
    ...(/\t/.test(text) ? [warn('', 'tabs: use spaces')] : []),
  ];
}

const byPlace = (left: SigmaProblem, right: SigmaProblem): number =>
  left.line - right.line || left.column - right.column || compareText(left.path, right.path);
