/** A Sigma text to its rules, correlations and filters, every mistake with its place (AURORA-4222). */
import { parseCondition } from './condition.ts';
import { parseCorrelation } from './correlation.ts';
import type { FieldContext } from './field-test.ts';
import type { SigmaProblem } from '../../protocol/index.ts';
import { problem, SigmaError } from './problem.ts';
import type {
  CorrelationRule,
  Detection,
  Level,
  LogSource,
  RuleHead,
  SigmaFile,
  SigmaFilter,
  SigmaRule,
} from './rule.ts';
import { compileSelection, type Selection } from './selection.ts';
import { parseYaml, type Entry, type MapNode, type Node } from './yaml-tree.ts';

/** What a parser may be told. */
export interface ParseOptions {
  /** Values for `%name%` of the modifier expand. */
  placeholders?: Readonly<Record<string, readonly string[]>>;
}

/** Parses one file. Throws a SigmaError with all that is wrong in it. */
export function parseSigma(text: string, { placeholders = {} }: ParseOptions = {}): SigmaFile {
  const documents = parseYaml(text);
  const shared: Shared = { placeholders, spent: { steps: 0, names: 0 } };
  const problems: SigmaProblem[] = [];
  const file = {
    rules: new Array<SigmaRule>(),
    correlations: new Array<CorrelationRule>(),
    filters: new Array<SigmaFilter>(),
  };
  if (documents.length === 0) problems.push(problem({ line: 1, column: 1 }, '', 'there is no rule in it'));
  for (const document of documents) {
    if (document.kind !== 'map') {
      problems.push(problem(document, '', 'a rule is a map of title, logsource and detection'));
      continue;
    }
    const entry = (key: string) => document.entries.find((each) => each.key === key);
    const [detection, correlation, filter] = [entry('detection'), entry('correlation'), entry('filter')];
    const head = headOf(document, problems);
    if (correlation) {
      const parsed = parseCorrelation(correlation.value, problems);
      if (parsed) file.correlations.push({ kind: 'correlation', ...head, correlation: parsed });
    } else if (filter) {
      file.filters.push(filterOf(filter, head, logSourceOf(entry('logsource'), document, problems), shared, problems));
    } else if (detection) {
      const logsource = logSourceOf(entry('logsource'), document, problems);
      file.rules.push({ kind: 'rule', ...head, logsource, ...detectionOf(detection, [], shared, problems) });
    } else problems.push(problem(document, '', 'neither detection nor correlation nor filter'));
  }
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new SigmaError(errors.slice(0, PROBLEMS_MAX));
  return { ...file, warnings: problems };
}

/** What all documents of a file have in common. */
type Shared = Pick<FieldContext, 'placeholders' | 'spent'>;

function headOf(document: MapNode, problems: SigmaProblem[]): RuleHead {
  const entry = (key: string) => document.entries.find((each) => each.key === key);
  const text = (key: string): string | undefined => {
    const found = entry(key);
    if (found === undefined) return undefined;
    if (found.value.kind === 'scalar') return found.value.text.slice(0, HEAD_CHARS_MAX);
    problems.push(problem(found, key, 'must be text'));
    return undefined;
  };
  const title = text('title');
  if (title === undefined || title === '') problems.push(problem(entry('title') ?? document, 'title', 'is missing'));
  const level = text('level');
  if (level !== undefined && !isLevel(level)) {
    problems.push(problem(entry('level') ?? document, 'level', `must be one of ${LEVELS.join(', ')}`));
  }
  const tags = textsOf(entry('tags'));
  const name = text('name');
  return {
    id: text('id') ?? name ?? title ?? '',
    name,
    title: title ?? '',
    status: text('status'),
    level: isLevel(level) ? level : 'medium',
    author: text('author'),
    description: text('description'),
    falsepositives: textsOf(entry('falsepositives')),
    techniques: tags.flatMap((tag) => /^attack\.(t\d{4}(?:\.\d{3})?)$/i.exec(tag)?.[1]?.toUpperCase() ?? []),
    tags,
  };
}

