/** Text logs of servers and hosts: W3C (IIS), syslog, auditd, common access logs; which lines are records, and when they are from. */
import { z } from 'zod';
import {
  AUDIT_LINE as AUDIT,
  bothEnds,
  endsOf,
  isCut,
  SYSLOG_ISO_LINE as SYSLOG_ISO,
  SYSLOG_LINE as SYSLOG,
} from '../readers/index.ts';
import { parseLogLine, w3cValuesOf, type LogEntry } from '../web/index.ts';
import type { Losses } from './losses.ts';

/** The formats that are read. */
export const TextLogFormat = z.enum(['iis-w3c', 'syslog', 'audit', 'access-log']);
export type TextLogFormat = z.infer<typeof TextLogFormat>;

/** One line with its time; `null` where the format keeps no whole time. */
export const TextLogRecord = z.object({
  line: z.number().int().positive(),
  time: z.string().nullable(),
  text: z.string(),
});
export type TextLogRecord = z.infer<typeof TextLogRecord>;

/** A log as read. */
export const TextLog = z.object({
  format: TextLogFormat,
  clock: z.string().describe('what its times are and are not'),
  lines: z.number().int(),
  records: z.array(TextLogRecord),
  records_count: z.number().int(),
  directives: z
    .array(z.object({ line: z.number().int().positive(), text: z.string() }))
    .describe('of a W3C log: lines that say how to read those below them'),
});
export type TextLog = z.infer<typeof TextLog>;

/** The format of a text by its first lines; undefined when they are of none. */
export function logFormatOf(text: string): TextLogFormat | undefined {
  const head = text
    .slice(0, HEAD_CHARS)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, HEAD_LINES);
  if (head.some((line) => /^#Fields: /.test(line))) return 'iis-w3c';
  const share = (matches: (line: string) => boolean) => head.filter(matches).length >= Math.max(1, head.length / 2);
  if (share((line) => AUDIT.test(line))) return 'audit';
  if (share((line) => SYSLOG.test(line) || SYSLOG_ISO.test(line))) return 'syslog';
  return share((line) => parseLogLine(line) !== undefined) ? 'access-log' : undefined;
}

/** Reads one. Never throws; lines that are no record are `damage`, what the bounds leave out is `left`. */
export function parseTextLog(text: string, format: TextLogFormat, { damage, left }: Losses): TextLog {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  if (lines.at(-1) === '') lines.pop();
  const records: TextLogRecord[] = [];
  const directives: TextLog['directives'] = [];
  const read = READERS[format]();
  let strange = 0;
  let directives_left = 0;
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    if (format === 'iis-w3c' && line.startsWith('#') && read(line) === undefined) {
      if (directives.length >= DIRECTIVES_MAX) directives_left += 1;
      else directives.push({ line: index + 1, text: bothEnds(line, LINE_CHARS_MAX) });
      continue;
    }
    if (format === 'syslog' && REMARK.test(line)) continue;
    const time = read(line);
    if (time === undefined) strange += 1;
    else records.push({ line: index + 1, time, text: line });
  }
  if (strange > 0) damage.push(`${strange} of ${lines.length} lines are no ${format} record`);
  if (directives_left > 0)
    left.push({
      what: `${directives_left} further headers`,
      why: `${DIRECTIVES_MAX} of one log are read: what is below them may be misread`,
      entries: directives_left,
    });
  const ends = endsOf(records, RECORDS_MAX);
  if (ends.left > 0)
    left.push({
      what: `${ends.left} records between the first and the last ${RECORDS_MAX / 2}`,
      why: `${RECORDS_MAX} records of one log are read`,
      entries: ends.left,
    });
  const long = ends.taken.filter((record) => isCut(record.text, LINE_CHARS_MAX)).length;
  if (long > 0)
    left.push({
      what: `the middle of ${long} long lines`,
      why: `of a line its first and its last ${LINE_CHARS_MAX} characters are read`,
      entries: long,
    });
  return {
    format,
    clock: CLOCKS[format],
    lines: lines.length,
    records: ends.taken.map((record) => ({ ...record, text: bothEnds(record.text, LINE_CHARS_MAX) })),
    records_count: records.length,
    directives,
  };
}

/** Answers the time of a line: null when it keeps none that is whole, undefined when it is no record. */
type LineReader = (line: string) => string | null | undefined;

const READERS: Readonly<Record<TextLogFormat, () => LineReader>> = {
  'iis-w3c': () => {
    let fields: string[] = [];
    return (line) => {
      if (line.startsWith('#')) {
        if (line.startsWith('#Fields: ')) fields = line.slice(9).trim().split(/\s+/);
        return undefined;
      }
      const values = w3cValuesOf(line, fields.length);
      if (fields.length === 0 || values.length !== fields.length) return undefined;
      const at = (name: string) => values[fields.indexOf(name)] ?? '';
      return toUtc(`${at('date')}T${at('time')}Z`);
    };
  },
  syslog: () => (line) => {
    if (SYSLOG.test(line)) return null;
    const stamp = SYSLOG_ISO.exec(line)?.[1];
    return stamp === undefined ? undefined : toUtc(stamp);
  },
  audit: () => (line) => {
    const [, seconds, millis] = AUDIT.exec(line) ?? [];
    if (seconds === undefined || millis === undefined) return undefined;
    return `${new Date(Number(seconds) * 1_000).toISOString().slice(0, 19)}.${millis}Z`;
  },
  'access-log': () => (line) => {
    const entry = parseLogLine(line);
    if (entry === undefined) return undefined;
    const [, day, month = '', year, time, sign, hours, minutes] = ACCESS_TIME.exec(line) ?? [];
    const number = MONTHS.indexOf(month) + 1;
    if (day === undefined || number === 0) return ofJson(entry, line);
    return toUtc(`${year}-${String(number).padStart(2, '0')}-${day}T${time}${sign}${hours}:${minutes}`);
  },
};

/** JSON has seconds since 1970, or a stamp with its zone; a stamp without one is left to what the caller says. */
const ofJson = ({ format, time }: LogEntry, line: string): string | null =>
  format !== 'json' || time === undefined || ZONELESS.test(line) ? null : toUtc(new Date(time * 1_000).toISOString());

const ZONELESS = /"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"/;

const toUtc = (stamp: string): string | null => {
  const at_ms = Date.parse(stamp);
  return Number.isNaN(at_ms) ? null : new Date(at_ms).toISOString().replace('.000Z', 'Z');
};

const CLOCKS: Readonly<Record<TextLogFormat, string>> = {
  'iis-w3c': 'date and time of the W3C log, which are UTC',
  syslog: 'the stamp of syslog: without year and zone where it has none',
  audit: 'seconds of the kernel since 1970, UTC',
  'access-log': 'the stamp of the web server with its zone, brought to UTC',
};
const ACCESS_TIME = /\[(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-])(\d\d)(\d\d)\]/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** What journalctl writes between records: where the log begins, or that the machine started anew. */
const REMARK = /^-- .{1,300} --$/;
const HEAD_CHARS = 65_536;
const HEAD_LINES = 40;
const LINE_CHARS_MAX = 32_768;
const RECORDS_MAX = 20_000;
const DIRECTIVES_MAX = 20_000;
