/** Text with wildcards: `*` is any text, `?` one character, a backslash before them (or before itself) takes their meaning away. */
import { ASK_COST, type Work } from './work.ts';

/** One piece of a pattern: literal text, any text, or one character. */
export type Piece = string | typeof ANY | typeof ONE;

/** Any text, also none. */
export const ANY = Symbol('*');
/** Any one character. */
export const ONE = Symbol('?');

/** A pattern ready to be asked. */
export interface Pattern {
  /** Whether a text matches; give it lower-cased unless the pattern was made `cased`. Throws `TooMuchWork` at the bound. */
  matches(text: string, work: Work): boolean;
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

function matcherOf(pieces: readonly Piece[], texts: readonly string[]): Pattern['matches'] {
  const [only = ''] = texts;
  if (!pieces.includes(ONE) && texts.length <= 1) {
    const starts_open = pieces[0] === ANY;
    const ends_open = pieces.at(-1) === ANY;
    const cost = only.length + ASK_COST;
    if (texts.length === 0) return starts_open ? () => true : (text) => text === '';
    if (starts_open && ends_open) {
      return (text, work) => {
        work.scan(text, text.length, only);
        return text.includes(only);
      };
    }
    if (starts_open) {
      return (text, work) => {
        work.spend(cost);
        return text.endsWith(only);
      };
    }
    if (ends_open) {
      return (text, work) => {
        work.spend(cost);
        return text.startsWith(only);
      };
    }
    return (text, work) => {
      work.spend(cost);
      return text === only;
    };
  }
  return globOf(pieces);
}

/** Between two `*` stands a run of characters, some of them open. Each run is looked for behind the one before it: no way back is needed. */
function globOf(pieces: readonly Piece[]): Pattern['matches'] {
  const runs = splitRuns(pieces);
  const [first = EMPTY_RUN, ...rest] = runs;
  const last = rest.at(-1) ?? EMPTY_RUN;
  const middle = rest.slice(0, -1);
  if (runs.length === 1) return (text, work) => text.length === first.length && standsAt(first, text, 0, work);
  return (text, work) => {
    if (text.length < first.length + last.length || !standsAt(first, text, 0, work)) return false;
    const end = text.length - last.length;
    let at = first.length;
    for (const run of middle) {
      const found = find(run, text, at, end - run.length, work);
      if (found === -1) return false;
      at = found + run.length;
    }
    return at <= end && standsAt(last, text, end, work);
  };
}

/** Text in which some places are open. */
interface Run {
  length: number;
  /** Code units, `OPEN` where any one may stand. */
  codes: Int32Array;
  /** The longest text in it, and how far it stands from the start. */
  anchor: string;
  anchor_at: number;
}

function splitRuns(pieces: readonly Piece[]): Run[] {
  const runs: Exclude<Piece, typeof ANY>[][] = [[]];
  for (const piece of pieces) {
    if (piece === ANY) runs.push([]);
    else runs.at(-1)?.push(piece);
  }
  return runs.map(toRun);
}

function toRun(pieces: readonly Exclude<Piece, typeof ANY>[]): Run {
  const codes: number[] = [];
  let [anchor, anchor_at] = ['', 0];
  for (const piece of pieces) {
    if (typeof piece !== 'string') {
      codes.push(OPEN);
      continue;
    }
    if (piece.length > anchor.length) [anchor, anchor_at] = [piece, codes.length];
    for (let index = 0; index < piece.length; index++) codes.push(piece.charCodeAt(index));
  }
  return { length: codes.length, codes: Int32Array.from(codes), anchor, anchor_at };
}

/** The first place where the run stands, between `from` and `to`. Only where its anchor does the rest is compared. */
function find(run: Run, text: string, from: number, to: number, work: Work): number {
  const { anchor, anchor_at } = run;
  for (let at = from; at <= to; at++) {
    if (anchor === '') return at;
    const found = text.indexOf(anchor, at + anchor_at) - anchor_at;
    work.scan(text, (found < at ? text.length : found) - at, anchor);
    if (found < at || found > to) return -1;
    if (standsAt(run, text, found, work)) return found;
    at = found;
  }
  return -1;
}

function standsAt({ codes }: Run, text: string, at: number, work: Work): boolean {
  let index = 0;
  while (index < codes.length && (codes[index] === OPEN || codes[index] === text.charCodeAt(at + index))) index++;
  work.spend(index * CHAR_COST + ASK_COST);
  return index === codes.length;
}

const ESCAPABLE = new Set(['*', '?', '\\']);
const OPEN = -1;
/** Of comparing one character, ns. */
const CHAR_COST = 2;
const EMPTY_RUN: Run = toRun([]);
