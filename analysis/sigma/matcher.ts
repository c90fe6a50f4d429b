/** One value of a rule, ready to be asked of a field. */
import ipaddr from 'ipaddr.js';
import { readTime } from '../events/index.ts';
import { ANY, compilePattern, parsePieces, type Pattern, type Piece } from './pattern.ts';
import { compileRegex, type RegexFlag } from './regex.ts';
import { base64Offsets, plainText, spellDashes, toBase64, toBytes } from './transforms.ts';
import { lowerOf, type Reading, type View } from './view.ts';
import type { Work } from './work.ts';

/** A value, ready to be asked. */
export interface Matcher {
  /** The value as the rule says it. */
  text: string;
  matches(reading: Reading, view: View): boolean;
  /** Lower-cased texts of which one stands in the field whenever this matches; none when nothing is claimed. */
  literals: readonly string[];
  /** The field is this value, whole. */
  is_exact: boolean;
  /** What compiling it took, where that is worth counting. */
  steps?: number;
}

/** What the modifiers of a line say about its values. */
export interface Modifiers {
  compare: Compare;
  transforms: readonly Transform[];
  regex: ReadonlySet<RegexFlag>;
  is_cased: boolean;
  is_reference: boolean;
}

/** `equals`, or one of the modifiers that say how to compare. */
export type Compare = string;
/** What is done to a value before it is compared. */
export type Transform = 'windash' | 'base64' | 'base64offset' | 'utf16le' | 'utf16be' | 'utf16';

/** A value that cannot be used: `error` when it is wrong, `not_evaluable` when only this engine cannot. */
export interface Unusable {
  error?: string;
  not_evaluable?: string;
  steps?: number;
}

/** The matcher of a value as its author wrote it; `null` has its own. */
export function createMatcher(value: { text: string; is_true: boolean }, modifiers: Modifiers): Matcher | Unusable {
  const { text } = value;
  const { compare } = modifiers;
  if (modifiers.is_reference) return referenceMatcher(text, modifiers);
  if (compare === 'exists') {
    if (text !== 'true' && text !== 'false') return { error: 'exists takes true or false' };
    return matcher(text, ({ is_present }) => is_present === value.is_true);
  }
  if (compare === 're') return regexMatcher(text, modifiers);
  if (compare === 'cidr') return networkMatcher(text);
  const [order, time_part] = [ORDERS.get(compare), TIME_PARTS.get(compare)];
  if (order) return orderMatcher(text, order);
  if (time_part) return timeMatcher(text, time_part);
  return textMatcher(text, modifiers);
}

/** `null`: the field is absent or empty. */
export const emptyMatcher: Matcher = {
  text: 'null',
  literals: [],
  is_exact: false,
  matches: ({ raw }) => raw.length === 0,
};

/** Comparisons and parts of a time that are modifiers. */
export const isCompare = (name: string): boolean => TEXT_COMPARES.has(name) || ORDERS.has(name) || TIME_PARTS.has(name);

const matcher = (text: string, matches: Matcher['matches'], literals: readonly string[] = []): Matcher => ({
  text,
  matches,
  literals,
  is_exact: false,
});

function textMatcher(text: string, { compare, transforms, is_cased }: Modifiers): Matcher | Unusable {
  // An empty value asks for an empty field, not for none.
  if (text === '' && compare === 'equals') {
    return matcher(text, ({ is_present, raw }) => is_present && raw.length === 0);
  }
  let spellings: Piece[][] = [parsePieces(text)];
  let is_encoded = false;
  for (const transform of transforms) {
    if (transform === 'windash') spellings = spellings.flatMap(spellDashes);
    else {
      const plain = spellings.map(plainText);
      if (plain.includes(undefined)) return { error: `${transform} takes no wildcards` };
      spellings = plain.flatMap((each = '') => encode(each, transform, is_encoded)).map((each) => [each]);
      is_encoded = true;
    }
  }
  const patterns = spellings.map((pieces) => compilePattern(opened(pieces, compare), is_cased));
  const [only] = patterns;
  const textsOf = is_cased ? rawOf : lowerOf;
  const literals = patterns.every(({ literal }) => literal !== '')
    ? [...new Set(patterns.map(({ literal }) => literal))]
    : [];
  if (only === undefined) return { error: 'no value' };
  if (patterns.length > 1) {
    return matcher(
      text,
      (reading, { work }) => patterns.some((pattern) => anyOf(textsOf(reading), pattern, work)),
      literals,
    );
  }
  const is_exact = compare === 'equals' && (spellings[0] ?? []).every((piece) => typeof piece === 'string');
  return { text, literals, is_exact, matches: (reading, { work }) => anyOf(textsOf(reading), only, work) };
}

const rawOf = ({ raw }: Reading): readonly string[] => raw;

const anyOf = (texts: readonly string[], pattern: Pattern, work: Work): boolean => {
  for (const text of texts) if (pattern.matches(text, work)) return true;
  return false;
};

/** `is_bytes`: a transform before this one made bytes of the text. */
function encode(text: string, transform: Exclude<Transform, 'windash'>, is_bytes: boolean): string[] {
  if (transform !== 'base64' && transform !== 'base64offset') return [toBytes(text, transform)];
  const bytes = is_bytes ? text : toBytes(text, 'utf8');
  return transform === 'base64' ? [toBase64(bytes)] : base64Offsets(bytes);
}

