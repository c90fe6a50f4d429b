/** Text for a terminal: colors where they help, nothing hidden, nothing that commands it (ATK-F3, ATK-J2). */
import { colors } from '../boot/index.ts';
import type { Severity, Verdict } from '../protocol/index.ts';

/** Text from outside with every character that a terminal would obey or hide made visible. Tabs and line breaks become spaces. */
export const safe = (text: string): string =>
  text.replace(/[\t\r\n]+/g, ' ').replace(UNSAFE, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);

/** JSON of a value, the same for every parser, in which a terminal finds nothing to obey or to hide. */
export const toJsonText = (value: unknown, indent = 2): string =>
  // JSON itself leaves all beyond the controls of ASCII as they are; line breaks stand between its lines alone.
  JSON.stringify(value ?? null, null, indent).replace(UNSAFE, (char) => (char === '\n' ? char : escaped(char)));

/** A verdict, colored by how bad it is. */
export const paintVerdict = (verdict: Verdict): string => VERDICT[verdict](verdict);

/** A severity, colored. */
export const paintSeverity = (severity: Severity): string => SEVERITY[severity](severity);

/** A state, colored. */
export const paintState = (state: string): string =>
  state === 'completed' ? colors.green(state) : FINAL_BAD.has(state) ? colors.red(state) : colors.cyan(state);

/** What a code is called: ours by their own name, those of JSON-RPC by theirs. */
export const nameOfCode = (code: number): string => (code >= 4000 ? `AURORA-${code}` : `JSON-RPC ${code}`);

/** A span of time, rounded to what a person wants to know. */
export function toSpan(ms: number): string {
  const [size, unit] = SPANS.find(([least]) => Math.abs(ms) >= least) ?? [1, 'ms'];
  return `${Math.round(ms / size)} ${unit}`;
}

/** Text broken into lines of at most `width` characters at spaces, each with the indent before it. */
export function wrap(text: string, indent: string, width = 110): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > width - indent.length) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => `${indent}${each}`).join('\n');
}

/** A character as JSON writes it: `\u009b`, two of them beyond the first plane. */
const escaped = (char: string): string =>
  char
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');

const VERDICT: Readonly<Record<Verdict, (text: string) => string>> = {
  malicious: (text) => colors.bold(colors.red(text)),
  suspicious: (text) => colors.bold(colors.yellow(text)),
  benign: (text) => colors.bold(colors.green(text)),
  inconclusive: (text) => colors.bold(text),
};
const SEVERITY: Readonly<Record<Severity, (text: string) => string>> = {
  critical: colors.red,
  high: colors.red,
  medium: colors.yellow,
  low: colors.cyan,
  info: colors.dim,
};
const SPANS: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];
const FINAL_BAD = new Set(['failed', 'canceled', 'rejected']);
/** A variation selector only chooses how the character before it looks: one for emoji is no secret. */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\ufff9-\ufffb]|(?![\ufe00-\ufe0f])\p{Default_Ignorable_Code_Point}/gu;
