/** Search in a recording: the newest events that a query is about, and how often the values of a field occur. */
import { z } from 'zod';
import { NotChecked } from '../../protocol/index.ts';
import { skewOf, toEcs, textsOf, type LogEvent, type ZoneSkew } from '../events/index.ts';
import { neutralize } from '../evidence/index.ts';
import { compareText } from '../order/index.ts';
import type { Recording } from '../recordings/index.ts';
import { createClocks } from './hour.ts';
import { parseQuery } from './query.ts';
import { unreadIn } from './unread.ts';

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
  not_checked: z.array(NotChecked).describe('what was not searched, and what of it is not shown'),
});
export type SearchResult = z.infer<typeof SearchResult>;

/** Reads the whole recording once and keeps what it will show. Events without a time are found, as the oldest. */
export async function searchEvents(recording: Recording, search: Search): Promise<SearchResult> {
  const isWanted = parseQuery(search.query);
  const source = search.source?.toLowerCase();
  const range_ms = search.range_ms ?? Infinity;
  const stack = createStack();
  const times: number[] = [];
  let kept: LogEvent[] = [];
  let searched = 0;
  let newest_ms = -Infinity;
  let newest_event: LogEvent | undefined;
  const clocks = createClocks();
  let timeless = 0;
  let uncounted = 0;
  for await (const batch of recording.batches) {
    for (const event of batch) {
      searched++;
      clocks.note(event);
      if (event.at_ms > newest_ms) [newest_ms, newest_event] = [event.at_ms, event];
      if (source !== undefined && !isFrom(event, source)) continue;
      if (!isWanted(event)) continue;
      if (event.at_ms < newest_ms - range_ms) continue;
      if (Number.isNaN(event.at_ms)) timeless++;
      else if (times.length < TIMES_MAX) times.push(event.at_ms);
      else uncounted++;
      kept.push(event);
      if (search.stack_by !== undefined) stack.note(event, search.stack_by);
      if (kept.length >= search.results_max * 2) kept = newest(kept, search.results_max);
    }
  }
  const oldest_ms = newest_ms - range_ms;
  const zone = clocks.zone();
  const shown = newest(kept, search.results_max).filter(({ at_ms }) => !(at_ms < oldest_ms));
  const values = stack.rarestFirst(oldest_ms);
  const gaps: [number, string, string][] = [
    [uncounted, 'further matches', `${TIMES_MAX} are counted`],
    [stack.left(), `further values of ${search.stack_by ?? ''}`, `${OCCURRENCES_MAX} are counted`],
    [values.length - VALUES_SHOWN, `more frequent values of ${search.stack_by ?? ''}`, `${VALUES_SHOWN} are listed`],
  ];
  return {
    events: shown.map((event) => toFound(event, zone)),
    matched: times.filter((at_ms) => at_ms >= oldest_ms).length + timeless,
    searched,
    ...(newest_event && { newest_at: utcOf(newest_event, zone) }),
    ...(search.stack_by !== undefined && { stack: values.slice(0, VALUES_SHOWN) }),
    not_checked: [
      ...unreadIn(recording),
      ...gaps
        .filter(([count]) => count > 0)
        .map(([count, what, why]) => ({ what: `${count} ${neutralize(what, VALUE_CHARS_MAX)}`, why })),
    ],
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

/** How often values occur. Which events lie in the range is known at their end: until then each is kept with its time. */
function createStack() {
  const seen = new Map<string, { at_ms: number; locator: string }[]>();
  let room = OCCURRENCES_MAX;
  let left = 0;
  return {
    note(event: LogEvent, field: string): void {
      for (const value of textsOf(event, field)) {
        if (room === 0) {
          left += 1;
          continue;
        }
        room -= 1;
        const { at_ms, locator } = event;
        const known = seen.get(value);
        if (known) known.push({ at_ms, locator });
        else seen.set(value, [{ at_ms, locator }]);
      }
    },
    rarestFirst: (oldest_ms: number) =>
      [...seen]
        .flatMap(([value, all]) => {
          const within = all.filter(({ at_ms }) => !(at_ms < oldest_ms));
          const [first] = within;
          return first
            ? [{ value: neutralize(value, VALUE_CHARS_MAX), count: within.length, first: first.locator }]
            : [];
        })
        .sort((one, other) => one.count - other.count || compareText(one.value, other.value)),
    left: () => left,
  };
}

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
const OCCURRENCES_MAX = 250_000;
const VALUES_SHOWN = 100;
const FIELDS_SHOWN = 64;
const VALUE_CHARS_MAX = 512;
