/** What a log of a host records: commands that were run, and logins that were tried. */
import { createGuessWatch, type Guessing, type Habits } from '../logins/index.ts';
import { quoteArgument, readArguments } from './audit-arguments.ts';
import { loginIn } from './logins.ts';

/** A record of such a log. */
export interface LoggedRecord {
  line: number;
  text: string;
  /** ISO 8601, UTC; null where the format keeps no whole time. */
  time?: string | null;
}

/** The command that a record says was run, by sudo, doas, cron or the audit; undefined for any other record. */
export function commandIn(text: string): string | undefined {
  for (const shape of COMMANDS) {
    const found = shape.exec(text)?.[1]?.trim();
    if (found !== undefined) return shape === CRON && found.endsWith(')') ? found.slice(0, -1).trim() : found;
  }
  const words = readArguments(text);
  return words.length === 0 ? undefined : words.map(quoteArgument).join(' ');
}

/** Records that only echo what another one tells, or that somebody came by a key, or left: nothing in them is to be judged. */
export function echoesIn(records: readonly LoggedRecord[]): Set<LoggedRecord> {
  const run = new Set(records.flatMap(({ text }) => (/\btype=EXECVE\b/.test(text) ? [serialOf(text)] : [])));
  return new Set(
    records.filter(
      ({ text }) => ECHOES.some((shape) => shape.test(text)) || (COMPANION.test(text) && run.has(serialOf(text))),
    ),
  );
}

/** What the records of one event of the audit share. */
const serialOf = (text: string): string => /\bmsg=audit\(([\d.]{1,24}:\d{1,12})\)/.exec(text)?.[1] ?? 'none';

/** Who guesses, and whose guess was right, in the order of the log; `few` are failures that are too few for that. */
export function guessingIn(records: readonly LoggedRecord[]): {
  guesses: Guessing<LoggedRecord>[];
  few: { address: string; count: number; first: LoggedRecord }[];
} {
  const watch = createGuessWatch<LoggedRecord>(HABITS);
  for (const record of records) {
    const login = loginIn(record.text);
    if (login) watch.note(login, record, momentOf(record));
  }
  return { guesses: watch.guessing(), few: watch.few() };
}

/** Milliseconds between records are what counts: the stamp of classic syslog names no year, so that all are taken for one. */
function momentOf({ text, time }: LoggedRecord): number {
  if (time) return Date.parse(time);
  const [, month = '', day, hours, minutes, seconds] = CLASSIC.exec(text) ?? [];
  if (month === '') return Number.NaN;
  return Date.UTC(LEAP_YEAR, MONTHS.indexOf(month), Number(day), Number(hours), Number(minutes), Number(seconds));
}

const CLASSIC = /^(?:<\d{1,3}>)?([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) /;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const LEAP_YEAR = 2000;
/** The parenthesis around the command is the log's; the last one is taken off, as a command may end in one of its own. */
const CRON = /\b(?:CRON|crond?|anacron|atd)(?:\[\d{1,10}\])?: \([^)]{1,64}\) CMD \(([^]+)$/i;
const COMMANDS = [
  /\bsudo(?:\[\d{1,10}\])?: [^]{0,600}?\bCOMMAND=([^]+)$/,
  /\bdoas(?:\[\d{1,10}\])?: \S{1,64} ran command ([^]+?)(?: as \S{1,64} from [^]*)?$/,
  CRON,
];
/** Sessions that began or ended, keys that were accepted, and goodbyes. */
const ECHOES: readonly RegExp[] = [
  /\bpam_unix\([^)]{1,40}\): session (?:opened|closed) for user /,
  /\bsystemd-logind(?:\[\d{1,10}\])?: (?:New session|Removed session|Session \S{1,20} logged out)/,
  /\bsshd[^]{0,40}?: (?:Accepted publickey for |Received disconnect from |Disconnected from user |Server listening on )/,
];
const COMPANION = /\btype=(?:SYSCALL|CWD|PATH|PROCTITLE|EOE)\b/;
/** A client asks three times on one connection; pauses end what somebody types, and no guessing. */
const HABITS: Habits = {
  few: 3,
  typing: { sure: 6, slow: 20, gap_ms: 1_800_000, grave: new Set(['root']) },
  many: 6,
  names: 4,
  shares_addresses: false,
  pause_ms: Number.POSITIVE_INFINITY,
  lull_ms: Number.POSITIVE_INFINITY,
};
