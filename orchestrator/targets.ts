/** What an action is aimed at: the names in its params, and which names stand for a protected asset (ATK-F4). */
import { isIP } from 'node:net';
import { isLoopback } from '../mesh/index.ts';
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

/** True for a name that could stand for several things, or for nothing: empty, a wildcard, a list, a range. */
export function isUnclear(target: string): boolean {
  const name = plain(target);
  return name === '' || name.length > NAME_CHARS_MAX || UNCLEAR.test(name) || isRange(name);
}

/** Tells whether a string names a protected asset. */
export type IsProtected = (text: string, look: 'whole' | 'parts') => boolean;

/**
 * Makes the judge. Patterns are exact names or globs (`dc-*`), compared without regard to case and domain; this machine is always
 * protected. `parts` also looks at the names inside a URL, a share or `user@host`: for targets, not for free text.
 */
export function protects(patterns: readonly string[], own_hosts: readonly string[]): IsProtected {
  const globs = [...patterns, ...own_hosts].map((pattern) => globOf(plain(pattern)));
  return (text, look) => {
    if (text.length > NAME_CHARS_MAX) return false;
    const name = plain(text);
    const names = look === 'parts' && isIP(name) === 0 ? [name, ...name.split(SEPARATORS)] : [name];
    const isOurs = look === 'parts' ? isThisMachine : isLoopback;
    return names
      .filter((each) => each !== '')
      .some((each) => isOurs(each) || globs.some((glob) => glob.test(each) || glob.test(labelOf(each))));
  };
}

/** What people and machines write in different ways, in one. */
const plain = (text: string): string =>
  text.normalize('NFKC').replace(INVISIBLE, '').trim().toLowerCase().replace(/\.$/, '');

/** The host without its domain. */
const labelOf = (name: string): string => name.split('.', 1)[0] ?? name;

const nameOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const globOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*+/g, '.*')
      .replace(/\?/g, '.')}$`,
    's',
  );

/** However it is spelled: 127.1, 0x7f.1 and 2130706433 are this machine too, and so is 0. */
function isThisMachine(name: string): boolean {
  if (isLoopback(name)) return true;
  if (!NUMERIC_HOST.test(name) || !URL.canParse(`http://${name}`)) return false;
  const { hostname } = new URL(`http://${name}`);
  return isLoopback(hostname) || hostname === '0.0.0.0';
}

const isRange = (name: string): boolean => {
  const bits = /^[0-9a-f.:]+\/(\d{1,3})$/.exec(name)?.[1];
  if (bits !== undefined) return bits !== (name.includes(':') ? '128' : '32');
  return ADDRESS_RANGE.test(name);
};

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

/** Longer than any host, account or address. */
const NAME_CHARS_MAX = 512;
const INVISIBLE = /[\p{Cf}\p{Cc}]/gu;
const UNCLEAR = /[*?%[\]{}|,;\s]/;
const SEPARATORS = /[/\\@:$]+/;
const NUMERIC_HOST = /^(?:0x)?[0-9a-f]+(?:\.(?:0x)?[0-9a-f]+){0,3}$/;
const ADDRESS_RANGE = /^\d{1,3}(?:\.\d{1,3}){3}-/;
