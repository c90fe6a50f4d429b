/** Every way to break a value that fits a schema: one rule at one place, the rest left as it is. */
import { isFrame, type Frame } from './answers.ts';

/** A value that was broken. The schema is asked afterwards: where it allows several things, a break may fit again. */
export interface Break {
  value: unknown;
  /** Where: `iocs.0.type`. Empty is the whole. */
  path: string;
  /** What it breaks: a word of JSON Schema. */
  rule: string;
}

/** The breaks of a value under its schema. The whole stays an object. */
export function breaksOf(schema: Frame, value: Frame): Break[] {
  const found: Break[] = [];
  visit({ schema, value, path: [], put: (other) => other, depth: 0 });
  return found.filter(({ value: broken }) => isFrame(broken));

  function visit(place: Place): void {
    const { depth, put, path } = place;
    if (depth > DEPTH_MAX || found.length >= BREAKS_MAX) return;
    const own = resolve(schema, place.schema);
    if (!own) return;
    for (const [rule, other] of wrongFor(own, place.value))
      found.push({ rule, value: put(other), path: path.join('.') });
    for (const part of PARTS.flatMap((name) => listOf(own[name]))) {
      if (isFrame(part)) visit({ ...place, schema: part, depth: depth + 1 });
    }
    for (const inner of within(own, place)) visit(inner);
  }
}

/** A value, where it stands, and how another is put there. */
interface Place {
  schema: Frame;
  value: unknown;
  path: readonly string[];
  put: (other: unknown) => unknown;
  depth: number;
}

/** The members or entries that have a schema of their own. */
function within(schema: Frame, { value, path, put, depth }: Place): Place[] {
  const step = (inner: unknown, name: string, other: (inner: unknown) => unknown, entry: unknown): Place[] =>
    isFrame(inner)
      ? [{ schema: inner, value: entry, path: [...path, name], put: (broken) => put(other(broken)), depth: depth + 1 }]
      : [];
  if (Array.isArray(value)) {
    const whole: unknown[] = value;
    const tuple = listOf(schema['prefixItems'] ?? schema['items']);
    return whole.flatMap((entry, at) =>
      step(tuple[at] ?? schema['items'], String(at), (broken) => whole.with(at, broken), entry),
    );
  }
  if (!isFrame(value)) return [];
  const properties = isFrame(schema['properties']) ? schema['properties'] : {};
  return Object.entries(value).flatMap(([name, entry]) => {
    const inner = Object.hasOwn(properties, name) ? properties[name] : schema['additionalProperties'];
    return step(inner, name, (broken) => ({ ...value, [name]: broken }), entry);
  });
}

/** Values that a schema does not allow in this place, each with the rule that it breaks. */
function wrongFor(schema: Frame, value: unknown): [rule: string, value: unknown][] {
  const rules: [string, readonly unknown[]][] = [
    ['type', schema['type'] === undefined ? [] : SAMPLES],
    ['enum', Array.isArray(schema['enum']) ? [NOBODYS] : []],
    ['const', Object.hasOwn(schema, 'const') ? [NOBODYS] : []],
    ...(typeof value === 'number' ? wrongNumbers(schema, value) : []),
    ...(typeof value === 'string' ? wrongStrings(schema) : []),
    ...(Array.isArray(value) ? wrongArrays(schema, value) : []),
    ...(isFrame(value) ? wrongObjects(schema, value) : []),
  ];
  const [, ...later] = rules;
  const types = rules[0]?.[1].filter((sample) => !isOfType(sample, schema['type'])) ?? [];
  return [['type', types] as (typeof rules)[number], ...later].flatMap(([rule, values]) =>
    values.map((wrong): [string, unknown] => [rule, wrong]),
  );
}

function wrongNumbers(schema: Frame, value: number): [string, unknown[]][] {
  const beyond = (rule: string, by: number): [string, unknown[]] => {
    const bound = schema[rule];
    return [rule, typeof bound === 'number' ? [bound + by] : []];
  };
  const step = schema['multipleOf'];
  return [
    beyond('minimum', -1),
    beyond('maximum', 1),
    beyond('exclusiveMinimum', 0),
    beyond('exclusiveMaximum', 0),
    ['multipleOf', typeof step === 'number' ? [value + step / 2] : []],
  ];
}

function wrongStrings({ minLength, maxLength, pattern }: Frame): [string, unknown[]][] {
  const is_short = typeof maxLength === 'number' && maxLength <= STRING_CHARS_MAX;
  return [
    ['minLength', typeof minLength === 'number' && minLength > 0 ? ['x'.repeat(minLength - 1)] : []],
    ['maxLength', is_short ? ['x'.repeat(maxLength + 1)] : []],
    ['pattern', pattern === undefined ? [] : [NOBODYS, '~']],
  ];
}

function wrongArrays({ minItems, maxItems, uniqueItems }: Frame, value: readonly unknown[]): [string, unknown[]][] {
  const [first] = value;
  const is_full = typeof maxItems === 'number' && maxItems <= ITEMS_MAX && value.length > 0;
  return [
    ['minItems', typeof minItems === 'number' && minItems > 0 ? [value.slice(0, minItems - 1)] : []],
    ['maxItems', is_full ? [Array.from({ length: maxItems + 1 }, (_, at) => value[at] ?? first)] : []],
    ['uniqueItems', uniqueItems === true && value.length > 0 ? [[...value, first]] : []],
  ];
}

function wrongObjects({ required, additionalProperties }: Frame, value: Frame): [string, unknown[]][] {
  const without = (gone: string) => Object.fromEntries(Object.entries(value).filter(([name]) => name !== gone));
  return [
    ['required', listOf(required).map((name) => without(String(name)))],
    ['additionalProperties', additionalProperties === false ? [{ ...value, [NOBODYS]: 1 }] : []],
  ];
}

/** The schema that is meant, when it only points to another of the same document. */
function resolve(root: Frame, schema: Frame): Frame | undefined {
  let meant: unknown = schema;
  for (let hop = 0; hop < DEPTH_MAX && isFrame(meant) && typeof meant['$ref'] === 'string'; hop++) {
    const names = meant['$ref']
      .replace(/^#\/?/, '')
      .split('/')
      .filter((name) => name !== '');
    const step = (from: unknown, name: string): unknown =>
      isFrame(from) ? from[decodeURIComponent(name).replaceAll('~1', '/').replaceAll('~0', '~')] : undefined;
    meant = names.reduce(step, root);
  }
  return isFrame(meant) ? meant : undefined;
}

function isOfType(value: unknown, type: unknown): boolean {
  const own = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  const names = [type].flat();
  return names.includes(own) || (names.includes('integer') && Number.isInteger(value));
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** One of each type. */
const SAMPLES: readonly unknown[] = [null, true, 7.5, 'text', [], {}];
/** What no list, pattern or set of members has. */
const NOBODYS = 'no such value: \u0001';
const PARTS = ['anyOf', 'oneOf', 'allOf'];
const DEPTH_MAX = 12;
const BREAKS_MAX = 2_000;
const ITEMS_MAX = 2_000;
const STRING_CHARS_MAX = 16_384;
