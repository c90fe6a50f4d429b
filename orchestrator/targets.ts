/** What an action is aimed at: the names in its params (ATK-F4). */
import type { SkillTraits } from '../protocol/index.ts';
import { plainForms } from './spelling.ts';

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

/**
 * What the params of a skill that declares no targets may be aimed at: every string of them, but neither the names of the params, which
 * are the words of whoever wrote the skill (keys further down may be hosts), nor a sentence where the skill asks for a reason.
 */
export const valuesIn = (params: Record<string, unknown>): string[] =>
  Object.entries(params)
    .filter(([name, value]) => !(SAYS_WHY.test(name) && typeof value === 'string' && isSentence(value)))
    .flatMap(([, value]) => stringsIn(value));

/** Of several words, whoever reads it: of `ma\uFEFFil` or `ma\til` somebody reads one. */
const isSentence = (text: string): boolean => plainForms(text).every((plain) => /\s/.test(plain));

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

/** Params that say why something is done, not to what. A single word there may still be a target, under an odd name. */
const SAYS_WHY = /^(?:reason|justification|comment|note)s?$/i;
