/** By how much the clocks of events differ, so that a zone which a collector took for UTC is found. */
import type { LogEvent } from './event.ts';
import { timeIn, timesOf } from './times.ts';

/** How one clock differs from another over all events that carry both. */
export interface ClockSkew {
  clock: string;
  other: string;
  /** The middle of the differences; positive when that other one is behind. */
  median_ms: number;
  events: number;
}

/** How far the clocks of one source lie apart, over all its events. */
export interface SkewMeter {
  note(event: LogEvent): void;
  /** One for each pair of clocks, in order of their names. */
  skews(): ClockSkew[];
}

/** One at rest. It keeps the first differences of each pair of clocks. */
export function createSkewMeter(): SkewMeter {
  const found = new Map<string, { clock: string; other: string; differences: number[]; events: number }>();
  return {
    note({ fields }) {
      const [first, ...others] = timesOf(fields);
      if (!first) return;
      for (const other of others.slice(0, CLOCKS_MAX)) {
        const key = `${first.field}\0${other.field}`;
        const known = found.get(key) ?? { clock: first.field, other: other.field, differences: [], events: 0 };
        known.events += 1;
        if (known.differences.length < DIFFERENCES_MAX) known.differences.push(first.at_ms - other.at_ms);
        found.set(key, known);
      }
    },
    skews: () =>
      [...found.values()]
        .map(({ clock, other, differences, events }) => ({ clock, other, median_ms: medianOf(differences), events }))
        .sort((left, right) => (`${left.clock} ${left.other}` < `${right.clock} ${right.other}` ? -1 : 1)),
  };
}

/** A clock that runs in a zone of its own and says that it is UTC. */
export interface ZoneSkew {
  clock: string;
  /** To be taken off its times. */
  skew_ms: number;
  why: string;
}

/**
 * A collector that stamps the local time of the host as UTC is off by its zone, to the quarter of an hour and always alike; Sysmon's
 * `UtcTime` is UTC by its documentation, so that is what the others are held against.
 */
export function zoneOf(clocks: readonly ClockSkew[]): ZoneSkew | undefined {
  const told = clocks.find(
    ({ other, events, median_ms }) => other === 'UtcTime' && events >= EVENTS_THAT_TELL && Boolean(zoneIn(median_ms)),
  );
  const skew_ms = told && zoneIn(told.median_ms);
  if (!told || !skew_ms) return undefined;
  return {
    clock: told.clock,
    skew_ms,
    why: `${told.clock} differs from UtcTime of ${told.events} Sysmon events by ${skew_ms / 3_600_000} h: a zone that was taken for UTC`,
  };
}

/** What to take off `at_ms` of an event: its own `UtcTime` says so, else the zone of its source; undefined where the two fit no zone. */
export function skewOf({ fields, at_ms, clock }: LogEvent, zone?: ZoneSkew): number | undefined {
  const utc = clock === 'UtcTime' ? undefined : timeIn(fields, 'UtcTime');
  if (utc) return zoneIn(at_ms - utc.at_ms);
  return zone?.clock === clock ? (zone?.skew_ms ?? 0) : 0;
}

/** The quarters of an hour in a difference; 0 for clocks that agree, undefined for what no zone explains. */
function zoneIn(difference_ms: number): number | undefined {
  const quarters_ms = Math.round(difference_ms / QUARTER_MS) * QUARTER_MS;
  const is_zone = Math.abs(difference_ms - quarters_ms) <= SLACK_MS && Math.abs(quarters_ms) <= ZONE_MS_MAX;
  return is_zone ? quarters_ms : undefined;
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const CLOCKS_MAX = 4;
const DIFFERENCES_MAX = 10_000;
const EVENTS_THAT_TELL = 5;
const QUARTER_MS = 900_000;
const SLACK_MS = 120_000;
/** UTC+14 is the farthest. */
const ZONE_MS_MAX = 50_400_000;
