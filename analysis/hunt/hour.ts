/** When hits were, as a finding says it: in UTC where that is known, else by the clock that was read. */
import { createSkewMeter, skewOf, timeIn, zoneOf, type LogEvent, type ZoneSkew } from '../events/index.ts';

/** Watches the clocks of a recording. */
export interface Clocks {
  note(event: LogEvent): void;
  /** The zone that the collector took for UTC, as far as the events so far tell. */
  zone(): ZoneSkew | undefined;
}

/** One at rest. Only what carries a second clock is looked at: most events cost one look. */
export function createClocks(): Clocks {
  const meter = createSkewMeter();
  return {
    note(event) {
      if (event.fields.has('UtcTime') && event.clock !== 'UtcTime') meter.note(event);
    },
    zone: () => zoneOf(meter.skews()),
  };
}

/** The hour (`2023-08-18T09`, by the clock of its first event) in words; a zone may start it at a half. */
export function hourInWords(hour: string, first: LogEvent | undefined, zone: ZoneSkew | undefined): string {
  if (hour === '' || !first) return '';
  const skew_ms = skewOf(first, zone);
  const zoned = first.clock !== undefined && timeIn(first.fields, first.clock)?.zoned;
  if (skew_ms === undefined || (skew_ms === 0 && !zoned))
    return ` in the hour of ${hour}:00 by ${first.clock ?? 'its own clock'}`;
  return ` in the hour of ${new Date(Date.parse(`${hour}:00Z`) - skew_ms).toISOString().slice(0, MINUTE_CHARS)}Z`;
}

/** What the reader of times has to know, where a zone was found. */
export const clockGaps = (zone: ZoneSkew | undefined): { what: string; why: string }[] =>
  zone === undefined
    ? []
    : [{ what: `times as ${zone.clock} writes them`, why: `${zone.why}; they are told here with that taken back` }];

const MINUTE_CHARS = 16;
