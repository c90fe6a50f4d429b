/** The sources of configuration as layers: read one by one, joined in order, each key traceable to who said it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type Yaml from 'yaml';
import type { TextKey, TextKind } from './schema-keys.ts';

/** One source and what it says. */
export interface Layer {
  /** For people: "the flags", a path. */
  from: string;
  values: Values;
}

/** A map of keys, not judged yet. */
export type Values = Readonly<Record<string, unknown>>;

/** A configuration that cannot be used; the message is for the person who wrote it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** The parser of YAML, loaded with the first file: most processes have none, and to load it takes longer than to read one. */
const loadYaml = (): typeof Yaml => createRequire(import.meta.url)('yaml') as typeof Yaml;

/** A YAML file. */
export function readFileLayer(path: string): Values {
  let read: unknown;
  try {
    const text = readFileSync(path, 'utf8');
    read = loadYaml().parse(text);
  } catch (cause) {
    throw new ConfigError(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
  if (read === null) return {}; // only comments
  if (!isValues(read)) throw new ConfigError(`${path} must be a map of keys`);
  return read;
}

/** `AURORA_LIMITS_DRAIN_MS=1000` is `{limits: {drain_ms: 1000}}`. A name that is none of `keys` is refused: it is a typing error. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>, keys: readonly TextKey[]): Values {
  const by_name = new Map(keys.map((key) => [`${PREFIX}${key.path.join('_').toUpperCase()}`, key]));
  let values: Values = {};
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || text === undefined || text === '' || NO_KEYS.has(name)) continue;
    const key = by_name.get(name);
    if (!key)
      throw new ConfigError(`${name} (from the environment) is no key; there are ${[...by_name.keys()].join(', ')}`);
    values = join(values, nest(key.path, readText(key.kind, text)));
  }
  return values;
}

/** Later layers win, key by key; lists and texts are replaced whole. */
export const joinLayers = (layers: readonly Layer[]): Values =>
  layers.reduce<Values>((below, { values }) => join(below, values), {});

/** Who said the value at this path: the last layer that has it, or the deepest part of it. */
export function originOf(layers: readonly Layer[], path: readonly string[]): string {
  for (let depth = path.length; depth > 0; depth -= 1) {
    const said = layers.findLast(({ values }) => has(values, path.slice(0, depth)));
    if (said) return said.from;
  }
  return 'nowhere';
}

function has(values: Values, path: readonly string[]): boolean {
  const [key = '', ...rest] = path;
  if (!Object.hasOwn(values, key)) return false;
  const value = values[key];
  return rest.length === 0 || (isValues(value) && has(value, rest));
}

function join(below: Values, above: Values): Values {
  const joined = new Map(Object.entries(below));
  for (const [key, value] of Object.entries(above)) {
    if (value === undefined) continue;
    const under = joined.get(key);
    joined.set(key, isValues(under) && isValues(value) ? join(under, value) : value);
  }
  return Object.fromEntries(joined);
}

const nest = ([key = '', ...rest]: readonly string[], value: unknown): Values => ({
  [key]: rest.length === 0 ? value : nest(rest, value),
});

function readText(kind: TextKind, text: string): unknown {
  const items = () => text.split(',').map((item) => item.trim());
  if (kind === 'number') return toNumber(text);
  if (kind === 'list') return items().filter((item) => item !== '');
  if (kind === 'map') return Object.fromEntries(items().map((item) => toEntry(item)));
  return text;
}

const toEntry = (item: string): [string, unknown] => {
  const [key = '', value = ''] = item.split('=');
  return [key, toNumber(value)];
};

/** What is no number stays text, so that the schema says what is wrong with it; it also says where only whole ones are taken. */
const toNumber = (text: string): unknown => (/^-?\d{0,15}\.?\d{1,15}$/.test(text.trim()) ? Number(text) : text);

const isValues = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const PREFIX = 'AURORA_';
/** Ours, but no configuration of a process: the file to read, and what a test run must not skip. */
const NO_KEYS = new Set(['AURORA_CONFIG', 'AURORA_REQUIRE']);
