/** The events that a rule misses by least: what somebody who wonders about its silence has to see. */
import type { Explanation } from '../../protocol/index.ts';
import type { LogEvent } from '../events/index.ts';
import { explain, type SigmaRule } from '../sigma/index.ts';

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

/** Nothing offered yet. */
export function createNearestMisses(): NearestMisses {
  let kept: (Explained & { nearness: number })[] = [];
  let weighed = 0;
  return {
    offer(rule, event, is_of_its_log) {
      const is_full = kept.length >= MISSES_SHOWN_MAX;
      if (is_full && (!is_of_its_log || weighed >= MISSES_WEIGHED_MAX)) return;
      weighed++;
      const explanation = explain(rule, event);
      kept = [...kept, { event, explanation, nearness: nearnessOf(explanation) }]
        .sort((left, right) => right.nearness - left.nearness)
        .slice(0, MISSES_SHOWN_MAX);
    },
    nearest: () => kept.map(({ event, explanation }) => ({ event, explanation })),
  };
}

/** The log first, then the share of selections that match, then that of their lines. */
function nearnessOf({ logsource, selections }: Explanation): number {
  const lines = selections.flatMap(({ fields }) => fields);
  return Number(logsource.matched) * LOG_WORTH + shareOf(selections) * SELECTIONS_WORTH + shareOf(lines);
}

const shareOf = (asked: readonly { matched: boolean }[]): number =>
  asked.filter(({ matched }) => matched).length / Math.max(1, asked.length);

const MISSES_SHOWN_MAX = 5;
/** Explaining costs far more than matching: in a long recording the nearest are looked for among so many events of the rule's log. */
const MISSES_WEIGHED_MAX = 20_000;
const LOG_WORTH = 4;
const SELECTIONS_WORTH = 2;
