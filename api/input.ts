/** A request as the one object that a route takes: path, query and body together, nothing cast, nothing doubled. */
import { z } from 'zod';
import { AuroraError, pathNames, queryNames, type RouteSpec } from '../protocol/index.ts';

/** The parts of a request. */
export interface RequestParts {
  params: Readonly<Record<string, unknown>>;
  /** After the `?`, undecoded. */
  search: string;
  body: unknown;
}

/**
 * Gathers the parts for a route. Throws 4220 for a name given twice, for a body that is no object, and for what cannot be kept; `apart`
 * is a list whose entries do not spoil one another: what cannot be kept stands in it as an AuroraError.
 */
export function createGathering(route: RouteSpec, apart?: string): (parts: RequestParts) => Record<string, unknown> {
  const in_query = new Map(queryNames(route).map((name) => [name, kindOf(route, name)]));
  const in_path = pathNames(route.path);
  const has_body = route.method !== 'GET' && route.method !== 'DELETE';

  return ({ params, search, body }) => {
    const gathered = new Map<string, unknown>();
    const give = (name: string, value: unknown) => {
      if (gathered.has(name)) throw twice(name);
      gathered.set(name, value);
    };
    for (const name of in_path) give(name, params[name]);
    for (const [name, text] of new URLSearchParams(search)) {
      const kind = in_query.get(name);
      // An unknown name reaches the schema, which refuses it by name; a known one never comes from two places.
      give(name, kind === undefined ? text : toValue(kind, text));
    }
    if (has_body) for (const [name, value] of Object.entries(objectIn(body))) give(name, value);
    const entries = apart === undefined ? undefined : gathered.get(apart);
    if (apart === undefined || !Array.isArray(entries)) return storable(gathered);
    gathered.delete(apart);
    return { ...storable(gathered), [apart]: entries.map(judged) };
  };
}

function storable(gathered: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const whole = Object.fromEntries(gathered);
  assertStorable(whole, '', 0);
  return whole;
}

/** An entry that can be kept, or what is wrong with it: an error in its place, which no JSON can be. */
function judged(entry: unknown): unknown {
  try {
    assertStorable(entry, '', 0);
    return entry;
  } catch (reason) {
    return AuroraError.from(reason);
  }
}

/** No body is an empty one. */
function objectIn(body: unknown): object {
  if (body === undefined || body === null) return {};
  if (typeof body === 'object' && !Array.isArray(body)) return body;
  throw new AuroraError(4220, {
    message: 'Validation failed: / the body must be a JSON object',
    detail: { issues: [{ path: '/', message: 'not an object' }] },
  });
}

type Kind = 'number' | 'boolean' | 'text';

/** What the schema makes of a member that can only come as text. */
function kindOf({ input }: RouteSpec, name: string): Kind {
  const { properties = {} } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' });
  const schema = properties[name];
  const type = typeof schema === 'object' ? schema.type : undefined;
  if (type === 'integer' || type === 'number') return 'number';
  return type === 'boolean' ? 'boolean' : 'text';
}

/** What is no number stays text, so that the schema says what is wrong with it. */
function toValue(kind: Kind, text: string): unknown {
  if (kind === 'number' && /^-?\d{1,15}(\.\d{1,15})?$/.test(text)) return Number(text);
  if (kind === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

const twice = (name: string): AuroraError =>
  new AuroraError(4220, {
    message: `Validation failed: /${name.slice(0, NAME_CHARS_MAX)} is given twice`,
    detail: { issues: [{ path: `/${name.slice(0, NAME_CHARS_MAX)}`, message: 'given twice' }] },
  });

/** Text that no database takes, a number that JSON cannot say again, and depth that no walk should have to follow (ATK-A9, A20). */
function assertStorable(value: unknown, path: string, depth: number): void {
  if (depth > DEPTH_MAX) throw unstorable(path, `nested deeper than ${DEPTH_MAX}`);
  if (typeof value === 'number' && !Number.isFinite(value)) throw unstorable(path, 'a number too large to be kept');
  if (typeof value === 'string') {
    if (UNSTORABLE.test(value)) throw unstorable(path, 'U+0000 or half a character');
    return;
  }
  if (!isObject(value)) return;
  for (const [name, member] of Object.entries(value)) {
    if (UNSTORABLE.test(name)) throw unstorable(path, 'a name with U+0000 or half a character');
    if (name === '__proto__' || (name === 'constructor' && isObject(member) && Object.hasOwn(member, 'prototype'))) {
      throw unstorable(path, `a name that no object may have: ${name}`); // refused as they are parsed, but in a list of entries
    }
    assertStorable(member, `${path}/${name}`, depth + 1);
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const unstorable = (path: string, message: string): AuroraError => {
  const shown = path.slice(0, NAME_CHARS_MAX) || '/';
  return new AuroraError(4220, {
    message: `Validation failed: ${shown} ${message}`,
    detail: { issues: [{ path: shown, message }] },
  });
};

/** NUL, or a surrogate without its other half. */
const UNSTORABLE = /\0|\p{Surrogate}/u;
const DEPTH_MAX = 64;
const NAME_CHARS_MAX = 128;
