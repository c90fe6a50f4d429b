/** The times an event carries, and which of them it is ordered by. */
import type { Scalar, Value } from './event.ts';

/** One time as one field says it. */
export interface EventTime {
  field: string;
  /** As written. */
  text: string;
  at_ms: number;
  /** Without a zone it is read as UTC, which may be hours off: collectors write the host's local time so. */
  zoned: boolean;
}

/** All times of an event in the order of trust: the first is what the event is ordered by. */
export function timesOf(fields: ReadonlyMap<string, Value>): EventTime[] {
  const times = FIELDS.flatMap((field) => {
    const time = timeIn(fields, field);
    return time === undefined ? [] : [time];
  });
  return [...times.filter(({ zoned }) => zoned), ...times.filter(({ zoned }) => !zoned)];
}

/** The time an event is ordered by, without reading the others. */
export function clockOf(fields: ReadonlyMap<string, Value>): EventTime | undefined {
  let second: EventTime | undefined;
  for (const field of FIELDS) {
    const time = timeIn(fields, field);
    if (time?.zoned) return time;
    second ??= time;
  }
  return second;
}

/** The time that one field says, if it says one. */
export function timeIn(fields: ReadonlyMap<string, Value>, field: string): EventTime | undefined {
  const value = fields.get(field);
  const first: Scalar | undefined = Array.isArray(value)
    ? (value as readonly Scalar[])[0]
    : (value as Scalar | undefined);
  const read = first === undefined ? undefined : readTime(first);
  return read && { field, text: String(first), at_ms: read.at_ms, zoned: read.zoned || field === 'UtcTime' };
}

/** A time as logs write them: ISO with or without a zone, or seconds or milliseconds since 1970. */
export function readTime(value: Scalar): { at_ms: number; zoned: boolean } | undefined {
  if (typeof value === 'number' || (typeof value === 'string' && EPOCH.test(value))) {
    const since = Number(value);
    if (since < EPOCH_SECONDS_MIN) return undefined;
    const at_ms = Math.round(since < EPOCH_MS_MIN ? since * 1_000 : since);
    return at_ms > DATE_MS_MAX ? undefined : { at_ms, zoned: true };
  }
  const parts = typeof value === 'string' ? ISO.exec(value) : null;
  if (!parts) return undefined;
  const [, date = '', time = '', fraction = '', zone = ''] = parts;
  // More than three digits of a second do not order events any better.
  const at_ms = Date.parse(`${date}T${time}${fraction.slice(0, 4)}${zone === '' ? 'Z' : zone}`);
  return Number.isNaN(at_ms) ? undefined : { at_ms, zoned: zone !== '' };
}

/**
 * In order of trust. `TimeCreated` of a binary log is the host's own UTC stamp; a collector's `@timestamp` comes next, as a recording
 * of several hosts is ordered by it and its README says so; `UtcTime` is Sysmon's and only Sysmon's.
 */
const FIELDS = [
  'SystemTime',
  '@timestamp',
  'TimeCreated',
  'eventTime',
  'TimeGenerated',
  'timestamp',
  'time',
  'ts',
  'published',
  'createdDateTime',
  'CreationTime',
  'activityDateTime',
  'requestReceivedTimestamp',
  'UtcTime',
  'EventTime',
  'EventReceivedTime',
];
const ISO = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(\.\d{1,9})?\s?(Z|[+-]\d{2}:?\d{2})?$/;
const EPOCH = /^\d{9,13}(?:\.\d{1,9})?$/;
const EPOCH_SECONDS_MIN = 100_000_000;
const EPOCH_MS_MIN = 100_000_000_000;
const DATE_MS_MAX = 8_640_000_000_000_000;
