/** Command histories of shells: bash, zsh, fish, PowerShell, Python; with times where the shell kept them. */
import { z } from 'zod';
import { endsOf, isShellHistory } from '../readers/index.ts';
import type { Losses } from './losses.ts';

/** Whose history it is. */
export const HistoryShell = z.enum(['bash', 'zsh', 'fish', 'powershell', 'python', 'unknown']);
export type HistoryShell = z.infer<typeof HistoryShell>;

/** One command, with all its lines. */
export const HistoryEntry = z.object({
  command: z.string(),
  line: z.number().int().positive().describe('of its first line'),
  time: z.string().nullable().describe('UTC; null when the shell kept none'),
});
export type HistoryEntry = z.infer<typeof HistoryEntry>;

/** A history as read. */
export const History = z.object({
  shell: HistoryShell,
  lines: z.number().int(),
  entries: z.array(HistoryEntry),
  entries_count: z.number().int(),
});
export type History = z.infer<typeof History>;

/** Whose history a text is, by its stamps, its name, or its lines being commands; undefined when nothing says so. */
export function shellOf(name: string, text: string): HistoryShell | undefined {
  const head = text.slice(0, HEAD_CHARS);
  if (/^: \d{9,11}:\d+;/m.test(head)) return 'zsh';
  if (/^- cmd: /m.test(head) && /^ {2}when: \d+$/m.test(head)) return 'fish';
  const file = name.toLowerCase().replace(/^.*[\\/]/, '');
  for (const [shell, pattern] of NAMES) if (pattern.test(file)) return shell;
  if (/^#\d{9,11}\r?$/m.test(head)) return 'bash';
  return /histor/.test(file) || isShellHistory(head.split(/\r?\n/, LINES_LOOKED_AT)) ? 'unknown' : undefined;
}

/** Reads one. Never throws; of more commands than the bound the first and the last are taken, and `left` says so. */
export function parseHistory(text: string, shell: HistoryShell, { left }: Pick<Losses, 'left'>): History {
  const body = text.replace(/^\ufeff/, '');
  const lines = body.split('\n').map((line) => line.replace(/\r$/, ''));
  if (lines.at(-1) === '') lines.pop();
  const entries = READERS[shell](lines);
  const ends = endsOf(entries, ENTRIES_MAX);
  if (ends.left > 0)
    left.push({
      what: `${ends.left} commands between the first and the last ${ENTRIES_MAX / 2}`,
      why: `${ENTRIES_MAX} commands of one history are read`,
      entries: ends.left,
    });
  return { shell, lines: lines.length, entries: ends.taken, entries_count: entries.length };
}

type Reader = (lines: readonly string[]) => HistoryEntry[];

const READERS: Readonly<Record<HistoryShell, Reader>> = {
  bash: readStamped,
  zsh: readZsh,
  fish: readFish,
  powershell: (lines) => readContinued(lines, (line) => line.endsWith('`')),
  python: (lines) =>
    readContinued(lines[0] === '_HiStOrY_V2_' ? ['', ...lines.slice(1).map(unescapeVis)] : lines, never),
  unknown: readStamped,
};

/**
 * `#<seconds>` before a command stamps it, and nothing else: histories of sessions with and without stamps are merged in one file.
 * A line is a command of its own, so that what it does is judged and cited where it stands.
 */
function readStamped(lines: readonly string[]): HistoryEntry[] {
  const entries: HistoryEntry[] = [];
  let time: string | null = null;
  for (const [index, command] of lines.entries()) {
    const seconds = /^#(\d{9,11})$/.exec(command)?.[1];
    if (seconds !== undefined) {
      time = utc(Number(seconds));
    } else if (command.trim() !== '') {
      entries.push({ command, line: index + 1, time });
      time = null;
    }
  }
  return entries;
}

/** `: <seconds>:<duration>;command`, with a backslash at the end of every line but the last. */
function readZsh(lines: readonly string[]): HistoryEntry[] {
  const joined = readContinued(lines, (line) => /(?:^|[^\\])(?:\\\\)*\\$/.test(line));
  return joined.map(({ command, line }) => {
    const [, seconds, text] = /^: (\d{9,11}):\d+;([^]*)$/.exec(command) ?? [];
    return { command: (text ?? command).replace(/\\\n/g, '\n'), line, time: seconds ? utc(Number(seconds)) : null };
  });
}

function readFish(lines: readonly string[]): HistoryEntry[] {
  const entries: HistoryEntry[] = [];
  for (const [index, line] of lines.entries()) {
    const command = /^- cmd: (.*)$/.exec(line)?.[1];
    const when = /^ {2}when: (\d{9,11})$/.exec(line)?.[1];
    const last = entries.at(-1);
    if (command !== undefined) {
      entries.push({ command: command.replace(/\\n/g, '\n').replace(/\\\\/g, '\\'), line: index + 1, time: null });
    } else if (when !== undefined && last) last.time = utc(Number(when));
  }
  return entries;
}

function readContinued(lines: readonly string[], goesOn: (line: string) => boolean): HistoryEntry[] {
  const entries: HistoryEntry[] = [];
  let is_open = false;
  for (const [index, line] of lines.entries()) {
    const last = entries.at(-1);
    if (is_open && last) last.command = `${last.command}\n${line}`;
    else if (line !== '') entries.push({ command: line, line: index + 1, time: null });
    is_open = line !== '' && goesOn(line);
  }
  return entries;
}

const never = () => false;
const unescapeVis = (line: string): string =>
  line.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
const utc = (seconds: number): string => new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');

const NAMES: readonly (readonly [HistoryShell, RegExp])[] = [
  ['powershell', /consolehost_history|powershell.*history/],
  ['zsh', /zsh|zhistory/],
  ['fish', /fish/],
  ['python', /python/],
  ['bash', /bash|^\.?sh_history|ash_history/],
];
const HEAD_CHARS = 65_536;
const LINES_LOOKED_AT = 60;
const ENTRIES_MAX = 20_000;
