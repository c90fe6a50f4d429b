/** Drives a manual clock: time moves only while everybody waits for it, so that a run is the same every time. */
import type { Clock, ManualClock } from '../../seams/index.ts';

/** Lets everything that can go on without time passing go on: microtasks run dry before an immediate is called. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Moves the clock from timer to timer until none waits, or `is_enough` says so. Throws when it never gets quiet. */
export async function runUntilQuiet(clock: ManualClock, is_enough: () => boolean = () => false): Promise<void> {
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    await settled();
    const next_at = clock.nextAt();
    if (next_at === undefined || is_enough()) return;
    clock.advance(next_at - clock.monotonic());
  }
  throw new Error(`still not quiet after ${TURNS_MAX} turns, at ${clock.monotonic()} ms`);
}

/** Moves the clock on, stopping at every timer on the way. */
export async function runFor(clock: ManualClock, ms: number): Promise<void> {
  const until = clock.monotonic() + ms;
  for (;;) {
    await settled();
    const next_at = clock.nextAt();
    if (next_at === undefined || next_at > until) break;
    clock.advance(next_at - clock.monotonic());
  }
  clock.advance(until - clock.monotonic());
  await settled();
}

/** The same clock where timers that are due together fire the newest first: on a machine they fire in any order. */
export function newestFirst<C extends Clock>(clock: C): C {
  let made = 0;
  return { ...clock, after: (delay_ms, run) => clock.after(delay_ms - ++made * TINY_MS, run) };
}

const TURNS_MAX = 100_000;
/** A power of two: sums of it are exact. */
const TINY_MS = 2 ** -20;
