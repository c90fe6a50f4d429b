/** Hits put together: one group for a rule on a host, in one process tree, in one hour, however often it fired (specialists.md 2). */
import { createHash } from 'node:crypto';
import type { LogEvent } from '../events/index.ts';
import type { RuleHead } from '../sigma/index.ts';
import { createProcessRoots, hostKeyOf } from './process-roots.ts';

/** What one rule saw in one place and hour. */
export interface HitGroup<R extends RuleHead = RuleHead> {
  /** Stable for the same input. */
  id: string;
  rule: R;
  /** As its first event names it. */
  host: string;
  /** The root of the process tree, as the log names it; '' when events name no process. */
  root: string;
  /** `2020-09-04T20`, or '' for events without a time. */
  hour: string;
  count: number;
  /** Its first events. */
  samples: LogEvent[];
}

/** Gathers hits that tell the same into one group, in bounded memory. */
export interface HitGroups<R extends RuleHead> {
  /** To be told every event, in order: it learns who started whom. */
  note(event: LogEvent): void;
  add(rule: R, event: LogEvent): void;
  all(): HitGroup<R>[];
  /** Hits of groups beyond the bound. */
  dropped(): number;
}

/** A collector; memory is bounded by the number of groups and of processes. */
export function createHitGroups<R extends RuleHead>(): HitGroups<R> {
  let by_key = new Map<string, HitGroup<R>>();
  const roots = createProcessRoots();
  let dropped = 0;
  let unsettled = 0;

  const put = (into: Map<string, HitGroup<R>>, seen: Omit<HitGroup<R>, 'id'>) => {
    const key = JSON.stringify([seen.rule.id, hostKeyOf(seen.host), seen.root, seen.hour]);
    const known = into.get(key);
    if (known) {
      known.count += seen.count;
      known.samples.push(...seen.samples.slice(0, SAMPLES_MAX - known.samples.length));
    } else if (into.size >= GROUPS_MAX) dropped += seen.count;
    else into.set(key, { ...seen, id: idOf(seen.rule.id, key) });
  };
  /** What the audit told of goes to the tree that Sysmon told of, or else to what its host and hour have in common. */
  const settle = () => {
    const settled = new Map<string, HitGroup<R>>();
    for (const { id: _id, ...seen } of by_key.values()) put(settled, { ...seen, root: roots.settled(seen.root) });
    by_key = settled;
    unsettled = 0;
  };
  return {
    note: (event) => {
      roots.note(event);
    },
    add(rule, event) {
      const root = roots.rootOf(event);
      const hour = Number.isNaN(event.at_ms) ? '' : new Date(event.at_ms).toISOString().slice(0, HOUR_CHARS);
      if (root !== roots.settled(root)) unsettled += 1;
      if (unsettled > UNSETTLED_MAX) settle();
      put(by_key, { rule, host: event.host ?? '', root, hour, count: 1, samples: [event] });
    },
    all() {
      settle();
      return [...by_key.values()];
    },
    dropped: () => dropped,
  };
}

const idOf = (rule_id: string, key: string): string =>
  `${rule_id}/${createHash('sha256').update(key).digest('hex').slice(0, 8)}`;

const HOUR_CHARS = 13;
const SAMPLES_MAX = 3;
const GROUPS_MAX = 20_000;
/** Groups that may wait for Sysmon to tell of the same start; the logs of one recording lie side by side. */
const UNSETTLED_MAX = 10_000;
