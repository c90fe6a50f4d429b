/** STIX 2.1 patterns: read whole by their grammar, or refused with the place where they stop being one. */
import { lex, type Lexeme } from './lexemes.ts';

/** One test of one property. */
export interface Comparison {
  /** The object and the path in it, unquoted: `file:hashes.SHA-256`. */
  path: string;
  operator: string;
  /** The literals it is held against; none for EXISTS. */
  values: readonly string[];
  negated: boolean;
}

/** A pattern that parses. */
export interface Pattern {
  comparisons: readonly Comparison[];
  /** Any single comparison that holds makes the pattern hold: nothing joins them by AND or FOLLOWEDBY, nothing qualifies them. */
  any_suffices: boolean;
}

/** The pattern, or where (UTF-16 units) and why it is none. */
export type PatternReading = { ok: true; pattern: Pattern } | { ok: false; at: number; why: string };

/** Reads one pattern; never throws, linear in its length. */
export function parsePattern(text: string): PatternReading {
  if (text.length > PATTERN_LENGTH_MAX)
    return { ok: false, at: 0, why: `longer than ${PATTERN_LENGTH_MAX} characters` };
  const lexed = lex(text);
  if (!lexed.ok) return lexed;
  const reading: Reading = {
    lexemes: lexed.lexemes,
    next: 0,
    depth: 0,
    joined: false,
    comparisons: [],
    end: text.length,
  };
  try {
    observations(reading);
    if (reading.next < reading.lexemes.length) throw stop(reading, 'something follows the end of the pattern');
  } catch (reason) {
    if (reason instanceof Fault) return { ok: false, at: reason.at, why: reason.message };
    throw reason;
  }
  return { ok: true, pattern: { comparisons: reading.comparisons, any_suffices: !reading.joined } };
}

interface Reading {
  lexemes: readonly Lexeme[];
  next: number;
  depth: number;
  joined: boolean;
  comparisons: Comparison[];
  end: number;
}

/** Where the reading stops; never leaves this file. */
class Fault extends Error {
  readonly at: number;

  constructor(at: number, why: string) {
    super(why);
    this.at = at;
  }
}

const stop = ({ lexemes, next, end }: Reading, why: string): Fault => new Fault(lexemes[next]?.offset ?? end, why);

/** `[…]` and parentheses, joined by AND, OR, FOLLOWEDBY. How tightly each binds changes no comparison. */
function observations(reading: Reading): void {
  inside(reading, () => {
    observation(reading);
    while (isWord(reading, 'AND', 'OR', 'FOLLOWEDBY')) {
      if (!isWord(reading, 'OR')) reading.joined = true;
      reading.next += 1;
      observation(reading);
    }
  });
}

function observation(reading: Reading): void {
  if (takeSymbol(reading, '(')) {
    observations(reading);
    expectSymbol(reading, ')');
  } else {
    expectSymbol(reading, '[');
    comparisons(reading, false);
    expectSymbol(reading, ']');
  }
  qualifiers(reading);
}

function qualifiers(reading: Reading): void {
  const seen = new Set<string>();
  while (isWord(reading, 'WITHIN', 'REPEATS', 'START')) {
    const word = reading.lexemes[reading.next]?.text ?? '';
    if (seen.has(word)) throw stop(reading, `${word} stands there twice`);
    seen.add(word);
    reading.joined = true;
    reading.next += 1;
    if (word === 'START') {
      take(reading, 'timestamp');
      expectWord(reading, 'STOP');
      take(reading, 'timestamp');
      continue;
    }
    const { text } = take(reading, 'number');
    if (!(Number(text) > 0) || (word === 'REPEATS' && !/^\d+$/.test(text)))
      throw stop(reading, `${word} needs a positive number`);
    expectWord(reading, word === 'WITHIN' ? 'SECONDS' : 'TIMES');
  }
}

function comparisons(reading: Reading, negated: boolean): void {
  inside(reading, () => {
    comparison(reading, negated);
    while (isWord(reading, 'AND', 'OR')) {
      if (isWord(reading, 'AND')) reading.joined = true;
      reading.next += 1;
      comparison(reading, negated);
    }
  });
}

