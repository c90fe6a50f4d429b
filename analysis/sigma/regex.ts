/** Regular expressions of rules, which strangers write: a linear engine, bounded in program and input (ATK-H5). */
import { RE2JS } from 're2js';
import { metered } from './metered.ts';
import type { Pattern } from './pattern.ts';

/** Flags that Sigma knows after `re`. */
export type RegexFlag = 'i' | 'm' | 's';

/** What a pattern compiles to; `unsupported` needs a backtracking engine, `refused` must not run at all. */
export type RegexOutcome = (
  { kind: 'pattern'; pattern: Pattern } | { kind: 'unsupported'; why: string } | { kind: 'refused'; why: string }
) & {
  /** How much it took to compile: the steps of its program, or its characters where there is none. */
  steps: number;
};

/** Compiles for a search anywhere in the text; case matters unless the flag or `(?i)` says otherwise. */
export function compileRegex(source: string, flags: ReadonlySet<RegexFlag>): RegexOutcome {
  if (source.length > REGEX_CHARS_MAX) {
    return { kind: 'refused', why: `longer than ${REGEX_CHARS_MAX} characters`, steps: 0 };
  }
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(source, toBits(flags));
  } catch (reason) {
    const why =
      reason instanceof Error
        ? reason.message.replace(/\s+/g, ' ').slice(0, WHY_CHARS_MAX)
        : 'not a regular expression';
    return NEEDS_BACKTRACKING.test(source) && isJavaScript(source)
      ? { kind: 'unsupported', why: 'lookaround or a backreference', steps: source.length }
      : { kind: 'refused', why, steps: source.length };
  }
  const size = compiled.programSize();
  if (size > PROGRAM_MAX) {
    return { kind: 'refused', why: `a program of ${size} steps, the cap is ${PROGRAM_MAX}`, steps: size };
  }
  const matches = lengthTest(source, flags) ?? metered(compiled);
  return { kind: 'pattern', pattern: { matches, literal: literalOf(source).toLowerCase() }, steps: size };
}

/** `.{1000,}` asks for nothing but a length, and the engine would need a state for each character of it. */
function lengthTest(source: string, flags: ReadonlySet<RegexFlag>): Pattern['matches'] | undefined {
  const [, least] = /^\.\{(\d+),\}$/.exec(source) ?? [];
  if (least === undefined) return undefined;
  const chars_min = Number(least);
  // A character is at most two code units.
  const isLong = (text: string): boolean =>
    text.length >= chars_min && (text.length >= chars_min * 2 || Array.from(text).length >= chars_min);
  return (text, work) => {
    work.spend((text.length + 1) * LENGTH_COST);
    return flags.has('s') ? isLong(text) : text.split('\n').some(isLong);
  };
}

/** The longest text that every match of the source contains, as far as a quick look can tell; '' when it cannot. */
export function literalOf(source: string): string {
  const runs: string[] = [''];
  let depth = 0;
  for (let index = 0; index < source.length; index++) {
    const char = source.charAt(index);
    if (char === '\\') {
      const next = source.charAt(++index);
      // \Q…\E, code points and classes of many letters are left alone: nothing is claimed then.
      if (/[Qxp0-9]/i.test(next)) return '';
      if (/[a-z]/i.test(next)) runs.push('');
      else if (depth === 0) extend(runs, next);
    } else if (char === '[') {
      index = endOfClass(source, index);
      runs.push('');
    } else if (char === '(') depth++;
    else if (char === ')') {
      depth--;
      runs.push('');
    } else if (char === '|') {
      if (depth === 0) return '';
    } else if (char === '?' || char === '*' || char === '{') {
      // What stands before a quantifier may be missing, both halves of it.
      if (depth === 0) runs[runs.length - 1] = runs.at(-1)?.replace(/.$/su, '') ?? '';
      runs.push('');
      if (char === '{') index = Math.max(index, source.indexOf('}', index));
    } else if (char === '+' || char === '.' || char === '^' || char === '$') runs.push('');
    else if (depth === 0) extend(runs, char);
  }
  return runs.reduce((best, run) => (run.length > best.length ? run : best), '');
}

const extend = (runs: string[], char: string): void => {
  runs[runs.length - 1] = `${runs.at(-1) ?? ''}${char}`;
};

function endOfClass(source: string, start: number): number {
  let index = start + 1;
  if (source.charAt(index) === '^') index++;
  if (source.charAt(index) === ']') index++;
  while (index < source.length && source.charAt(index) !== ']') {
    if (source.charAt(index) === '\\') index++;
    else if (source.startsWith('[:', index)) index = Math.max(index, source.indexOf(':]', index) + 1);
    index++;
  }
  return index;
}

function toBits(flags: ReadonlySet<RegexFlag>): number {
  return (
    RE2JS.LOOKBEHINDS |
    (flags.has('i') ? RE2JS.CASE_INSENSITIVE : 0) |
    (flags.has('m') ? RE2JS.MULTILINE : 0) |
    (flags.has('s') ? RE2JS.DOTALL : 0)
  );
}

function isJavaScript(source: string): boolean {
  try {
    new RegExp(source.replace(/^\(\?[ims]+\)/, ''));
    return true;
  } catch {
    return false;
  }
}

const NEEDS_BACKTRACKING = /\(\?<?[=!]|\\[1-9]|\\k</;
const REGEX_CHARS_MAX = 4_096;
const PROGRAM_MAX = 5_000;
/** Of what the engine says about a pattern that it refuses. */
const WHY_CHARS_MAX = 160;
/** Nanoseconds of a character where only characters and lines are counted. */
const LENGTH_COST = 25;
