/** One event as rules look at it: each field read once, lower-cased once, whatever number of rules ask. */
import { fieldOf, type LogEvent, type Scalar, type Value } from '../events/index.ts';

/** The texts of one field; none when it is absent, null or ''. */
export interface Reading {
  is_present: boolean;
  raw: readonly string[];
  lower: readonly string[];
}

/** The view of one event. */
export interface View {
  readonly event: LogEvent;
  read(field: string): Reading;
  /** All values of all fields. */
  readAll(): Reading;
}

/** A view of the event. */
export function viewOf(event: LogEvent): View {
  const readings = new Map<string, Reading>();
  let all: Reading | undefined;
  return {
    event,
    read(field) {
      let reading = readings.get(field);
      if (reading === undefined) {
        reading = readingOf(fieldOf(event, field));
        readings.set(field, reading);
      }
      return reading;
    },
    readAll() {
      if (all === undefined) {
        const raw: string[] = [];
        for (const value of event.fields.values()) raw.push(...textsIn(value));
        all = toReading(raw);
      }
      return all;
    },
  };
}

function readingOf(value: Value | undefined): Reading {
  return value === undefined ? ABSENT : value === null || value === '' ? EMPTY : toReading(textsIn(value));
}

function textsIn(value: Value): readonly string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (isList(value)) return value.filter((each) => each !== null && each !== '').map(String);
  return value === null ? [] : [String(value)];
}

/** Most fields are only scanned: they are lower-cased when the first rule is really asked. */
function toReading(raw: readonly string[]): Reading {
  let lower: readonly string[] | undefined;
  return {
    is_present: true,
    raw,
    get lower() {
      return (lower ??= raw.map((text) => text.toLowerCase()));
    },
  };
}

const isList = (value: Value): value is readonly Scalar[] => Array.isArray(value);

const ABSENT: Reading = { is_present: false, raw: [], lower: [] };
const EMPTY: Reading = { is_present: true, raw: [], lower: [] };
