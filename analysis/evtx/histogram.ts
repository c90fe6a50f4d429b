/** How often each event id stands in each channel. */
import { compareText } from '../order/index.ts';

/** Counts by `Channel|EventID`, in code-unit order: the same log gives the same bytes. */
export interface Histogram {
  note(channel: string, event_id: number): void;
  counts(): Record<string, number>;
  /** Events whose key found no room. */
  dropped(): number;
}

/** Counts from zero, for one log. */
export function createHistogram(): Histogram {
  const counts = new Map<string, number>();
  let dropped = 0;
  return {
    note(channel, event_id) {
      const key = `${channel}|${event_id}`;
      const known = counts.get(key);
      if (known === undefined && counts.size >= KEYS_MAX) dropped += 1;
      else counts.set(key, (known ?? 0) + 1);
    },
    counts: () => Object.fromEntries([...counts].sort(([left], [right]) => compareText(left, right))),
    dropped: () => dropped,
  };
}

/** Real logs of one machine have some hundreds. */
const KEYS_MAX = 10_000;
