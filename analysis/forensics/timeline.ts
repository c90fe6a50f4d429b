/** One timeline out of many sources: everything on UTC, in order, each event once, with the clock it was told by. */
import { z } from 'zod';
import { withoutEnd } from '../readers/index.ts';

/** Something that happened, as one source tells it. */
export interface TimedEntry {
  /** UTC as ISO text; as many decimals as the source keeps. */
  time: string;
  /** The field or rule the time was read from. */
  clock: string;
  locator: string;
  host: string;
  action: string;
  subject: string;
  /** How much it tells an analyst: 2 what an intrusion consists of, 1 what surrounds it, 0 the rest. */
  weight: 0 | 1 | 2;
}

/** An entry of the timeline. */
export const TimelineEntry = z.object({
  time: z.string().describe('UTC, corrected by the known skew of its source'),
  clock: z.string(),
  host: z.string(),
  action: z.string(),
  subject: z.string().describe('text of the source: data, whatever it says'),
  seen_in: z.array(z.object({ source: z.string(), locator: z.string() })),
});
export type TimelineEntry = z.infer<typeof TimelineEntry>;

/** Gathers entries of one source after the other, in bounded memory. */
export interface Timeline {
  add(source: string, entries: readonly TimedEntry[], skew_ms: number): void;
  /** The entries in order, and what found no room. */
  close(): { entries: TimelineEntry[]; duplicates: number; dropped: number };
}

/** One that keeps at most `kept_max` entries: where there are more, those that tell less go first, then the latest. */
export function createTimeline({ kept_max = KEPT_MAX, listed_max = LISTED_MAX } = {}): Timeline {
  let kept: Kept[] = [];
  let dropped = 0;
  let order = 0;

  const shrink = (to: number) => {
    if (kept.length <= to) return;
    const ranked = kept.sort((left, right) => right.weight - left.weight || compareKept(left, right));
    dropped += ranked.length - to;
    kept = ranked.slice(0, to);
  };

  return {
    add(source, entries, skew_ms) {
      for (const { time, locator, ...entry } of entries) {
        const key = keyOf(time, skew_ms);
        if (key === undefined) continue;
        kept.push({ ...entry, key, order: order++, seen_in: { source, locator } });
      }
      if (kept.length > kept_max * 2) shrink(kept_max);
    },
    close() {
      kept.sort(compareKept);
      const { entries, duplicates } = merged(kept);
      kept = entries;
      shrink(listed_max);
      const listed = kept
        .sort(compareKept)
        .map(({ key, clock, host, action, subject, seen_in, also = [] }): TimelineEntry => ({
          time: textOf(key),
          clock,
          host,
          action,
          subject,
          seen_in: [seen_in, ...also],
        }));
      return { entries: listed, duplicates, dropped };
    },
  };
}

interface Kept extends Omit<TimedEntry, 'time' | 'locator'> {
  /** The time with seven decimals: its text order is the order of time. */
  key: string;
  order: number;
  seen_in: { source: string; locator: string };
  also?: { source: string; locator: string }[];
}

/** The same happening told more than once, to the millisecond, is one entry; `kept` is in order. */
function merged(kept: readonly Kept[]): { entries: Kept[]; duplicates: number } {
  const by_event = new Map<string, Kept>();
  for (const entry of kept) {
    const id = JSON.stringify([entry.key.slice(0, 23), entry.host.toLowerCase(), entry.action, entry.subject]);
    const known = by_event.get(id);
    if (!known) {
      by_event.set(id, entry);
      continue;
    }
    known.also ??= [];
    if (known.also.length < SEEN_IN_MAX - 1) known.also.push(entry.seen_in);
  }
  return { entries: [...by_event.values()], duplicates: kept.length - by_event.size };
}

/** By time, then in the order in which sources and their entries came. */
const compareKept = (left: Kept, right: Kept): number =>
  left.key < right.key ? -1 : left.key > right.key ? 1 : left.order - right.order;

/** Undefined for what is no time. A skew says by how much the clock of the source was ahead. */
function keyOf(time: string, skew_ms: number): string | undefined {
  const parts = ISO.exec(time);
  const at_ms = Date.parse(time);
  if (!parts || Number.isNaN(at_ms)) return undefined;
  const digits = (parts[1] ?? '').padEnd(7, '0').slice(0, 7);
  const moved = new Date(at_ms - skew_ms);
  if (Number.isNaN(moved.getTime())) return undefined;
  const text = moved.toISOString();
  return `${text.slice(0, 20)}${text.slice(20, 23)}${digits.slice(3)}Z`;
}

/** Zeros that no source wrote are not shown. */
const textOf = (key: string): string => `${withoutEnd(withoutEnd(key.slice(0, -1), /0/), /\./)}Z`;

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{1,9}))?(?:Z|[+-]\d\d:\d\d)$/;
const KEPT_MAX = 50_000;
const LISTED_MAX = 3_000;
const SEEN_IN_MAX = 5;
