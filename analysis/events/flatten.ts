/** Nested objects as dotted names: `{a: {b: 1}}` says `a.b`, and a list of objects gives each name several values. */
import type { Scalar, Value } from './event.ts';

/** Adds the leaves of an object to `fields`, bounded in depth and number; what was there first stays. */
export function flatten(source: object, fields: Map<string, Value>, prefix = '', depth = 0): void {
  for (const [key, value] of Object.entries(source as Record<string, unknown>)) {
    if (fields.size >= FIELDS_MAX) return;
    const name = prefix + key;
    if (isScalar(value)) add(fields, name, value);
    else if (Array.isArray(value)) flattenList(value, fields, name, depth);
    else if (typeof value === 'object') {
      // The object itself stays readable as text: rules ask whether `requestParameters` contains a word.
      if (!fields.has(name)) fields.set(name, JSON.stringify(value).slice(0, TEXT_CHARS_MAX));
      if (depth < DEPTH_MAX) flatten(value, fields, `${name}.`, depth + 1);
    }
  }
}

/** Whether it can be a value as it is. */
export const isScalar = (value: unknown): value is Scalar => value === null || SCALARS.has(typeof value);

function flattenList(list: readonly unknown[], fields: Map<string, Value>, name: string, depth: number): void {
  const scalars = list.filter(isScalar).slice(0, VALUES_MAX);
  if (scalars.length > 0) add(fields, name, scalars.length === 1 ? (scalars[0] ?? null) : scalars);
  for (const item of list.slice(0, VALUES_MAX)) {
    if (typeof item !== 'object' || item === null || depth >= DEPTH_MAX) continue;
    if (Array.isArray(item)) flattenList(item, fields, name, depth + 1);
    else flatten(item, fields, `${name}.`, depth + 1);
  }
}

function add(fields: Map<string, Value>, name: string, value: Value): void {
  const before = fields.get(name);
  if (before === undefined) fields.set(name, value);
  else {
    const joined = [before, value].flat();
    if (joined.length <= VALUES_MAX) fields.set(name, joined);
  }
}

const SCALARS = new Set(['string', 'number', 'boolean']);
const DEPTH_MAX = 12;
const FIELDS_MAX = 2_048;
const VALUES_MAX = 256;
const TEXT_CHARS_MAX = 32_768;
