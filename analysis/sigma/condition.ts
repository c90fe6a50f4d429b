/** The condition of a rule as a tree: `not` binds before `and`, `and` before `or` (Sigma specification). */
import { problem, SigmaError, type Place } from './problem.ts';

/** A parsed condition; names are those of selections. */
export type Condition =
  | { kind: 'selection'; name: string }
  | { kind: 'not'; of: Condition }
  | { kind: 'and' | 'or'; of: readonly Condition[] }
  | { kind: 'of'; least: number | 'all'; pattern: string; names: readonly string[] };

/** Where a condition stands; the column within it is only known where its text is as it stands in the file. */
export interface ConditionPlace extends Place {
  path: string;
  is_exact: boolean;
}

/** Parses a condition over the selections there are. Throws a SigmaError at the character that is wrong. */
export function parseCondition(
  text: string,
  names: readonly string[],
  at: ConditionPlace,
  spent = { names: 0 },
): Condition {
  const tokens = tokenize(text);
  let next = 0;
  let depth = 0;

  const fail = (message: string, token: Token | undefined = tokens[next]): never => {
    const offset = at.is_exact ? (token?.at ?? text.length) : 0;
    throw new SigmaError([problem({ line: at.line, column: at.column + offset }, at.path, message)]);
  };
  const isWord = (word: string): boolean => tokens[next]?.word.toLowerCase() === word;
  const take = (word: string): boolean => isWord(word) && ++next > 0;

  const any = (): Condition => joined('or', all);
  const all = (): Condition => joined('and', negated);
  const joined = (kind: 'and' | 'or', part: () => Condition): Condition => {
    const of = [part()];
    while (take(kind)) of.push(part());
    return of.length === 1 && of[0] ? of[0] : { kind, of };
  };
  const negated = (): Condition => {
    let is_negated = false;
    while (take('not')) is_negated = !is_negated;
    const of = single();
    return is_negated ? { kind: 'not', of } : of;
  };
  const single = (): Condition => {
    const token = tokens[next];
    if (!token) return fail('the condition ends where a selection is expected');
    if (take('(')) {
      if (++depth > DEPTH_MAX) return fail(`nested deeper than ${DEPTH_MAX}`);
      const inner = any();
      if (!take(')')) return fail(tokens[next] ? `) expected, not ${tokens[next]?.word ?? ''}` : ') is missing');
      depth--;
      return inner;
    }
    if (OPERATORS.has(token.word.toLowerCase())) return fail(`a selection expected, not ${token.word}`);
    next++;
    return isWord('of') ? several(token) : named(token);
  };
  const several = (count: Token): Condition => {
    next++;
    const least = leastOf(count.word.toLowerCase());
    if (least === undefined) return fail(`${count.word} of: say 1, a number, all or any`, count);
    const token = tokens[next++];
    if (!token || OPERATORS.has(token.word.toLowerCase())) return fail('a name, a pattern or them expected', token);
    charge(token);
    const found = matching(token.word, names);
    if (found.length === 0) return fail(`no selection is called ${token.word}`, token);
    return { kind: 'of', least, pattern: token.word, names: found };
  };
  /** Every mention is looked up among all names, and `of` stands for as many: short text, much work (ATK-H5). */
  const charge = (token: Token): void => {
    spent.names += names.length;
    if (spent.names > NAMES_MAX) fail(`the conditions stand for more than ${NAMES_MAX} selections`, token);
  };
  const named = (token: Token): Condition => {
    charge(token);
    if (!names.includes(token.word)) return fail(`no selection is called ${token.word}`, token);
    return { kind: 'selection', name: token.word };
  };

  if (tokens.length > TOKENS_MAX) fail(`more than ${TOKENS_MAX} words`, tokens[TOKENS_MAX]);
  const pipe = tokens.find(({ word }) => word === '|');
  if (pipe) fail('aggregations after | are no longer Sigma: write a correlation rule', pipe);
  const condition = any();
  if (next < tokens.length) fail(`and, or expected, not ${tokens[next]?.word ?? ''}`);
  return condition;
}

/** The names of the selections a condition speaks of, in order. */
export function namesIn(condition: Condition): string[] {
  switch (condition.kind) {
    case 'selection':
      return [condition.name];
    case 'not':
      return namesIn(condition.of);
    case 'of':
      return [...condition.names];
    case 'and':
    case 'or':
      return condition.of.flatMap(namesIn);
  }
}

interface Token {
  word: string;
  at: number;
}

const tokenize = (text: string): Token[] =>
  [...text.matchAll(/[()|]|[^\s()|]+/g)].map((match) => ({ word: match[0], at: match.index }));

function leastOf(count: string): number | 'all' | undefined {
  if (count === 'all') return 'all';
  if (count === 'any') return 1;
  return /^[1-9]\d{0,3}$/.test(count) ? Number(count) : undefined;
}

/** `them` leaves out what starts with an underscore; a pattern takes whatever it fits. */
function matching(pattern: string, names: readonly string[]): string[] {
  if (pattern.toLowerCase() === 'them') return names.filter((name) => !name.startsWith('_'));
  if (!pattern.includes('*')) return names.filter((name) => name === pattern);
  const parts = pattern.split('*');
  return names.filter((name) => fits(name, parts));
}

/** Whether the parts of a pattern stand in a name in their order: the first at its start, the last at its end. */
function fits(name: string, parts: readonly string[]): boolean {
  const [first = '', ...rest] = parts;
  const last = rest.pop() ?? '';
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found === -1 || found + part.length > name.length - last.length) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}

const OPERATORS = new Set(['and', 'or', 'not', 'of', ')', '|']);
const TOKENS_MAX = 50_000;
const DEPTH_MAX = 64;
/** Of all conditions in one file, together. */
const NAMES_MAX = 100_000;
