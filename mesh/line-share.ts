/** How many lines of a log strangers may cause. */
import type { CancelTimer, Clock } from '../seams/index.ts';
import { networkOf } from './addresses.ts';

/** Whether one more line may be written over somebody at that address; else it is counted. */
export type LineShare = (address: string) => boolean;

/** Makes the share of one log. `onMinute` hears after a minute how many lines were left out, where any were. */
export function createLineShare(deps: { clock: Clock; onMinute: (unlogged: number) => void }): LineShare {
  const by_origin = new Map<string, number>(); // of those with a line: bounded as the lines are
  let lines = 0;
  let unlogged = 0;
  let stopMinute: CancelTimer | undefined;

  const onMinute = () => {
    if (unlogged > 0) deps.onMinute(unlogged);
    by_origin.clear();
    lines = 0;
    unlogged = 0;
    stopMinute = undefined;
  };

  return (address) => {
    stopMinute ??= deps.clock.after(MINUTE_MS, onMinute);
    const origin = networkOf(address);
    const here = by_origin.get(origin) ?? 0;
    if (lines >= LINES_A_MINUTE_MAX || here >= ORIGIN_LINES_A_MINUTE_MAX) {
      unlogged += 1;
      return false;
    }
    lines += 1;
    by_origin.set(origin, here + 1);
    return true;
  };
}

/** Lines a minute of one port, and of them from one address (of IPv6 from one /64), so that one cannot hide the others: 60 MB a day at most. */
const LINES_A_MINUTE_MAX = 60;
const ORIGIN_LINES_A_MINUTE_MAX = 20;
const MINUTE_MS = 60_000;
