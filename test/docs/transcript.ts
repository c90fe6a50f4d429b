/** Frames written on a page: what is sent, what must come back, and the names that stand for values nobody knows before. */
import { expect } from 'vitest';

/** One line of a transcript, on the link of `who`. `do` is a stage direction: something happens that is no frame. */
export interface Line {
  act: 'send' | 'expect' | 'do';
  text: string;
  who: string;
}

/** What the names on a page stand for; a name that is seen again must stand for the same value. */
export type Values = Map<string, unknown>;

/**
 * The lines of a block: `> ` is sent, `< ` must come, `* ` is a stage direction; after `-- <who>` somebody else has the word, and an
 * indented line goes on with the one before.
 */
export function linesOf(block: string, who: string): Line[] {
  const whole: string[] = [];
  for (const line of block.split('\n').filter((each) => each.trim() !== '')) {
    if (line.startsWith('  ')) whole.push(`${whole.pop() ?? ''}${line.trim()}`);
    else whole.push(line);
  }
  let speaker = who;
  return whole.flatMap((line): Line[] => {
    const act = ACTS[line.slice(0, 2)];
    const text = line.slice(2).trim();
    if (line.startsWith('-- ')) speaker = text;
    else if (!act) throw new Error(`no line of a transcript: ${line}`);
    return act ? [{ act, text, who: speaker }] : [];
  });
}

/** The text to send: every `<name>` is replaced by what it stands for, which `valueOf` may have to make. */
export function toSend(text: string, valueOf: (name: string) => unknown): string {
  if (text.includes('…')) throw new Error(`what is sent may leave nothing out: ${text}`);
  return text
    .replace(/"<([a-z0-9_]+)>"/g, (_, name: string) => JSON.stringify(valueOf(name)))
    .replace(/<([a-z0-9_]+)>/g, (_, name: string) => String(valueOf(name)));
}

/** A pattern as JSON: `…` leaves something out, an unquoted `<name>` is a value that is no string. */
export function patternOf(text: string): unknown {
  const open: string[] = [];
  let before = '';
  const json = text.replace(
    /"(?:[^"\\]|\\.)*"|<([a-z0-9_]+)>|…|[{}[\],:]|[^\s"<…{}[\],:]+/g,
    (token, name?: string) => {
      if (token === '{' || token === '[') open.push(token);
      if (token === '}' || token === ']') open.pop();
      const is_key = open.at(-1) === '{' && before !== ':';
      before = token;
      if (name !== undefined) return JSON.stringify(`${RAW}${name}`);
      return token === '…' ? (is_key ? '"…":"…"' : '"…"') : token;
    },
  );
  return JSON.parse(json);
}

/** Where a value differs from a pattern, or undefined; what the names stand for is put into `values`. */
export function differs(pattern: unknown, value: unknown, values: Values, at = ''): string | undefined {
  if (pattern === '…') return undefined;
  if (typeof pattern === 'string') return textDiffers(pattern, value, values, at);
  if (Array.isArray(pattern)) {
    if (!Array.isArray(value)) return `${at}: no array`;
    const is_open = pattern.at(-1) === '…';
    const items = is_open ? pattern.slice(0, -1) : pattern;
    if (is_open ? value.length < items.length : value.length !== items.length) return `${at}: ${value.length} items`;
    return firstOf(items.map((item, index) => differs(item, value[index], values, `${at}/${index}`)));
  }
  if (isRecord(pattern)) {
    if (!isRecord(value)) return `${at}: no object`;
    const { '…': rest, ...named } = pattern;
    const unknown = Object.keys(value).find((key) => !Object.hasOwn(named, key));
    if (rest === undefined && unknown !== undefined) return `${at}/${unknown} is not on the page`;
    const missing = Object.keys(named).find((key) => !Object.hasOwn(value, key));
    if (missing !== undefined) return `${at}/${missing} is missing`;
    return firstOf(Object.entries(named).map(([key, item]) => differs(item, value[key], values, `${at}/${key}`)));
  }
  return pattern === value ? undefined : `${at}: ${JSON.stringify(value)}`;
}

/** Asserts that JSON text is as the page says. */
export function expectJson(text: string, pattern: string, values: Values): void {
  expect(differs(patternOf(pattern), JSON.parse(text), values), `${text}\nagainst\n${pattern}`).toBeUndefined();
}

function textDiffers(pattern: string, value: unknown, values: Values, at: string): string | undefined {
  const raw = pattern.startsWith(RAW) ? pattern.slice(RAW.length) : undefined;
  const name = raw ?? /^<([a-z0-9_]+)>$/.exec(pattern)?.[1];
  if (name === undefined) {
    const parts = pattern.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const is_like = typeof value === 'string' && new RegExp(`^${parts.join('[^]*')}$`).test(value);
    return is_like ? undefined : `${at}: ${JSON.stringify(value)}`;
  }
  if ((raw === undefined) !== (typeof value === 'string')) return `${at}: <${name}> is ${JSON.stringify(value)}`;
  const known = values.get(name);
  values.set(name, known ?? value);
  return known === undefined || known === value ? undefined : `${at}: <${name}> is ${JSON.stringify(value)}`;
}

const firstOf = (found: readonly (string | undefined)[]): string | undefined =>
  found.find((each) => each !== undefined);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const ACTS: Readonly<Record<string, Line['act']>> = { '> ': 'send', '< ': 'expect', '* ': 'do' };
const RAW = '\u0001';