/** `contains` and its kin are wildcards around the value. */
function opened(pieces: readonly Piece[], compare: Compare): Piece[] {
  const whole = [...pieces];
  if ((compare === 'contains' || compare === 'endswith') && whole[0] !== ANY) whole.unshift(ANY);
  if ((compare === 'contains' || compare === 'startswith') && whole.at(-1) !== ANY) whole.push(ANY);
  return whole;
}

function regexMatcher(text: string, { regex }: Modifiers): Matcher | Unusable {
  const outcome = compileRegex(text, regex);
  const { steps } = outcome;
  if (outcome.kind === 'refused') return { error: `not a regular expression that can be run: ${outcome.why}`, steps };
  if (outcome.kind === 'unsupported') return { not_evaluable: `a regular expression with ${outcome.why}`, steps };
  const { pattern } = outcome;
  const { literal } = pattern;
  const literals = literal === '' ? [] : [literal];
  if (!/^[ -~]+$/.test(literal)) {
    return { ...matcher(text, ({ raw }, { work }) => anyOf(raw, pattern, work), literals), steps };
  }
  /** Most texts do not hold what every match does, and looking for it costs far less than the engine. */
  const matches: Matcher['matches'] = (reading, { work }) => {
    const lower = lowerOf(reading);
    return reading.raw.some((each, index) => {
      const folded = lower[index] ?? '';
      work.scan(folded, folded.length, literal);
      return folded.includes(literal) && pattern.matches(each, work);
    });
  };
  return { ...matcher(text, matches, literals), steps };
}

/** The value names another field of the same event; one value of either that fits is enough. */
function referenceMatcher(field: string, { compare, is_cased }: Modifiers): Matcher | Unusable {
  const compared = REFERENCES.get(compare);
  if (!compared) return { error: `fieldref goes with startswith, endswith and contains, not with ${compare}` };
  const textsOf = is_cased ? rawOf : lowerOf;
  return matcher(field, (reading, view) =>
    textsOf(view.read(field)).some((other) =>
      textsOf(reading).some((own) => {
        view.work.scan(own, own.length, other);
        return compared(own, other);
      }),
    ),
  );
}

function networkMatcher(text: string): Matcher | Unusable {
  const network = readNetwork(text);
  if (!network) return { error: `${text} is no network like 10.0.0.0/8 or fe80::/10` };
  const [base, bits] = network;
  return matcher(text, ({ raw }, { work }) =>
    raw.some((each) => {
      work.spend(READING_COST + each.length);
      if (!ipaddr.isValid(each)) return false;
      const address = ipaddr.process(each);
      return address.kind() === base.kind() && address.match(base, bits);
    }),
  );
}

function readNetwork(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | undefined {
  try {
    return text.includes('/') ? ipaddr.parseCIDR(text) : [ipaddr.parse(text), text.includes(':') ? 128 : 32];
  } catch {
    return undefined;
  }
}

function orderMatcher(text: string, holds: (left: number, right: number) => boolean): Matcher | Unusable {
  const bound = toNumber(text);
  if (bound === undefined) return { error: `${text} is no number` };
  return matcher(text, ({ raw }, { work }) =>
    raw.some((each) => {
      work.spend(READING_COST + each.length);
      const value = toNumber(each);
      return value !== undefined && holds(value, bound);
    }),
  );
}

function timeMatcher(text: string, partOf: (time: Date) => number): Matcher | Unusable {
  const wanted = toNumber(text);
  if (wanted === undefined) return { error: `${text} is no number` };
  return matcher(text, ({ raw }, { work }) =>
    raw.some((each) => {
      work.spend(READING_COST + each.length);
      const time = readTime(each);
      return time !== undefined && partOf(new Date(time.at_ms)) === wanted;
    }),
  );
}

/** The number that a text is, decimal or 0x…; undefined when it is none. */
export const toNumber = (text: string): number | undefined => {
  const value = /^\s*(?:[-+]?\d{1,300}(?:\.\d{1,300})?|0x[\da-f]{1,16})\s*$/i.test(text) ? Number(text) : Number.NaN;
  return Number.isNaN(value) ? undefined : value;
};

/** The ISO week: the one with the year's first Thursday is 1. */
function weekOf(time: Date): number {
  const thursday = new Date(time);
  thursday.setUTCDate(time.getUTCDate() + 4 - (time.getUTCDay() || 7));
  const year_start = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return Math.ceil((Math.floor(thursday.getTime() / DAY_MS) * DAY_MS - year_start + DAY_MS) / (7 * DAY_MS));
}

/** Of reading a number, a time or an address, ns, beside its characters. */
const READING_COST = 200;
const DAY_MS = 86_400_000;
const TEXT_COMPARES = new Set(['contains', 'startswith', 'endswith', 're', 'cidr', 'exists']);
const ORDERS = new Map<string, (left: number, right: number) => boolean>([
  ['lt', (left, right) => left < right],
  ['lte', (left, right) => left <= right],
  ['gt', (left, right) => left > right],
  ['gte', (left, right) => left >= right],
]);
/** Parts of a time, in UTC. */
const TIME_PARTS = new Map<string, (time: Date) => number>([
  ['minute', (time) => time.getUTCMinutes()],
  ['hour', (time) => time.getUTCHours()],
  ['day', (time) => time.getUTCDate()],
  ['week', weekOf],
  ['month', (time) => time.getUTCMonth() + 1],
  ['year', (time) => time.getUTCFullYear()],
]);
const REFERENCES = new Map<string, (own: string, other: string) => boolean>([
  ['equals', (own, other) => own === other],
  ['contains', (own, other) => own.includes(other)],
  ['startswith', (own, other) => own.startsWith(other)],
  ['endswith', (own, other) => own.endsWith(other)],
]);
