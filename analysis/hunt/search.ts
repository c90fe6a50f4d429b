/** Search in a recording: the newest events that a query is about, and how often the values of a field occur. */
import { z } from 'zod';
import { skewOf, toEcs, textsOf, type LogEvent, type ZoneSkew } from '../events/index.ts';
import { neutralize } from '../evidence/index.ts';
import { compareText } from '../order/index.ts';
import type { Recording } from '../recordings/index.ts';
import { createClocks } from './hour.ts';
import { parseQuery } from './query.ts';

/** What is searched for. */
export interface Search {
  query: string;
  /** Back from the newest event of the recording; undefined is all of it. */
  range_ms?: number | undefined;
  /** `windows`, `sysmon`, `Security`: product, service, category or channel. */
  source?: string | undefined;
  results_max: number;
  /** Count the values of this field among what was found. */
  stack_by?: string | undefined;
}

/** An event as it is shown: neutralised, its long values cut. */
const FoundEvent = z.object({
  locator: z.string(),
  at: z.string().optional().describe('UTC: a zone that the collector took for UTC is taken back, as UtcTime tells it'),
  clock: z.string().optional().describe('the field that orders the event'),
  host: z.string().optional(),
  fields: z.record(z.string(), z.string()),
  ecs: z.record(z.string(), z.string()).describe('the same under the names of the Elastic Common Schema'),
});

/** What a search found, and among how many events. */
export const SearchResult = z.object({
  events: z.array(FoundEvent).describe('newest first'),
  matched: z.number().int().nonnegative(),
  searched: z.number().int().nonnegative(),
  newest_at: z.string().optional(),
  stack: z.array(z.object({ value: z.string(), count: z.number().int(), first: z.string() })).optional(),
});
export type SearchResult = z.infer<typeof SearchResult>;

/** Reads the whole recording once and keeps what it will show. Events without a time are found, as the oldest. */
export async function searchEvents(recording: Recording, search: Search): Promise<SearchResult> {
  const isWanted = parseQuery(search.query);
  const source = search.source?.toLowerCase();
  const range_ms = search.range_ms ?? Infinity;
  const by_value = new Map<string, { count: number; first: string }>();
  const times: number[] = [];
  let kept: LogEvent[] = [];
  let searched = 0;
  let newest_ms = -Infinity;
  let newest_event: LogEvent | undefined;
  const clocks = createClocks();
  let timeless = 0;
  for await (const batch of recording.batches) {
    for (const event of batch) {
      searched++;
      clocks.note(event);
      if (event.at_ms > newest_ms) [newest_ms, newest_event] = [event.at_ms, event];
      if (source !== undefined && !isFrom(event, source)) continue;
      if (!isWanted(event)) continue;
      if (Number.isNaN(event.at_ms)) timeless++;
      else if (times.length < TIMES_MAX) times.push(event.at_ms);
      kept.push(event);
      if (search.stack_by !== undefined) stack(by_value, event, search.stack_by);
      if (kept.length >= search.results_max * 2) kept = newest(kept, search.results_max);
    }
  }
  const oldest_ms = newest_ms - range_ms;
  const zone = clocks.zone();
  const shown = newest(kept, search.results_max).filter(({ at_ms }) => Number.isNaN(at_ms) || at_ms >= oldest_ms);
  return {
    events: shown.map((event) => toFound(event, zone)),
    matched: times.filter((at_ms) => at_ms >= oldest_ms).length + timeless,
    searched,
    ...(newest_event && { newest_at: utcOf(newest_event, zone) }),
    ...(search.stack_by !== undefined && { stack: rarestFirst(by_value) }),
  };
}

const isFrom = ({ origin }: LogEvent, source: string): boolean =>
  [origin.product, origin.service, origin.channel, ...origin.categories].some((part) => part?.toLowerCase() === source);

/** The newest, those of one time in order of arrival. */
function newest(events: readonly LogEvent[], count: number): LogEvent[] {
  const time = ({ at_ms }: LogEvent) => (Number.isNaN(at_ms) ? -Infinity : at_ms);
  return events
    .map((event, order) => ({ event, order }))
    .sort((left, right) =>
      time(right.event) === time(left.event) ? left.order - right.order : time(right.event) > time(left.event) ? 1 : -1,
    )
    .slice(0, count)
    .map(({ event }) => event);
}

function stack(by_value: Map<string, { count: number; first: string }>, event: LogEvent, field: string): void {
  for (const value of textsOf(event, field)) {
    const known = by_value.get(value);
    if (known) known.count++;
    else if (by_value.size < VALUES_MAX) by_value.set(value, { count: 1, first: event.locator });
  }
}

const rarestFirst = (by_value: ReadonlyMap<string, { count: number; first: string }>) =>
  [...by_value]
    .map(([value, { count, first }]) => ({ value: neutralize(value, VALUE_CHARS_MAX), count, first }))
    .sort((left, right) => left.count - right.count || compareText(left.value, right.value))
    .slice(0, VALUES_SHOWN);

/** What `UtcTime` says it is, where it differs. */
const utcOf = (event: LogEvent, zone: ZoneSkew | undefined): string =>
  new Date(event.at_ms - (skewOf(event, zone) ?? 0)).toISOString();

function toFound(event: LogEvent, zone: ZoneSkew | undefined): z.infer<typeof FoundEvent> {
  const { locator, host, clock, at_ms } = event;
  const at = Number.isNaN(at_ms) ? undefined : utcOf(event, zone);
  const fields = [...event.fields.keys()].slice(0, FIELDS_SHOWN);
  const shown = (value: string) => neutralize(value, VALUE_CHARS_MAX);
  return {
    locator,
    ...(at !== undefined && { at }),
    ...(clock !== undefined && { clock }),
    ...(host !== undefined && { host: shown(host) }),
    fields: Object.fromEntries(fields.map((name) => [shown(name), shown(textsOf(event, name).join(' | '))])),
    ecs: {
      ...Object.fromEntries(Object.entries(toEcs(event)).map(([name, value]) => [name, shown(String(value))])),
      ...(at !== undefined && { '@timestamp': at }),
    },
  };
}

const TIMES_MAX = 1_000_000;
const VALUES_MAX = 50_000;
const VALUES_SHOWN = 100;
const FIELDS_SHOWN = 64;
const VALUE_CHARS_MAX = 512;
