/** Virtual time: one queue of moments, equal ones in an order that the seed decides (promises.md D11). */
import type { ManualClock, Random } from '../../seams/index.ts';

/** A clock that goes from moment to moment. */
export interface VirtualClock extends ManualClock {
  /** Goes to the next moment that somebody waits for, and lets one of those who do go on; false when nobody waits. */
  step(): boolean;
  /** Who acts first counts as earlier, even within one moment: monotonic ns that never repeat. */
  stamp(): { ns: number; at_ms: number };
}

/** Starts at no time at all; the wall shows the first of January 2026. */
export function virtualClock(random: Random): VirtualClock {
  const heap: Moment[] = [];
  let elapsed_ms = 0;
  let wall_ms = Date.UTC(2026, 0, 1);
  let stamps = 0;

  const go = () => {
    const moment = take(heap);
    if (!moment) return false;
    elapsed_ms = Math.max(elapsed_ms, moment.at);
    moment.run?.();
    return true;
  };
  const next = () => {
    while (heap[0] && !heap[0].run) take(heap);
    return heap[0];
  };

  return {
    now: () => wall_ms + elapsed_ms,
    monotonic: () => elapsed_ms,
    after(delay_ms, run) {
      const moment: Moment = { at: elapsed_ms + Math.max(0, delay_ms), turn: random.next(), run };
      put(heap, moment);
      return () => (moment.run = undefined);
    },
    advance(by_ms) {
      const until = elapsed_ms + by_ms;
      for (let first = next(); first && first.at <= until; first = next()) go();
      elapsed_ms = until;
    },
    jumpWall: (by_ms) => void (wall_ms += by_ms),
    nextAt: () => next()?.at,
    step: () => next() !== undefined && go(),
    stamp: () => ({ ns: elapsed_ms * NS_PER_MS + ++stamps, at_ms: wall_ms + elapsed_ms }),
  };
}

/** Somebody who waits; without `run` they wait no longer. */
interface Moment {
  at: number;
  turn: number;
  run: (() => void) | undefined;
}

const isBefore = (left: Moment, right: Moment): boolean =>
  left.at < right.at || (left.at === right.at && left.turn < right.turn);

/** A binary heap: the earliest stands first. */
function put(heap: Moment[], moment: Moment): void {
  let place = heap.push(moment) - 1;
  while (place > 0) {
    const above = (place - 1) >> 1;
    const parent = heap[above]!;
    if (!isBefore(moment, parent)) break;
    heap[place] = parent;
    place = above;
  }
  heap[place] = moment;
}

function take(heap: Moment[]): Moment | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (!first || !last || heap.length === 0) return first;
  let place = 0;
  for (;;) {
    let below = 2 * place + 1;
    if (below >= heap.length) break;
    if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below += 1;
    if (!isBefore(heap[below]!, last)) break;
    heap[place] = heap[below]!;
    place = below;
  }
  heap[place] = last;
  return first;
}

const NS_PER_MS = 1_000_000;
