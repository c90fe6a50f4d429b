/** One event as rules look at it: each field read once, lower-cased once, whatever number of rules ask. */
import { fieldOf, type LogEvent, type Scalar, type Value } from '../events/index.ts';
import type { Work } from './work.ts';

/** The texts of one field; none when it is absent, null or ''. */
export interface Reading {
  readonly is_present: boolean;
  readonly raw: readonly string[];
  /** Once somebody asked for them: `lowerOf`. */
  lower: readonly string[] | undefined;
}

/** The view of one event. */
export interface View {
  readonly event: LogEvent;
  /** What comparing its values is counted in. */
  readonly work: Work;
  read(field: string): Reading;
  /** All values of all fields. */
  readAll(): Reading;
}

/** A view of the event. */
export function viewOf(event: LogEvent, work: Work): View {
  const readings = new Map<string, Reading>();
  let all: Reading | undefined;
  return {
    event,
    work,
    read(field) {
      let reading = readings.get(field);
      if (reading === undefined) {
        reading = readingOf(fieldOf(event, field));
        readings.set(field, reading);
      }
      return reading;
    },
    readAll: () => (all ??= toReading([...event.fields.values()].flatMap(textsIn))),
  };
}

/** The texts in lower case. */
export const lowerOf = (reading: Reading): readonly string[] =>
  (reading.lower ??= reading.raw.map((text) => text.toLowerCase()));

/** A value as texts, without those that are null or ''. */
export function textsIn(value: Value): readonly string[] {
  if (typeof value === 'string') return value === '' ? NONE : [value];
  if (isList(value)) return value.filter((each) => each !== null && each !== '').map(String);
  return value === null ? NONE : [String(value)];
}

function readingOf(value: Value | undefined): Reading {
  return value === undefined ? ABSENT : value === null || value === '' ? EMPTY : toReading(textsIn(value));
}

const toReading = (raw: readonly string[]): Reading => ({ is_present: true, raw, lower: undefined });

const isList = (value: Value): value is readonly Scalar[] => Array.isArray(value);

const NONE: readonly string[] = [];
const ABSENT: Reading = { is_present: false, raw: NONE, lower: NONE };
const EMPTY: Reading = { is_present: true, raw: NONE, lower: NONE };
