/** Text with wildcards: `*` is any text, `?` one character, a backslash before them (or before itself) takes their meaning away. */

/** One piece of a pattern: literal text, any text, or one character. */
export type Piece = string | typeof ANY | typeof ONE;

export const ANY = Symbol('*');
export const ONE = Symbol('?');

/** A pattern ready to be asked. */
export interface Pattern {
  /** Whether a text matches; give it lower-cased unless the pattern was made `cased`. Throws `TooMuchWork` at the bound. */
  matches(text: string): boolean;
  /** The longest text that stands in everything that matches, lower-cased; '' when there is none. */
  literal: string;
}

/** Reads wildcards and escapes; a backslash before anything else is a backslash. */
export function parsePieces(text: string): Piece[] {
  const pieces: Piece[] = [];
  let literal = '';
  const flush = () => {
    if (literal !== '') pieces.push(literal);
    literal = '';
  };
  for (let index = 0; index < text.length; index++) {
    const char = text.charAt(index);
    if (char === '\\' && ESCAPABLE.has(text.charAt(index + 1))) {
      literal += text.charAt(++index);
    } else if (char === '*' || char === '?') {
      flush();
      if (char === '?') pieces.push(ONE);
      else if (pieces.at(-1) !== ANY) pieces.push(ANY);
    } else literal += char;
  }
  flush();
  return pieces;
}

/** The pattern of some pieces. Matching is case-insensitive unless `cased`. */
export function compilePattern(given: readonly Piece[], cased: boolean): Pattern {
  const pieces = cased ? given : given.map((piece) => (typeof piece === 'string' ? piece.toLowerCase() : piece));
  const texts = pieces.filter((piece) => typeof piece === 'string');
  const longest = texts.reduce((best, text) => (text.length > best.length ? text : best), '');
  return { matches: matcherOf(pieces, texts), literal: longest.toLowerCase() };
}

/** Thrown where a match would take longer than any rule is worth: the caller marks the rule and goes on. */
export class TooMuchWork extends Error {
  override readonly name = 'TooMuchWork';
}

/** Throws when comparing at worst every character with every one exceeds the bound. */
export function boundWork(text_length: number, pattern_length: number): void {
  if (text_length * pattern_length > WORK_MAX) throw new TooMuchWork();
}

function matcherOf(pieces: readonly Piece[], texts: readonly string[]): (text: string) => boolean {
  const [only = ''] = texts;
  if (!pieces.includes(ONE) && texts.length <= 1) {
    const starts_open = pieces[0] === ANY;
    const ends_open = pieces.at(-1) === ANY;
    if (texts.length === 0) return starts_open ? () => true : (text) => text === '';
    if (starts_open && ends_open) {
      return (text) => {
        boundWork(text.length, only.length);
        return text.includes(only);
      };
    }
    if (starts_open) return (text) => text.endsWith(only);
    if (ends_open) return (text) => text.startsWith(only);
    return (text) => text === only;
  }
  return globOf(pieces);
}

/** Between two `*` stands a run of characters, some of them open. Each run is looked for behind the one before it: no way back is needed. */
function globOf(pieces: readonly Piece[]): (text: string) => boolean {
  const runs = splitRuns(pieces);
  const [first = [], ...rest] = runs;
  const last = rest.at(-1) ?? [];
  const middle = rest.slice(0, -1);
  const length = pieces.reduce((sum: number, piece) => sum + (typeof piece === 'string' ? piece.length : 1), 0);
  if (runs.length === 1) return (text) => text.length === first.length && standsAt(first, text, 0);
  return (text) => {
    if (text.length < first.length + last.length || !standsAt(first, text, 0)) return false;
    boundWork(text.length, length);
    const end = text.length - last.length;
    let at = first.length;
    for (const run of middle) {
      const found = find(run, text, at, end - run.length);
      if (found === -1) return false;
      at = found + run.length;
    }
    return at <= end && standsAt(last, text, end);
  };
}

/** Characters, undefined where any one may stand. */
type Run = readonly (string | undefined)[];

function splitRuns(pieces: readonly Piece[]): Run[] {
  const runs: (string | undefined)[][] = [[]];
  for (const piece of pieces) {
    if (piece === ANY) runs.push([]);
    else if (piece === ONE) runs.at(-1)?.push(undefined);
    else runs.at(-1)?.push(...piece.split(''));
  }
  return runs;
}

function find(run: Run, text: string, from: number, to: number): number {
  for (let at = from; at <= to; at++) if (standsAt(run, text, at)) return at;
  return -1;
}

function standsAt(run: Run, text: string, at: number): boolean {
  for (let index = 0; index < run.length; index++) {
    const char = run[index];
    if (char !== undefined && char !== text[at + index]) return false;
  }
  return true;
}

const ESCAPABLE = new Set(['*', '?', '\\']);
/** Character comparisons: some 10 ms. */
const WORK_MAX = 33_554_432;
