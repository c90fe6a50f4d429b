/** Hits put together: one sighting for a rule on a host, in one process tree, in one hour, however often it fired (specialists.md 2). */
import { createHash } from 'node:crypto';
import type { LogEvent } from '../events/index.ts';
import type { RuleHead } from '../sigma/index.ts';
import { createProcessRoots } from './process-roots.ts';

/** What one rule saw in one place and hour. */
export interface Sighting<R extends RuleHead = RuleHead> {
  /** Stable for the same input. */
  id: string;
  rule: R;
  host: string;
  /** The root of the process tree, as the log names it; '' when events name no process. */
  root: string;
  /** `2020-09-04T20`, or '' for events without a time. */
  hour: string;
  count: number;
  /** The first events, in order of arrival. */
  samples: LogEvent[];
}

/** Collects hits. */
export interface Sightings<R extends RuleHead> {
  /** To be told every event, in order: it learns who started whom. */
  note(event: LogEvent): void;
  add(rule: R, event: LogEvent): void;
  all(): Sighting<R>[];
  /** Hits of sightings beyond the bound. */
  dropped(): number;
}

/** A collector; memory is bounded by the number of sightings and of processes. */
export function createSightings<R extends RuleHead>(): Sightings<R> {
  const by_key = new Map<string, Sighting<R>>();
  const roots = createProcessRoots();
  let dropped = 0;
  return {
    note: (event) => {
      roots.note(event);
    },
    add(rule, event) {
      const host = event.host ?? '';
      const root = roots.rootOf(event);
      const hour = Number.isNaN(event.at_ms) ? '' : new Date(event.at_ms).toISOString().slice(0, HOUR_CHARS);
      const key = JSON.stringify([rule.id, host, root, hour]);
      const known = by_key.get(key);
      if (known) {
        known.count++;
        if (known.samples.length < SAMPLES_MAX) known.samples.push(event);
      } else if (by_key.size >= SIGHTINGS_MAX) dropped++;
      else by_key.set(key, { id: idOf(rule.id, key), rule, host, root, hour, count: 1, samples: [event] });
    },
    all: () => [...by_key.values()],
    dropped: () => dropped,
  };
}

const idOf = (rule_id: string, key: string): string =>
  `${rule_id}/${createHash('sha256').update(key).digest('hex').slice(0, 8)}`;

const HOUR_CHARS = 13;
const SAMPLES_MAX = 3;
const SIGHTINGS_MAX = 20_000;
