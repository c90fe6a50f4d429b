/** The events that a rule misses by least: what somebody who wonders about its silence has to see. */
import type { Explanation } from '../../protocol/index.ts';
import type { LogEvent } from '../events/index.ts';
import { explain, type SigmaFilter, type SigmaRule, type Work } from '../sigma/index.ts';

/** An event with why a rule matches it, or not. */
export interface Explained {
  event: LogEvent;
  explanation: Explanation;
}

/** Keeps the few nearest of those it is offered; of two that are equally near, the first. */
export interface NearestMisses {
  /** `is_of_its_log` says whether the rule speaks about such events at all: if not, nothing brings it nearer. */
  offer(rule: SigmaRule, event: LogEvent, is_of_its_log: boolean): void;
  /** Nearest first. */
  nearest(): Explained[];
}

/** Takes offers for one rule; filters that take its hits count as reasons for a miss. */
export function createNearestMisses(filters: readonly SigmaFilter[] = [], work?: Work): NearestMisses {
  let kept: (Explained & { nearness: number })[] = [];
  let weighed = 0;
  return {
    offer(rule, event, is_of_its_log) {
      const is_full = kept.length >= MISSES_SHOWN_MAX;
      if (is_full && (!is_of_its_log || weighed >= MISSES_WEIGHED_MAX)) return;
      weighed++;
      const explanation = explain(rule, event, filters, work);
      kept = [...kept, { event, explanation, nearness: nearnessOf(explanation) }]
        .sort((left, right) => right.nearness - left.nearness)
        .slice(0, MISSES_SHOWN_MAX);
    },
    nearest: () => kept.map(({ event, explanation }) => ({ event, explanation })),
  };
}

/** A hit that a filter took away first; of the others the log first, then the share of selections that match, then that of their lines. */
function nearnessOf({ logsource, selections, filters }: Explanation): number {
  if (filters.length > 0) return NEAREST;
  const lines = selections.flatMap(({ fields }) => fields);
  return Number(logsource.matched) * LOG_WORTH + shareOf(selections) * SELECTIONS_WORTH + shareOf(lines);
}

const shareOf = (asked: readonly { matched: boolean }[]): number =>
  asked.filter(({ matched }) => matched).length / Math.max(1, asked.length);

const MISSES_SHOWN_MAX = 5;
/** Explaining costs far more than matching: in a long recording the nearest are looked for among so many events of the rule's log. */
const MISSES_WEIGHED_MAX = 20_000;
const LOG_WORTH = 4;
/** More than the log, all selections and all lines. */
const NEAREST = 8;
const SELECTIONS_WORTH = 2;