function logSourceOf(entry: Entry | undefined, document: MapNode, problems: SigmaProblem[]): LogSource {
  if (entry?.value.kind !== 'map') {
    problems.push(problem(entry ?? document, 'logsource', entry ? 'must be a map' : 'is missing'));
    return {};
  }
  const of = (key: string): string | undefined => {
    const found = entry.value.kind === 'map' ? entry.value.entries.find((each) => each.key === key) : undefined;
    if (found === undefined) return undefined;
    if (found.value.kind === 'scalar') return found.value.text.toLowerCase();
    problems.push(problem(found, `logsource.${key}`, 'must be text'));
    return undefined;
  };
  const source = { category: of('category'), product: of('product'), service: of('service') };
  if (Object.values(source).every((part) => part === undefined)) {
    problems.push(problem(entry, 'logsource', 'needs a category, a product or a service'));
  }
  return source;
}

function detectionOf(
  detection: Entry,
  reserved: readonly string[],
  shared: Shared,
  problems: SigmaProblem[],
): Detection {
  const path = detection.key;
  const not_evaluable = new Set<string>();
  const none: Detection = { selections: new Map(), conditions: [], not_evaluable: [] };
  if (detection.value.kind !== 'map') {
    problems.push(problem(detection, path, 'must be a map of selections and a condition'));
    return none;
  }
  const { entries } = detection.value;
  const named = entries.filter(({ key }) => key !== 'condition' && key !== 'timeframe' && !reserved.includes(key));
  const selections = new Map<string, Selection>();
  if (named.length > SELECTIONS_MAX) {
    problems.push(problem(named[SELECTIONS_MAX] ?? detection, path, `more than ${SELECTIONS_MAX} selections`));
    return none;
  }
  for (const { key, value } of named) {
    const context = { path: `${path}.${key}`, ...shared, problems, not_evaluable };
    selections.set(key, compileSelection(value, context));
  }
  if (named.length === 0) problems.push(problem(detection, path, 'has no selection'));
  const condition = entries.find(({ key }) => key === 'condition');
  if (!condition) problems.push(problem(detection, `${path}.condition`, 'is missing'));
  const names = [...selections.keys()];
  const conditions = (condition ? itemsOf(condition.value) : []).flatMap((node) => {
    const parsed = conditionOf(node, { names, spent: shared.spent }, `${path}.condition`, problems);
    return parsed ? [parsed] : [];
  });
  return { selections, conditions, not_evaluable: [...not_evaluable].sort() };
}

function conditionOf(
  node: Node,
  { names, spent }: { names: readonly string[]; spent: Shared['spent'] },
  path: string,
  problems: SigmaProblem[],
) {
  if (node.kind !== 'scalar') {
    problems.push(problem(node, path, 'must be text'));
    return undefined;
  }
  try {
    const at = { line: node.line, column: node.column + node.quote, path, is_exact: node.exact };
    return { text: node.text, tree: parseCondition(node.text, names, at, spent) };
  } catch (reason) {
    if (!(reason instanceof SigmaError)) throw reason;
    problems.push(...reason.problems);
    return undefined;
  }
}

function filterOf(
  filter: Entry,
  { id, title }: RuleHead,
  logsource: LogSource,
  shared: Shared,
  problems: SigmaProblem[],
): SigmaFilter {
  const entry = filter.value.kind === 'map' ? filter.value.entries.find(({ key }) => key === 'rules') : undefined;
  const rules = textsOf(entry);
  if (rules.length === 0) problems.push(problem(entry ?? filter, 'filter.rules', 'name the rules it is for, or any'));
  const is_any = rules.length === 1 && rules[0]?.toLowerCase() === 'any';
  const detection = detectionOf(filter, ['rules'], shared, problems);
  return { kind: 'filter', id, title, logsource, rules: is_any ? 'any' : rules, ...detection };
}

const itemsOf = (node: Node): readonly Node[] => (node.kind === 'list' ? node.items : [node]);
const textsOf = (entry: Entry | undefined): string[] =>
  entry === undefined ? [] : itemsOf(entry.value).flatMap((item) => (item.kind === 'scalar' ? [item.text] : []));
const isLevel = (text: string | undefined): text is Level => LEVELS.some((level) => level === text);

const LEVELS = ['informational', 'low', 'medium', 'high', 'critical'] as const satisfies readonly Level[];
const HEAD_CHARS_MAX = 4_096;
const SELECTIONS_MAX = 1_000;
const PROBLEMS_MAX = 50;
