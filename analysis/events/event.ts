/** One event as every specialist reads it: named values, where it came from, when it happened. */
import { originalsOf } from './ecs.ts';

/** One value as its source wrote it. */
export type Scalar = string | number | boolean | null;

/** A field's value; a list is a field of several values, and one that matches is enough. */
export type Value = Scalar | readonly Scalar[];

/** Which log an event is from, in the words of Sigma. */
export interface LogOrigin {
  product: string | undefined;
  service: string | undefined;
  /** Sorted; one event may be of several, e.g. `registry_event` and `registry_set`. */
  categories: readonly string[];
  /** Windows: the channel as written. */
  channel: string | undefined;
  /** Windows: the event id, in digits. */
  event_id: string | undefined;
}

/** An event in normal form. Fields keep their original names; what was derived stands beside them, never over them. */
export interface LogEvent {
  /** Where in the input: `line 17`, `record 42`. */
  locator: string;
  fields: ReadonlyMap<string, Value>;
  origin: LogOrigin;
  host: string | undefined;
  /** When it happened, ms since 1970 UTC; NaN when no field says. */
  at_ms: number;
  /** The field that `at_ms` was read from. */
  clock: string | undefined;
  /** It has more fields, values or layers than are read. */
  is_cut?: boolean;
}

/** The value of a field by its original or its ECS name; undefined when the event has none. */
export function fieldOf(event: LogEvent, name: string): Value | undefined {
  const own = event.fields.get(name);
  if (own !== undefined || !name.includes('.')) return own;
  for (const original of originalsOf(name, event.origin)) {
    const value = event.fields.get(original);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** The values of a field as text; none for a field that is absent or empty. */
export function textsOf(event: LogEvent, name: string): readonly string[] {
  const value = fieldOf(event, name);
  if (value === undefined || value === null || value === '') return [];
  return isList(value) ? value.filter((each) => each !== null).map(String) : [String(value)];
}

const isList = (value: Value): value is readonly Scalar[] => Array.isArray(value);
