/** What an action is aimed at: the names in its params (ATK-F4). */
import type { SkillTraits } from '../protocol/index.ts';

/**
 * The targets of an action: what stands at the JSON pointers that its skill declares, or every string of the params when it
 * declares none. What is no string at a declared place is told as an empty name, which no policy lets pass.
 */
export function targetsOf(traits: Pick<SkillTraits, 'targets'>, params: unknown): string[] {
  const found =
    traits.targets.length === 0
      ? stringsIn(params)
      : traits.targets.flatMap((pointer) => [valueAt(params, pointer)].flat()).map(nameOf);
  return [...new Set(found)];
}

/** Every whole string anywhere in a value, keys included. */
export function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(stringsIn);
  return Object.entries(value).flatMap(([key, item]) => [key, ...stringsIn(item)]);
}

/** The same without the names of the params: those are the words of whoever wrote the skill, keys further down may be hosts. */
export const valuesIn = (params: Record<string, unknown>): string[] => Object.values(params).flatMap(stringsIn);

const nameOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** What a JSON pointer (RFC 6901) leads to; nothing where the way ends. */
function valueAt(params: unknown, pointer: string): unknown {
  let value = params;
  for (const step of pointer.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = new Map<string, unknown>(Object.entries(value)).get(key);
  }
  return value;
}