function comparison(reading: Reading, negated: boolean): void {
  if (takeSymbol(reading, '(')) {
    comparisons(reading, negated);
    expectSymbol(reading, ')');
    return;
  }
  if (isWord(reading, 'EXISTS')) {
    reading.next += 1;
    reading.comparisons.push({ path: objectPath(reading), operator: 'EXISTS', values: [], negated });
    return;
  }
  const path = objectPath(reading);
  const inverted = isWord(reading, 'NOT');
  if (inverted) reading.next += 1;
  const operator = reading.lexemes[reading.next];
  if (!operator || !OPERATORS.has(operator.text)) throw stop(reading, 'a comparison operator was expected');
  reading.next += 1;
  const literals = operator.text === 'IN' ? list(reading) : [literal(reading)];
  if (TEXT_OPERATORS.has(operator.text) && literals[0]?.kind !== 'string')
    throw stop(reading, `${operator.text} needs a string`);
  const digits = HASH_DIGITS.get(path.replace(/^.*hashes\./, ''));
  const exact = ['=', '==', 'IN'].includes(operator.text) && path.includes(':hashes.');
  const values = literals.map(({ text }) => text);
  if (digits !== undefined && exact && values.some((value) => value.length !== digits || !/^[0-9a-f]+$/i.test(value))) {
    throw stop(reading, `no digest of ${path}`);
  }
  reading.comparisons.push({ path, operator: operator.text, values, negated: negated !== inverted });
}

function objectPath(reading: Reading): string {
  let path = take(reading, 'word').text;
  expectSymbol(reading, ':');
  path += `:${pathStep(reading)}`;
  for (;;) {
    if (takeSymbol(reading, '.')) path += `.${pathStep(reading)}`;
    else if (isSymbol(reading, '[')) {
      reading.next += 1;
      path += `[${takeSymbol(reading, '*') ? '*' : take(reading, 'number').text}]`;
      expectSymbol(reading, ']');
    } else return path;
  }
}

function pathStep(reading: Reading): string {
  const step = reading.lexemes[reading.next];
  if (step?.kind !== 'word' && step?.kind !== 'string') throw stop(reading, 'a property name was expected');
  reading.next += 1;
  return step.text;
}

function list(reading: Reading): Lexeme[] {
  expectSymbol(reading, '(');
  const values = [literal(reading)];
  while (takeSymbol(reading, ',')) values.push(literal(reading));
  expectSymbol(reading, ')');
  return values;
}

function literal(reading: Reading): Lexeme {
  const found = reading.lexemes[reading.next];
  const isLiteral = found && (LITERALS.has(found.kind) || /^(?:true|false)$/.test(found.text));
  if (!isLiteral) throw stop(reading, 'a literal was expected');
  reading.next += 1;
  return found;
}

function inside(reading: Reading, read: () => void): void {
  reading.depth += 1;
  if (reading.depth > DEPTH_MAX) throw stop(reading, `nested deeper than ${DEPTH_MAX}`);
  read();
  reading.depth -= 1;
}

function take(reading: Reading, kind: Lexeme['kind']): Lexeme {
  const found = reading.lexemes[reading.next];
  if (found?.kind !== kind) throw stop(reading, `a ${kind} was expected`);
  reading.next += 1;
  return found;
}

const isSymbol = ({ lexemes, next }: Reading, symbol: string): boolean =>
  lexemes[next]?.kind === 'symbol' && lexemes[next].text === symbol;
const isWord = ({ lexemes, next }: Reading, ...words: string[]): boolean =>
  lexemes[next]?.kind === 'word' && words.includes(lexemes[next].text);
function takeSymbol(reading: Reading, symbol: string): boolean {
  const found = isSymbol(reading, symbol);
  if (found) reading.next += 1;
  return found;
}
function expectSymbol(reading: Reading, symbol: string): void {
  if (!takeSymbol(reading, symbol)) throw stop(reading, `"${symbol}" was expected`);
}
function expectWord(reading: Reading, word: string): void {
  if (!isWord(reading, word)) throw stop(reading, `${word} was expected`);
  reading.next += 1;
}

const OPERATORS = new Set([
  '=',
  '==',
  '!=',
  '<>',
  '<',
  '<=',
  '>',
  '>=',
  'IN',
  'LIKE',
  'MATCHES',
  'ISSUBSET',
  'ISSUPERSET',
]);
const TEXT_OPERATORS = new Set(['LIKE', 'MATCHES', 'ISSUBSET', 'ISSUPERSET']);
const LITERALS = new Set<Lexeme['kind']>(['string', 'number', 'timestamp', 'hex', 'binary']);
const HASH_DIGITS = new Map([
  ['MD5', 32],
  ['SHA-1', 40],
  ['SHA-256', 64],
  ['SHA-512', 128],
]);
const PATTERN_LENGTH_MAX = 65_536;
const DEPTH_MAX = 64;
