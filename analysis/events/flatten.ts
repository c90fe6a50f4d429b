/** Nested objects as dotted names: `{a: {b: 1}}` says `a.b`, and a list of objects gives each name several values. */
import type { Scalar, Value } from './event.ts';

/** The fields of one event so far; `is_cut` once a bound kept a part of it out. */
export interface Fields extends Map<string, Value> {
  is_cut?: boolean;
}

/** Adds the leaves of an object to `fields`, bounded in depth and number; what was there first stays, and what is left out marks them. */
export function flatten(source: object, fields: Fields, prefix = '', depth = 0): void {
  for (const [key, value] of Object.entries(source as Record<string, unknown>)) {
    if (fields.size >= FIELDS_MAX) {
      fields.is_cut = true;
      return;
    }
    const name = prefix + key;
    if (isScalar(value)) add(fields, name, value);
    else if (Array.isArray(value)) flattenList(value, fields, name, depth);
    else if (typeof value === 'object') {
      // The object itself stays readable as text: rules ask whether `requestParameters` contains a word.
      const text = JSON.stringify(value);
      if (text.length > TEXT_CHARS_MAX || depth >= DEPTH_MAX) fields.is_cut = true;
      if (!fields.has(name)) fields.set(name, text.slice(0, TEXT_CHARS_MAX));
      if (depth < DEPTH_MAX) flatten(value, fields, `${name}.`, depth + 1);
    }
  }
}

/** Whether it can be a value as it is. */
export const isScalar = (value: unknown): value is Scalar => value === null || SCALARS.has(typeof value);

function flattenList(list: readonly unknown[], fields: Fields, name: string, depth: number): void {
  if (list.length > VALUES_MAX) fields.is_cut = true;
  const scalars = list.filter(isScalar).slice(0, VALUES_MAX);
  if (scalars.length > 0) add(fields, name, scalars.length === 1 ? (scalars[0] ?? null) : scalars);
  for (const item of list.slice(0, VALUES_MAX)) {
    if (typeof item !== 'object' || item === null) continue;
    if (depth >= DEPTH_MAX) {
      fields.is_cut = true;
      continue;
    }
    if (Array.isArray(item)) flattenList(item, fields, name, depth + 1);
    else flatten(item, fields, `${name}.`, depth + 1);
  }
}

function add(fields: Fields, name: string, value: Value): void {
  const before = fields.get(name);
  if (before === undefined) fields.set(name, value);
  else {
    const joined = [before, value].flat();
    if (joined.length > VALUES_MAX) fields.is_cut = true;
    fields.set(name, joined.slice(0, VALUES_MAX));
  }
}

const SCALARS = new Set(['string', 'number', 'boolean']);
const DEPTH_MAX = 12;
const FIELDS_MAX = 2_048;
const VALUES_MAX = 256;
const TEXT_CHARS_MAX = 262_144;
