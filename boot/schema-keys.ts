/** The keys that a schema of configuration has: where each one stands, and how its value is written as one text. */
import { z } from 'zod';

/** How a value is written as text: as it is, as a number, comma-separated, or comma-separated `name=number`. */
export type TextKind = 'text' | 'number' | 'list' | 'map';

/** A key that can be written as one text. */
export interface TextKey {
  path: readonly string[];
  kind: TextKind;
}

/** All of them; a key whose value has no such form, as that of `policy`, is not among them. */
export function textKeys(schema: unknown, path: readonly string[] = []): TextKey[] {
  const inner = unwrapped(schema);
  if (inner instanceof z.ZodObject) {
    return Object.entries(inner.shape).flatMap(([key, below]) => textKeys(below, [...path, key]));
  }
  if (inner instanceof z.ZodUnion) {
    // A word or a section (`tls`), a number or a word (`api.port`): what is no number stays text for the schema to judge.
    const either = inner.options.flatMap((option) => textKeys(option, path));
    const is_number = either.some(({ kind }) => kind === 'number');
    const own = either.some((key) => key.path.length === path.length);
    const below = either.filter((key) => key.path.length > path.length);
    return [...(own ? [{ path, kind: is_number ? ('number' as const) : ('text' as const) }] : []), ...below];
  }
  if (inner instanceof z.ZodRecord)
    return unwrapped(inner.valueType) instanceof z.ZodNumber ? [{ path, kind: 'map' }] : [];
  if (inner instanceof z.ZodArray) return [{ path, kind: 'list' }];
  return [{ path, kind: inner instanceof z.ZodNumber ? 'number' : 'text' }];
}

/** The keys that a schema has below a path; none where there is no section. */
export function keysBelow(schema: unknown, path: readonly string[]): string[] {
  const section = unwrapped(schema);
  if (!(section instanceof z.ZodObject)) return [];
  const [key, ...rest] = path;
  return key === undefined ? Object.keys(section.shape) : keysBelow(section.shape[key], rest);
}

/** Without what says that it may be left out, what it is then, and what is made of it. */
function unwrapped(schema: unknown): unknown {
  let inner = schema;
  for (;;) {
    if (inner instanceof z.ZodPipe) inner = inner.in;
    else if (inner instanceof z.ZodOptional || inner instanceof z.ZodPrefault || inner instanceof z.ZodDefault) {
      inner = inner.unwrap();
    } else return inner;
  }
}
